//! Deeds of a person on the own sessions. Ending one works on the next request, on every instance.

use super::{App, Person, Stop};
use crate::{
    rules::{
        events::{Event, Who},
        ids::SessionId,
        sessions::End,
    },
    store::Tx,
};

/// Ends the session that the person is in.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(person: &Person) -> Result<(), Stop> {
    let session = person.facts().session.clone();
    let mut tx = person.begin().await?;
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
