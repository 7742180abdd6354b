//! `/login/social/{id}`: going to GitHub or Google and coming back; joining an account by that; and the logins on the own security page.

use askama::Template;
use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};

use super::{
    again::Again,
    cookies::NewCookies,
    form::{Form, Id, Next, Query, Token},
    front::Front,
    page,
    page::{see_other, with_next},
    problem,
    routes::Routes,
};
use crate::{
    acts::{
        Person, Stop, Visitor, social,
        social::{
            arrivals::{self, View},
            journey::{self, Back, Trip},
            linking::{self, Own},
        },
        sso::{Traveller, oidc::Returned},
    },
    rules::{
        faults::Faults,
        sign_in::destination,
        sign_up::Proven,
        social::{Provider, Way, invitation},
        time::Millis,
        zones::Zone,
    },
};

const SECURITY: &str = "/me/security";

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/login/social/{id}", begin)
        .get("/login/social/{id}/callback", come_back)
        .get("/login/social/{id}/join/{token}", show)
        .post("/login/social/{id}/join/{token}", join)
        .get("/me/security/social/{id}/link", begin_link)
        .post("/me/security/social/{id}/unlink", unlink)
}

/// The ways to sign in that a page offers: `social/ways.html` shows the field `social` of a page.
pub(super) struct Ways {
    pub(super) providers: Vec<Provider>,
    /// What stands before the name of each.
    pub(super) says: &'static str,
    /// Where to go afterwards.
    pub(super) next: String,
}

impl Ways {
    /// All that are set up.
    pub(super) fn new(visitor: &Visitor, says: &'static str, next: &str) -> Self {
        Self { providers: social::offered(visitor), says, next: next.to_owned() }
    }

    /// Those by which somebody can prove again who they are. Whoever cannot be told is told of none.
    pub(super) async fn to_prove(person: &Person, next: &str) -> Self {
        Self { providers: linking::proofs(person).await.unwrap_or_default(), says: "Prove it with", next: next.to_owned() }
    }
}

/// The logins of somebody: `social/own.html` shows the field `social` of a page.
pub(super) struct Logins {
    pub(super) own: Vec<Own>,
    pub(super) now: Millis,
    pub(super) zone: Zone,
}

impl Logins {
    pub(super) async fn of(person: &Person) -> Self {
        Self { own: linking::own(person).await.unwrap_or_default(), now: person.now(), zone: person.zone() }
    }
}

async fn begin(visitor: Visitor, front: Front, Id(provider): Id<Provider>, Query(asked): Query<Next>, parts: Parts) -> Response {
    let next = destination(&asked.next);
    let trip = Trip { provider, next, base_url: &front.base_url, browser: &front.bind() };
    match journey::begin(&visitor, &trip).await {
        Ok(url) => see_other(&url),
        Err(stop) => failed(&front, &parts, provider, next, stop),
    }
}

/// Whoever follows a link of another site does not link anything: the login at the provider could be that site's.
async fn begin_link(person: Person, front: Front, Id(provider): Id<Provider>, parts: Parts) -> Response {
    let is_ours = parts.headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if !is_ours {
        return see_other(SECURITY);
    }
    let trip = Trip { provider, next: SECURITY, base_url: &front.base_url, browser: &front.bind() };
    match journey::begin_link(&person, &trip).await {
        Ok(url) => see_other(&url),
        Err(stop) => failed(&front, &parts, provider, SECURITY, stop),
    }
}

#[derive(Template)]
#[template(path = "social/failed.html", blocks = ["title", "main"])]
struct Failed {
    theme: &'static str,
    provider: Provider,
    faults: Faults,
    /// Where to try again.
    again: String,
}
page::page!(Failed);

fn failed(front: &Front, parts: &Parts, provider: Provider, next: &str, stop: Stop) -> Response {
    let again = match next {
        SECURITY => SECURITY.to_owned(),
        path if invitation(path).is_some() => path.to_owned(),
        _ => with_next("/login", next),
    };
    match stop {
        Stop::Faults(faults) => front.show_again(&Failed { theme: "auto", provider, faults, again }),
        other => problem::answer(other, parts),
    }
}

#[derive(Template)]
#[template(path = "social/nobody.html", blocks = ["title", "main"])]
struct Nobody {
    theme: &'static str,
    provider: Provider,
}
page::page!(Nobody);

async fn come_back(visitor: Visitor, front: Front, Id(provider): Id<Provider>, Query(returned): Query<Returned>, parts: Parts) -> Response {
    let next = match journey::expected(&visitor, provider, &returned.state, &front.bound()).await {
        Ok(next) => next,
        Err(Stop::Unknown) => return problem::lost_on_the_way(),
        Err(stop) => return problem::answer(stop, &parts),
    };
    match try_to_come_back(&visitor, &front, provider, &returned).await {
        Ok(Back::Nobody) => front.show_as(StatusCode::UNPROCESSABLE_ENTITY, &Nobody { theme: "auto", provider }),
        Ok(Back::Linked) => front.go(SECURITY, &format!("From now on you can sign in with {}.", provider.label())).await,
        Ok(Back::Half(next)) => see_other(&with_next("/login/mfa", &next)),
        Ok(Back::In(next) | Back::Proven(next) | Back::Stay(next)) => see_other(destination(&next)),
        Ok(Back::Arrived(secret)) => see_other(&format!("/login/social/{}/join/{secret}", provider.word())),
        Err(Stop::Unknown) => problem::lost_on_the_way(),
        Err(stop) => failed(&front, &parts, provider, &next, stop),
    }
}

async fn try_to_come_back(visitor: &Visitor, front: &Front, provider: Provider, returned: &Returned) -> Result<Back, Stop> {
    let before = visitor.holder().await?;
    let cookies = NewCookies::new();
    let (browser, hashes) = (front.bound(), cookies.hashes());
    let traveller = Traveller { browser: &browser, before: before.as_ref(), cookies: &hashes };
    let back = journey::come_back(visitor, provider, returned, &front.base_url, &traveller).await?;
    match back {
        Back::In(_) => front.hand_out_all(&cookies),
        Back::Half(_) | Back::Proven(_) => front.hand_out(&cookies.session),
        Back::Stay(_) | Back::Nobody | Back::Arrived(_) | Back::Linked => {}
    }
    Ok(back)
}

#[derive(Template)]
#[template(path = "social/join.html", blocks = ["title", "main"])]
struct Join {
    theme: &'static str,
    path: String,
    provider: Provider,
    account: String,
    /// The invited address.
    address: String,
    /// The path of the invitation.
    invitation: String,
    way: Way,
    draft: Proven,
    /// Where the terms of use stand that are to be accepted.
    terms: Option<String>,
    faults: Faults,
    refused: Option<String>,
}
page::page!(Join);

/// The page for whoever is invited and new; where there is nothing to decide on it, that of the invitation.
async fn say(
    visitor: &Visitor,
    front: &Front,
    provider: Provider,
    secret: &str,
    typed: Option<Proven>,
    again: Again,
) -> Result<Response, Stop> {
    let View { link, path, offer, said, way } = arrivals::look(visitor, provider, secret, &front.bound()).await?;
    if offer.is_err() || visitor.person().await?.is_some() {
        return Ok(see_other(&path));
    }
    let page = Join {
        theme: "auto",
        path: format!("/login/social/{}/join/{secret}", provider.word()),
        provider,
        account: link.account_name,
        address: link.address,
        invitation: path,
        way,
        draft: typed.unwrap_or_else(|| Proven { name: said.name(), terms: String::new() }),
        terms: visitor.terms_of_use().map(str::to_owned),
        faults: again.faults.clone(),
        refused: again.refused.clone(),
    };
    Ok(again.show(front, &page))
}

async fn show(visitor: Visitor, front: Front, Id(provider): Id<Provider>, Token(secret): Token, parts: Parts) -> Response {
    let shown = say(&visitor, &front, provider, &secret, None, Again::first()).await;
    shown.unwrap_or_else(|stop| stopped(stop, &parts))
}

async fn join(
    visitor: Visitor,
    front: Front,
    Id(provider): Id<Provider>,
    Token(secret): Token,
    parts: Parts,
    Form(draft): Form<Proven>,
) -> Response {
    match try_to_join(&visitor, &front, provider, &secret, &draft).await.map_err(Again::of) {
        // Whoever is new is offered a second factor first.
        Ok(Some(slug)) => {
            let next = with_next("/me/security/factor", &format!("/accounts/{slug}"));
            front.go(&next, "Welcome. You are a member now.").await
        }
        Ok(None) => see_other(&format!("/login/social/{}/join/{secret}", provider.word())),
        Err(Ok(again)) => {
            let shown = say(&visitor, &front, provider, &secret, Some(draft), again).await;
            shown.unwrap_or_else(|stop| stopped(stop, &parts))
        }
        Err(Err(stop)) => stopped(stop, &parts),
    }
}

/// The slug of the account; nothing for somebody signed in, who is not new.
async fn try_to_join(visitor: &Visitor, front: &Front, provider: Provider, secret: &str, draft: &Proven) -> Result<Option<String>, Stop> {
    if visitor.person().await?.is_some() {
        return Ok(None);
    }
    let cookies = NewCookies::new();
    let (browser, hashes) = (front.bound(), cookies.hashes());
    let traveller = Traveller { browser: &browser, before: None, cookies: &hashes };
    let slug = arrivals::join(visitor, provider, secret, draft, &traveller).await?;
    front.hand_out_all(&cookies);
    Ok(Some(slug))
}

fn stopped(stop: Stop, parts: &Parts) -> Response {
    match stop {
        Stop::Unknown => problem::lost_on_the_way(),
        stop => problem::answer(stop, parts),
    }
}

async fn unlink(person: Person, front: Front, Id(provider): Id<Provider>, parts: Parts) -> Response {
    match linking::unlink(&person, provider).await {
        Ok(()) => front.go(SECURITY, &format!("You no longer sign in with {}.", provider.label())).await,
        Err(stop) => failed(&front, &parts, provider, SECURITY, stop),
    }
}
