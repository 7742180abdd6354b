//! `…/settings/email-domains`: which mail domains may be invited and may join.

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
    acts::{
        Permit, Stop,
        domains::{self, Changed, Stopped},
    },
    rules::{
        domains::{Draft, Mode},
        faults::Faults,
        permissions::may,
    },
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/accounts/{slug}/settings/email-domains", show).post("/accounts/{slug}/settings/email-domains", update)
}

#[derive(Template)]
#[template(path = "domains/settings.html", blocks = ["title", "main"])]
struct Settings {
    shell: Shell,
    slug: String,
    draft: Draft,
    faults: Faults,
    stopped: Stopped,
}
page::page!(Settings);

async fn page_of(
    permit: &Permit<may::ManageProvisioning>,
    front: &Front,
    typed: Option<Draft>,
    faults: Faults,
    stopped: Stopped,
) -> Result<Settings, Stop> {
    let now = Draft::of(&permit.read().domains().await?);
    // What stood there stays with what was typed, until whoever typed it was told that it is another by now.
    let is_told = faults.at("seen").is_some();
    let draft = typed.map(|typed| if is_told { Draft { seen: now.seen.clone(), ..typed } } else { typed });
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    Ok(Settings { shell, slug, draft: draft.unwrap_or(now), faults, stopped })
}

async fn show(permit: Permit<may::ManageProvisioning>, front: Front, parts: Parts) -> Response {
    match page_of(&permit, &front, None, Faults::none(), Stopped::default()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn update(permit: Permit<may::ManageProvisioning>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let path = format!("/accounts/{}/settings/email-domains", permit.account().slug);
    let again = match domains::update(&permit, &draft).await.map_err(faults_of) {
        Ok(Changed::Done) => return front.go(&path, "Saved. Members who are in stay in.").await,
        Ok(Changed::Stops(stopped)) => (Faults::none(), stopped),
        Err(Ok(faults)) => (faults, Stopped::default()),
        Err(Err(stop)) => return problem::answer(stop, &parts),
    };
    let is_wrong = !again.0.is_empty();
    match page_of(&permit, &front, Some(draft), again.0, again.1).await {
        Ok(page) if is_wrong => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}
