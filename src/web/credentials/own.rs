//! `…/authtokens/own`: one's default authtoken, the only secret that can be shown again.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{Line, line, new::show_secret};
use crate::{
    acts::{Permit, credentials},
    rules::{
        credentials::{Kind, OVERLAP},
        permissions::may,
        time::Millis,
    },
    store::StoreError,
    web::{form::Form, front::Front, page, problem, shell::Shell},
};

#[derive(Template)]
#[template(path = "credentials/own.html", blocks = ["title", "main"])]
struct Own {
    shell: Shell,
    slug: String,
    /// The one there is, if it was looked at before.
    line: Option<Line>,
    overlap: String,
    now: Millis,
}
page::page!(Own);

pub(super) async fn own(permit: Permit<may::ReadOwnAuthtoken>, front: Front, parts: Parts) -> Response {
    let found = async {
        let mut reader = permit.read();
        let Some((id, _)) = reader.default_authtoken(&permit.person().facts().user).await? else { return Ok::<_, StoreError>(None) };
        reader.credential(&id).await
    };
    match found.await {
        Ok(row) => front.show(&Own {
            shell: Shell::of_account(&permit, &front).await,
            slug: permit.account().slug.clone(),
            line: row.map(|row| line(row, permit.now())),
            overlap: OVERLAP.in_words(),
            now: permit.now(),
        }),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

/// Looking at a secret is put on record, and makes it where there is none: it is no `GET`.
pub(super) async fn show(permit: Permit<may::ReadOwnAuthtoken>, front: Front, parts: Parts) -> Response {
    match credentials::show(&permit).await {
        Ok(shown) => show_secret(&permit, Kind::Authtoken, &front, &shown.id, &shown.secret.0, true).await,
        Err(stop) => problem::answer(stop, &parts),
    }
}

/// What becomes of the old one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Rotation {
    /// `now`, or `later`.
    ends: String,
}

pub(super) async fn rotate(permit: Permit<may::ReadOwnAuthtoken>, front: Front, parts: Parts, Form(rotation): Form<Rotation>) -> Response {
    match credentials::renew(&permit, rotation.ends == "now").await {
        Ok(shown) => show_secret(&permit, Kind::Authtoken, &front, &shown.id, &shown.secret.0, true).await,
        Err(stop) => problem::answer(stop, &parts),
    }
}
