//! `…/bot-users`: the principals of the account that are no people. One of them and the deeds on it stand in [`one`].

mod one;

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{
    form::{Form, Query, faults_of},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Permit, bot_users},
    rules::{
        bot_users::Draft,
        faults::Faults,
        ids::BotId,
        members::fold,
        permissions::{Permission, may},
        time::Millis,
    },
    store::{BotFilter, BotRow},
};

/// Bot users on a page.
const PAGE: u16 = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts/{slug}/bot-users", list)
        .get("/accounts/{slug}/bot-users/new", new)
        .post("/accounts/{slug}/bot-users/new", create)
        .get("/accounts/{slug}/bot-users/{id}", one::one)
        .post("/accounts/{slug}/bot-users/{id}/rename", one::rename)
        .post("/accounts/{slug}/bot-users/{id}/deactivate", one::deactivate)
        .post("/accounts/{slug}/bot-users/{id}/activate", one::activate)
        .get("/accounts/{slug}/bot-users/{id}/delete", one::ask_delete)
        .post("/accounts/{slug}/bot-users/{id}/delete", one::delete)
}

/// Search, filter and place, as they stand in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    state: String,
    before: String,
}

impl Asked {
    fn filter(&self) -> BotFilter {
        let inactive = match self.state.as_str() {
            "inactive" => Some(true),
            "active" => Some(false),
            _ => None,
        };
        BotFilter { name: fold(self.q.trim()), inactive }
    }

    fn is_filtered(&self) -> bool {
        !self.q.trim().is_empty() || !self.state.is_empty()
    }

    fn link(&self, path: &str, before: Option<&BotId>) -> String {
        let before = before.map(BotId::as_str).unwrap_or_default();
        page::link(path, &[("q", &self.q), ("state", &self.state), ("before", before)])
    }
}

#[derive(Template)]
#[template(path = "bot_users/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    path: String,
    asked: Asked,
    bots: Vec<BotRow>,
    first: Option<String>,
    next: Option<String>,
    may_manage: bool,
    now: Millis,
}
page::page!(List);

async fn list(permit: Permit<may::ReadBotUsers>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let before = BotId::parse(&asked.before);
    let mut bots = match permit.read().bot_users(&asked.filter(), before.as_ref(), i64::from(PAGE) + 1).await {
        Ok(bots) => bots,
        Err(error) => return problem::answer(error.into(), &parts),
    };
    let more = bots.len() > usize::from(PAGE);
    bots.truncate(usize::from(PAGE));
    let path = front.path.clone();
    let page = List {
        shell: Shell::of_account(&permit, &front).await,
        first: before.map(|_| asked.link(&path, None)),
        next: bots.last().filter(|_| more).map(|last| asked.link(&path, Some(&last.id))),
        bots,
        may_manage: permit.rights().allow(Permission::ManageBotUsers),
        path,
        asked,
        now: permit.now(),
    };
    front.show(&page)
}

#[derive(Template)]
#[template(path = "bot_users/new.html", blocks = ["title", "main"])]
struct New {
    shell: Shell,
    slug: String,
    draft: Draft,
    faults: Faults,
}
page::page!(New);

async fn page_of(permit: &Permit<may::ManageBotUsers>, front: &Front, draft: Draft, faults: Faults) -> New {
    New { shell: Shell::of_account(permit, front).await, slug: permit.account().slug.clone(), draft, faults }
}

async fn new(permit: Permit<may::ManageBotUsers>, front: Front) -> Response {
    front.show(&page_of(&permit, &front, Draft::default(), Faults::none()).await)
}

async fn create(permit: Permit<may::ManageBotUsers>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    match bot_users::create(&permit, &draft, true).await.map_err(faults_of) {
        Ok(bot) => {
            let path = format!("/accounts/{}/bot-users/{}", permit.account().slug, bot.id);
            front.go(&path, "The bot user is there. Make a credential for it.").await
        }
        Err(Ok(faults)) => front.show_again(&page_of(&permit, &front, draft, faults).await),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
