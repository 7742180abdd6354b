//! Signing what is asked of providers by SAML, for those that want to know that it is us.

use serde_json::{Value, json};

use super::{happened, named};
use crate::{
    acts::{App, Permit, Stop},
    protocols::saml::{
        certificate::Certificate,
        metadata::Metadata,
        signing::{NewKey, Signer},
    },
    rules::{events::SsoEvent, ids::IdpId, permissions::may, sso::Protocol},
    store::{
        InAccount, Tx,
        sso::{IdpRow, certificates::OurKey},
    },
};

/// Where the keys are sealed.
const PLACE: &str = "idps.signing_key";

/// Signs with a new key from now on, whether or not there was one. The provider has to be told its certificate.
///
/// # Errors
/// [`Stop::Unknown`] where it is none by SAML.
pub async fn sign(permit: &Permit<may::ManageSso>, id: &IdpId) -> Result<(), Stop> {
    let made = make(permit).await?;
    let (mut tx, _) = permit.begin().await?;
    let row = by_saml(&mut tx, id).await?;
    keep(permit, &mut tx, id, &made).await?;
    let (before, after) = (in_words(row.signing_certificate.as_deref()), in_words(Some(&made.certificate)));
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp: named(&row), before, after })).await?)
}

/// Signs no longer.
///
/// # Errors
/// [`Stop::Unknown`] where it is none by SAML.
pub async fn stop(permit: &Permit<may::ManageSso>, id: &IdpId) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let row = by_saml(&mut tx, id).await?;
    if row.signing_key.is_none() {
        return Ok(());
    }
    tx.sign_requests(id, None).await?;
    let (before, after) = (in_words(row.signing_certificate.as_deref()), in_words(None));
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp: named(&row), before, after })).await?)
}

async fn by_saml(tx: &mut Tx<InAccount>, id: &IdpId) -> Result<IdpRow, Stop> {
    tx.idp(id).await?.filter(|row| row.protocol() == Some(Protocol::Saml)).ok_or(Stop::Unknown)
}

/// A key for a provider whose metadata say that it refuses what is not signed, unless there is one.
pub(super) async fn wanted(permit: &Permit<may::ManageSso>, found: &Metadata, row: Option<&IdpRow>) -> Result<Option<NewKey>, Stop> {
    let has_one = row.is_some_and(|row| row.signing_key.is_some());
    if found.wants_signed_requests && !has_one { Ok(Some(make(permit).await?)) } else { Ok(None) }
}

/// Makes one on the threads that hash: it takes its time.
async fn make(permit: &Permit<may::ManageSso>) -> Result<NewKey, Stop> {
    let now_ms = permit.now().0;
    let made = permit.app().0.hasher.consider(move || NewKey::make(now_ms)).await?;
    made.map_err(|fault| Stop::Broken(fault.to_string()))
}

pub(super) async fn keep(permit: &Permit<may::ManageSso>, tx: &mut Tx<InAccount>, id: &IdpId, made: &NewKey) -> Result<(), Stop> {
    let sealed = permit.app().0.key.seal(PLACE, id.as_str(), &made.key, [tx.dice(), tx.dice()]);
    Ok(tx.sign_requests(id, Some(OurKey { sealed: &sealed, certificate: &made.certificate })).await?)
}

/// What signs the requests to a provider, if they are signed.
pub(super) fn signer(app: &App, row: &IdpRow) -> Result<Option<Signer>, Stop> {
    let (Some(sealed), Some(certificate)) = (&row.signing_key, &row.signing_certificate) else { return Ok(None) };
    let opened = app.0.key.open(PLACE, row.id.as_str(), sealed);
    let key = opened.ok_or_else(|| Stop::Broken(format!("the key by which requests to {} are signed cannot be read", row.id)))?;
    let signer = Signer::read(&NewKey { key, certificate: certificate.clone() });
    signer.map(Some).map_err(|fault| Stop::Broken(fault.to_string()))
}

/// The certificate as events and pages have it.
#[must_use]
pub fn fingerprint(certificate: &str) -> String {
    Certificate::parse(certificate).map(|certificate| certificate.fingerprint()).unwrap_or_default()
}

pub(super) fn in_words(certificate: Option<&str>) -> Value {
    json!({ "signed_requests": certificate.map_or_else(String::new, fingerprint) })
}
