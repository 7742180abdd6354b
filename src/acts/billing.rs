//! Deeds on the billing details of an account.

use super::{Permit, Stop};
use crate::rules::{
    billing::Billing,
    events::Event,
    faults::Faults,
    permissions::{May, may},
};

/// The name of the plan, by the instance's configuration.
#[must_use]
pub fn plan<M: May>(permit: &Permit<M>) -> &str {
    &permit.app().0.terms.plan
}

/// Changes the billing details, unless somebody else did since the form was filled in.
///
/// # Errors
/// [`Stop::Faults`] at `version` when somebody was faster.
pub async fn update(permit: &Permit<may::ManageBilling>, new: &Billing, version: i64) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let (old, current) = tx.billing().await?;
    if current != version {
        let says =
            "Somebody changed the billing details meanwhile. Look below what they changed, then save again to put yours in its place.";
        return Err(Faults::one("version", says).into());
    }
    if old == *new {
        return Ok(());
    }
    tx.set_billing(new).await?;
    let account = permit.account();
    let event =
        Event::BillingUpdated { account: account.account.clone(), name: account.name.clone(), before: old.value(), after: new.value() };
    Ok(tx.commit(event).await?)
}
