//! `/login` and `/logout`.

use askama::Template;
use axum::{
    http::{header, request::Parts},
    response::Response,
};
use serde::Deserialize;

use super::{
    again::Again,
    cookies::NewCookies,
    form::{Form, Query},
    front::Front,
    page,
    page::{see_other, with_next},
    problem,
    routes::Routes,
    social::Ways,
};
use crate::{
    acts::{
        Holder, Stop, Visitor, sessions, setup,
        sign_in::{self, Begun},
        sign_up,
        sso::door,
    },
    rules::{
        faults::Faults,
        lockouts::LET_IN_AGAIN,
        sessions::End,
        sign_in::{Draft, destination},
    },
    store::sso::DoorRow,
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/", home).get("/login", show).post("/login", enter).post("/logout", leave)
}

#[derive(Template)]
#[template(path = "sign_in/password.html", blocks = ["title", "main"])]
struct Password {
    theme: &'static str,
    draft: Draft,
    faults: Faults,
    /// Why the last session is over.
    notice: Option<&'static str>,
    /// Why nothing was checked: in how many minutes to try again, or that too much is going on.
    refused: Option<String>,
    /// Whether people may sign up without an invitation.
    may_sign_up: bool,
    /// The providers of the address's domain.
    doors: Vec<DoorRow>,
    /// Whether the address alone is asked for, as it decides what is offered.
    asks_address: bool,
    social: Ways,
}
page::page!(Password);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    next: String,
    why: String,
    email: String,
}

async fn home(visitor: Visitor, parts: Parts) -> Response {
    match visitor.person().await {
        Ok(Some(_)) => see_other("/accounts"),
        Ok(None) => match setup::state(&visitor, "").await {
            Ok(setup::State::Over) => see_other("/login"),
            Ok(_) => see_other("/setup"),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn show(visitor: Visitor, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    match visitor.person().await {
        // Who was sent here for a reason is signed in, but not enough for where they wanted to go.
        Ok(Some(_)) if !End::parse(&asked.why).is_some_and(End::is_of_account) => see_other(destination(&asked.next)),
        Ok(_) => match setup::state(&visitor, "").await {
            Ok(setup::State::Over) => {
                let notice = notice(&asked.why);
                let draft = Draft { next: asked.next, email: asked.email, ..Draft::default() };
                match offered(&visitor, draft, notice, Again::first()).await {
                    Ok(page) => front.show(&page),
                    Err(stop) => problem::answer(stop, &parts),
                }
            }
            Ok(_) => see_other("/setup"),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn enter(visitor: Visitor, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    match try_to_enter(&visitor, &front, &draft).await.map_err(Again::of) {
        Ok(Begun::Session) => see_other(destination(&draft.next)),
        Ok(Begun::Half) => see_other(&with_next("/login/mfa", &draft.next)),
        Err(Ok(again)) => match offered(&visitor, draft, None, again.clone()).await {
            // What was typed is looked at in any case.
            Ok(page) => again.show(&front, &Password { asks_address: false, ..page }),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn try_to_enter(visitor: &Visitor, front: &Front, draft: &Draft) -> Result<Begun, Stop> {
    let credentials = draft.check()?;
    let proven = sign_in::prove(visitor, credentials).await?;
    // A browser holds one session.
    let before = visitor.holder().await?;
    let cookies = NewCookies::new();
    let begun = sign_in::begin_session(visitor, proven, before.as_ref(), &cookies.hashes()).await?;
    match begun {
        Begun::Session => front.hand_out_all(&cookies),
        Begun::Half => front.hand_out(&cookies.session),
    }
    Ok(begun)
}

/// Where to go after signing out: to the sign-in page, or where it is worth coming back as somebody else.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Leave {
    next: String,
}

async fn leave(holder: Holder, front: Front, parts: Parts, Form(asked): Form<Leave>) -> Response {
    if let Err(stop) = sessions::sign_out(&holder).await {
        return problem::answer(stop, &parts);
    }
    front.drop_cookie().await;
    let mut response = see_other(if asked.next.is_empty() { "/login?why=signed_out" } else { destination(&asked.next) });
    // What a browser keeps of the pages goes too. Its cookie is taken away by the cookie itself.
    response.headers_mut().insert("clear-site-data", header::HeaderValue::from_static("\"cache\", \"storage\""));
    response
}

/// The page with what applies to the address: its domain alone decides, and never whether anybody has it.
async fn offered(visitor: &Visitor, draft: Draft, notice: Option<&'static str>, again: Again) -> Result<Password, Stop> {
    let is_address = !draft.email.trim().is_empty();
    let doors = door::providers_of_domain(visitor, &draft.email).await?;
    let asks_address = !is_address && door::asks_for_address_first(visitor).await?;
    let (may_sign_up, social) = (sign_up::is_open(visitor), Ways::new(visitor, "Sign in with", &draft.next));
    let (faults, refused) = (again.faults, again.refused);
    Ok(Password { theme: "auto", draft, faults, notice, refused, may_sign_up, doors, asks_address, social })
}

/// Why somebody stands before the page.
fn notice(why: &str) -> Option<&'static str> {
    let (word, sentence) = LET_IN_AGAIN;
    if why == word { Some(sentence) } else { End::parse(why).map(End::sentence) }
}
