//! Rotating: a new secret beside the old one, which ends on a day.

use super::{Made, account, demand_fit_owner, demand_managed, managed, named, value, value_of, write};
use crate::{
    acts::{Bearer, Permit, Stop},
    rules::{
        credentials::{CredentialId, New},
        events::{self, CredentialEvent, Event},
        faults::{Faults, codes},
        permissions::may,
        time::Millis,
    },
    store::CredentialSays,
};

/// Makes a credential that allows what another one does, of the same owner; the old one ends at a moment, or now where none is
/// given. It never lasts longer by that.
///
/// # Errors
/// [`Stop::Unknown`] also for what is not one's own; [`Stop::Faults`] for moments that are past, for SSH keys, which have no secret of
/// ours, and for default authtokens, which have a rotation of their own.
pub async fn rotate<B: Bearer>(
    permit: &Permit<may::ManageOwnCredentials, B>,
    id: &CredentialId,
    old_ends: Option<Millis>,
) -> Result<Made, Stop> {
    demand_managed(permit, id).await?;
    let (mut tx, own) = permit.begin().await?;
    let row = managed(&mut tx, permit, own, id).await?;
    let (kind, owner) = (row.kind(), row.owner().ok_or(Stop::Unknown)?);
    if !kind.has_secret() {
        return Err(Faults::one("credential", "Of an SSH key we have no secret: add the new one, and delete this one.").into());
    }
    if row.default_since.is_some() {
        return Err(Faults::coded("credential", codes::DEFAULT_AUTHTOKEN, "A default authtoken is rotated on its own page.").into());
    }
    if old_ends.is_some_and(|at| at <= tx.now()) {
        return Err(Faults::coded("until", codes::EXPIRY_PAST, "Choose a day in the future.").into());
    }
    demand_fit_owner(&mut tx, &owner, kind).await?;
    // An end that lies ahead is a limit as any other.
    let expires_at = permit.no_later(row.expires_at.filter(|at| *at > tx.now()));
    let new = New { description: row.description.clone(), metadata: row.metadata.clone(), acl: row.acl(), expires_at, ssh: None };
    let made = write(&mut tx, permit, kind, &new, &owner, false).await?;
    let (acl, before) = (row.acl(), value_of(&row));
    if let Some(at) = old_ends {
        let ends = row.expires_at.map_or(at, |expires| expires.min(at));
        let says = CredentialSays { description: &row.description, metadata: &row.metadata, acl: &acl, expires_at: Some(ends) };
        tx.update_credential(id, &says).await?;
        let after = value(&row.description, &row.metadata, &acl, Some(ends), None);
        tx.note(Event::Credential { account: account(permit), credential: named(&row), what: CredentialEvent::Updated { before, after } });
    } else {
        tx.revoke_credential(id).await?;
        tx.note(Event::Credential { account: account(permit), credential: named(&row), what: CredentialEvent::Deleted });
    }
    let credential = events::Credential { id: made.id.clone(), ..named(&row) };
    let after = value(&new.description, &new.metadata, &new.acl, new.expires_at, None);
    tx.commit(Event::Credential { account: account(permit), credential, what: CredentialEvent::Created { after } }).await?;
    Ok(made)
}
