//! Signing what is asked of providers by SAML, for those that want to know that it is us.

use serde_json::{Value, json};

use super::{demand_not_only, happened, named};
use crate::{
    acts::{App, Permit, Stop},
    protocols::saml::{
        certificate::Certificate,
        signing::{NewKey, Signer},
    },
    rules::{
        events::SsoEvent,
        faults::Faults,
        ids::IdpId,
        permissions::may,
        sign_in::{window_rest, window_start},
        sso::Protocol,
        time::Span,
    },
    store::{
        Attempt, InAccount, Reader, Tx, Why,
        sso::{IdpRow, certificates::OurKey},
    },
};

/// Where the keys are sealed.
const PLACE: &str = "idps.signing_key";

/// How many keys an account may have made within an hour: each is work.
const MOST_KEYS: i64 = 20;

/// Signs with a new key from now on. The provider has to be told its certificate. `seen` is the fingerprint of the one that stood there,
/// nothing where there was none.
///
/// # Errors
/// [`Stop::Unknown`] where it is none by SAML; [`Stop::TooMany`]; [`Stop::Faults`] where somebody has made another one meanwhile, or everybody
/// has to come by this provider.
pub async fn sign(permit: &Permit<may::ManageSso>, id: &IdpId, seen: &str) -> Result<(), Stop> {
    demand_seen(&by_saml(&mut permit.read(), id).await?, seen)?;
    let made = make(permit).await?;
    let (mut tx, _) = permit.begin().await?;
    let row = by_saml(&mut tx, id).await?;
    demand_seen(&row, seen)?;
    demand_not_only(permit, &mut tx, id).await?;
    keep(permit, &mut tx, id, &made).await?;
    let (before, after) = (in_words(row.signing_certificate.as_deref()), in_words(Some(&made.certificate)));
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp: named(&row), before, after })).await?)
}

/// Signs no longer.
///
/// # Errors
/// As [`sign`].
pub async fn stop(permit: &Permit<may::ManageSso>, id: &IdpId, seen: &str) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let row = by_saml(&mut tx, id).await?;
    if row.signing_key.is_none() {
        return Ok(());
    }
    demand_seen(&row, seen)?;
    demand_not_only(permit, &mut tx, id).await?;
    tx.sign_requests(id, None).await?;
    let (before, after) = (in_words(row.signing_certificate.as_deref()), in_words(None));
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp: named(&row), before, after })).await?)
}

async fn by_saml(reader: &mut Reader<InAccount>, id: &IdpId) -> Result<IdpRow, Stop> {
    reader.idp(id).await?.filter(|row| row.protocol() == Some(Protocol::Saml)).ok_or(Stop::Unknown)
}

/// The certificate that somebody has looked at may be with the provider by now.
fn demand_seen(row: &IdpRow, seen: &str) -> Result<(), Stop> {
    let now = row.signing_certificate.as_deref().map(fingerprint).unwrap_or_default();
    if now == seen {
        return Ok(());
    }
    Err(Faults::one("signed", "Somebody changed this meanwhile. Look at the certificate that stands there now.").into())
}

/// Makes one on the threads that hash: it takes its time.
pub(super) async fn make(permit: &Permit<may::ManageSso>) -> Result<NewKey, Stop> {
    count(permit).await?;
    let (now_ms, dice) = (permit.now().0, permit.app().0.hands.dice.clone());
    let made = permit.app().0.hasher.consider(move || NewKey::make(now_ms, [dice(), dice()])).await?;
    made.map_err(|fault| Stop::Broken(fault.to_string()))
}

async fn count(permit: &Permit<may::ManageSso>) -> Result<(), Stop> {
    let window = Span::hours(1);
    let mut tx = permit.person().visitor().begin(vec![]).await?;
    let key = permit.account().account.to_string();
    let count = tx.count_attempt(&Attempt { scope: "signing_key", key, window_start: window_start(tx.now(), window) }).await?;
    let rest = window_rest(tx.now(), window);
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    if count > MOST_KEYS { Err(Stop::TooMany(rest)) } else { Ok(()) }
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

fn in_words(certificate: Option<&str>) -> Value {
    json!({ "signed_requests": certificate.map_or_else(String::new, fingerprint) })
}
