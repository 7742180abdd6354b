//! `…/invitations`: who is invited, and how far that is. Inviting stands in [`new`], one invitation and the deeds on it in
//! [`one`], and what whoever holds a link sees in [`join`].

mod join;
mod new;
mod one;

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{form::Query, front::Front, page, problem, routes::Routes, shell::Shell};
use crate::{
    acts::Permit,
    rules::{
        addresses::Email,
        ids::InvitationId,
        invitations::{Closed, State},
        permissions::{Permission, may},
        time::Millis,
    },
    store::{InvitationCursor, InvitationFilter, InvitationRow},
};

/// Invitations on a page.
const PAGE: u16 = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts/{slug}/invitations", list)
        .get("/accounts/{slug}/invitations/new", new::form)
        .post("/accounts/{slug}/invitations/new", new::invite)
        .get("/accounts/{slug}/invitations/{id}", one::one)
        .post("/accounts/{slug}/invitations/{id}/roles", one::change_roles)
        .post("/accounts/{slug}/invitations/{id}/resend", one::resend)
        .post("/accounts/{slug}/invitations/{id}/revoke", one::revoke)
        .get("/invitations/{token}", join::look)
        .post("/invitations/{token}/accept", join::accept)
        .post("/invitations/{token}/decline", join::decline)
        .post("/invitations/{token}/sign-up", join::sign_up)
}

/// What an invitation is, for the eye.
pub(super) struct Badge {
    pub(super) label: &'static str,
    pub(super) icon: &'static str,
    pub(super) class: &'static str,
}

fn badge(state: State) -> Badge {
    let (label, icon, class) = match state {
        State::Open => ("Open", "clock", ""),
        State::Expired => ("Expired", "x", "warning"),
        State::Closed(why @ Closed::Accepted) => (why.label(), "check", "success"),
        State::Closed(why) => (why.label(), "x", "danger"),
    };
    Badge { label, icon, class }
}

/// How far a letter is.
pub(super) struct LetterState {
    pub(super) class: &'static str,
    pub(super) icon: &'static str,
    pub(super) says: &'static str,
    pub(super) at: Option<Millis>,
    pub(super) why: Option<String>,
}

fn letter(row: &InvitationRow, mail_error: Option<&str>) -> LetterState {
    let state = |class, icon, says, at, why: Option<&str>| LetterState { class, icon, says, at, why: why.map(str::to_owned) };
    let own = row.letter_error.as_deref();
    match (row.letter_sent_as.as_deref(), row.letter_sent_at, row.letter_failed_at, row.letter_next_at) {
        (Some("file"), at, ..) => state("", "link", "No mail: hand over the link", at, None),
        (Some("withdrawn"), _, at, _) => state("", "x", "Not sent", at, own),
        (_, Some(at), ..) => state("success", "check", "Handed to the mail server", Some(at), None),
        (_, None, Some(at), _) => state("danger", "triangle-alert", "Not delivered", Some(at), own),
        (_, None, None, Some(_)) if mail_error.or(own).is_some() => state("warning", "triangle-alert", "Waiting", None, mail_error.or(own)),
        (_, None, None, Some(_)) => state("", "send", "On its way", None, None),
        (_, None, None, None) => state("", "mail", "Long ago", None, None),
    }
}

impl LetterState {
    /// Whether somebody should look at it.
    pub(super) fn needs_attention(&self) -> bool {
        self.why.is_some()
    }
}

/// Search, filter and place, as they stand in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    state: String,
    behind: String,
    id: String,
}

impl Asked {
    fn filter(&self) -> InvitationFilter {
        let text = |text: &str| Some(text.trim().to_lowercase()).filter(|text| !text.is_empty());
        // A whole address is looked for as it is compared; a beginning, as it is typed.
        let whole = Email::parse(&self.q).ok().map(|email| email.canonical().to_owned());
        InvitationFilter { beginning: whole.or_else(|| text(&self.q)), state: text(&self.state) }
    }

    /// The place in the list; what cannot be one is the beginning.
    fn cursor(&self) -> Option<InvitationCursor> {
        Some((Millis(self.behind.parse().ok()?), InvitationId::parse(&self.id)?))
    }

    fn is_filtered(&self) -> bool {
        !self.q.trim().is_empty() || !self.state.is_empty()
    }

    fn link(&self, path: &str, behind: Option<&InvitationRow>) -> String {
        let (at, id) = behind.map(|row| (row.created_at.0.to_string(), row.id.as_str())).unwrap_or_default();
        page::link(path, &[("q", &self.q), ("state", &self.state), ("behind", &at), ("id", id)])
    }
}

/// A line of the list.
struct Line {
    row: InvitationRow,
    state: State,
    badge: Badge,
    letter: LetterState,
}

#[derive(Template)]
#[template(path = "invitations/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    path: String,
    asked: Asked,
    lines: Vec<Line>,
    may_invite: bool,
    first: Option<String>,
    next: Option<String>,
    now: Millis,
}
page::page!(List);

async fn list(permit: Permit<may::ReadInvitations>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let now = permit.now();
    let found = permit.read().invitations(&asked.filter(), now, asked.cursor().as_ref(), i64::from(PAGE) + 1).await;
    let mut rows = match found {
        Ok(rows) => rows,
        Err(error) => return problem::answer(error.into(), &parts),
    };
    let mail_error = match permit.read().mail_error().await {
        Ok(why) => why,
        Err(error) => return problem::answer(error.into(), &parts),
    };
    let more = rows.len() > usize::from(PAGE);
    rows.truncate(usize::from(PAGE));
    let path = front.path.clone();
    let page = List {
        shell: Shell::of_account(&permit, &front).await,
        first: asked.cursor().map(|_| asked.link(&path, None)),
        next: rows.last().filter(|_| more).map(|last| asked.link(&path, Some(last))),
        lines: rows
            .into_iter()
            .map(|row| Line { badge: badge(row.state(now)), state: row.state(now), letter: letter(&row, mail_error.as_deref()), row })
            .collect(),
        may_invite: permit.rights().allow(Permission::InviteMembers),
        path,
        asked,
        now,
    };
    front.show(&page)
}
