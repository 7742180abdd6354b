//! `/unlock/{token}`: the link in the letter that says that somebody is locked out. Looking changes nothing; a button lets them in
//! again.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{cookies::NewCookie, form::Token, front::Front, page, page::see_other, problem, routes::Routes};
use crate::{
    acts::{Stop, Visitor, lockouts},
    rules::lockouts::LET_IN_AGAIN,
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/unlock/{token}", look).post("/unlock/{token}", let_in_again)
}

#[derive(Template)]
#[template(path = "lockouts/open.html", blocks = ["title", "main"])]
struct Open {
    theme: &'static str,
    path: String,
    email: String,
}
page::page!(Open);

async fn look(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match lockouts::look(&visitor, &token).await {
        Ok(email) => front.show(&Open { theme: "auto", path: front.path.clone(), email: email.written().to_owned() }),
        Err(stop) => stopped(stop, &parts),
    }
}

async fn let_in_again(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    let cookie = NewCookie::new();
    match lockouts::let_in_again(&visitor, &token, &cookie.hash()).await {
        Ok(()) => {
            front.hand_out_browser(&cookie);
            see_other(&format!("/login?why={}", LET_IN_AGAIN.0))
        }
        Err(stop) => stopped(stop, &parts),
    }
}

fn stopped(stop: Stop, parts: &Parts) -> Response {
    match stop {
        Stop::Unknown => problem::used_link(("/password/forgot", "Choose a new password instead")),
        stop => problem::answer(stop, parts),
    }
}
