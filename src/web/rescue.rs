//! `/rescue/{token}`: a link from the host into the security pages of an account. Looking changes nothing; a button uses it up.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{cookies::NewCookie, form::Token, front::Front, page, page::see_other, problem, routes::Routes};
use crate::acts::{Stop, Visitor, rescue};

pub(super) fn routes() -> Routes {
    Routes::new().get("/rescue/{token}", look).post("/rescue/{token}", enter)
}

#[derive(Template)]
#[template(path = "rescue/open.html", blocks = ["title", "main"])]
struct Open {
    theme: &'static str,
    path: String,
    account: String,
    email: String,
}
page::page!(Open);

async fn look(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match rescue::look(&visitor, &token).await {
        Ok(link) => front.show(&Open { theme: "auto", path: front.path.clone(), account: link.name, email: link.email }),
        Err(stop) => stopped(stop, &parts),
    }
}

async fn enter(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match try_to_enter(&visitor, &front, &token).await {
        Ok(slug) => see_other(&format!("/accounts/{slug}/settings/security")),
        Err(stop) => stopped(stop, &parts),
    }
}

async fn try_to_enter(visitor: &Visitor, front: &Front, token: &str) -> Result<String, Stop> {
    let before = visitor.holder().await?;
    let cookie = NewCookie::new();
    let slug = rescue::enter(visitor, token, before.as_ref(), &cookie.hash()).await?;
    front.hand_out(&cookie);
    Ok(slug)
}

fn stopped(stop: Stop, parts: &Parts) -> Response {
    match stop {
        Stop::Unknown => problem::used_rescue(),
        stop => problem::answer(stop, parts),
    }
}
