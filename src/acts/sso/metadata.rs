//! Setting up providers by SAML: from their metadata, pasted, sent as a file or fetched. Certificates overlap while a provider changes from one
//! to another: new ones are added, and old ones stay until somebody takes them away.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{demand_room, door::count, happened, is_there, named, signing};
use crate::{
    acts::{Permit, Stop, Visitor},
    protocols::{
        outside::LONGEST,
        saml::{
            certificate::Certificate,
            metadata::{self, Metadata},
        },
    },
    rules::{
        events::{Idp, SsoEvent},
        faults::Faults,
        ids::IdpId,
        permissions::may,
        sso::{Protocol, SamlDraft, acs, description, entity_id},
        time::Millis,
    },
    store::{
        InAccount, Tx,
        sso::{IdpRow, certificates::NewSaml},
    },
};

/// Where ids that are set aside are sealed.
const RESERVED: &str = "idps.reserved";

/// As what metadata are asked for: their own kind, and what servers call it that know only files.
const ACCEPTED: &str = "application/samlmetadata+xml, application/xml, text/xml, */*;q=0.1";

/// The most certificates of a provider.
const MOST_CERTIFICATES: usize = 10;

/// Sets an id aside for a provider that is to be, so that it can be told of us first. It is worth nothing in another account.
#[must_use]
pub fn reserve(permit: &Permit<may::ManageSso>) -> String {
    let dice = &permit.app().0.hands.dice;
    let id = IdpId::new(permit.now(), dice());
    permit.app().0.key.seal(RESERVED, permit.account().account.as_str(), id.as_str(), [dice(), dice()])
}

/// The id that was set aside so.
#[must_use]
pub fn reserved(permit: &Permit<may::ManageSso>, sealed: &str) -> Option<IdpId> {
    let opened = permit.app().0.key.open(RESERVED, permit.account().account.as_str(), sealed)?;
    IdpId::parse(&opened)
}

/// Our metadata for a provider, whether or not it is there yet.
///
/// # Errors
/// When the database fails.
pub async fn ours(visitor: &Visitor, base_url: &str, id: &IdpId) -> Result<String, Stop> {
    let certificate = visitor.read().signing_certificate(id).await?;
    Ok(metadata::write(&entity_id(base_url, id), &acs(base_url, id), &[], certificate.as_deref()))
}

/// Adds a provider; answers which one, and whether requests to it are signed, as its metadata want.
///
/// # Errors
/// [`Stop::Faults`] for what does not fit.
pub async fn create_saml(permit: &Permit<may::ManageSso>, draft: &SamlDraft) -> Result<(IdpId, bool), Stop> {
    let mut faults = Faults::none();
    let called = faults.keep("description", description(&draft.description));
    let id = reserved(permit, &draft.reserved);
    let id = faults.keep("reserved", id.ok_or_else(|| "This page cannot be read any more. Open it anew.".to_owned()));
    let found = faults.take(given(permit, draft, None).await?);
    let (Some(called), Some(id), Some(found)) = (called, id, found) else { return Err(faults.into()) };
    // Looked at before as well: a key takes its time to be made.
    demand_room(&mut permit.read(), &id).await?;
    let our_key = if found.wants_signed_requests { Some(signing::make(permit).await?) } else { None };
    let (mut tx, _) = permit.begin().await?;
    demand_room(&mut tx, &id).await?;
    let new = of(&found, &called, draft);
    if !tx.create_saml(&id, &new, permit.person().facts().user.as_str()).await? {
        return Err(is_there());
    }
    for certificate in &found.certificates {
        add(&mut tx, &id, certificate).await?;
    }
    let mut after = in_words(&new, &found.certificates);
    if let Some(made) = &our_key {
        signing::keep(permit, &mut tx, &id, made).await?;
        after["signed_requests"] = signing::fingerprint(&made.certificate).into();
    }
    let what = SsoEvent::Created { idp: Idp { id: id.clone(), description: called.clone() }, after };
    tx.commit(happened(permit, what)).await?;
    Ok((id, our_key.is_some()))
}

/// The metadata that are given: pasted, or at an address. `Err` where they cannot be used.
async fn given(permit: &Permit<may::ManageSso>, draft: &SamlDraft, known: Option<&IdpRow>) -> Result<Result<Metadata, Faults>, Stop> {
    let (pasted, address) = (draft.metadata.trim(), draft.metadata_url.trim());
    let (field, text) = match (pasted.is_empty(), address.is_empty()) {
        (true, true) => return Ok(Err(Faults::one("metadata", "Paste the provider's metadata, or say where they are."))),
        (false, false) if known.is_none_or(|row| row.metadata_url != address) => {
            return Ok(Err(Faults::one("metadata", "Paste the metadata, or say where they are: not both.")));
        }
        (false, _) => ("metadata", pasted.to_owned()),
        (true, false) => match fetch(permit, address).await? {
            Ok(text) => ("metadata_url", text),
            Err(says) => return Ok(Err(Faults::one("metadata_url", says))),
        },
    };
    let allows_http = permit.lets_private_idps();
    // It may be large, and pages are not to wait for it.
    let read = permit.app().0.hasher.consider(move || Metadata::read(&text, allows_http)).await?;
    Ok(match read {
        Ok(found) if known.is_some_and(|row| row.issuer != found.entity_id) => {
            let says = "These are the metadata of another provider: its entity id is another one. Add it as a new provider.";
            Err(Faults::one(field, says))
        }
        Ok(found) if found.certificates.len() > MOST_CERTIFICATES => {
            Err(Faults::one(field, format!("There are more than {MOST_CERTIFICATES} certificates for signing in it.")))
        }
        Ok(found) => Ok(found),
        Err(fault) => Err(Faults::one(field, sentence(&fault.to_string()))),
    })
}

/// With a capital and a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

async fn fetch(permit: &Permit<may::ManageSso>, address: &str) -> Result<Result<String, String>, Stop> {
    count(&permit.person().visitor()).await?;
    let outside = &permit.app().0.outside;
    let answered = match outside.address(address) {
        Ok(url) => outside.get(url, ACCEPTED, None, Instant::now() + LONGEST).await,
        Err(error) => Err(error),
    };
    Ok(match answered {
        Ok(answer) => String::from_utf8(answer.body).map_err(|_| "What is there is not text.".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

/// How a provider is kept. People are sent by an address where it takes that, which needs no form.
fn of<'a>(found: &'a Metadata, called: &'a str, draft: &'a SamlDraft) -> NewSaml<'a> {
    let (url, is_posted_to) = match (&found.redirect, &found.post) {
        (Some(url), _) => (url.as_str(), false),
        (None, Some(url)) => (url.as_str(), true),
        // Metadata without either are not read.
        (None, None) => ("", false),
    };
    NewSaml {
        description: called,
        entity_id: &found.entity_id,
        sso_url: url,
        is_posted_to,
        metadata_url: draft.metadata_url.trim(),
        initiates: draft.initiates == "yes",
    }
}

async fn add(tx: &mut Tx<InAccount>, id: &IdpId, certificate: &Certificate) -> Result<bool, Stop> {
    Ok(tx.add_certificate(id, &certificate.fingerprint(), &certificate.pem(), Millis(certificate.not_after_ms())).await?)
}

fn in_words(new: &NewSaml<'_>, certificates: &[Certificate]) -> Value {
    let fingerprints: Vec<String> = certificates.iter().map(Certificate::fingerprint).collect();
    json!({
        "description": new.description, "protocol": Protocol::Saml.word(), "entity_id": new.entity_id, "sso_url": new.sso_url,
        "metadata_url": new.metadata_url, "idp_initiated": new.initiates, "certificates": fingerprints.join(" "),
    })
}

/// Changes a provider: what people see, whether they may come unasked, and where there are new metadata, where it is and by what it signs,
/// besides what it signed by before. An address is asked again.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for what does not fit, or where somebody has changed it meanwhile.
pub async fn update_saml(permit: &Permit<may::ManageSso>, id: &IdpId, draft: &SamlDraft) -> Result<(), Stop> {
    let row = permit.read().idp(id).await?.filter(|row| row.protocol() == Some(Protocol::Saml)).ok_or(Stop::Unknown)?;
    let mut faults = Faults::none();
    let called = faults.keep("description", description(&draft.description));
    let found = if draft.metadata.trim().is_empty() && draft.metadata_url.trim().is_empty() {
        None
    } else {
        faults.take(given(permit, draft, Some(&row)).await?)
    };
    let Some(called) = called.filter(|_| faults.is_empty()) else { return Err(faults.into()) };
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.ok_or(Stop::Unknown)?;
    if row.version != draft.version {
        return Err(
            Faults::one("version", "Somebody changed this provider meanwhile. Look at what stands there now, and save again.").into()
        );
    }
    let before = kept(&row);
    let new = match &found {
        Some(found) => of(found, &called, draft),
        None => NewSaml { description: &called, metadata_url: "", initiates: draft.initiates == "yes", ..kept(&row) },
    };
    tx.update_saml(id, &new).await?;
    let mut added = Vec::new();
    for certificate in found.iter().flat_map(|found| &found.certificates) {
        if add(&mut tx, id, certificate).await? {
            added.push(certificate.clone());
        }
    }
    if tx.certificates(id).await?.len() > MOST_CERTIFICATES {
        let says = format!("A provider has at most {MOST_CERTIFICATES} certificates. Take away those that it does not use any more.");
        return Err(Faults::one("metadata", says).into());
    }
    let (before, after) = (in_words(&before, &[]), in_words(&new, &added));
    let idp = Idp { id: id.clone(), description: called.clone() };
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp, before, after })).await?)
}

/// A provider as it is kept.
fn kept(row: &IdpRow) -> NewSaml<'_> {
    NewSaml {
        description: &row.description,
        entity_id: &row.issuer,
        sso_url: &row.sso_url,
        is_posted_to: row.is_posted_to(),
        metadata_url: &row.metadata_url,
        initiates: row.initiates_since.is_some(),
    }
}

/// Takes a certificate away that the provider does not use any more.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for the last one, without which nothing could be verified.
pub async fn remove_certificate(permit: &Permit<may::ManageSso>, id: &IdpId, fingerprint: &str) -> Result<(), Stop> {
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.ok_or(Stop::Unknown)?;
    if tx.certificates(id).await?.len() == 1 {
        return Err(Faults::one(
            "certificates",
            "The last certificate stays: without one, nothing that the provider says could be verified.",
        )
        .into());
    }
    if !tx.remove_certificate(id, fingerprint).await? {
        return Err(Stop::Unknown);
    }
    tx.bump_idp(id).await?;
    let (before, after) = (json!({ "certificate": fingerprint }), json!({}));
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp: named(&row), before, after })).await?)
}

/// A certificate that is pasted, to be trusted besides those that are there.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] where it is none, or there are too many.
pub async fn add_certificate(permit: &Permit<may::ManageSso>, id: &IdpId, text: &str) -> Result<(), Stop> {
    let certificate = Certificate::parse(text).map_err(|fault| Faults::one("certificate", sentence(&fault.to_string())))?;
    let (mut tx, _) = permit.begin().await?;
    let row = tx.idp(id).await?.filter(|row| row.protocol() == Some(Protocol::Saml)).ok_or(Stop::Unknown)?;
    if tx.certificates(id).await?.len() >= MOST_CERTIFICATES {
        return Err(Faults::one("certificate", format!("A provider has at most {MOST_CERTIFICATES} certificates.")).into());
    }
    if !add(&mut tx, id, &certificate).await? {
        return Ok(());
    }
    tx.bump_idp(id).await?;
    let after = json!({ "certificate": certificate.fingerprint() });
    Ok(tx.commit(happened(permit, SsoEvent::Updated { idp: named(&row), before: json!({}), after })).await?)
}
