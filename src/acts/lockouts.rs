//! Lockouts: counting wrong passwords, keeping their address shut for a while, and opening it again: by time, by the letter that
//! says so, or by an administrator (product §2.18).

use super::{
    Permit, Person, Stop, Visitor,
    letters::{self, Addressee},
    links,
};
use crate::{
    protocols::secrets::{hash_token, token},
    rules::{
        addresses::Email,
        emails::Asked,
        events::{Event, Log, PersonEvent, Who},
        faults::Faults,
        flows::Flow,
        ids::{MemberId, UserId},
        letters::{Letter, LockedOut},
        lockouts::{LETTER_SCOPE, LETTERS, until},
        members::may_touch,
        network::neighbourhood,
        permissions::may,
        sign_in::{Failure, Scope, window_rest, window_start},
        time::Millis,
    },
    store::{Attempt, Instance, Owner, Tx, Why},
};

/// One try to give a password, counted before anything is compared, so that fifty at once are fifty.
pub(super) struct Try {
    email: Email,
    attempts: Vec<Attempt>,
    /// Whether nothing that is given counts.
    pub(super) is_locked: bool,
    /// Whose password is compared alone, where the browser is known for them and nobody has proven that the address is theirs: each
    /// of the others who say so would have attempts of their own against them in a browser of their own.
    pub(super) only: Vec<UserId>,
    /// What is to be shut, and until when, if the password is wrong.
    last: Vec<(String, Millis)>,
}

/// Counts a try. It is taken back when the password turns out to be right.
///
/// A browser in which the person has signed in before depends on nobody else, until its own attempts are used up. Whether anybody
/// has the address changes nothing about the work.
///
/// # Errors
/// As [`count_stranger`].
pub(super) async fn count(visitor: &Visitor, email: &Email) -> Result<Try, Stop> {
    if let Some(browser) = &visitor.caller.browser_hash {
        let mut tx = visitor.begin(vec![]).await?;
        let known = tx.known_in(browser, email.canonical()).await?;
        if let Some(latest) = known.first()
            && !tx.is_locked_out(email.canonical(), [&latest.place; 2]).await?
        {
            let only = known.iter().filter(|row| row.verified_at.is_none()).map(|row| row.user_id.clone()).collect();
            let tried = spend(visitor, &mut tx, Try::new(email, only), &latest.place, true).await?;
            tx.commit_unrecorded(Why::CountingAttempts).await?;
            return Ok(tried);
        }
    }
    count_stranger(visitor, email).await
}

/// Counts a try in a browser that nobody knows. Where it comes from is counted first: who has used up a network address or a network
/// cannot go on to use up what other people have.
///
/// # Errors
/// [`Stop::TooMany`] when too much comes from the same place, whomever it is about.
pub(super) async fn count_stranger(visitor: &Visitor, email: &Email) -> Result<Try, Stop> {
    let limits = visitor.app.0.terms.attempts;
    let address = visitor.caller.address;
    let mut tx = visitor.begin(vec![]).await?;
    let mut tried = Try::new(email, Vec::new());
    for (scope, key) in [(Scope::Network, neighbourhood(address)), (Scope::Address, address.to_string())] {
        let (window, limit) = limits.of(scope);
        let attempt = Attempt { scope: scope.word(), key, window_start: window_start(tx.now(), window) };
        let count = tx.count_attempt(&attempt).await?;
        if count > limit {
            let rest = window_rest(tx.now(), window);
            tx.commit_unrecorded(Why::CountingAttempts).await?;
            if count == limit + 1 {
                let owner = visitor.read().owner(email.canonical()).await?;
                record(visitor, owner.map(|(user, _)| user), email, Failure::TooMany).await?;
            }
            return Err(Stop::TooMany(rest));
        }
        tried.attempts.push(attempt);
    }
    let network = neighbourhood(address);
    tried.is_locked = tx.is_locked_out(email.canonical(), [&network, ""]).await?;
    let tried = spend(visitor, &mut tx, tried, &network, false).await?;
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    Ok(tried)
}

/// Counts a try against the budgets of its place. What is refused already uses nothing up.
async fn spend(visitor: &Visitor, tx: &mut Tx<Instance>, mut tried: Try, place: &str, is_known: bool) -> Result<Try, Stop> {
    let canonical = tried.email.canonical().to_owned();
    let limits = visitor.app.0.terms.lockouts.within(tx.strictest_lockout(&canonical).await?);
    for budget in limits.budgets(is_known) {
        if tried.is_locked {
            break;
        }
        let (key, shut) = if budget.scope.is_of_place() { (format!("{canonical} {place}"), place) } else { (canonical.clone(), "") };
        let attempt = Attempt { scope: budget.scope.word(), key, window_start: window_start(tx.now(), budget.window) };
        let count = tx.count_attempt(&attempt).await?;
        // Also beyond the last one, whose visitor may have gone before it was refused.
        if count >= budget.limit {
            tried.last.push((shut.to_owned(), until(tx.now(), budget.window, limits.window)));
        }
        tried.is_locked = count > budget.limit;
        tried.attempts.push(attempt);
    }
    Ok(tried)
}

/// Takes a try back: the password was right, or nothing was compared.
pub(super) async fn forgive(visitor: &Visitor, tried: &Try) -> Result<(), Stop> {
    let mut tx = visitor.begin(vec![]).await?;
    tried.forgive(&mut tx).await?;
    Ok(tx.commit_unrecorded(Why::CountingAttempts).await?)
}

impl Try {
    fn new(email: &Email, only: Vec<UserId>) -> Self {
        Self { email: email.clone(), attempts: Vec::new(), is_locked: false, only, last: Vec::new() }
    }

    /// One more try, where the one before it compared less than all.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.attempts.extend(other.attempts);
        self.last.extend(other.last);
        Self { is_locked: other.is_locked, only: other.only, ..self }
    }

    /// The same as part of a transaction.
    pub(super) async fn forgive<S>(&self, tx: &mut Tx<S>) -> Result<(), Stop> {
        for attempt in &self.attempts {
            tx.forgive_attempt(attempt).await?;
        }
        Ok(())
    }
}

/// Puts a password that did not count on record, in the log of whoever has proven that the address is theirs.
pub(super) async fn fail(visitor: &Visitor, tried: Try, owner: Option<Owner>, why: Failure) -> Result<(), Stop> {
    let user = owner.as_ref().map(|(user, _)| user.clone());
    let tx = visitor.begin(vec![log_of(owner.as_ref())]).await?;
    shut(visitor, tx, tried, owner, user, why).await
}

/// The same of somebody signed in who was asked for their password again, in their own log.
pub(super) async fn fail_again(person: &Person, tried: Try) -> Result<(), Stop> {
    let visitor = person.visitor();
    let owner = visitor.read().owner(tried.email.canonical()).await?;
    let tx = person.begin_failing(log_of(owner.as_ref())).await?;
    shut(&visitor, tx, tried, owner, Some(person.facts().user.clone()), Failure::Again).await
}

fn log_of(owner: Option<&Owner>) -> Log {
    owner.map_or(Log::Instance, |(user, _)| Log::User(user.clone()))
}

/// Shuts what a try has used up, and puts it on record. Whoever has the address, or would have it, is written to then; where nobody
/// has, the same rows are written, and the letter never leaves.
async fn shut(
    visitor: &Visitor,
    mut tx: Tx<Instance>,
    tried: Try,
    owner: Option<Owner>,
    user: Option<UserId>,
    why: Failure,
) -> Result<(), Stop> {
    let canonical = tried.email.canonical().to_owned();
    let (mut end, mut everywhere) = (None, false);
    for (place, until) in &tried.last {
        if tx.lock_out(&canonical, place, *until).await? {
            end = end.max(Some(*until));
            everywhere |= place.is_empty();
        }
    }
    if let Some(until) = end {
        let locked_out = owner.as_ref().map(|(user, _)| user.clone());
        tell(visitor, &mut tx, &tried.email, owner, (until, everywhere)).await?;
        tx.note(Event::UserLockedOut { user: locked_out, email: canonical.clone(), everywhere, until });
    }
    let why = if tried.is_locked { Failure::Locked } else { why };
    tx.commit(Event::UserLoginFailed { user, email: canonical, why }).await?;
    if end.is_some() {
        letters::ring(&visitor.app);
    }
    Ok(())
}

/// Writes that somebody is locked out, with a link by which they let themselves in again; not more often than they can bear.
async fn tell(
    visitor: &Visitor,
    tx: &mut Tx<Instance>,
    email: &Email,
    owner: Option<Owner>,
    (until, everywhere): (Millis, bool),
) -> Result<(), Stop> {
    let now = tx.now();
    let key = email.canonical().to_owned();
    let attempt = Attempt { scope: LETTER_SCOPE, key, window_start: window_start(now, Asked::WINDOW) };
    if tx.count_attempt(&attempt).await? > LETTERS {
        return Ok(());
    }
    let to = Addressee::new(owner, email)?;
    tx.end_flows_about(Flow::LetInAgain, &to.email).await?;
    let (token, expires_at) = links::make(tx, Flow::LetInAgain, to.user.as_ref(), Some(&to.email)).await?;
    let from = visitor.caller.address.to_string();
    let letter = LockedOut { token, at: now.0, from, until: until.0, everywhere, expires_at: expires_at.0 };
    to.write(&visitor.app, tx, &Letter::LockedOut(letter)).await
}

/// Puts a sign-in that was refused on record.
pub(super) async fn record(visitor: &Visitor, user: Option<UserId>, email: &Email, why: Failure) -> Result<(), Stop> {
    let tx = visitor.begin(vec![user.clone().map_or(Log::Instance, Log::User)]).await?;
    Ok(tx.commit(Event::UserLoginFailed { user, email: email.canonical().to_owned(), why }).await?)
}

/// Notes that this browser is one that somebody has signed in with, as part of a transaction; the cookie's value has this hash.
pub(super) async fn know_browser(visitor: &Visitor, tx: &mut Tx<Instance>, user: &UserId, browser_hash: &str) -> Result<(), Stop> {
    let place = token([tx.dice(), tx.dice()]);
    Ok(tx.know_browser(user, visitor.caller.browser_hash.as_deref(), browser_hash, &place).await?)
}

/// Whose address a link lets in again. Looking changes nothing, however often.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more.
pub async fn look(visitor: &Visitor, secret: &str) -> Result<Email, Stop> {
    Ok(links::look(visitor, Flow::LetInAgain, secret).await?.1)
}

/// Lets whoever holds the link try again, from where they are and wherever they were not shut out by what came from one network
/// alone. Their browser is known from then on, by a cookie whose value has this hash: whoever reads the mailbox is no stranger.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more: it works once.
pub async fn let_in_again(visitor: &Visitor, secret: &str, browser_hash: &str) -> Result<(), Stop> {
    let (user, email) = links::look(visitor, Flow::LetInAgain, secret).await?;
    let mut tx = visitor.begin(vec![Log::User(user.clone())]).await?;
    if !tx.use_flow(Flow::LetInAgain, &hash_token(secret)).await? {
        return Err(Stop::Unknown);
    }
    tx.let_in_again(email.canonical(), Some(&neighbourhood(visitor.caller.address))).await?;
    know_browser(visitor, &mut tx, &user, browser_hash).await?;
    let who = Who { user, email: email.canonical().to_owned() };
    Ok(tx.commit(Event::Person { who, what: PersonEvent::LetInAgain { by: "letter" } }).await?)
}

/// Lets a member be tried again who is in this account alone: what shuts others out too is not for one account to open.
///
/// # Errors
/// [`Stop::Faults`] when they are not locked out or are in other accounts too, and for administrators by others.
pub async fn let_member_in_again(permit: &Permit<may::LetMembersInAgain>, member: &MemberId) -> Result<(), Stop> {
    let fault = |message: &str| Stop::from(Faults::one("member", message));
    let target = permit.read().member(member).await?.ok_or(Stop::Unknown)?;
    let (mut tx, own) = permit.begin_holding(vec![Log::User(target.user_id.clone())]).await?;
    let target = tx.member(member).await?.ok_or(Stop::Unknown)?;
    may_touch(own, target.roles()).map_err(|message| fault(&message))?;
    permit.demand_fresh_over(&[target.roles()])?;
    if tx.accounts_of(&target.user_id).await? != 1 {
        return Err(fault("They are in other accounts too. The letter that they have got lets them in again, or time does."));
    }
    if target.email_verified_at.is_none() && tx.owner(&target.email).await?.is_some() {
        return Err(fault(
            "Nobody has checked that this address is theirs, and somebody else has proven that it is. Time lets them in again.",
        ));
    }
    if !tx.let_in_again(&target.email, None).await? {
        return Err(fault("They are not locked out any more."));
    }
    tx.end_flows(Flow::LetInAgain, &target.user_id).await?;
    let who = Who { user: target.user_id, email: target.email };
    tx.note(Event::Person { who: who.clone(), what: PersonEvent::LetInAgain { by: "administrator" } });
    let (account, member) = (permit.account().account.clone(), member.clone());
    Ok(tx.commit(Event::MembershipLetInAgain { account, member, who }).await?)
}
