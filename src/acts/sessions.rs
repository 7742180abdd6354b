//! Deeds of a person on the own sessions. Ending one works on the next request, on every instance.

use super::{Person, Stop};
use crate::rules::{events::Event, ids::SessionId, sessions::End};

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
    let limits = person.session_limits();
    let living = (tx.now().minus(limits.lifetime), tx.now().minus(limits.idle));
    let ended = tx.end_other_sessions(&person.facts().session, End::EndedByOwner, living).await?;
    let count = ended.len();
    for session in ended {
        tx.note(Event::SessionEnded { who: person.who(), session, why: End::EndedByOwner });
    }
    tx.commit_noted().await?;
    Ok(count)
}
