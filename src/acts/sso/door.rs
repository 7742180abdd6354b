//! The way to a provider and back. Whoever comes back is held against what was kept when they went, by the same browser; what the provider
//! says is verified before anything is made of it.

use serde::{Deserialize, Serialize};

use super::{
    SECRET,
    arrivals::{self, Arrived},
    entering::enter,
    named,
};
use crate::{
    acts::{App, Holder, Permit, Person, Stop, Visitor, sessions::Cookies},
    protocols::{
        oidc::{self, Answer, Begin, Client},
        secrets::{hash_token, token},
    },
    rules::{
        events::{Event, Log, SsoEvent, Who},
        faults::Faults,
        flows::Flow,
        ids::{IdpId, UserId},
        network::neighbourhood,
        permissions::may,
        sign_in::{window_rest, window_start},
        sso::{Protocol, Purpose, Said},
        time::Span,
    },
    store::{
        Attempt, Why,
        sso::{DoorRow, away::NewAway},
    },
};

/// Where what has to be remembered of somebody on the way is sealed.
const PLACE: &str = "flows.sso";

/// How often people may set out from one neighbourhood within ten minutes: each time the provider is asked.
const MOST_ASKED: i64 = 200;

/// What is remembered of somebody on the way.
#[derive(Serialize, Deserialize)]
struct Kept {
    purpose: String,
    secrets: oidc::Secrets,
}

/// Where somebody goes, and from where they come back.
pub struct Trip<'a> {
    /// The provider.
    pub idp: &'a IdpId,
    /// Where to go afterwards.
    pub next: &'a str,
    /// Where the provider sends them back.
    pub redirect_uri: &'a str,
    /// The hash of what the browser is known by.
    pub browser: &'a str,
}

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

/// The providers of the account under a slug that are switched on.
///
/// # Errors
/// When the database fails.
pub async fn providers(visitor: &Visitor, slug: &str) -> Result<Vec<DoorRow>, Stop> {
    Ok(visitor.read().doors(slug).await?)
}

/// A provider, whether switched on or off, and its account.
///
/// # Errors
/// [`Stop::Unknown`].
pub async fn provider(visitor: &Visitor, idp: &IdpId) -> Result<DoorRow, Stop> {
    visitor.read().door(idp).await?.ok_or(Stop::Unknown)
}

/// Sets out to sign in; answers where the browser goes.
///
/// # Errors
/// [`Stop::Unknown`] for a provider that is not there or switched off; [`Stop::TooMany`]; [`Stop::Faults`] where the provider cannot be
/// talked to, which is noted for whoever administers it.
pub async fn begin(visitor: &Visitor, trip: &Trip<'_>) -> Result<String, Stop> {
    let door = provider(visitor, trip.idp).await?;
    if door.idp.disabled_at.is_some() {
        return Err(Stop::Unknown);
    }
    set_out(visitor, trip, &door, Purpose::SignIn, None).await
}

/// Sets out to find out what would happen, as an administrator; also by a provider that is switched off.
///
/// # Errors
/// As [`begin`].
pub async fn test(permit: &Permit<may::ManageSso>, trip: &Trip<'_>) -> Result<String, Stop> {
    let visitor = permit.person().visitor();
    let door = provider(&visitor, trip.idp).await?;
    if door.idp.account != permit.account().account {
        return Err(Stop::Unknown);
    }
    set_out(&visitor, trip, &door, Purpose::Test, Some(&permit.person().facts().user)).await
}

async fn set_out(visitor: &Visitor, trip: &Trip<'_>, door: &DoorRow, purpose: Purpose, user: Option<&UserId>) -> Result<String, Stop> {
    count(visitor).await?;
    let app = &visitor.app;
    let state = token([(app.0.hands.dice)(), (app.0.hands.dice)()]);
    let client = client(app, door, trip.redirect_uri)?;
    let how = Begin { force: purpose == Purpose::Test, hint: None };
    let begun = match oidc::begin(&app.0.outside, &client.borrowed(), &state, &*app.0.hands.dice, how).await {
        Ok(begun) => begun,
        Err(fault) => return Err(note_fault(visitor, door, &fault.to_string()).await),
    };
    let id_hash = hash_token(&state);
    let kept = Kept { purpose: purpose.word().to_owned(), secrets: begun.secrets };
    let text = serde_json::to_string(&kept).map_err(|error| Stop::Broken(error.to_string()))?;
    let mut tx = visitor.begin(vec![]).await?;
    let sealed = app.0.key.seal(PLACE, &id_hash, &text, [tx.dice(), tx.dice()]);
    let away = NewAway {
        kind: Flow::Sso,
        id_hash: &id_hash,
        browser_hash: trip.browser,
        user,
        account: &door.idp.account,
        idp: &door.idp.id,
        return_to: trip.next,
        sealed: &sealed,
    };
    tx.create_away(&away).await?;
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    Ok(begun.url)
}

/// Counts that somebody sets out.
async fn count(visitor: &Visitor) -> Result<(), Stop> {
    let window = Span::minutes(10);
    let mut tx = visitor.begin(vec![]).await?;
    let key = neighbourhood(visitor.caller.address);
    let count = tx.count_attempt(&Attempt { scope: "sso", key, window_start: window_start(tx.now(), window) }).await?;
    let rest = window_rest(tx.now(), window);
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    if count > MOST_ASKED { Err(Stop::TooMany(rest)) } else { Ok(()) }
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
    fn borrowed(&self) -> Client<'_> {
        Client { issuer: &self.issuer, id: &self.id, secret: &self.secret, scopes: &self.scopes, redirect_uri: &self.redirect_uri }
    }
}

fn client(app: &App, door: &DoorRow, redirect_uri: &str) -> Result<OwnClient, Stop> {
    let idp = &door.idp;
    if idp.protocol() != Some(Protocol::Oidc) {
        return Err(Stop::Unknown);
    }
    let opened = idp.sealed.as_ref().and_then(|sealed| app.0.key.open(SECRET, idp.id.as_str(), sealed));
    let secret = opened.ok_or_else(|| Stop::Broken(format!("the secret of {} cannot be read", idp.id)))?;
    Ok(OwnClient {
        issuer: idp.issuer.clone(),
        id: idp.client_id.clone(),
        secret,
        scopes: idp.scopes.split(' ').map(str::to_owned).collect(),
        redirect_uri: redirect_uri.to_owned(),
    })
}

/// Where coming back leads.
#[derive(Debug)]
pub enum Back {
    /// In, by a new cookie, and there.
    In(String),
    /// To the page for whoever is new, by this secret.
    Welcome(String),
    /// To what a test has shown, by this secret: the account's slug, and the provider.
    Tested(String, IdpId, String),
}

/// Through which provider somebody comes back by this browser, and where they wanted to go. Looking changes nothing.
///
/// # Errors
/// [`Stop::Unknown`] where nobody set out so, or has come back already.
pub async fn expected(visitor: &Visitor, state: &str, browser: &str) -> Result<(DoorRow, String), Stop> {
    let away = visitor.read().away(Flow::Sso, &hash_token(state), browser, visitor.now()).await?.ok_or(Stop::Unknown)?;
    Ok((provider(visitor, &away.idp).await?, away.return_to))
}

/// Comes back from a provider. The cookies' values have these hashes.
///
/// # Errors
/// [`Stop::Unknown`] where nobody set out so by this browser, or has come back already; [`Stop::Faults`] where what the provider says is not
/// taken, which is noted for whoever administers it, or somebody else is signed in.
pub async fn come_back(
    visitor: &Visitor,
    returned: &Returned,
    redirect_uri: &str,
    browser: &str,
    before: Option<&Holder>,
    cookies: &Cookies,
) -> Result<Back, Stop> {
    let app = &visitor.app;
    let id_hash = hash_token(&returned.state);
    let mut tx = visitor.begin(vec![]).await?;
    let away = tx.take_away(Flow::Sso, &id_hash, browser).await?.ok_or(Stop::Unknown)?;
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    let door = provider(visitor, &away.idp).await?;
    let opened = app.0.key.open(PLACE, &id_hash, &away.sealed).and_then(|text| serde_json::from_str::<Kept>(&text).ok());
    let kept = opened.ok_or_else(|| Stop::Broken("what was kept of a sign-in cannot be read".to_owned()))?;
    let purpose = Purpose::parse(&kept.purpose).ok_or(Stop::Unknown)?;
    if purpose == Purpose::SignIn && door.idp.disabled_at.is_some() {
        return Err(Stop::Unknown);
    }
    let own = client(app, &door, redirect_uri)?;
    if returned.code.is_empty() {
        let fault = oidc::turned_away(&own.borrowed(), &returned.error, returned.iss.as_deref());
        return Err(note_fault(visitor, &door, &fault.to_string()).await);
    }
    let answer = Answer { code: &returned.code, iss: returned.iss.as_deref() };
    let since = (purpose == Purpose::Test).then_some(away.created_at.0);
    let claims = match oidc::finish(&app.0.outside, &own.borrowed(), &kept.secrets, &answer, visitor.now().0, since).await {
        Ok(claims) => claims,
        Err(fault) => return Err(note_fault(visitor, &door, &fault.to_string()).await),
    };
    let said = Said { subject: claims.subject, email: claims.email, name: claims.name };
    let arrived = Arrived { said, confirmed: false, claims: (purpose == Purpose::Test).then_some(claims.all) };
    match purpose {
        Purpose::Test => tested(visitor, &door, away.user_id.as_ref(), browser, arrived).await,
        Purpose::SignIn => arrive(visitor, &door, browser, &away.return_to, arrived, before.map(Holder::person), cookies).await,
    }
}

/// Somebody whom the provider has proven comes in, or to the page for whoever is new.
pub(super) async fn arrive(
    visitor: &Visitor,
    door: &DoorRow,
    browser: &str,
    next: &str,
    arrived: Arrived,
    before: Option<&Person>,
    cookies: &Cookies,
) -> Result<Back, Stop> {
    let (idp, subject) = (&door.idp.id, arrived.said.subject.clone());
    let known = visitor.read().known_as(idp.as_str(), &subject, &door.idp.account).await?;
    let Some(user) = known.as_ref().filter(|known| known.member.is_some()).map(|known| known.user.clone()) else {
        let user = known.map(|known| known.user);
        return Ok(Back::Welcome(arrivals::wait(visitor, door, browser, next, user.as_ref(), &arrived).await?));
    };
    // Coming back neither throws somebody out nor signs anybody in over their head.
    if let Some(other) = before.filter(|person| person.facts().user != user) {
        let says = format!("You are signed in as {}, and the provider knows you as somebody else. Sign out first.", other.facts().email);
        return Err(Faults::one("session", says).into());
    }
    let hold = vec![Log::User(user), Log::Account(door.idp.account.clone())];
    let mut tx = visitor.begin(hold).await?;
    let known =
        tx.known_as(idp.as_str(), &subject, &door.idp.account).await?.filter(|known| known.member.is_some()).ok_or(Stop::Unknown)?;
    tx.door(idp).await?.filter(|door| door.idp.disabled_at.is_none()).ok_or(Stop::Unknown)?;
    tx.note_identity(idp.as_str(), &subject, arrived.said.email.as_deref()).await?;
    let who = Who { user: known.user, email: known.email };
    enter(visitor, tx, &who, door, before, cookies).await?;
    Ok(Back::In(next.to_owned()))
}

/// An administrator has come back.
async fn tested(visitor: &Visitor, door: &DoorRow, user: Option<&UserId>, browser: &str, arrived: Arrived) -> Result<Back, Stop> {
    let person = visitor.holder().await?.ok_or(Stop::SignIn)?;
    let person = person.person();
    if Some(&person.facts().user) != user {
        return Err(Stop::Unknown);
    }
    let secret = arrivals::wait(visitor, door, browser, "", user, &arrived).await?;
    let mut tx = visitor.begin(vec![Log::Account(door.idp.account.clone())]).await?;
    tx.acting_as(person.facts().user.to_string(), person.facts().canonical.clone(), person.facts().session.clone());
    tx.note_idp_tested(&door.idp.id).await?;
    tx.commit(Event::Sso { account: door.idp.account.clone(), what: SsoEvent::Tested { idp: named(&door.idp) } }).await?;
    Ok(Back::Tested(door.slug.clone(), door.idp.id.clone(), secret))
}

/// Notes what went wrong for whoever administers the provider, as an event once an hour for each reason; answers what whoever came is told.
pub(super) async fn note_fault(visitor: &Visitor, door: &DoorRow, says: &str) -> Stop {
    let (account, idp) = (&door.idp.account, &door.idp.id);
    let noted = async {
        let mut tx = visitor.begin(vec![Log::Account(account.clone())]).await?;
        tx.note_idp_error(idp, says).await?;
        let key = hash_token(&format!("{idp} {says}"));
        let attempt = Attempt { scope: "refusal", key, window_start: window_start(tx.now(), Span::hours(1)) };
        if tx.count_attempt(&attempt).await? == 1 {
            let what = SsoEvent::Refused { idp: named(&door.idp), why: says.to_owned() };
            return Ok::<_, Stop>(tx.commit(Event::Sso { account: account.clone(), what }).await?);
        }
        Ok(tx.commit_unrecorded(Why::CountingAttempts).await?)
    };
    match noted.await {
        Ok(()) => Faults::one("idp", says).into(),
        Err(stop) => stop,
    }
}
