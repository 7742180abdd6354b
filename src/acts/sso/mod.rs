//! Single sign-on. Providers are set up here; who uses them is chosen in [`choices`]; people go to one and come back in [`door`], and where
//! that leads whoever is new stands in [`arrivals`].

pub mod arrivals;
pub mod choices;
pub mod confirming;
pub mod door;
mod entering;
pub mod leaving;
pub mod metadata;
pub mod newcomers;
pub mod oidc;
pub mod saml;
pub mod signing;
pub mod testing;

pub use entering::Traveller;
use serde_json::{Value, json};

use super::{Permit, Person, Stop};
use crate::{
    protocols::outside::Private,
    rules::{
        codes,
        events::{Event, Idp, SsoEvent},
        faults::Faults,
        gate::Sso,
        ids::IdpId,
        permissions::{May, may},
        sso::{MODE, MOST_IDPS, Oidc, OidcDraft, Protocol, demand},
    },
    store::{
        InAccount, Reader, Tx,
        sso::{IdpRow, identities::OwnIdentityRow},
    },
};

/// Where client secrets are sealed.
const SECRET: &str = "idps.secret";

impl<M: May> Permit<M> {
    /// Whether providers may be in private networks, and talk without TLS.
    #[must_use]
    pub fn lets_private_idps(&self) -> bool {
        self.app().0.outside.private() == Private::Allowed
    }
}

/// A provider as events name it.
pub(super) fn named(row: &IdpRow) -> Idp {
    Idp { id: row.id.clone(), description: row.description.clone() }
}

fn happened(permit: &Permit<may::ManageSso>, what: SsoEvent) -> Event {
    Event::Sso { account: permit.account().account.clone(), what }
}

/// Adds a provider by OpenID Connect.
///
/// # Errors
/// [`Stop::Faults`] for what does not fit.
pub async fn create_oidc(permit: &Permit<may::ManageSso>, draft: &OidcDraft) -> Result<IdpId, Stop> {
    let new = draft.check(permit.lets_private_idps(), false)?;
    let id = metadata::reserved(permit, &draft.reserved);
    let id = id.ok_or_else(|| Faults::one("reserved", "This page cannot be read any more. Open it anew."))?;
    let (mut tx, _) = permit.begin().await?;
    demand_room(&mut tx, &id).await?;
    let sealed = seal(permit, &tx, &id, new.client_secret.as_deref().unwrap_or_default());
    if !tx.create_oidc(&id, &new, &sealed, permit.person().facts().user.as_str()).await? {
        return Err(is_there());
    }
    let what = SsoEvent::Created { idp: Idp { id: id.clone(), description: new.description.clone() }, after: in_words(&new, true) };
    tx.commit(happened(permit, what)).await?;
    Ok(id)
}

/// One more fits into the account, and this is none that is there.
async fn demand_room(reader: &mut Reader<InAccount>, id: &IdpId) -> Result<(), Stop> {
    let idps = reader.idps().await?;
    if idps.iter().any(|idp| idp.id == *id) {
        return Err(is_there());
    }
    if i64::try_from(idps.len()).unwrap_or(MOST_IDPS) >= MOST_IDPS {
        return Err(Faults::one("description", format!("An account has at most {MOST_IDPS} identity providers.")).into());
    }
    Ok(())
}

fn is_there() -> Stop {
    Faults::one("reserved", "This provider was added already.").into()
}

fn seal(permit: &Permit<may::ManageSso>, tx: &Tx<InAccount>, id: &IdpId, secret: &str) -> String {
    permit.app().0.key.seal(SECRET, id.as_str(), secret, [tx.dice(), tx.dice()])
}

/// Changes a provider by OpenID Connect. A secret goes to the issuer that it was typed for: with another issuer or client it has to be typed
/// again.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for what does not fit, or where somebody has changed it meanwhile.
pub async fn update_oidc(permit: &Permit<may::ManageSso>, id: &IdpId, draft: &OidcDraft) -> Result<(), Stop> {
    let allows_http = permit.lets_private_idps();
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.filter(|row| row.protocol() == Some(Protocol::Oidc)).ok_or(Stop::Unknown)?;
    let is_same = row.issuer == draft.issuer.trim() && row.client_id == draft.client_id.trim();
    let new = draft.check(allows_http, is_same && row.sealed.is_some()).map_err(|faults| explained(faults, draft, is_same))?;
    if row.version != draft.version {
        return Err(
            Faults::one("version", "Somebody changed this provider meanwhile. Look at what stands there now, and save again.").into()
        );
    }
    // Who somebody is there, another issuer says of somebody else.
    if row.issuer != new.issuer && tx.people_at(id).await? > 0 {
        let says = "This provider knows people of this account. Another issuer is another provider: add it as a new one.";
        return Err(Faults::one("issuer", says).into());
    }
    let sealed = match (&new.client_secret, &row.sealed) {
        (Some(secret), _) => seal(permit, &tx, id, secret),
        (None, Some(sealed)) => sealed.clone(),
        (None, None) => return Err(Faults::one("client_secret", "Enter the client secret.").into()),
    };
    tx.update_oidc(id, &new, &sealed).await?;
    let before = Oidc {
        description: row.description.clone(),
        issuer: row.issuer.clone(),
        client_id: row.client_id.clone(),
        client_secret: None,
        scopes: row.scopes.clone(),
    };
    let has_new_secret = new.client_secret.is_some();
    let mut after = in_words(&new, true);
    if has_new_secret {
        after["client_secret"] = "another one".into();
    }
    let idp = Idp { id: id.clone(), description: new.description.clone() };
    let what = SsoEvent::Updated { idp, before: in_words(&before, true), after };
    Ok(tx.commit(happened(permit, what)).await?)
}

/// A secret that is missing because the rest has changed is asked for in other words.
fn explained(mut faults: Faults, draft: &OidcDraft, is_same: bool) -> Faults {
    if !is_same && draft.client_secret.is_empty() {
        let says = "With another issuer or client id the secret that was kept is dropped: enter the one that belongs to it.";
        let others: Vec<_> = faults.iter().filter(|fault| fault.field != "client_secret").cloned().collect();
        faults = Faults::one("client_secret", says);
        for fault in others {
            faults.add(fault.field, fault.message);
        }
    }
    faults
}

fn in_words(oidc: &Oidc, is_on: bool) -> Value {
    json!({
        "description": oidc.description, "protocol": "oidc", "issuer": oidc.issuer, "client_id": oidc.client_id, "scopes": oidc.scopes,
        "enabled": is_on,
    })
}

/// Switches a provider off, or on again. What was proven through it counts no longer while it is off.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] where everybody has to use one, and this is the last one or the own way in.
pub async fn switch(permit: &Permit<may::ManageSso>, id: &IdpId, on: bool) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.ok_or(Stop::Unknown)?;
    if !on {
        demand_not_needed(permit, &mut tx, id).await?;
    }
    if !tx.switch_idp(id, on).await? {
        return Ok(());
    }
    let value = |on: bool| json!({ "enabled": on });
    let what = SsoEvent::Updated { idp: named(&row), before: value(!on), after: value(on) };
    Ok(tx.commit(happened(permit, what)).await?)
}

/// Deletes a provider, with who people are there.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] where everybody has to use one, and this is the last one (`ERR_NGROK_4702`) or the own way in
/// (`ERR_NGROK_10084`).
pub async fn delete(permit: &Permit<may::ManageSso>, id: &IdpId) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.ok_or(Stop::Unknown)?;
    demand_not_needed(permit, &mut tx, id).await?;
    let before = json!({ "description": row.description, "issuer": row.issuer });
    let identities = tx.delete_idp(id).await?;
    Ok(tx.commit(happened(permit, SsoEvent::Deleted { idp: named(&row), before, identities })).await?)
}

/// Where everybody has to use a provider, one stays, and the one by which whoever asks has come in (product §2.9).
async fn demand_not_needed(permit: &Permit<may::ManageSso>, tx: &mut Tx<InAccount>, id: &IdpId) -> Result<(), Stop> {
    if !demand_not_only(permit, tx, id).await? {
        return Ok(());
    }
    if permit.person().came_by(id) {
        let says = "Everybody has to use single sign-on, and you came in by this provider. Sign in by another one first.";
        return Err(Faults::coded("idp", codes::OWN_IDP, says).into());
    }
    Ok(())
}

/// Where everybody has to use a provider, the only one goes on working as it does. Answers whether everybody has to, and this one is on.
async fn demand_not_only(permit: &Permit<may::ManageSso>, tx: &mut Tx<InAccount>, id: &IdpId) -> Result<bool, Stop> {
    let idps = tx.idps().await?;
    let on = idps.iter().filter(|idp| idp.disabled_at.is_none());
    let mode = tx.account_setting(&permit.account().account, MODE).await?;
    let is_on = on.clone().any(|idp| idp.id == *id);
    if !is_on || demand(mode.as_deref(), i64::try_from(idps.len()).unwrap_or(1)) != Sso::Enforced {
        return Ok(false);
    }
    if on.count() == 1 {
        let says = "Everybody has to use single sign-on, and this is the only provider that is switched on. Go back to mixed mode first.";
        return Err(Faults::coded("idp", codes::LAST_IDP, says).into());
    }
    Ok(true)
}

/// Who the person is at providers of accounts that they are in: what comes into those as them, and into nothing else of theirs.
///
/// # Errors
/// When the database fails.
pub async fn own_identities(person: &Person) -> Result<Vec<OwnIdentityRow>, Stop> {
    Ok(person.read().own_identities().await?)
}

/// Takes away who a member is at a provider: they are asked to prove themselves again when they come by it.
///
/// # Errors
/// [`Stop::Unknown`] where it does not know them so.
pub async fn unlink(permit: &Permit<may::ManageSso>, id: &IdpId, subject: &str) -> Result<(), Stop> {
    let account = permit.account().account.clone();
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.ok_or(Stop::Unknown)?;
    let known = tx.known_as(id.as_str(), subject, &account).await?.ok_or(Stop::Unknown)?;
    let member = known.member.ok_or(Stop::Unknown)?;
    if !tx.unlink_identity(id.as_str(), subject, &known.user).await? {
        return Err(Stop::Unknown);
    }
    let who = crate::rules::events::Who { user: known.user, email: known.email };
    let what = SsoEvent::Unlinked { idp: named(&row), member, who, subject: subject.to_owned() };
    Ok(tx.commit(happened(permit, what)).await?)
}
