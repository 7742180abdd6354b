//! Coming in by a proof of a provider: a session that begins so, or one that has it besides what it had.

use crate::{
    acts::{
        Holder, Person, Stop, Visitor, letters,
        permit::begins_anew,
        sessions::{self, Cookies},
    },
    rules::{
        events::{Event, PersonEvent, Who},
        gate::Proof,
        ids::SessionId,
    },
    store::{Instance, Tx, sso::DoorRow},
};

/// Who comes back.
pub struct Traveller<'a> {
    /// The hash of what the browser is known by.
    pub browser: &'a str,
    /// Who is signed in there.
    pub before: Option<&'a Holder>,
    /// The hashes of the values of the cookies that it gets.
    pub cookies: &'a Cookies,
}

/// How the provider has proven them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// As it saw fit.
    AsItIs,
    /// Anew, as it was made to.
    Forced,
}

/// How sessions that begin so are marked in events.
const METHOD: &str = "idp";

/// Lets somebody whom the provider has just proven into the account, as the end of a transaction that holds their log and the account's: by the
/// session that they have, or a new one. Its cookie's value has this hash.
pub(super) async fn enter(
    visitor: &Visitor,
    mut tx: Tx<Instance>,
    who: &Who,
    door: &DoorRow,
    (before, how): (Option<&Person>, How),
    cookies: &Cookies,
) -> Result<(), Stop> {
    let proof = Proof::Idp { account: door.idp.account.to_string(), idp: door.idp.id.to_string() };
    let kept = match before.filter(|person| person.facts().user == who.user) {
        Some(person) if !begins_anew(&visitor.app, &mut tx, &visitor.caller, &door.slug).await? => Some(person),
        _ => None,
    };
    let event = if let Some(person) = kept {
        let session = &person.facts().session;
        // Whoever comes back may have begun as a visitor: what happens is theirs.
        tx.acting_as(who.user.to_string(), who.email.clone(), session.clone());
        tx.prove(session, &proof).await?;
        note_forced(&mut tx, session, door, how).await?;
        tx.rotate_session(session, &cookies.session).await?;
        Event::Person { who: who.clone(), what: PersonEvent::Proven { method: METHOD } }
    } else {
        let session = sessions::begin_by(visitor, &mut tx, who, &cookies.session, &proof).await?;
        note_forced(&mut tx, &session, door, how).await?;
        sessions::replace(&mut tx, before).await?;
        Event::UserLoginSucceeded { who: who.clone(), session, method: METHOD }
    };
    tx.commit(event).await?;
    letters::ring(&visitor.app);
    Ok(())
}

async fn note_forced(tx: &mut Tx<Instance>, session: &SessionId, door: &DoorRow, how: How) -> Result<(), Stop> {
    if how == How::Forced {
        tx.note_forced(session, door.idp.id.as_str()).await?;
    }
    Ok(())
}
