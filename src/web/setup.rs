//! `/setup`: the first user and the first account.

use askama::Template;
use axum::response::Response;
use serde::Deserialize;

use super::{
    cookies::NewCookies,
    form::{Form, Query, faults_of},
    front::Front,
    page,
    passwords::hint,
    problem,
    routes::Routes,
};
use crate::{
    acts::{Stop, Visitor, setup},
    rules::{faults::Faults, setup::Draft},
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/setup", show).post("/setup", set_up)
}

#[derive(Template)]
#[template(path = "setup/new.html", blocks = ["title", "main"])]
struct New {
    theme: &'static str,
    draft: Draft,
    faults: Faults,
    password_hint: String,
}
page::page!(New);

#[derive(Template)]
#[template(path = "setup/needs_token.html", blocks = ["title", "main"])]
struct NeedsToken {
    theme: &'static str,
}
page::page!(NeedsToken);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Link {
    token: String,
}

async fn show(visitor: Visitor, front: Front, Query(link): Query<Link>, parts: axum::http::request::Parts) -> Response {
    match setup::state(&visitor, &link.token).await {
        Ok(setup::State::Open) => front.show(&form(Draft { token: link.token, ..Draft::default() }, Faults::none())),
        Ok(setup::State::NeedsToken) => front.show_as(axum::http::StatusCode::FORBIDDEN, &NeedsToken { theme: "auto" }),
        Ok(setup::State::Over) => problem::answer(Stop::Unknown, &parts),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn set_up(visitor: Visitor, front: Front, parts: axum::http::request::Parts, Form(draft): Form<Draft>) -> Response {
    match setup::state(&visitor, &draft.token).await {
        Ok(setup::State::Open) => {}
        Ok(setup::State::NeedsToken) => return front.show_as(axum::http::StatusCode::FORBIDDEN, &NeedsToken { theme: "auto" }),
        Ok(setup::State::Over) => return problem::answer(Stop::Unknown, &parts),
        Err(stop) => return problem::answer(stop, &parts),
    }
    let new = match draft.check() {
        Ok(new) => new,
        Err(faults) => return front.show_again(&form(draft, faults)),
    };
    let overview = format!("/accounts/{}", new.slug);
    let cookies = NewCookies::new();
    match setup::set_up(&visitor, new, &draft.token, &cookies.hashes()).await.map_err(faults_of) {
        Ok(()) => {
            front.hand_out_all(&cookies);
            front.go(&overview, "Frontdesk is set up. This is your account.").await
        }
        Err(Ok(faults)) => front.show_again(&form(draft, faults)),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

fn form(draft: Draft, faults: Faults) -> New {
    New { theme: "auto", draft, faults, password_hint: hint() }
}
