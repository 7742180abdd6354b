//! By SAML: to the provider with a request, and back with an assertion that the browser posts from there, without our cookies. It is verified and
//! used up where it arrives, and waits a minute for the same browser to ask by itself.

use serde_json::{Value, json};
use url::Url;

use super::{
    door::{self, Asked, Back, Kept, Trip, Way, count, go_on, keep, note_fault, opened, provider, variant},
    entering::Traveller,
    metadata::sentence,
    signing,
};
use crate::{
    acts::{Stop, Visitor, away},
    protocols::{
        saml::{
            certificate::Certificate,
            request::AuthnRequest,
            response::{self, Asserted, Expected},
            signing::{Signer, SigningFault},
        },
        secrets::hash_token,
    },
    rules::{
        faults::Faults,
        flows::Flow,
        ids::{IdpId, UserId},
        sso::{Protocol, Purpose, Said, acs, entity_id, said},
        time::{Millis, Span},
    },
    store::{
        Why,
        away::{AwayRow, NewAway},
        sso::DoorRow,
    },
};

/// By what the browser is known of whoever has not set out from here: no browser is known by this.
const UNASKED: &str = "unasked";

/// How far clocks may be apart.
const SKEW: Span = Span::minutes(1);

/// What a provider has the browser post.
pub struct Posted {
    /// The field `SAMLResponse`.
    pub response: String,
    /// The field `RelayState`: what was sent along.
    pub relay_state: String,
}

/// Writes the request, and keeps what the answer has to name.
pub(super) async fn leave(
    visitor: &Visitor,
    trip: &Trip<'_>,
    door: &DoorRow,
    purpose: Purpose,
    user: Option<&UserId>,
) -> Result<Way, Stop> {
    let (idp, relay_state) = (&door.idp, away::new_secret(visitor));
    let destination =
        Url::parse(&idp.sso_url).map_err(|error| Stop::Broken(format!("the address of {} cannot be read: {error}", idp.id)))?;
    // An NCName cannot begin with a digit or a hyphen.
    let id = format!("_{}", hash_token(&away::new_secret(visitor)));
    let (issuer, acs) = (entity_id(trip.base_url, &idp.id), acs(trip.base_url, &idp.id));
    let request = AuthnRequest {
        id: &id,
        issuer: &issuer,
        destination: &destination,
        acs: &acs,
        now_ms: visitor.now().0,
        force_authn: purpose != Purpose::SignIn,
        name_id_format: None,
    };
    let way = written(&request, idp.is_posted_to(), &relay_state, signing::signer(&visitor.app, idp)?.as_ref());
    let way = way.map_err(|fault| Stop::Broken(fault.to_string()))?;
    keep(visitor, trip, door, user, (&relay_state, &Kept::new(purpose, Asked::Saml(id.clone())))).await?;
    Ok(way)
}

/// How the request goes there, signed where there is what signs.
fn written(request: &AuthnRequest<'_>, is_posted_to: bool, relay_state: &str, signer: Option<&Signer>) -> Result<Way, SigningFault> {
    if !is_posted_to {
        let url = signer.map_or_else(|| Ok(request.redirect_url(relay_state)), |signer| request.signed_redirect_url(relay_state, signer));
        return Ok(Way::Redirect(url?));
    }
    let field = signer.map_or_else(|| Ok(request.form_field()), |signer| request.signed_form_field(signer));
    Ok(Way::Post { action: request.destination.to_string(), request: field?, relay_state: relay_state.to_owned() })
}

/// Takes what a browser posts from a provider: verifies it, uses it up, and answers the secret with which the browser asks for what came of
/// it.
///
/// # Errors
/// [`Stop::Unknown`], [`Stop::TooMany`], or [`Stop::Faults`] where it is not believed, which is noted for whoever administers the provider
/// if somebody set out so, or may come unasked.
pub async fn consume(visitor: &Visitor, id: &IdpId, posted: Posted, base_url: &str) -> Result<String, Stop> {
    count(visitor).await?;
    let door = provider(visitor, id).await?;
    if door.idp.protocol() != Some(Protocol::Saml) {
        return Err(Stop::Unknown);
    }
    let state_hash = hash_token(&posted.relay_state);
    let row = away::find(&visitor.app, &mut visitor.read(), Flow::Sso, &state_hash, None).await?.filter(|row| row.idp() == *id);
    let kept = row.as_ref().map(|row| opened(visitor, &state_hash, row)).transpose()?;
    let pending = match kept.as_ref().map(|kept| &kept.asked) {
        Some(Asked::Saml(request)) => Some(request.clone()),
        Some(_) => return Err(Stop::Unknown),
        None if door.idp.initiates_since.is_none() || door.idp.disabled_at.is_some() => {
            let says = "Nobody has set out from here for this, or it took too long. Begin at the sign-in page of this account.";
            return Err(Faults::one("idp", says).into());
        }
        None => None,
    };
    let asserted = match verify(visitor, &door, posted.response, pending, base_url).await? {
        Ok(asserted) => asserted,
        Err((word, says)) => return Err(note_fault(visitor, &door, &word, &says).await),
    };
    let purpose = kept.map_or(Ok(Purpose::SignIn), |kept| kept.purpose())?;
    let since = row.as_ref().map_or(0, |row| row.created_at.0) - SKEW.0;
    if purpose != Purpose::SignIn && asserted.authn_instant_ms < since {
        let says = "The provider was asked to prove anew who it is, and says that they signed in there before that.";
        return Err(note_fault(visitor, &door, "NotFresh", says).await);
    }
    match wait(visitor, &door, (purpose, row), &state_hash, &asserted).await? {
        Some(secret) => Ok(secret),
        None => Err(note_fault(visitor, &door, "Replayed", "What the provider said was used before: it counts once.").await),
    }
}

/// Reads an answer on the threads that hash: it takes its time, and pages are not to wait for it.
async fn verify(
    visitor: &Visitor,
    door: &DoorRow,
    field: String,
    pending: Option<String>,
    base_url: &str,
) -> Result<Result<Asserted, (String, String)>, Stop> {
    let rows = visitor.read().certificates(&door.idp.id).await?;
    let (idp, now_ms) = (door.idp.issuer.clone(), visitor.now().0);
    let (entity_id, acs) = (entity_id(base_url, &door.idp.id), acs(base_url, &door.idp.id));
    let read = move || {
        // One that was taken once and cannot be read any more verifies nothing.
        let certificates: Vec<_> = rows.iter().filter_map(|row| Certificate::parse(&row.body).ok()).collect();
        let pending = pending.as_deref();
        let expected = Expected { idp: &idp, certificates: &certificates, entity_id: &entity_id, acs: &acs, now_ms, pending };
        response::read(&field, &expected).map_err(|refused| (variant(&refused), sentence(&refused.to_string())))
    };
    Ok(visitor.app.0.hasher.consider(read).await?)
}

/// Uses up the assertion and what waited for it, and lets what was said wait; `None` where it was used before.
async fn wait(
    visitor: &Visitor,
    door: &DoorRow,
    (purpose, row): (Purpose, Option<AwayRow>),
    state_hash: &str,
    asserted: &Asserted,
) -> Result<Option<String>, Stop> {
    let secret = away::new_secret(visitor);
    let id_hash = hash_token(&secret);
    let sealed = door::seal(visitor, &id_hash, &Kept::new(purpose, Asked::Said(said_by(asserted), in_words(asserted))))?;
    let mut tx = visitor.begin(vec![]).await?;
    if row.is_some() && away::take(&visitor.app, &mut tx, Flow::Sso, state_hash, None).await?.is_none() {
        return Ok(None);
    }
    if !tx.use_assertion(&door.idp.id, &asserted.assertion_id, Millis(asserted.replay_until_ms)).await? {
        return Ok(None);
    }
    let inside = format!("/accounts/{}", door.slug);
    let new = NewAway {
        kind: Flow::Asserted,
        id_hash: &id_hash,
        browser_hash: row.as_ref().map_or(UNASKED, |row| &row.browser),
        user: row.as_ref().and_then(|row| row.user_id.as_ref()),
        account: Some(&door.idp.account),
        provider: door.idp.id.as_str(),
        return_to: row.as_ref().map_or(&inside, |row| &row.return_to),
        sealed: &sealed,
    };
    away::create(&visitor.app, &mut tx, &new).await?;
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    Ok(Some(secret))
}

fn said_by(asserted: &Asserted) -> Said {
    let mut attributes = Vec::new();
    for attribute in &asserted.attributes {
        let Some(value) = attribute.values.first() else { continue };
        attributes.push((attribute.name.as_str(), value.as_str()));
        attributes.extend(attribute.friendly_name.as_deref().map(|name| (name, value.as_str())));
    }
    said(&asserted.name_id, &attributes)
}

/// All that was said, for whoever tests.
fn in_words(asserted: &Asserted) -> Value {
    let attributes: serde_json::Map<String, Value> =
        asserted.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.values.join(", ").into())).collect();
    let subject = json!({
        "NameID": asserted.name_id, "Format": asserted.name_id_format, "AuthnContextClassRef": asserted.authn_context,
    });
    json!({ "assertion": subject, "attributes": attributes })
}

/// Asks for what came of what was posted.
///
/// # Errors
/// [`Stop::Unknown`] where nothing waits for this browser, or not any more; [`Stop::Faults`] where somebody else is signed in.
pub async fn come_back(visitor: &Visitor, secret: &str, traveller: &Traveller<'_>) -> Result<Back, Stop> {
    let id_hash = hash_token(secret);
    let mut tx = visitor.begin(vec![]).await?;
    let row = match away::take(&visitor.app, &mut tx, Flow::Asserted, &id_hash, Some(traveller.browser)).await? {
        Some(row) => row,
        None => away::take(&visitor.app, &mut tx, Flow::Asserted, &id_hash, Some(UNASKED)).await?.ok_or(Stop::Unknown)?,
    };
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    let door = provider(visitor, &row.idp()).await?;
    let kept = opened(visitor, &id_hash, &row)?;
    let (purpose, Asked::Said(said, claims)) = (kept.purpose()?, kept.asked) else { return Err(Stop::Unknown) };
    go_on(visitor, &door, (purpose, &row), (said, claims), traveller).await
}
