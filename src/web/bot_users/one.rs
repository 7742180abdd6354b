//! One bot user: its credentials, how they are used, what happened to it, and the deeds on it.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use crate::{
    acts::{Permit, Stop, bot_users},
    rules::{
        bot_users::Draft,
        credentials::Owner,
        faults::Faults,
        ids::BotId,
        permissions::{May, Permission, may},
        time::Millis,
    },
    store::{BotRow, EventFilter, EventPage, StoreError},
    web::{
        credentials::{Line, line},
        events,
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// Credentials and events that its page shows.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "bot_users/one.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    slug: String,
    bot: BotRow,
    /// The name in the form.
    called: String,
    credentials: Vec<Line>,
    events: Vec<events::Line>,
    /// Whether whoever looks may read the log.
    may_read_events: bool,
    may_manage: bool,
    faults: Faults,
    now: Millis,
}
page::page!(One);

async fn page_of<M: May>(
    permit: &Permit<M>,
    front: &Front,
    id: &BotId,
    typed: Option<String>,
    faults: Faults,
) -> Result<Option<One>, StoreError> {
    let mut reader = permit.read();
    let Some(bot) = reader.bot_user(id).await? else { return Ok(None) };
    let credentials = reader.credentials_owned_by(&Owner::Bot(id.clone()), SHOWN).await?;
    let may_read_events = permit.rights().allow(Permission::ReadEvents);
    let events = if may_read_events {
        let filter = EventFilter { target: Some(id.to_string()), ..EventFilter::default() };
        events::lines(reader.events(&filter, EventPage::Newest, 10).await?, "")
    } else {
        Vec::new()
    };
    Ok(Some(One {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        called: typed.unwrap_or_else(|| bot.name.clone()),
        credentials: credentials.into_iter().map(|row| line(row, permit.now())).collect(),
        events,
        may_read_events,
        may_manage: permit.rights().allow(Permission::ManageBotUsers),
        bot,
        faults,
        now: permit.now(),
    }))
}

async fn show<M: May>(permit: &Permit<M>, front: &Front, parts: &Parts, id: &BotId, typed: Option<String>, faults: Faults) -> Response {
    let is_again = !faults.is_empty();
    match page_of(permit, front, id, typed, faults).await {
        Ok(Some(page)) if is_again => front.show_again(&page),
        Ok(Some(page)) => front.show(&page),
        Ok(None) => problem::answer(Stop::Unknown, parts),
        Err(error) => problem::answer(error.into(), parts),
    }
}

/// After a deed: back to the bot user with a message, or its page again with what is wrong.
async fn answer<T>(
    permit: &Permit<may::ManageBotUsers>,
    (front, parts): (&Front, &Parts),
    id: &BotId,
    done: Result<T, Stop>,
    typed: Option<String>,
    say: &str,
) -> Response {
    match done.map_err(faults_of) {
        Ok(_) => front.go(&format!("/accounts/{}/bot-users/{id}", permit.account().slug), say).await,
        Err(Ok(faults)) => show(permit, front, parts, id, typed, faults).await,
        Err(Err(stop)) => problem::answer(stop, parts),
    }
}

pub(super) async fn one(permit: Permit<may::ReadBotUsers>, front: Front, Id(id): Id<BotId>, parts: Parts) -> Response {
    show(&permit, &front, &parts, &id, None, Faults::none()).await
}

pub(super) async fn rename(
    permit: Permit<may::ManageBotUsers>,
    front: Front,
    Id(id): Id<BotId>,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let done = bot_users::update(&permit, &id, Some(&draft), None).await;
    answer(&permit, (&front, &parts), &id, done, Some(draft.name), "It has another name.").await
}

pub(super) async fn deactivate(permit: Permit<may::ManageBotUsers>, front: Front, Id(id): Id<BotId>, parts: Parts) -> Response {
    let done = bot_users::update(&permit, &id, None, Some(false)).await;
    answer(&permit, (&front, &parts), &id, done, None, "Inactive: none of its credentials works, from the next use on.").await
}

pub(super) async fn activate(permit: Permit<may::ManageBotUsers>, front: Front, Id(id): Id<BotId>, parts: Parts) -> Response {
    let done = bot_users::update(&permit, &id, None, Some(true)).await;
    answer(&permit, (&front, &parts), &id, done, None, "Active: its credentials work again.").await
}

#[derive(Template)]
#[template(path = "bot_users/delete.html", blocks = ["title", "main"])]
struct Delete {
    shell: Shell,
    slug: String,
    bot: BotRow,
    credentials: Vec<Line>,
    /// The name that was typed.
    typed: String,
    faults: Faults,
    now: Millis,
}
page::page!(Delete);

async fn delete_page(
    permit: &Permit<may::ManageBotUsers>,
    front: &Front,
    id: &BotId,
    typed: String,
    faults: Faults,
) -> Result<Delete, Stop> {
    let mut reader = permit.read();
    let bot = reader.bot_user(id).await?.ok_or(Stop::Unknown)?;
    let credentials = reader.credentials_owned_by(&Owner::Bot(id.clone()), SHOWN).await?;
    Ok(Delete {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        bot,
        credentials: credentials.into_iter().map(|row| line(row, permit.now())).collect(),
        typed,
        faults,
        now: permit.now(),
    })
}

pub(super) async fn ask_delete(permit: Permit<may::ManageBotUsers>, front: Front, Id(id): Id<BotId>, parts: Parts) -> Response {
    match delete_page(&permit, &front, &id, String::new(), Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

pub(super) async fn delete(
    permit: Permit<may::ManageBotUsers>,
    front: Front,
    Id(id): Id<BotId>,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let page = match bot_users::delete(&permit, &id, Some(&draft.name)).await.map_err(faults_of) {
        Ok(()) => return front.go(&format!("/accounts/{}/bot-users", permit.account().slug), "Deleted, with all its credentials.").await,
        Err(Ok(faults)) => delete_page(&permit, &front, &id, draft.name, faults).await,
        Err(Err(stop)) => Err(stop),
    };
    match page {
        Ok(page) => front.show_again(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}
