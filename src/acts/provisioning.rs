//! How people become members of an account.

use serde_json::json;

use super::{Permit, Stop};
use crate::{
    rules::{
        events::Event,
        faults::Faults,
        ids::AccountId,
        permissions::may,
        provisioning::{Draft, Provisioning, SETTING},
    },
    store::Reader,
};

/// What the account has chosen, and whether there is a provider, switched on, that could bring people.
///
/// # Errors
/// When the database fails.
pub async fn chosen(permit: &Permit<may::ManageProvisioning>) -> Result<(Provisioning, bool), Stop> {
    let mut reader = permit.read();
    let chosen = of(&mut reader, &permit.account().account).await?;
    Ok((chosen, reader.has_idp_on().await?))
}

/// How people become members of an account.
pub(super) async fn of<S>(reader: &mut Reader<S>, account: &AccountId) -> Result<Provisioning, Stop> {
    Ok(Provisioning::of(reader.account_setting(account, SETTING).await?.as_deref()))
}

/// Chooses.
///
/// # Errors
/// [`Stop::Faults`] where nobody could bring people, or somebody has chosen otherwise meanwhile.
pub async fn choose(permit: &Permit<may::ManageProvisioning>, draft: &Draft) -> Result<(), Stop> {
    let new = Provisioning::parse(&draft.provisioning).ok_or_else(|| Faults::one("provisioning", "Choose one of these."))?;
    let (mut tx, _) = permit.begin().await?;
    let old = of(&mut tx, &permit.account().account).await?;
    if old.word() != draft.seen {
        return Err(Faults::one("seen", "Somebody changed this meanwhile. Look at what stands there now, and choose again.").into());
    }
    if new == old {
        return Ok(());
    }
    if new == Provisioning::JustInTime && !tx.has_idp_on().await? {
        return Err(Faults::one("provisioning", "Add an identity provider first, and switch it on.").into());
    }
    tx.set_security(SETTING, Some(new.word()), permit.person().facts().user.as_str()).await?;
    let value = |provisioning: Provisioning| json!({ "provisioning": provisioning.word() });
    let (account, name) = (permit.account().account.clone(), permit.account().name.clone());
    Ok(tx.commit(Event::ProvisioningUpdated { account, name, before: value(old), after: value(new) }).await?)
}
