//! Deeds on an account itself.

use serde_json::json;

use super::{Permit, Stop};
use crate::rules::{accounts::Details, events::Event, faults::Faults, permissions::may};

/// Changes the account's details, unless somebody else did since the form was filled in.
///
/// # Errors
/// [`Stop::Faults`] at `name`, with the value that stands now, when somebody was faster.
pub async fn update(permit: &Permit<may::ManageAccount>, new: Details) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let (name, version) = tx.details().await?;
    if version != new.version {
        return Err(Faults::one(
            "name",
            format!("Somebody changed this meanwhile: the name is now \u{201c}{name}\u{201d}. Save again to replace it."),
        )
        .into());
    }
    if name == new.name {
        return Ok(());
    }
    tx.rename_account(&new.name).await?;
    let account = permit.account().account.clone();
    let (before, after) = (json!({ "name": name }), json!({ "name": new.name }));
    Ok(tx.commit(Event::AccountUpdated { account, name: new.name, before, after }).await?)
}
