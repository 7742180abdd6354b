//! `/me/sessions`: where one is signed in, and how to end it.

use std::net::IpAddr;

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{form::Id, front::Front, page, problem, routes::Routes, shell::Shell};
use crate::{
    acts::{Person, sessions},
    rules::{ids::SessionId, time::Millis},
    store::OwnSession,
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/me/sessions", list).post("/me/sessions/{id}/end", end).post("/me/sessions/end-others", end_others)
}

#[derive(Template)]
#[template(path = "sessions/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    sessions: Vec<OwnSession>,
    current: SessionId,
    now: Millis,
    idle: String,
    lifetime: String,
    /// The network address that whoever looks comes from.
    address: IpAddr,
}
page::page!(List);

async fn list(person: Person, front: Front, parts: Parts) -> Response {
    let (now, limits) = (person.now(), person.session_limits());
    match person.read().own_sessions(now.minus(limits.lifetime), now.minus(limits.idle)).await {
        Ok(sessions) => front.show(&List {
            shell: Shell::of_person(&person, &front).await,
            sessions,
            current: person.facts().session.clone(),
            now,
            idle: limits.idle.in_words(),
            address: person.comes_from(),
            lifetime: limits.lifetime.in_words(),
        }),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn end(person: Person, front: Front, Id(session): Id<SessionId>, parts: Parts) -> Response {
    match sessions::end(&person, session).await {
        Ok(()) => front.go("/me/sessions", "The session is over. Whoever used it has to sign in again.").await,
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn end_others(person: Person, front: Front, parts: Parts) -> Response {
    match sessions::end_others(&person).await {
        Ok(0) => front.go("/me/sessions", "There was no other session.").await,
        Ok(1) => front.go("/me/sessions", "One other session is over.").await,
        Ok(count) => front.go("/me/sessions", &format!("{count} other sessions are over.")).await,
        Err(stop) => problem::answer(stop, &parts),
    }
}
