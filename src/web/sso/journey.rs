//! `/login/sso`: choosing a provider, going to it, and coming back.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    acts::{
        Stop, Visitor,
        sso::{
            Traveller,
            door::{self, Back, Trip, Way},
            leaving,
            oidc::{self, Returned},
        },
    },
    rules::{accounts::is_slug, faults::Faults, ids::IdpId, sign_in::destination},
    store::sso::DoorRow,
    web::{
        cookies::NewCookies,
        form::{Id, Query},
        front::Front,
        page,
        page::{see_other, with_next},
        policy::LeadsTo,
        problem,
    },
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    next: String,
    account: String,
}

/// Where one wants to go, and whether one is to prove anew who one is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Leaving {
    next: String,
    again: String,
}

#[derive(Template)]
#[template(path = "sso/choose.html", blocks = ["title", "main"])]
struct Choose {
    theme: &'static str,
    /// What was asked for, where nothing was found.
    account: String,
    next: String,
    faults: Faults,
    doors: Vec<DoorRow>,
}
page::page!(Choose);

/// The account that a path leads into.
fn slug_of(path: &str) -> &str {
    let behind = path.strip_prefix("/accounts/").unwrap_or_default();
    behind.split(['/', '?', '#']).next().unwrap_or_default()
}

pub(super) async fn choose(visitor: Visitor, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let typed = asked.account.trim().to_lowercase();
    let slug = if typed.is_empty() { slug_of(&asked.next) } else { &typed };
    let doors = if is_slug(slug) { door::providers(&visitor, slug).await } else { Ok(Vec::new()) };
    let doors = match doors {
        Ok(doors) => doors,
        Err(stop) => return problem::answer(stop, &parts),
    };
    let mut faults = Faults::none();
    if doors.is_empty() && !typed.is_empty() {
        faults
            .add("account", "No account of this name signs in through an identity provider. It is the last part of the account's address.");
    }
    // Whoever says which account they want goes there, unless they wanted to go somewhere in it.
    let next = if slug_of(&asked.next) == slug || doors.is_empty() { asked.next } else { format!("/accounts/{slug}") };
    front.show(&Choose { theme: "auto", account: typed, next, faults, doors })
}

pub(super) async fn begin(visitor: Visitor, front: Front, Id(idp): Id<IdpId>, Query(asked): Query<Leaving>, parts: Parts) -> Response {
    let found = match door::provider(&visitor, &idp).await {
        Ok(found) => found,
        Err(stop) => return problem::answer(stop, &parts),
    };
    let next = match destination(&asked.next) {
        inside if slug_of(inside) == found.slug => inside.to_owned(),
        // A page that is about the account without being in it, such as an invitation.
        elsewhere if !asked.next.is_empty() && !elsewhere.starts_with("/accounts") => elsewhere.to_owned(),
        _ => format!("/accounts/{}", found.slug),
    };
    let trip = Trip { idp: &idp, next: &next, base_url: &front.base_url, browser: &front.bind(), is_anew: asked.again == "yes" };
    match leaving::begin(&visitor, &trip).await {
        Ok(way) => go(&front, &found, way),
        Err(stop) => failed(&front, &parts, &found, &next, stop),
    }
}

#[derive(Template)]
#[template(path = "sso/failed.html", blocks = ["title", "main"])]
struct Failed {
    theme: &'static str,
    account: String,
    idp: String,
    faults: Faults,
    /// Where to try again.
    again: String,
    /// Where they wanted to go.
    next: String,
}
page::page!(Failed);

fn failed(front: &Front, parts: &Parts, found: &DoorRow, next: &str, stop: Stop) -> Response {
    match stop {
        Stop::Faults(faults) => {
            let again = with_next(&format!("/login/sso/{}", found.idp.id), next);
            let (account, idp) = (found.account_name.clone(), found.idp.description.clone());
            front.show_again(&Failed { theme: "auto", account, idp, faults, again, next: next.to_owned() })
        }
        other => problem::answer(other, parts),
    }
}

pub(super) async fn come_back(
    visitor: Visitor,
    front: Front,
    Id(id): Id<IdpId>,
    Query(returned): Query<Returned>,
    parts: Parts,
) -> Response {
    let found = door::expected(&visitor, &returned.state, &front.bound()).await;
    let found = match found {
        Ok((found, next)) => (found, next),
        Err(Stop::Unknown) => return problem::lost_on_the_way(),
        Err(stop) => return problem::answer(stop, &parts),
    };
    match try_to_come_back(&visitor, &front, &id, &returned).await {
        Ok(path) => see_other(&path),
        Err(Stop::Unknown) => problem::lost_on_the_way(),
        Err(stop) => failed(&front, &parts, &found.0, &found.1, stop),
    }
}

async fn try_to_come_back(visitor: &Visitor, front: &Front, id: &IdpId, returned: &Returned) -> Result<String, Stop> {
    let before = visitor.holder().await?;
    let cookies = NewCookies::new();
    let (browser, hashes) = (front.bound(), cookies.hashes());
    let traveller = Traveller { browser: &browser, before: before.as_ref(), cookies: &hashes };
    let back = oidc::come_back(visitor, id, returned, &front.base_url, &traveller).await?;
    Ok(settle(front, &cookies, back))
}

/// Where coming back leads, with the cookie for it.
pub(super) fn settle(front: &Front, cookies: &NewCookies, back: Back) -> String {
    match back {
        Back::In(next) => {
            front.hand_out(&cookies.session);
            destination(&next).to_owned()
        }
        Back::Welcome(token) => {
            front.bind();
            format!("/welcome/{token}")
        }
        Back::Tested(slug, idp, token) => format!("/accounts/{slug}/settings/sso/{idp}/tested/{token}"),
    }
}

#[derive(Template)]
#[template(path = "sso/go.html", blocks = ["title", "main"])]
struct Go {
    theme: &'static str,
    idp: String,
    action: String,
    request: String,
    relay_state: String,
}
page::page!(Go);

/// Sends the browser to a provider: by its address, or by a form that leads there and that the page's policy lets through.
pub(super) fn go(front: &Front, found: &DoorRow, way: Way) -> Response {
    match way {
        Way::Redirect(url) => see_other(&url),
        Way::Post { action, request, relay_state } => {
            let leads_to = LeadsTo::new(&action);
            let page = Go { theme: "auto", idp: found.idp.description.clone(), action, request, relay_state };
            let mut response = front.show(&page);
            response.extensions_mut().insert(leads_to);
            response
        }
    }
}
