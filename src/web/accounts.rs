//! `/accounts`, an account's overview, and its details.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{
    form::{Form, faults_of},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Permit, Person, accounts},
    rules::{
        accounts::Draft,
        faults::Faults,
        permissions::{Permission, may},
        time::{Millis, Span},
    },
    store::{AccountOfUser, EventFilter, EventPage, MembersByKind, StoreError},
    web::events::{Line, lines},
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts", list)
        .get("/accounts/{slug}", overview)
        .get("/accounts/{slug}/settings", settings)
        .post("/accounts/{slug}/settings", update)
}

#[derive(Template)]
#[template(path = "accounts/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    accounts: Vec<AccountOfUser>,
    now: Millis,
}
page::page!(List);

async fn list(person: Person, front: Front, parts: Parts) -> Response {
    match person.read().own_accounts().await {
        Ok(accounts) => front.show(&List { shell: Shell::of_person(&person, &front).await, accounts, now: person.now() }),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

#[derive(Template)]
#[template(path = "accounts/overview.html", blocks = ["title", "main"])]
struct Overview {
    shell: Shell,
    name: String,
    slug: String,
    roles: String,
    members: MembersByKind,
    entries: i64,
    /// The newest events; `None` where the person may not read them.
    events: Option<Vec<Line>>,
}
page::page!(Overview);

async fn overview(permit: Permit<may::ViewAccount>, front: Front, parts: Parts) -> Response {
    match overview_of(&permit, &front).await {
        Ok(page) => front.show(&page),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn overview_of(permit: &Permit<may::ViewAccount>, front: &Front) -> Result<Overview, StoreError> {
    let mut reader = permit.read();
    let events = if permit.rights().allow(Permission::ReadEvents) {
        let newest = reader.events(&EventFilter::default(), EventPage::Newest, 5).await?;
        Some(lines(newest, &format!("/accounts/{}/events", permit.account().slug), permit.now()))
    } else {
        None
    };
    Ok(Overview {
        name: permit.account().name.clone(),
        slug: permit.account().slug.clone(),
        roles: permit.roles().summary(),
        members: reader.members_by_kind().await?,
        entries: reader.entries_since(permit.now().minus(Span::days(30))).await?,
        events,
        shell: Shell::of_account(permit, front).await,
    })
}

#[derive(Template)]
#[template(path = "accounts/settings.html", blocks = ["title", "main"])]
struct Settings {
    shell: Shell,
    id: String,
    slug: String,
    base_url: String,
    draft: Draft,
    faults: Faults,
}
page::page!(Settings);

async fn settings(permit: Permit<may::ReadSettings>, front: Front, parts: Parts) -> Response {
    match permit.read().details().await {
        Ok((name, version)) => {
            let draft = Draft { name, version: version.to_string() };
            front.show(&settings_page(&permit, &front, draft, Faults::none()).await)
        }
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn update(permit: Permit<may::ManageAccount>, front: Front, parts: Parts, Form(mut draft): Form<Draft>) -> Response {
    let details = match draft.check() {
        Ok(details) => details,
        Err(faults) => return front.show_again(&settings_page(&permit, &front, draft, faults).await),
    };
    match accounts::update(&permit, details).await.map_err(faults_of) {
        Ok(()) => front.go(&front.path, "Saved.").await,
        Err(Ok(faults)) => {
            // Saving a second time replaces what somebody else saved meanwhile, now that it has been seen.
            if let Ok((_, version)) = permit.read().details().await {
                draft.version = version.to_string();
            }
            front.show_again(&settings_page(&permit, &front, draft, faults).await)
        }
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn settings_page<M: crate::rules::permissions::May>(permit: &Permit<M>, front: &Front, draft: Draft, faults: Faults) -> Settings {
    Settings {
        shell: Shell::of_account(permit, front).await,
        id: permit.account().account.to_string(),
        slug: permit.account().slug.clone(),
        base_url: front.base_url.clone(),
        draft,
        faults,
    }
}
