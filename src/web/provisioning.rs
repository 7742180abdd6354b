//! `…/settings/provisioning`: how people become members.

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
    acts::{Permit, Stop, provisioning},
    rules::{
        faults::Faults,
        permissions::may,
        provisioning::{Draft, Provisioning},
    },
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/accounts/{slug}/settings/provisioning", show).post("/accounts/{slug}/settings/provisioning", choose)
}

#[derive(Template)]
#[template(path = "provisioning/settings.html", blocks = ["title", "main"])]
struct Settings {
    shell: Shell,
    slug: String,
    draft: Draft,
    /// Whether there is a provider that could bring people.
    has_idp: bool,
    faults: Faults,
}
page::page!(Settings);

async fn page_of(permit: &Permit<may::ManageProvisioning>, front: &Front, typed: Option<Draft>, faults: Faults) -> Result<Settings, Stop> {
    let (chosen, has_idp) = provisioning::chosen(permit).await?;
    let seen = chosen.word().to_owned();
    // What stood there stays with what was typed, until whoever typed it was told that it is another by now.
    let draft = match typed {
        Some(typed) if faults.at("seen").is_some() => Draft { seen, ..typed },
        Some(typed) => typed,
        None => Draft { provisioning: seen.clone(), seen },
    };
    Ok(Settings { shell: Shell::of_account(permit, front).await, slug: permit.account().slug.clone(), draft, has_idp, faults })
}

async fn show(permit: Permit<may::ManageProvisioning>, front: Front, parts: Parts) -> Response {
    match page_of(&permit, &front, None, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn choose(permit: Permit<may::ManageProvisioning>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let faults = match provisioning::choose(&permit, &draft).await.map_err(faults_of) {
        Ok(()) => {
            let path = format!("/accounts/{}/settings/provisioning", permit.account().slug);
            return front.go(&path, "Saved. It holds for whoever comes from now on.").await;
        }
        Err(Ok(faults)) => faults,
        Err(Err(stop)) => return problem::answer(stop, &parts),
    };
    match page_of(&permit, &front, Some(draft), faults).await {
        Ok(page) => front.show_again(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}
