//! `…/authtokens`, `…/api-keys` and `…/ssh-keys`: what programs and agents prove themselves with. Three lists and one way to look at
//! them; making one stands in [`new`], one of them and the deeds on it in [`one`], and one's own authtoken in [`own`].

mod new;
mod one;
mod own;

use askama::Template;
use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use serde::Deserialize;

use super::{Site, form::Query, front::Front, page, permit::parameter, problem, routes::Routes, shell::Shell};
use crate::{
    acts::{Permit, Stop},
    rules::{
        credentials::{CredentialId, Denial, Kind, Mark, OLD_AFTER, Owner, is_news, mark},
        members::fold,
        permissions::{May, Permission, may},
        time::Millis,
    },
    store::{CredentialFilter, CredentialRow, StoreError},
};

/// Credentials on a page.
const PAGE: u16 = 50;

/// The routes of one kind.
macro_rules! of_kind {
    ($routes:expr, $kind:literal) => {
        $routes
            .get(concat!("/accounts/{slug}/", $kind), list)
            .get(concat!("/accounts/{slug}/", $kind, "/new"), new::form)
            .post(concat!("/accounts/{slug}/", $kind, "/new"), new::create)
            .get(concat!("/accounts/{slug}/", $kind, "/{id}"), one::one)
            .post(concat!("/accounts/{slug}/", $kind, "/{id}/change"), one::change)
            .post(concat!("/accounts/{slug}/", $kind, "/{id}/rotate"), one::rotate)
            .get(concat!("/accounts/{slug}/", $kind, "/{id}/delete"), one::ask_delete)
            .post(concat!("/accounts/{slug}/", $kind, "/{id}/delete"), one::delete)
    };
}

pub(super) fn routes() -> Routes {
    let routes = of_kind!(of_kind!(of_kind!(Routes::new(), "authtokens"), "api-keys"), "ssh-keys");
    routes
        .get("/accounts/{slug}/authtokens/own", own::own)
        .post("/accounts/{slug}/authtokens/own", own::show)
        .post("/accounts/{slug}/authtokens/own/rotate", own::rotate)
}

/// The kind whose page this is, by its path.
pub(super) struct OfKind(pub(super) Kind);

impl FromRequestParts<Site> for OfKind {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Response> {
        let kind = parts.uri.path().split('/').nth(3).and_then(Kind::of_path);
        kind.map(Self).ok_or_else(|| problem::answer(Stop::Unknown, parts))
    }
}

/// A credential's kind and id, by the path.
pub(super) struct OfPath(pub(super) Kind, pub(super) CredentialId);

impl FromRequestParts<Site> for OfPath {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let OfKind(kind) = OfKind::from_request_parts(parts, site).await?;
        let text = parameter(parts, site, "id").await.unwrap_or_default();
        CredentialId::parse(kind, &text).map(|id| Self(kind, id)).ok_or_else(|| problem::answer(Stop::Unknown, parts))
    }
}

/// A credential, as lists show it.
pub(super) struct Line {
    pub(super) row: CredentialRow,
    pub(super) kind: Kind,
    /// What is to be marked: a class, and a word.
    pub(super) mark: Option<(&'static str, &'static str)>,
    /// Why it was last refused.
    pub(super) refused: Option<&'static str>,
}

pub(super) fn line(row: CredentialRow, now: Millis) -> Line {
    let mark = mark(now, row.created_at, row.last_used_at, row.expires_at).map(|mark| match mark {
        Mark::Expired => ("danger", "Expired"),
        Mark::NeverUsed => ("warning", "Never used"),
        Mark::Old => ("warning", "Not used for long"),
    });
    let is_news = is_news(row.refused_at, row.last_used_at);
    let refused = row.refused_why.as_deref().filter(|_| is_news).and_then(Denial::parse).map(Denial::sentence);
    Line { kind: row.kind(), mark, refused, row }
}

/// What a kind is for, and how one uses it.
pub(super) fn purpose(kind: Kind) -> &'static str {
    match kind {
        Kind::Authtoken => "What agents prove themselves with. Rules say what may be bound with each.",
        Kind::ApiKey => "What programs prove themselves with to the API. Each allows what its owner may do, and never more.",
        Kind::SshKey => "The public halves of keys with which agents prove themselves over SSH.",
    }
}

/// Search, filter and place, as they stand in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    owner: String,
    before: String,
}

impl Asked {
    fn filter(&self, own: &str) -> CredentialFilter {
        let owner = match self.owner.trim() {
            "" => None,
            "me" => Some(own.to_owned()),
            id => Some(id.to_owned()),
        };
        CredentialFilter { owner, description: fold(self.q.trim()) }
    }

    fn is_filtered(&self) -> bool {
        !self.q.trim().is_empty() || !self.owner.is_empty()
    }

    fn link(&self, path: &str, before: Option<&CredentialId>) -> String {
        let before = before.map(CredentialId::as_str).unwrap_or_default();
        page::link(path, &[("q", &self.q), ("owner", &self.owner), ("before", before)])
    }
}

#[derive(Template)]
#[template(path = "credentials/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    kind: Kind,
    purpose: &'static str,
    slug: String,
    path: String,
    asked: Asked,
    /// What whoever they are narrowed to is called.
    owner: Option<String>,
    lines: Vec<Line>,
    first: Option<String>,
    next: Option<String>,
    may_create: bool,
    old_after: String,
    now: Millis,
}
page::page!(List);

async fn list(
    permit: Permit<may::ReadCredentials>,
    OfKind(kind): OfKind,
    front: Front,
    Query(asked): Query<Asked>,
    parts: Parts,
) -> Response {
    let before = CredentialId::parse(kind, &asked.before);
    let filter = asked.filter(permit.person().facts().user.as_str());
    let mut rows = match permit.read().credentials(kind, &filter, before.as_ref(), i64::from(PAGE) + 1).await {
        Ok(rows) => rows,
        Err(error) => return problem::answer(error.into(), &parts),
    };
    let more = rows.len() > usize::from(PAGE);
    rows.truncate(usize::from(PAGE));
    let owner = match named(&permit, &asked.owner).await {
        Ok(owner) => owner,
        Err(error) => return problem::answer(error.into(), &parts),
    };
    let path = front.path.clone();
    let page = List {
        shell: Shell::of_account(&permit, &front).await,
        kind,
        purpose: purpose(kind),
        slug: permit.account().slug.clone(),
        first: before.map(|_| asked.link(&path, None)),
        next: rows.last().filter(|_| more).map(|last| asked.link(&path, Some(&last.id))),
        lines: rows.into_iter().map(|row| line(row, permit.now())).collect(),
        may_create: permit.rights().allow(Permission::ManageOwnCredentials),
        old_after: OLD_AFTER.in_words(),
        owner,
        path,
        asked,
        now: permit.now(),
    };
    front.show(&page)
}

/// What the owner with this id is called, if there is one.
async fn named<M: May>(permit: &Permit<M>, id: &str) -> Result<Option<String>, StoreError> {
    Ok(match Owner::parse(id.trim()) {
        Some(Owner::User(user)) => permit.read().member_of_user(&user).await?.map(|member| member.name),
        Some(Owner::Bot(bot)) => permit.read().bot_user(&bot).await?.map(|bot| bot.name),
        None => None,
    })
}
