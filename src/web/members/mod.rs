//! `…/members`: who is in the account. One member and the deeds on them stand in [`one`]; those after which one is out, in [`remove`].

mod one;
mod remove;

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{form::Query, front::Front, page, problem, routes::Routes, shell::Shell};
use crate::{
    acts::Permit,
    rules::{
        ids::MemberId,
        members::search_terms,
        permissions::{Permission, may},
        time::Millis,
    },
    store::{MemberCursor, MemberFilter, MemberLine, MemberOrder},
};

/// Members on a page.
const PAGE: u16 = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts/{slug}/members", list)
        .get("/accounts/{slug}/members/{id}", one::one)
        .post("/accounts/{slug}/members/{id}/roles", one::change_roles)
        .get("/accounts/{slug}/members/{id}/disable", remove::ask_disable)
        .post("/accounts/{slug}/members/{id}/disable", remove::disable)
        .post("/accounts/{slug}/members/{id}/enable", one::enable)
        .post("/accounts/{slug}/members/{id}/end-sessions", one::end_sessions)
        .post("/accounts/{slug}/members/{id}/access", one::set_access)
        .post("/accounts/{slug}/members/{id}/let-in-again", one::let_in_again)
        .post("/accounts/{slug}/members/{id}/reset-factor", one::reset_factor)
        .get("/accounts/{slug}/members/{id}/remove", remove::ask_remove)
        .post("/accounts/{slug}/members/{id}/remove", remove::remove)
        .get("/accounts/{slug}/leave", remove::ask_leave)
        .post("/accounts/{slug}/leave", remove::leave)
}

/// Search, filters, order and place, as they stand in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    role: String,
    status: String,
    source: String,
    order: String,
    behind: String,
    id: String,
}

impl Asked {
    fn filter(&self) -> MemberFilter {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        MemberFilter { terms: search_terms(&self.q), role: text(&self.role), status: text(&self.status), source: text(&self.source) }
    }

    fn order(&self) -> MemberOrder {
        match self.order.as_str() {
            "email" => MemberOrder::Email,
            "joined" => MemberOrder::Joined,
            _ => MemberOrder::Name,
        }
    }

    /// The place in the list; what cannot be one is the beginning.
    fn cursor(&self) -> Option<MemberCursor> {
        let id = MemberId::parse(&self.id)?;
        let fits = self.order() != MemberOrder::Joined || self.behind.parse::<i64>().is_ok();
        fits.then(|| (self.behind.clone(), id))
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.role, &self.status, &self.source].iter().any(|field| !field.trim().is_empty())
    }

    /// The link to the same list in another order, or behind a member.
    fn link(&self, path: &str, order: &str, behind: Option<&MemberLine>) -> String {
        let value = behind.map(|row| match self.order() {
            MemberOrder::Name => row.search_name.clone(),
            MemberOrder::Email => row.email.clone(),
            MemberOrder::Joined => row.facts.member_since.unwrap_or(Millis(0)).0.to_string(),
        });
        let query = [
            ("q", self.q.as_str()),
            ("role", &self.role),
            ("status", &self.status),
            ("source", &self.source),
            ("order", order),
            ("behind", value.as_deref().unwrap_or_default()),
            ("id", behind.map(|row| row.id.as_str()).unwrap_or_default()),
        ];
        page::link(path, &query)
    }
}

/// A column by which the list can be sorted.
struct Column {
    label: &'static str,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "members/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    slug: String,
    path: String,
    asked: Asked,
    members: Vec<MemberLine>,
    columns: Vec<Column>,
    first: Option<String>,
    next: Option<String>,
    may_invite: bool,
    /// How many invitations are open, for who may see them.
    open: Option<i64>,
    now: Millis,
}
page::page!(List);

async fn list(permit: Permit<may::ReadMembers>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let found = permit.read().members(&asked.filter(), asked.order(), asked.cursor().as_ref(), (i64::from(PAGE) + 1, permit.now())).await;
    let mut members = match found {
        Ok(members) => members,
        Err(error) => return problem::answer(error.into(), &parts),
    };
    let more = members.len() > usize::from(PAGE);
    members.truncate(usize::from(PAGE));
    let open = if permit.rights().allow(Permission::ReadInvitations) {
        match permit.read().open_invitations(permit.now()).await {
            Ok(open) => Some(open),
            Err(error) => return problem::answer(error.into(), &parts),
        }
    } else {
        None
    };
    let path = front.path.clone();
    let column = |label, order: &str, current| Column { label, href: asked.link(&path, order, None), current };
    let columns = vec![
        column("Name", "name", asked.order() == MemberOrder::Name),
        column("Address", "email", asked.order() == MemberOrder::Email),
        column("Joined", "joined", asked.order() == MemberOrder::Joined),
    ];
    let page = List {
        shell: Shell::of_account(&permit, &front).await,
        slug: permit.account().slug.clone(),
        first: asked.cursor().map(|_| asked.link(&path, &asked.order, None)),
        next: members.last().filter(|_| more).map(|last| asked.link(&path, &asked.order, Some(last))),
        members,
        columns,
        may_invite: permit.rights().allow(Permission::InviteMembers),
        open,
        path,
        asked,
        now: permit.now(),
    };
    front.show(&page)
}
