//! Rotating: a new secret beside the old one, which ends on a day.

use super::{Made, begin_managed, created, demand_fit_owner, demand_living, end, write};
use crate::{
    acts::{Bearer, Permit, Stop},
    rules::{
        credentials::{CredentialId, New},
        faults::{Faults, codes},
        permissions::may,
        time::Millis,
    },
};

/// Makes a credential that allows what another one does, of the same owner; the old one ends at a moment, or now where none is
/// given. It never lasts longer by that.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for what is not one's own, for moments that are past, for what has ended, for SSH keys, which have
/// no secret of ours, and for default authtokens, which have a rotation of their own.
pub async fn rotate<B: Bearer>(
    permit: &Permit<may::ManageOwnCredentials, B>,
    id: &CredentialId,
    old_ends: Option<Millis>,
) -> Result<Made, Stop> {
    let (mut tx, row) = begin_managed(permit, id).await?;
    let (kind, owner) = (row.kind(), row.owner().ok_or(Stop::Unknown)?);
    if !kind.has_secret() {
        return Err(Faults::one("credential", "Of an SSH key we have no secret: add the new one, and delete this one.").into());
    }
    if row.default_since.is_some() {
        return Err(Faults::coded("credential", codes::DEFAULT_AUTHTOKEN, "A default authtoken is rotated on its own page.").into());
    }
    demand_living(&row, tx.now(), "It has ended, and rotating it changes nothing about that. Make a new one, or give it another end.")?;
    if old_ends.is_some_and(|at| at <= tx.now()) {
        return Err(Faults::coded("until", codes::EXPIRY_PAST, "It has to lie in the future.").into());
    }
    demand_fit_owner(&mut tx, &owner, kind).await?;
    // Its end is a limit as any other.
    let expires_at = permit.no_later(row.expires_at);
    let new = New { description: row.description.clone(), metadata: row.metadata.clone(), acl: row.acl(), expires_at, ssh: None };
    // The old one first, which makes room for the new one where it ends now.
    let ended = end(&mut tx, permit, &row, old_ends).await?;
    tx.note(ended);
    let made = write(&mut tx, permit, kind, &new, &owner, false).await?;
    tx.commit(created(permit, &made.row)).await?;
    Ok(made)
}
