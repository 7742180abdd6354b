//! `…/delete`: the end of an account, after saying what goes with it.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    acts::{Permit, Stop, accounts},
    rules::{faults::Faults, passwords::proof, permissions::may},
    store::Belongings,
    web::{again::Again, form::Form, front::Front, page, problem, shell::Shell},
};

/// What is typed to make sure.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Typed {
    name: String,
    password: String,
}

#[derive(Template)]
#[template(path = "accounts/delete.html", blocks = ["title", "main"])]
struct Delete {
    shell: Shell,
    slug: String,
    account: String,
    goes: Belongings,
    typed: String,
    faults: Faults,
    refused: Option<String>,
}
page::page!(Delete);

async fn page_of(permit: &Permit<may::DeleteAccount>, front: &Front, typed: String, again: Again) -> Result<Delete, Stop> {
    Ok(Delete {
        slug: permit.account().slug.clone(),
        account: permit.account().name.clone(),
        goes: permit.read().belongings().await?,
        shell: Shell::of_account(permit, front).await,
        typed,
        faults: again.faults,
        refused: again.refused,
    })
}

pub(super) async fn ask(permit: Permit<may::DeleteAccount>, front: Front, parts: Parts) -> Response {
    // Asked now rather than once everything is typed.
    if let Err(stop) = permit.person().demand_factor() {
        return problem::answer(stop, &parts);
    }
    match page_of(&permit, &front, String::new(), Again::first()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

pub(super) async fn delete(permit: Permit<may::DeleteAccount>, front: Front, parts: Parts, Form(typed): Form<Typed>) -> Response {
    let done = match proof(&typed.password) {
        Ok(password) => accounts::delete(&permit, &typed.name, &password).await,
        Err(message) => Err(Faults::one("password", message).into()),
    };
    let again = match done.map_err(Again::of) {
        Ok(()) => return front.go("/accounts", &format!("{} is deleted.", permit.account().name)).await,
        Err(Ok(again)) => again,
        Err(Err(stop)) => return problem::answer(stop, &parts),
    };
    match page_of(&permit, &front, typed.name, again.clone()).await {
        Ok(page) => again.show(&front, &page),
        Err(stop) => problem::answer(stop, &parts),
    }
}
