//! The default authtoken of a member: made when they first look at it, and the only one that can be shown again. It is sealed besides
//! being hashed (product §2.16).

use super::{SEALED, Secret, account, created, demand_living, end, myself, named, write};
use crate::{
    acts::{Permit, Stop},
    rules::{
        credentials::{Acl, CredentialId, Kind, MAX_DESCRIPTION, New, OVERLAP},
        events::{CredentialEvent, Event},
        permissions::may,
        time::Millis,
    },
    store::{InAccount, Tx},
};

/// One's own default authtoken.
pub struct OwnAuthtoken {
    /// The id.
    pub id: CredentialId,
    /// The secret.
    pub secret: Secret,
}

/// Shows the own default authtoken, and puts that on record; where there is none yet, makes it first.
///
/// # Errors
/// [`Stop::Broken`] when it was sealed with another key than this instance's.
pub async fn show(permit: &Permit<may::ReadOwnAuthtoken>) -> Result<OwnAuthtoken, Stop> {
    let who = permit.person().who();
    let (mut tx, _) = permit.begin().await?;
    let Some((id, sealed)) = tx.default_authtoken(&who.user).await? else {
        return make(tx, permit, Limits::default()).await;
    };
    let secret = permit.app().0.key.open(SEALED, id.as_str(), &sealed);
    let secret = Secret(secret.ok_or_else(|| Stop::Broken(format!("the default authtoken {id} cannot be opened")))?);
    let row = tx.credential(&id).await?.ok_or(Stop::Unknown)?;
    tx.commit(Event::Credential { account: account(permit), credential: named(&row), what: CredentialEvent::Shown }).await?;
    Ok(OwnAuthtoken { id, secret })
}

/// Makes another default authtoken. The old one ends, or goes on for [`OVERLAP`] as an ordinary one, so that nothing stops at once.
///
/// # Errors
/// As [`show`].
pub async fn renew(permit: &Permit<may::ReadOwnAuthtoken>, at_once: bool) -> Result<OwnAuthtoken, Stop> {
    let who = permit.person().who();
    let (mut tx, _) = permit.begin().await?;
    let mut limits = Limits::default();
    if let Some((id, _)) = tx.default_authtoken(&who.user).await? {
        let row = tx.credential(&id).await?.ok_or(Stop::Unknown)?;
        demand_living(
            &row,
            tx.now(),
            "It has ended, and rotating it changes nothing about that. Give it another end on its page, where you may, or ask an administrator to delete it: you get another one then.",
        )?;
        let ends = (!at_once).then(|| tx.now().plus(OVERLAP));
        let ended = end(&mut tx, permit, &row, ends).await?;
        tx.note(ended);
        limits = Limits { acl: row.acl(), expires_at: row.expires_at };
    }
    make(tx, permit, limits).await
}

/// What the one before was limited to, and the next one is too: rotating widens nothing.
#[derive(Default)]
struct Limits {
    acl: Acl,
    expires_at: Option<Millis>,
}

async fn make(mut tx: Tx<InAccount>, permit: &Permit<may::ReadOwnAuthtoken>, limits: Limits) -> Result<OwnAuthtoken, Stop> {
    let (who, owner) = (permit.person().who(), myself(permit));
    // Long addresses are cut: it is a description, and not what the token is found by.
    let mut description = format!("Default authtoken of {}", who.email);
    description.truncate(description.floor_char_boundary(MAX_DESCRIPTION));
    let Limits { acl, expires_at } = limits;
    let new = New { description, metadata: String::new(), acl, expires_at, ssh: None };
    let made = write(&mut tx, permit, Kind::Authtoken, &new, &owner, true).await?;
    let secret = made.secret.ok_or_else(|| Stop::Broken("an authtoken without a secret".to_owned()))?;
    tx.commit(created(permit, &made.row)).await?;
    Ok(OwnAuthtoken { id: made.row.id, secret })
}
