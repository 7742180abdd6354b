//! The way there and back: what is kept of somebody who goes, and who has come back.

use serde::{Deserialize, Serialize};

use super::{client, entering::arrive, linking::link};
use crate::{
    acts::{
        Person, Stop, Visitor, away,
        sso::{Traveller, door::count, oidc::Returned},
    },
    protocols::{github, oidc, secrets::hash_token},
    rules::{
        faults::Faults,
        flows::Flow,
        ids::UserId,
        social::{Client, Provider, Purpose, redirect_uri},
        sso::Said,
    },
    store::{Why, away::NewAway},
};

/// Where what has to be remembered of somebody on the way is sealed.
const PLACE: &str = "flows.social";

/// What is remembered of somebody on the way.
#[derive(Serialize, Deserialize)]
struct Kept {
    purpose: String,
    asked: Asked,
}

/// What was asked of the provider.
#[derive(Serialize, Deserialize)]
enum Asked {
    GitHub(github::Secrets),
    Google(oidc::Secrets),
}

/// Where somebody goes, and from where they come back.
pub struct Trip<'a> {
    /// To whom.
    pub provider: Provider,
    /// Where to go afterwards.
    pub next: &'a str,
    /// Where we are found.
    pub base_url: &'a str,
    /// The hash of what the browser is known by.
    pub browser: &'a str,
}

/// Where coming back leads.
pub enum Back {
    /// In, by new cookies, and there.
    In(String),
    /// Half the way, by a new cookie: the second factor is asked for, and then there.
    Half(String),
    /// There, by a new cookie of the session that they have, which is proven anew.
    Proven(String),
    /// There, and nothing has changed: they are in.
    Stay(String),
    /// Nowhere: nobody is linked to that login.
    Nobody,
    /// To the page for whoever is invited and new, by this secret.
    Arrived(String),
    /// To the own security page: it is linked.
    Linked,
}

/// Sets out to sign in; answers the address.
///
/// # Errors
/// [`Stop::Unknown`] for what is not set up; [`Stop::TooMany`]; [`Stop::Faults`] where the provider cannot be talked to.
pub async fn begin(visitor: &Visitor, trip: &Trip<'_>) -> Result<String, Stop> {
    leave(visitor, trip, Purpose::SignIn, None).await
}

/// Sets out to be linked.
///
/// # Errors
/// As [`begin`], and [`Stop::Step`] when the proof of who is asking is not fresh.
pub async fn begin_link(person: &Person, trip: &Trip<'_>) -> Result<String, Stop> {
    person.demand_fresh()?;
    leave(&person.visitor(), trip, Purpose::Link, Some(&person.facts().user)).await
}

async fn leave(visitor: &Visitor, trip: &Trip<'_>, purpose: Purpose, user: Option<&UserId>) -> Result<String, Stop> {
    let app = &visitor.app;
    let client = client(app, trip.provider)?;
    count(visitor).await?;
    let (dice, state) = (&*app.0.hands.dice, away::new_secret(visitor));
    let redirect_uri = redirect_uri(trip.base_url, trip.provider);
    let (url, asked) = match trip.provider {
        Provider::GitHub => {
            let begun = github::begin(&app.0.outside, &at_github(client, &redirect_uri), &state, dice, purpose == Purpose::Link);
            let (url, secrets) = begun.map_err(|fault| failed(trip.provider, &fault.to_string()))?;
            (url, Asked::GitHub(secrets))
        }
        Provider::Google => {
            let scopes = scopes();
            let begun = oidc::begin(&app.0.outside, &at_google(client, &scopes, &redirect_uri), &state, dice, oidc::Begin::default()).await;
            let begun = begun.map_err(|fault| failed(trip.provider, &fault.to_string()))?;
            (begun.url, Asked::Google(begun.secrets))
        }
    };
    let id_hash = hash_token(&state);
    let kept = Kept { purpose: purpose.word().to_owned(), asked };
    let new = NewAway {
        kind: Flow::Social,
        id_hash: &id_hash,
        browser_hash: trip.browser,
        user,
        account: None,
        provider: trip.provider.word(),
        return_to: trip.next,
        sealed: &away::seal(app, PLACE, &id_hash, &kept)?,
    };
    away::keep(visitor, &new).await?;
    Ok(url)
}

fn at_github<'a>(client: &'a Client, redirect_uri: &'a str) -> github::Client<'a> {
    github::Client { url: &client.url, id: &client.id, secret: &client.secret, redirect_uri }
}

fn at_google<'a>(client: &'a Client, scopes: &'a [String], redirect_uri: &'a str) -> oidc::Client<'a> {
    oidc::Client { issuer: &client.url, id: &client.id, secret: &client.secret, scopes, redirect_uri }
}

fn scopes() -> [String; 3] {
    ["openid", "email", "profile"].map(str::to_owned)
}

/// What whoever tries is told; the log has it for whoever runs this server.
fn failed(provider: Provider, says: &str) -> Stop {
    tracing::warn!(provider = provider.word(), says, "nobody signs in by a provider");
    Faults::one("provider", says).into()
}

/// Where somebody wanted to go who comes back by this browser. Looking changes nothing.
///
/// # Errors
/// [`Stop::Unknown`] where nobody set out so, or has come back already.
pub async fn expected(visitor: &Visitor, provider: Provider, secret: &str, browser: &str) -> Result<String, Stop> {
    let found = away::find(&visitor.app, &mut visitor.read(), Flow::Social, &hash_token(secret), Some(browser)).await?;
    Ok(found.filter(|row| row.provider == provider.word()).ok_or(Stop::Unknown)?.return_to)
}

/// Comes back.
///
/// # Errors
/// [`Stop::Unknown`] where nobody set out so by this browser, or has come back already; [`Stop::Faults`] where what the provider says is not
/// taken, or somebody else is signed in or linked.
pub async fn come_back(
    visitor: &Visitor,
    provider: Provider,
    returned: &Returned,
    base_url: &str,
    traveller: &Traveller<'_>,
) -> Result<Back, Stop> {
    let client = client(&visitor.app, provider)?;
    let id_hash = hash_token(&returned.state);
    let mut tx = visitor.begin(vec![]).await?;
    let row = away::take(&visitor.app, &mut tx, Flow::Social, &id_hash, Some(traveller.browser)).await?;
    let row = row.filter(|row| row.provider == provider.word()).ok_or(Stop::Unknown)?;
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    let kept: Kept = away::opened(&visitor.app, PLACE, &id_hash, &row)?;
    let purpose = Purpose::parse(&kept.purpose).ok_or(Stop::Unknown)?;
    let said = said(visitor, client, &kept.asked, returned, base_url).await.map_err(|says| failed(provider, &says))?;
    match (purpose, &row.user_id) {
        (Purpose::Link, Some(user)) => link(visitor, user, provider, &said).await,
        (Purpose::Link, None) => Err(Stop::Unknown),
        (Purpose::SignIn, _) => arrive(visitor, provider, &row.return_to, &said, traveller).await,
    }
}

/// What the provider says of whoever has come back, or why nothing. An address is one that it has verified.
async fn said(visitor: &Visitor, client: &Client, asked: &Asked, returned: &Returned, base_url: &str) -> Result<Said, String> {
    let outside = &visitor.app.0.outside;
    let redirect_uri = redirect_uri(base_url, client.provider);
    match asked {
        Asked::GitHub(secrets) => {
            if returned.code.is_empty() {
                return Err(github::turned_away(&returned.error).to_string());
            }
            let person = github::finish(outside, &at_github(client, &redirect_uri), secrets, &returned.code).await;
            let person = person.map_err(|fault| fault.to_string())?;
            Ok(Said { subject: person.subject, email: person.email, name: Some(person.name), is_disowned: false })
        }
        Asked::Google(secrets) => {
            let scopes = scopes();
            let client = at_google(client, &scopes, &redirect_uri);
            if returned.code.is_empty() {
                return Err(oidc::turned_away(&client, &returned.error, returned.iss.as_deref()).to_string());
            }
            let answer = oidc::Answer { code: &returned.code, iss: returned.iss.as_deref() };
            let claims =
                oidc::finish(outside, &client, secrets, &answer, visitor.now().0, None).await.map_err(|fault| fault.to_string())?;
            Ok(Said {
                subject: claims.subject,
                email: claims.email.filter(|_| claims.email_verified),
                name: claims.name,
                is_disowned: false,
            })
        }
    }
}
