//! `…/settings`: what the account says of itself. Two who save at once are shown each other's values.

use askama::Template;
use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};

use crate::{
    acts::{
        Permit,
        accounts::{self, Saved},
    },
    rules::{
        details::{Details, Draft},
        faults::Faults,
        permissions::{May, may},
        zones::Zone,
    },
    web::{
        form::{Form, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// A field that two people have changed: what stands now, and what was typed.
struct Difference {
    label: &'static str,
    now: String,
    typed: String,
}

#[derive(Template)]
#[template(path = "accounts/settings.html", blocks = ["title", "main"])]
struct Settings {
    shell: Shell,
    id: String,
    slug: String,
    base_url: String,
    zones: Vec<String>,
    draft: Draft,
    faults: Faults,
    /// Where somebody else has saved meanwhile: what differs.
    conflict: Vec<Difference>,
}
page::page!(Settings);

fn page_of<M: May>(permit: &Permit<M>, front: &Front, shell: Shell, draft: Draft, faults: Faults) -> Settings {
    let account = permit.account();
    let (id, slug, base_url) = (account.account.to_string(), account.slug.clone(), front.base_url.clone());
    Settings { shell, id, slug, base_url, zones: Zone::names(), draft, faults, conflict: Vec::new() }
}

pub(super) async fn settings(permit: Permit<may::ReadSettings>, front: Front, parts: Parts) -> Response {
    match permit.read().details().await {
        Ok((details, version)) => {
            let shell = Shell::of_account(&permit, &front).await;
            front.show(&page_of(&permit, &front, shell, Draft::of(details, version), Faults::none()))
        }
        Err(error) => problem::answer(error.into(), &parts),
    }
}

pub(super) async fn update(permit: Permit<may::ManageAccount>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let (done, typed) = match draft.check() {
        Ok((details, version)) => (accounts::update(&permit, details.clone(), version).await, details),
        Err(faults) => (Err(faults.into()), Details::default()),
    };
    match done.map_err(faults_of) {
        Ok(Saved::Done) => front.go(&format!("/accounts/{}/settings", typed.slug), "Saved.").await,
        Ok(Saved::Conflict(now, version)) => {
            // Saving a second time replaces what somebody else saved meanwhile, now that it has been seen.
            let draft = Draft { version: version.to_string(), ..draft };
            let shell = Shell::of_account(&permit, &front).await;
            let page = page_of(&permit, &front, shell, draft, Faults::none());
            front.show_as(StatusCode::CONFLICT, &Settings { conflict: differences(&now, &typed), ..page })
        }
        Err(Ok(faults)) => {
            let shell = Shell::of_account(&permit, &front).await;
            front.show_again(&page_of(&permit, &front, shell, draft, faults))
        }
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

fn differences(now: &Details, typed: &Details) -> Vec<Difference> {
    let both = now.fields().into_iter().zip(typed.fields()).filter(|((_, _, now), (_, _, typed))| now != typed);
    both.map(|((_, label, now), (_, _, typed))| Difference { label, now: now.to_owned(), typed: typed.to_owned() }).collect()
}
