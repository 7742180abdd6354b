//! Deeds of a person on the own sessions. Ending one works on the next request, on every instance.

use super::{App, Caller, Holder, Person, Stop, Visitor, letters, lockouts};
use crate::{
    rules::{
        events::{Event, Who},
        gate::Proof,
        ids::SessionId,
        letters::Letter,
        sessions::{End, device, is_known_place},
    },
    store::{Instance, NewSession, Tx},
};

/// Ends the session that somebody is in, whatever it has proven.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(holder: &Holder) -> Result<(), Stop> {
    let person = holder.person();
    let session = person.facts().session.clone();
    let mut tx = holder.begin().await?;
    if !tx.end_session(&session, End::SignedOut).await? {
        return Ok(());
    }
    Ok(tx.commit(Event::UserLoggedOut { who: person.who(), session }).await?)
}

/// Ends another session of the person.
///
/// # Errors
/// [`Stop::Unknown`] when the person has no such living session.
pub async fn end(person: &Person, session: SessionId) -> Result<(), Stop> {
    let mut tx = person.begin().await?;
    if !tx.end_session(&session, End::EndedByOwner).await? {
        return Err(Stop::Unknown);
    }
    Ok(tx.commit(Event::SessionEnded { who: person.who(), session, why: End::EndedByOwner }).await?)
}

/// Ends all sessions of the person but the one they are in; answers how many that were.
///
/// # Errors
/// When the database fails.
pub async fn end_others(person: &Person) -> Result<usize, Stop> {
    let mut tx = person.begin().await?;
    let count = end_all(&person.app, &mut tx, &person.who(), Some(&person.facts().session), End::EndedByOwner).await?;
    tx.commit_noted().await?;
    Ok(count)
}

/// Ends all living sessions of somebody but the one that is kept, as part of a transaction; answers how many that were.
pub(super) async fn end_all<S>(app: &App, tx: &mut Tx<S>, who: &Who, keep: Option<&SessionId>, why: End) -> Result<usize, Stop> {
    let limits = app.session_limits();
    let living = (tx.now().minus(limits.lifetime), tx.now().minus(limits.idle));
    let ended = tx.end_sessions_of(&who.user, keep, why, living).await?;
    let count = ended.len();
    for session in ended {
        tx.note(Event::SessionEnded { who: who.clone(), session, why });
    }
    Ok(count)
}

/// The hashes of the values of the cookies that a browser gets with a session.
#[derive(Clone, Debug)]
pub struct Cookies {
    /// By which the session is known.
    pub session: String,
    /// By which the browser is known from now on, as one that its person has signed in with.
    pub browser: String,
}

/// Begins the session of somebody who has just proven who they are by their password, as part of a transaction; the cookies'
/// values have these hashes. From here on it is they who act.
pub(super) async fn begin(visitor: &Visitor, tx: &mut Tx<Instance>, who: &Who, cookies: &Cookies) -> Result<SessionId, Stop> {
    begin_own(visitor, tx, who, cookies, &Proof::Password).await
}

/// The same by another proof that the person owns.
pub(super) async fn begin_own(
    visitor: &Visitor,
    tx: &mut Tx<Instance>,
    who: &Who,
    cookies: &Cookies,
    proof: &Proof,
) -> Result<SessionId, Stop> {
    lockouts::know_browser(visitor, tx, &who.user, &cookies.browser).await?;
    begin_by(visitor, tx, who, &cookies.session, proof).await
}

/// The same by whichever proof; it does not make the browser one that is known.
pub(super) async fn begin_by(
    visitor: &Visitor,
    tx: &mut Tx<Instance>,
    who: &Who,
    token_hash: &str,
    proof: &Proof,
) -> Result<SessionId, Stop> {
    tell_of_new_place(visitor, tx, who).await?;
    let id = SessionId::new(tx.now(), tx.dice());
    let (address, agent) = (visitor.caller.address.to_string(), &visitor.caller.agent);
    make_cookie(visitor, tx, token_hash).await?;
    tx.create_session(&NewSession { id: &id, token_hash, user: &who.user, address: &address, agent, proof }).await?;
    tx.acting_as(who.user.to_string(), who.email.clone(), id.clone());
    Ok(id)
}

/// Makes the cookie of a session or of half a sign-in, in the place of the one that the browser has, as part of a transaction.
pub(super) async fn make_cookie(visitor: &Visitor, tx: &mut Tx<Instance>, token_hash: &str) -> Result<(), Stop> {
    if let Some(before) = &visitor.caller.token_hash {
        tx.drop_cookie(before).await?;
    }
    Ok(tx.create_cookie(token_hash, tx.now().plus(visitor.app.session_limits().lifetime)).await?)
}

/// Writes to somebody who signs in from where, or with what, they have not lately.
async fn tell_of_new_place(visitor: &Visitor, tx: &mut Tx<Instance>, who: &Who) -> Result<(), Stop> {
    let Caller { address, agent, .. } = &visitor.caller;
    if is_known_place(&tx.places(&who.user).await?, *address, agent) {
        return Ok(());
    }
    let letter = Letter::NewPlace { at: tx.now().0, from: address.to_string(), device: device(agent) };
    letters::tell(&visitor.app, tx, &who.user, &letter).await
}

/// Ends the session that this browser had before, as part of a transaction that holds its person's log: a browser holds one.
pub(super) async fn replace(tx: &mut Tx<Instance>, before: Option<&Person>) -> Result<(), Stop> {
    if let Some(before) = before {
        let session = before.facts().session.clone();
        if tx.replace_session(&session).await? {
            tx.note(Event::SessionEnded { who: before.who(), session, why: End::Replaced });
        }
    }
    Ok(())
}
