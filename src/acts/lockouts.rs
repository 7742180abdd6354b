//! Lockouts: counting wrong passwords, keeping their address shut for a while, and opening it again: by time, by the letter that
//! says so, or by an administrator (product §2.18).

use super::{
    Permit, Stop, Visitor,
    letters::{self, Envelope},
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
    store::{Attempt, Instance, NewFlow, Tx, Why},
};

/// One try to give a password, counted before anything is compared, so that fifty at once are fifty.
pub(super) struct Try {
    email: Email,
    attempts: Vec<Attempt>,
    /// Whether nothing that is given counts.
    pub(super) is_locked: bool,
    /// What is to be shut, and until when, if the password is wrong.
    last: Vec<(String, Millis)>,
}

/// Counts a try. It is taken back when the password turns out to be right.
///
/// Where it comes from is counted first: who has used up a network address or a network cannot go on to use up what other people
/// have. A browser in which the person has signed in before depends on none of that. Whether anybody has the address changes
/// nothing about the work.
///
/// # Errors
/// [`Stop::TooMany`] when too much comes from the same place, whomever it is about.
pub(super) async fn count(visitor: &Visitor, email: &Email) -> Result<Try, Stop> {
    let terms = &visitor.app.0.terms;
    let (address, browser) = (visitor.caller.address, visitor.caller.browser_hash.as_deref().unwrap_or_default());
    let canonical = email.canonical();
    let mut tx = visitor.begin(vec![]).await?;
    // A browser whose own attempts are used up is a stranger's.
    let known = match tx.known_place(browser, canonical).await? {
        Some(place) if !tx.is_locked_out(canonical, &place, false).await? => Some(place),
        _ => None,
    };
    let is_known = known.is_some();
    let mut attempts = Vec::new();
    if !is_known {
        for (scope, key) in [(Scope::Network, neighbourhood(address)), (Scope::Address, address.to_string())] {
            let (window, limit) = terms.attempts.of(scope);
            let attempt = Attempt { scope: scope.word(), key, window_start: window_start(tx.now(), window) };
            let count = tx.count_attempt(&attempt).await?;
            if count > limit {
                let rest = window_rest(tx.now(), window);
                tx.commit_unrecorded(Why::CountingAttempts).await?;
                if count == limit + 1 {
                    record(visitor, email, Failure::TooMany).await?;
                }
                return Err(Stop::TooMany(rest));
            }
            attempts.push(attempt);
        }
    }
    let place = known.unwrap_or_else(|| neighbourhood(address));
    let limits = terms.lockouts.within(tx.strictest_lockout(canonical).await?);
    let (mut is_locked, mut last) = (tx.is_locked_out(canonical, &place, !is_known).await?, Vec::new());
    for budget in limits.budgets(is_known) {
        // What is refused already uses nothing up.
        if is_locked {
            break;
        }
        let (key, shut) = if budget.is_of_place { (format!("{canonical} {place}"), place.as_str()) } else { (canonical.to_owned(), "") };
        let attempt = Attempt { scope: budget.scope.word(), key, window_start: window_start(tx.now(), budget.window) };
        let count = tx.count_attempt(&attempt).await?;
        // Also beyond the last one, whose visitor may have gone before it was refused.
        if count >= budget.limit {
            last.push((shut.to_owned(), until(tx.now(), budget.window, limits.window)));
        }
        is_locked = count > budget.limit;
        attempts.push(attempt);
    }
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    Ok(Try { email: email.clone(), attempts, is_locked, last })
}

/// Takes a try back: the password was right, or nothing was compared.
pub(super) async fn forgive(visitor: &Visitor, tried: &Try) -> Result<(), Stop> {
    let mut tx = visitor.begin(vec![]).await?;
    tried.forgive(&mut tx).await?;
    Ok(tx.commit_unrecorded(Why::CountingAttempts).await?)
}

impl Try {
    /// The same as part of a transaction.
    pub(super) async fn forgive<S>(&self, tx: &mut Tx<S>) -> Result<(), Stop> {
        for attempt in &self.attempts {
            tx.forgive_attempt(attempt).await?;
        }
        Ok(())
    }
}

/// Puts a password that did not count on record, and shuts what it has used up. Whoever has the address, or would have it, is
/// written to then; where nobody has, the same rows are written, and the letter never leaves.
pub(super) async fn fail(visitor: &Visitor, tried: Try, why: Failure) -> Result<(), Stop> {
    let owner = owner(visitor, &tried.email).await?;
    let why = if tried.is_locked { Failure::Locked } else { why };
    let user = owner.as_ref().map(|(user, _)| user.clone());
    let mut tx = visitor.begin(vec![user.clone().map_or(Log::Instance, Log::User)]).await?;
    let canonical = tried.email.canonical().to_owned();
    let (mut end, mut everywhere) = (None, false);
    for (place, until) in &tried.last {
        if tx.lock_out(&canonical, place, *until).await? {
            end = end.max(Some(*until));
            everywhere |= place.is_empty();
        }
    }
    if let Some(end) = end {
        tell(visitor, &mut tx, &tried.email, owner, (end, everywhere)).await?;
        tx.note(Event::UserLockedOut { user: user.clone(), email: canonical.clone(), everywhere, until: end });
    }
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
    owner: Option<(UserId, String)>,
    (locked_until, everywhere): (Millis, bool),
) -> Result<(), Stop> {
    let now = tx.now();
    let key = email.canonical().to_owned();
    let attempt = Attempt { scope: LETTER_SCOPE, key, window_start: window_start(now, Asked::WINDOW) };
    if tx.count_attempt(&attempt).await? > LETTERS {
        return Ok(());
    }
    let (user, address) = owner.unzip();
    // To the mailbox that was proven, as it was written then.
    let email = &address.map_or_else(|| Ok(email.clone()), |address| Email::parse(&address)).map_err(Stop::Broken)?;
    let secret = token([tx.dice(), tx.dice()]);
    tx.end_flows_about(Flow::LetInAgain, email).await?;
    let flow = NewFlow { kind: Flow::LetInAgain, id_hash: &hash_token(&secret), user: user.as_ref(), email: Some(email) };
    let expires_at = tx.create_flow(&flow).await?.0;
    let recipient = email.deliverable();
    let withheld = if user.is_some() { None } else { Some("Nobody has proven that this address is theirs.") };
    let envelope = Envelope { account: None, user: user.as_ref(), about: "", recipient: &recipient, withheld };
    let from = visitor.caller.address.to_string();
    let letter = Letter::LockedOut(LockedOut { token: secret, at: now.0, from, until: locked_until.0, everywhere, expires_at });
    letters::write(&visitor.app, tx, envelope, &letter).await?;
    Ok(())
}

/// Who has proven that an address is theirs: the user, and the address as it was written then.
async fn owner(visitor: &Visitor, email: &Email) -> Result<Option<(UserId, String)>, Stop> {
    let rows = visitor.read().users_by_address(email.canonical()).await?;
    Ok(rows.into_iter().find(|row| row.verified_at.is_some()).map(|row| (row.id, row.address)))
}

async fn record(visitor: &Visitor, email: &Email, why: Failure) -> Result<(), Stop> {
    let user = owner(visitor, email).await?.map(|(user, _)| user);
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
    let flow = visitor.read().open_flow(Flow::LetInAgain, &hash_token(secret), visitor.now()).await?.ok_or(Stop::Unknown)?;
    let address = flow.user_id.and(flow.address).ok_or(Stop::Unknown)?;
    Email::parse(&address).map_err(Stop::Broken)
}

/// Lets whoever holds the link try again, from where they are and wherever they were not shut out by what came from one network
/// alone. Their browser is known from then on, by a cookie whose value has this hash: whoever reads the mailbox is no stranger.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more: it works once.
pub async fn let_in_again(visitor: &Visitor, secret: &str, browser_hash: &str) -> Result<(), Stop> {
    let email = look(visitor, secret).await?;
    let (user, _) = owner(visitor, &email).await?.ok_or(Stop::Unknown)?;
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
    if target.email_verified_at.is_none() && tx.is_proven(&target.email).await? {
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
