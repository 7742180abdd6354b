//! By OpenID Connect: to the provider and back with a code, for which it says who somebody is.

use serde::Deserialize;
use serde_json::Value;

use super::{
    SECRET,
    door::{Asked, Back, Kept, Trip, Way, go_on, keep, note_fault, opened, provider, variant},
    entering::Traveller,
};
use crate::{
    acts::{App, Stop, Visitor, away},
    protocols::{
        oidc::{self, Answer, Begin, Client},
        secrets::hash_token,
    },
    rules::{
        faults::Faults,
        flows::Flow,
        ids::{IdpId, UserId},
        sso::{Protocol, Purpose, Said, redirect_uri},
    },
    store::{Why, sso::DoorRow},
};

/// What a provider answers, as it stands in the address by which somebody comes back.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Returned {
    /// What was sent along.
    pub state: String,
    /// What the claims are got by.
    pub code: String,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why not.
    pub error: String,
}

/// What we are to a provider, with its secret opened.
struct OwnClient {
    issuer: String,
    id: String,
    secret: String,
    scopes: Vec<String>,
    redirect_uri: String,
}

impl OwnClient {
    fn new(app: &App, door: &DoorRow, base_url: &str) -> Result<Self, Stop> {
        let idp = &door.idp;
        if idp.protocol() != Some(Protocol::Oidc) {
            return Err(Stop::Unknown);
        }
        let opened = idp.sealed.as_ref().and_then(|sealed| app.0.key.open(SECRET, idp.id.as_str(), sealed));
        let secret = opened.ok_or_else(|| Stop::Broken(format!("the secret of {} cannot be read", idp.id)))?;
        Ok(Self {
            issuer: idp.issuer.clone(),
            id: idp.client_id.clone(),
            secret,
            scopes: idp.scopes.split(' ').map(str::to_owned).collect(),
            redirect_uri: redirect_uri(base_url, &idp.id),
        })
    }

    fn borrowed(&self) -> Client<'_> {
        Client { issuer: &self.issuer, id: &self.id, secret: &self.secret, scopes: &self.scopes, redirect_uri: &self.redirect_uri }
    }
}

/// Asks the provider where it wants people, and keeps what was asked.
pub(super) async fn leave(
    visitor: &Visitor,
    trip: &Trip<'_>,
    door: &DoorRow,
    purpose: Purpose,
    user: Option<&UserId>,
) -> Result<Way, Stop> {
    let app = &visitor.app;
    let state = away::new_secret(visitor);
    let client = OwnClient::new(app, door, trip.base_url)?;
    let how = Begin { force: purpose != Purpose::SignIn, hint: None };
    match oidc::begin(&app.0.outside, &client.borrowed(), &state, &*app.0.hands.dice, how).await {
        Ok(begun) => {
            keep(visitor, trip, door, user, (&state, &Kept::new(purpose, Asked::Oidc(begun.secrets)))).await?;
            Ok(Way::Redirect(begun.url))
        }
        Err(fault) => Err(note_fault(visitor, door, &variant(&fault), &fault.to_string()).await),
    }
}

/// Comes back from a provider.
///
/// # Errors
/// [`Stop::Unknown`] where nobody set out so by this browser, or has come back already; [`Stop::Faults`] where what the provider says is not
/// taken, which is noted for whoever administers it, or somebody else is signed in.
pub async fn come_back(
    visitor: &Visitor,
    id: &IdpId,
    returned: &Returned,
    base_url: &str,
    traveller: &Traveller<'_>,
) -> Result<Back, Stop> {
    let app = &visitor.app;
    let id_hash = hash_token(&returned.state);
    let mut tx = visitor.begin(vec![]).await?;
    let row = away::take(&visitor.app, &mut tx, Flow::Sso, &id_hash, Some(traveller.browser)).await?.ok_or(Stop::Unknown)?;
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    // What one provider answers is asked of no other.
    if row.idp() != *id {
        return Err(Stop::Unknown);
    }
    let door = provider(visitor, &row.idp()).await?;
    let kept = opened(visitor, &id_hash, &row)?;
    let (purpose, Asked::Oidc(secrets)) = (kept.purpose()?, &kept.asked) else { return Err(Stop::Unknown) };
    let own = OwnClient::new(app, &door, base_url)?;
    if returned.code.is_empty() {
        let fault = oidc::turned_away(&own.borrowed(), &returned.error, returned.iss.as_deref());
        // It is the browser alone that says so.
        return Err(Faults::one("idp", fault.to_string()).into());
    }
    let answer = Answer { code: &returned.code, iss: returned.iss.as_deref() };
    let since = (purpose != Purpose::SignIn).then_some(row.created_at.0);
    match oidc::finish(&app.0.outside, &own.borrowed(), secrets, &answer, visitor.now().0, since).await {
        Ok(claims) => {
            let is_disowned = is_disowned(&claims.all);
            let said = Said { subject: claims.subject, email: claims.email, name: claims.name, is_disowned };
            go_on(visitor, &door, (purpose, &row), (said, claims.all), traveller).await
        }
        Err(fault) => Err(note_fault(visitor, &door, &variant(&fault), &fault.to_string()).await),
    }
}

/// Whether the provider says of the address that nobody has checked it. That it says nothing of that is usual.
fn is_disowned(all: &Value) -> bool {
    let says_no = |place: &str| all.pointer(place).is_some_and(|said| *said != Value::Bool(true));
    says_no("/id_token/email_verified") || says_no("/userinfo/email_verified")
}
