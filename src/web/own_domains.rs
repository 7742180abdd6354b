//! `…/settings/domains`: domains of which the account shows that they are its own.

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
    acts::{Permit, Stop, own_domains},
    rules::{faults::Faults, own_domains::Draft, permissions::may, time::Millis},
    store::own_domains::OwnDomainRow,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts/{slug}/settings/domains", show)
        .post("/accounts/{slug}/settings/domains", add)
        .post("/accounts/{slug}/settings/domains/check", check)
        .post("/accounts/{slug}/settings/domains/remove", remove)
        .post("/accounts/{slug}/settings/domains/close", close)
        .post("/accounts/{slug}/settings/domains/open", open)
}

#[derive(Template)]
#[template(path = "own_domains/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    slug: String,
    domains: Vec<OwnDomainRow>,
    draft: Draft,
    faults: Faults,
    now: Millis,
}
page::page!(List);

async fn answer(permit: &Permit<may::ManageSso>, front: &Front, parts: &Parts, draft: Draft, faults: Faults) -> Response {
    let is_wrong = !faults.is_empty();
    let domains = match permit.read().own_domains().await {
        Ok(domains) => domains,
        Err(error) => return problem::answer(error.into(), parts),
    };
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    let page = List { shell, slug, domains, draft, faults, now: permit.now() };
    if is_wrong { front.show_again(&page) } else { front.show(&page) }
}

async fn show(permit: Permit<may::ManageSso>, front: Front, parts: Parts) -> Response {
    answer(&permit, &front, &parts, Draft::default(), Faults::none()).await
}

/// What came of it: the page again where something is wrong, or what is to be said.
async fn done(permit: &Permit<may::ManageSso>, front: &Front, parts: &Parts, done: Result<(), Stop>, says: &str) -> Response {
    match done.map_err(faults_of) {
        Ok(()) => front.go(&format!("/accounts/{}/settings/domains", permit.account().slug), says).await,
        Err(Ok(faults)) => answer(permit, front, parts, Draft::default(), faults).await,
        Err(Err(stop)) => problem::answer(stop, parts),
    }
}

async fn add(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    match own_domains::add(&permit, &draft).await.map_err(faults_of) {
        Ok(_) => done(&permit, &front, &parts, Ok(()), "Write the record into the domain, then have it looked for.").await,
        Err(Ok(faults)) => answer(&permit, &front, &parts, draft, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn check(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let checked = own_domains::check(&permit, &draft.domain).await;
    done(&permit, &front, &parts, checked, "The record is there: the domain is yours.").await
}

async fn remove(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let removed = own_domains::remove(&permit, &draft.domain).await;
    done(&permit, &front, &parts, removed, "Taken away. Its record is of no use any more.").await
}

async fn close(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let closed = own_domains::close(&permit, &draft.domain, true).await;
    done(&permit, &front, &parts, closed, "Nobody signs up by themselves with an address of this domain.").await
}

async fn open(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let opened = own_domains::close(&permit, &draft.domain, false).await;
    done(&permit, &front, &parts, opened, "People may sign up with addresses of this domain, where this Frontdesk lets them.").await
}
