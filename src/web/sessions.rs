//! `/me/sessions`: where one is signed in, and how to end it.

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

/// What a program calls itself, in words: the browser and the system, as far as they can be told.
pub(super) fn agent_in_words(agent: &str) -> String {
    // The order matters: most browsers also name the ones they descend from.
    const BROWSERS: [(&str, &str); 6] =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];
    const SYSTEMS: [(&str, &str); 6] =
        [("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")];
    let find = |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) if agent.is_empty() => "Unknown program".to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_by_name() {
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", "Chrome on Linux"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15", "Safari on macOS"),
            ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
            ("curl/8.5", "curl"),
            ("", "Unknown program"),
        ] {
            assert_eq!(agent_in_words(agent), words);
        }
    }
}
