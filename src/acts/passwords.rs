//! Passwords: a new one by a mailed link, a new one by knowing the old one, and giving the own one again as a proof.
//!
//! Asking for a link answers and costs the same whether or not anybody has the address, which a test counts.

use super::{
    Person, Stop, Visitor,
    choosing::{LastOnes, Present, judge, known_of},
    letters::{self, Addressee, count_asked},
    links, lockouts,
    sessions::end_all,
};
use crate::{
    protocols::{passwords::Verified, secrets::hash_token},
    rules::{
        addresses::Email,
        emails::Asked,
        events::{Event, Log, PersonEvent, Who},
        faults::Faults,
        flows::Flow,
        ids::UserId,
        letters::{Letter, PasswordBySso},
        network::neighbourhood,
        passwords::{NOT_YOURS, Password},
        sessions::End,
        time::Millis,
    },
    store::Tx,
};

/// Sends a link to whoever has proven that this address is theirs. Whoever asks is not told whether anybody has: where nobody
/// does, the same rows are written, and the letter never leaves.
///
/// # Errors
/// [`Stop::TooMany`] when too many letters were asked for from the same place.
pub async fn forget(visitor: &Visitor, email: &Email) -> Result<(), Stop> {
    if !count_asked(visitor, email, Asked::Reset).await? {
        return Ok(());
    }
    let to = Addressee::new(visitor.read().owner(email.canonical()).await?, email)?;
    let mut tx = visitor.begin(vec![to.user.clone().map_or(Log::Instance, Log::User)]).await?;
    tx.end_flows_about(Flow::PasswordReset, &to.email).await?;
    // Asked of nobody as well, so that it takes as long.
    let by_sso = tx.kept_to_sso(to.user.as_ref()).await?;
    // A link to nobody leads nowhere; it is written for the same rows to be there.
    let whose = to.user.as_ref().filter(|_| by_sso.is_none());
    let (token, expires_at) = links::make(&mut tx, Flow::PasswordReset, whose, Some(&to.email)).await?;
    let letter = match by_sso {
        Some(account) => Letter::PasswordBySso(PasswordBySso { account }),
        None => Letter::PasswordReset { token, expires_at: expires_at.0 },
    };
    to.write(&visitor.app, &mut tx, &letter).await?;
    tx.commit(Event::PasswordResetAsked { user: to.user, email: to.email.canonical().to_owned() }).await?;
    letters::ring(&visitor.app);
    Ok(())
}

/// Whose password a link lets one choose: their address. Looking changes nothing, however often.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more.
pub async fn look(visitor: &Visitor, secret: &str) -> Result<Email, Stop> {
    Ok(links::look(visitor, Flow::PasswordReset, secret).await?.1)
}

/// Gives whoever holds the link a new password, and ends all their sessions. Whatever locked their address out does so
/// no more: whoever reads the mailbox is no stranger. The browsers that were known are known no more.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more: it works once. [`Stop::Faults`] at `password` when it is not
/// one to be chosen; the link still works then.
pub async fn reset(visitor: &Visitor, secret: &str, password: &Password) -> Result<(), Stop> {
    let app = &visitor.app;
    let (user, email) = links::look(visitor, Flow::PasswordReset, secret).await?;
    judge(app, password, known_of(visitor, &user).await?).await?;
    let last = LastOnes::compare(visitor, &user, password, Present::Asked).await?;
    let hash = app.0.hasher.hash(password).await?;
    let mut tx = visitor.begin(vec![Log::User(user.clone())]).await?;
    if !tx.use_flow(Flow::PasswordReset, &hash_token(secret)).await? {
        return Err(Stop::Unknown);
    }
    let who = Who { user, email: email.canonical().to_owned() };
    last.follow(&mut tx, &hash).await?;
    tx.end_flows_of(&who.user).await?;
    tx.let_in_again(email.canonical(), Some(&neighbourhood(visitor.caller.address))).await?;
    tx.forget_browsers(&who.user, None).await?;
    let sessions = end_all(app, &mut tx, &who, None, End::PasswordChanged).await?;
    let letter = Letter::PasswordChanged { at: tx.now().0, from: visitor.caller.address.to_string() };
    letters::tell(app, &mut tx, &who.user, &letter).await?;
    tx.commit(Event::Person { who, what: PersonEvent::PasswordReset { sessions } }).await?;
    letters::ring(app);
    Ok(())
}

/// Replaces the own password by another one, ends all other sessions, and gives this one a new cookie, whose value has this hash,
/// as a copy of the old one may be why; answers how many have ended.
///
/// # Errors
/// [`Stop::Faults`] at `current` when the old one is wrong, at `password` when the new one is not one to be chosen;
/// [`Stop::TooMany`] after too many wrong ones, here or at sign-in.
pub async fn change(person: &Person, current: &Password, new: &Password, token_hash: &str) -> Result<usize, Stop> {
    person.demand_factor()?;
    let proven = prove_again(person, current, "current").await?;
    let (visitor, user) = (person.visitor(), &person.facts().user);
    judge(&person.app, new, known_of(&visitor, user).await?).await?;
    // The present one is the one that was typed, and the draft has seen that the new one is another.
    let last = LastOnes::compare(&visitor, user, new, Present::Another).await?;
    let hash = person.app.0.hasher.hash(new).await?;
    let mut tx = person.begin().await?;
    let who = person.who();
    proven.demand(&mut tx).await?;
    last.follow(&mut tx, &hash).await?;
    tx.end_flows_of(&who.user).await?;
    tx.forget_browsers(&who.user, person.caller.browser_hash.as_deref()).await?;
    let sessions = end_all(&person.app, &mut tx, &who, Some(&person.facts().session), End::PasswordChanged).await?;
    tx.rotate_session(&person.facts().session, token_hash).await?;
    let letter = Letter::PasswordChanged { at: tx.now().0, from: person.address() };
    letters::tell(&person.app, &mut tx, &who.user, &letter).await?;
    tx.commit(Event::Person { who, what: PersonEvent::PasswordChanged { sessions } }).await?;
    letters::ring(&person.app);
    Ok(sessions)
}

/// That somebody signed in has just given their password again.
pub(super) struct ProvenAgain {
    user: UserId,
    set_at: Option<Millis>,
    /// Where it was typed.
    field: &'static str,
}

impl ProvenAgain {
    /// Inside the transaction that needed the proof: the password is still the one that was compared.
    pub(super) async fn demand<S>(&self, tx: &mut Tx<S>) -> Result<(), Stop> {
        let is_same = tx.password_set_at(&self.user).await? == Some(self.set_at);
        if is_same { Ok(()) } else { Err(Faults::one(self.field, NOT_YOURS).into()) }
    }
}

/// Compares the password that somebody signed in was asked for again. It counts like a sign-in: who may not guess there may
/// not guess here.
///
/// # Errors
/// [`Stop::Faults`] at the field when it is wrong, [`Stop::TooMany`], [`Stop::Busy`].
pub(super) async fn prove_again(person: &Person, password: &Password, field: &'static str) -> Result<ProvenAgain, Stop> {
    let (visitor, email) = (person.visitor(), person.email()?);
    let _place = person.app.0.hasher.queue()?;
    let tried = lockouts::count(&visitor, &email).await?;
    let own = person.read().own_password().await?;
    match person.app.0.hasher.verify(password, own.password_hash.as_deref()).await {
        Ok(Verified::Yes | Verified::YesOutdated) if !tried.is_locked => {
            lockouts::forgive(&visitor, &tried).await?;
            Ok(ProvenAgain { user: person.facts().user.clone(), set_at: own.password_set_at, field })
        }
        Ok(_) => {
            lockouts::fail_again(person, tried).await?;
            Err(Faults::one(field, NOT_YOURS).into())
        }
        Err(error) => {
            lockouts::forgive(&visitor, &tried).await?;
            Err(error.into())
        }
    }
}
