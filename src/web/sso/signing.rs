//! `…/settings/sso/{id}/sign` and `…/unsign`: whether requests to a provider by SAML are signed, and with what. What would keep people out is said
//! before it is done.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::one_saml::{again, changed};
use crate::{
    acts::{Permit, Stop, sso::signing},
    rules::{ids::IdpId, permissions::may, sso::Protocol},
    store::sso::IdpRow,
    web::{
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// The certificate that somebody looked at, and whether they have read what comes of it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    seen: String,
    sure: String,
}

#[derive(Template)]
#[template(path = "sso/signing.html", blocks = ["title", "main"])]
struct Signing {
    shell: Shell,
    slug: String,
    idp: IdpRow,
    seen: String,
    /// Whether another key is made, and not none kept.
    is_new: bool,
}
page::page!(Signing);

/// Whoever has not read what comes of it reads it first.
async fn look(permit: &Permit<may::ManageSso>, front: &Front, parts: &Parts, id: &IdpId, seen: String, is_new: bool) -> Response {
    let idp = match permit.read().idp(id).await {
        Ok(Some(idp)) if idp.protocol() == Some(Protocol::Saml) => idp,
        Ok(_) => return problem::answer(Stop::Unknown, parts),
        Err(error) => return problem::answer(error.into(), parts),
    };
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    front.show(&Signing { shell, slug, idp, seen, is_new })
}

async fn answer(permit: &Permit<may::ManageSso>, front: &Front, parts: &Parts, id: &IdpId, done: Result<(), Stop>, says: &str) -> Response {
    match done.map_err(faults_of) {
        Ok(()) => changed(permit, front, id, says).await,
        Err(Ok(faults)) => again(permit, front, parts, id, None, faults).await,
        Err(Err(stop)) => problem::answer(stop, parts),
    }
}

pub(super) async fn sign(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(asked): Form<Asked>,
) -> Response {
    // The first key takes nothing from anybody.
    if !asked.seen.is_empty() && asked.sure != "yes" {
        return look(&permit, &front, &parts, &id, asked.seen, true).await;
    }
    let done = signing::sign(&permit, &id, &asked.seen).await;
    answer(&permit, &front, &parts, &id, done, "What is asked of it is signed from now on. Give it the certificate, and test it.").await
}

pub(super) async fn unsign(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(asked): Form<Asked>,
) -> Response {
    if asked.sure != "yes" {
        return look(&permit, &front, &parts, &id, asked.seen, false).await;
    }
    let done = signing::stop(&permit, &id, &asked.seen).await;
    answer(&permit, &front, &parts, &id, done, "What is asked of it is not signed any more.").await
}
