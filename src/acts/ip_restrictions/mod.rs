//! IP restrictions: making, changing and deleting them, letting a change stand or undoing it, and what a change would have meant. How
//! anything changes stands in `change`.

mod change;
mod replay;

pub use change::{Changed, How, settle, undo_all_overdue};
pub(in crate::acts) use change::{Changing, begin, event, put_back};
pub use replay::{Replayed, Seen, replay};
use serde_json::{Value, json};

use super::{Bearer, Permit, Stop, permit::in_force};
use crate::{
    rules::{
        codes,
        events::{IpEvent, IpThing},
        faults::Faults,
        ids::{IpPolicyId, IpRestrictionId},
        ip_restrictions::{Draft, InForce, Surface},
        permissions::{May, Permission, may},
    },
    store::{InAccount, IpRestrictionRow, IpRestrictionSays, Provisional, Tx, Why},
};

/// Restricts a surface.
///
/// # Errors
/// [`Stop::Faults`] for what is wrong with it, where the surface is restricted already, and where it would lock somebody out.
pub async fn create<B: Bearer>(
    permit: &Permit<may::ManageIpRestrictions, B>,
    surface: Surface,
    draft: &Draft,
    how: How,
) -> Result<Changed<IpRestrictionRow>, Stop> {
    let policies = draft.check()?;
    let mut changing = begin(permit).await?;
    let tx = &mut changing.tx;
    if tx.ip_restrictions().await?.iter().any(|row| row.surface() == surface) {
        let says = format!("There is a restriction of {} already: change that one.", surface.label());
        return Err(Faults::coded("type", codes::RESTRICTION_TAKEN, says).into());
    }
    let id = IpRestrictionId::new(tx.now(), tx.dice());
    if !tx.create_ip_restriction(&id, surface, &says(draft, &policies)).await? {
        return Err(unknown_policy());
    }
    let row = tx.ip_restriction(&id).await?.ok_or(Stop::Unknown)?;
    let what = IpEvent::Created { things: vec![thing(&row)], after: value(tx, &row).await? };
    changing.finish(permit, how, Some(what), row).await
}

fn says<'a>(draft: &'a Draft, policies: &'a [IpPolicyId]) -> IpRestrictionSays<'a> {
    IpRestrictionSays { enforced: draft.enforced, description: &draft.description, metadata: &draft.metadata, policies }
}

fn unknown_policy() -> Stop {
    Faults::coded("policies", codes::RESTRICTION_POLICY_UNKNOWN, "There is no such IP policy in this account.").into()
}

/// What a restriction is to be. What is missing stays.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Whether it refuses, or only warns.
    pub enforced: Option<bool>,
    /// What it is for.
    pub description: Option<String>,
    /// What a program keeps with it.
    pub metadata: Option<String>,
    /// The ids of what applies.
    pub policies: Option<Vec<String>>,
}

/// Changes a restriction: what applies, and whether it refuses or only warns.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for what is wrong with it, and where it would lock somebody out.
pub async fn update<B: Bearer>(
    permit: &Permit<may::ManageIpRestrictions, B>,
    id: &IpRestrictionId,
    changes: &Changes,
    how: How,
) -> Result<Changed<IpRestrictionRow>, Stop> {
    let mut changing = begin(permit).await?;
    let tx = &mut changing.tx;
    let row = tx.ip_restriction(id).await?.ok_or(Stop::Unknown)?;
    let before = value(tx, &row).await?;
    let Changes { enforced, description, metadata, policies } = changes.clone();
    let draft = Draft {
        enforced: enforced.unwrap_or(row.enforced_at.is_some()),
        description: description.unwrap_or(row.description),
        metadata: metadata.unwrap_or(row.metadata),
        policies: match policies {
            Some(policies) => policies,
            None => policies_of(tx, id).await?,
        },
    };
    let policies = draft.check()?;
    if !tx.update_ip_restriction(id, &says(&draft, &policies)).await? {
        return Err(unknown_policy());
    }
    let row = tx.ip_restriction(id).await?.ok_or(Stop::Unknown)?;
    let after = value(tx, &row).await?;
    let happened = (before != after).then(|| IpEvent::Updated { things: vec![thing(&row)], before, after });
    changing.finish(permit, how, happened, row).await
}

/// Takes a restriction away.
///
/// # Errors
/// [`Stop::Unknown`].
pub async fn delete<B: Bearer>(permit: &Permit<may::ManageIpRestrictions, B>, id: &IpRestrictionId, how: How) -> Result<Changed<()>, Stop> {
    let mut changing = begin(permit).await?;
    let tx = &mut changing.tx;
    let row = tx.ip_restriction(id).await?.ok_or(Stop::Unknown)?;
    let what = IpEvent::Deleted { things: vec![thing(&row)], before: value(tx, &row).await? };
    tx.delete_ip_restriction(id).await?;
    changing.finish(permit, how, Some(what), ()).await
}

/// Lets a change stand. Whoever says so has come in after it took effect: the page that they say it on shows this version.
///
/// # Errors
/// [`Stop::Faults`] where nothing waits for it any more, or it has changed since.
pub async fn confirm(permit: &Permit<may::ManageIpRestrictions>, version: i64) -> Result<(), Stop> {
    let (mut changing, Provisional { by, .. }) = waiting(permit, version).await?;
    changing.tx.end_ip_provisional(&permit.account().account).await?;
    Ok(changing.tx.commit(event(permit, IpEvent::Confirmed { by })).await?)
}

/// Undoes a change that nobody has confirmed yet, and all that joined it, as far as whoever says so has seen it.
///
/// # Errors
/// [`Stop::Faults`] where nothing waits any more, or it has changed since.
pub async fn undo(permit: &Permit<may::ManageIpRestrictions>, version: i64) -> Result<(), Stop> {
    let (mut changing, provisional) = waiting(permit, version).await?;
    let event = put_back(&mut changing.tx, &permit.account().account, &changing.state.setup, provisional, true).await?;
    Ok(changing.tx.commit(event).await?)
}

async fn waiting(permit: &Permit<may::ManageIpRestrictions>, version: i64) -> Result<(Changing, Provisional), Stop> {
    let mut changing = begin(permit).await?;
    match changing.state.provisional.take() {
        Some(provisional) if changing.state.version == version => Ok((changing, provisional)),
        Some(_) => Err(Faults::one("restriction", "Somebody has changed more since. Look at it, and say so again.").into()),
        None => Err(Faults::one("restriction", "No change awaits its confirmation any more.").into()),
    }
}

/// Notes that somebody has looked at who was warned, who may do something about it.
///
/// # Errors
/// When the database fails.
pub async fn see_warned(permit: &Permit<may::ReadIpPolicies>) -> Result<(), Stop> {
    if !permit.rights().allow(Permission::ManageIpRestrictions) {
        return Ok(());
    }
    let mut tx = permit.begin_noting().await?;
    tx.see_warned().await?;
    Ok(tx.commit_unrecorded(Why::LastSeen).await?)
}

/// What restricts the account at this moment, for pages that explain it.
///
/// # Errors
/// When the database fails.
pub async fn restricting<M: May, B: Bearer>(permit: &Permit<M, B>) -> Result<std::sync::Arc<InForce>, Stop> {
    Ok(in_force(permit.app(), &mut permit.read(), permit.account().ip_key()).await?)
}

fn thing(row: &IpRestrictionRow) -> IpThing {
    IpThing::Restriction(row.id.clone(), row.surface())
}

async fn policies_of(tx: &mut Tx<InAccount>, id: &IpRestrictionId) -> Result<Vec<String>, Stop> {
    let uses = tx.ip_uses().await?.into_iter().filter(|(restriction, ..)| restriction == id);
    Ok(uses.map(|(_, policy, _)| policy.to_string()).collect())
}

/// A restriction as events show it.
async fn value(tx: &mut Tx<InAccount>, row: &IpRestrictionRow) -> Result<Value, Stop> {
    let policies = policies_of(tx, &row.id).await?;
    Ok(json!({
        "type": row.surface().word(),
        "enforced": row.enforced_at.is_some(),
        "description": row.description,
        "metadata": row.metadata,
        "ip_policies": policies,
    }))
}
