//! `…/settings/sso/{id}`: one provider, setting it up and changing it.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::one_saml::{self, Reserved};
use crate::{
    acts::{
        Permit, Stop,
        sso::{self, metadata},
    },
    rules::{
        faults::Faults,
        ids::{IdpId, MemberId},
        permissions::may,
        sso::{OidcDraft, Protocol, redirect_uri},
        time::Millis,
    },
    store::sso::IdpRow,
    web::{
        form::{Form, Id, Query, faults_of},
        front::Front,
        page,
        page::{link, see_other},
        problem,
        shell::Shell,
    },
};

/// What a provider has to be told of us.
pub(super) struct Values {
    pub(super) redirect_uri: String,
}

#[derive(Template)]
#[template(path = "sso/new_oidc.html", blocks = ["title", "main"])]
struct NewOidc {
    shell: Shell,
    slug: String,
    values: Values,
    draft: OidcDraft,
    faults: Faults,
}
page::page!(NewOidc);

/// The page, again where something is wrong. What was set aside stands in its address: whoever comes back to it finds the same values.
async fn new_page(permit: &Permit<may::ManageSso>, front: &Front, draft: OidcDraft, faults: Faults) -> Response {
    let path = format!("/accounts/{}/settings/sso/new-oidc", permit.account().slug);
    let Some(id) = metadata::reserved(permit, &draft.reserved) else {
        return see_other(&link(&path, &[("reserved", &metadata::reserve(permit))]));
    };
    let is_wrong = !faults.is_empty();
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    let page = NewOidc { shell, slug, values: Values { redirect_uri: redirect_uri(&front.base_url, &id) }, draft, faults };
    if is_wrong { front.show_again(&page) } else { front.show(&page) }
}

pub(super) async fn new_oidc(permit: Permit<may::ManageSso>, front: Front, Query(asked): Query<Reserved>) -> Response {
    new_page(&permit, &front, OidcDraft { reserved: asked.reserved, ..OidcDraft::new() }, Faults::none()).await
}

pub(super) async fn create_oidc(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<OidcDraft>) -> Response {
    match sso::create_oidc(&permit, &draft).await.map_err(faults_of) {
        Ok(id) => {
            let path = format!("/accounts/{}/settings/sso/{id}", permit.account().slug);
            front.go(&path, "The provider is there. Test it before anybody depends on it.").await
        }
        Err(Ok(faults)) => new_page(&permit, &front, draft, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "sso/one.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    slug: String,
    idp: IdpRow,
    people: i64,
    values: Values,
    draft: OidcDraft,
    faults: Faults,
    now: Millis,
}
page::page!(One);

async fn page_of(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    idp: IdpRow,
    typed: Option<OidcDraft>,
    faults: Faults,
) -> Result<One, Stop> {
    let people = permit.read().people_at(&idp.id).await?;
    let is_told = faults.at("version").is_some();
    let draft = match typed {
        Some(typed) if is_told => OidcDraft { version: idp.version, ..typed },
        Some(typed) => typed,
        None => OidcDraft {
            description: idp.description.clone(),
            issuer: idp.issuer.clone(),
            client_id: idp.client_id.clone(),
            client_secret: String::new(),
            scopes: idp.scopes.clone(),
            version: idp.version,
            reserved: String::new(),
        },
    };
    let (shell, slug) = (Shell::of_account(permit, front).await, permit.account().slug.clone());
    let values = Values { redirect_uri: redirect_uri(&front.base_url, &idp.id) };
    Ok(One { shell, slug, idp, people, values, draft, faults, now: permit.now() })
}

async fn answer(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    parts: &Parts,
    id: &IdpId,
    typed: Option<OidcDraft>,
    faults: Faults,
) -> Response {
    let idp = match permit.read().idp(id).await {
        Ok(Some(idp)) => idp,
        Ok(None) => return problem::answer(Stop::Unknown, parts),
        Err(error) => return problem::answer(error.into(), parts),
    };
    if idp.protocol() == Some(Protocol::Saml) {
        return one_saml::answer(permit, front, parts, idp, None, faults).await;
    }
    let is_wrong = !faults.is_empty();
    match page_of(permit, front, idp, typed, faults).await {
        Ok(page) if is_wrong => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn show(permit: Permit<may::ManageSso>, front: Front, Id(id): Id<IdpId>, parts: Parts) -> Response {
    answer(&permit, &front, &parts, &id, None, Faults::none()).await
}

pub(super) async fn change(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(draft): Form<OidcDraft>,
) -> Response {
    match sso::update_oidc(&permit, &id, &draft).await.map_err(faults_of) {
        Ok(()) => {
            front
                .go(&format!("/accounts/{}/settings/sso/{id}", permit.account().slug), "Saved. Test it before anybody depends on it.")
                .await
        }
        Err(Ok(faults)) => answer(&permit, &front, &parts, &id, Some(draft), faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

pub(super) async fn enable(permit: Permit<may::ManageSso>, front: Front, Id(id): Id<IdpId>, parts: Parts) -> Response {
    switch(permit, front, id, parts, true).await
}

pub(super) async fn disable(permit: Permit<may::ManageSso>, front: Front, Id(id): Id<IdpId>, parts: Parts) -> Response {
    switch(permit, front, id, parts, false).await
}

async fn switch(permit: Permit<may::ManageSso>, front: Front, id: IdpId, parts: Parts, on: bool) -> Response {
    match sso::switch(&permit, &id, on).await.map_err(faults_of) {
        Ok(()) => {
            let says = if on { "It is switched on." } else { "It is switched off. Whoever came in by it signs in again." };
            front.go(&format!("/accounts/{}/settings/sso/{id}", permit.account().slug), says).await
        }
        Err(Ok(faults)) => answer(&permit, &front, &parts, &id, None, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "sso/delete.html", blocks = ["title", "main"])]
struct Delete {
    shell: Shell,
    slug: String,
    idp: IdpRow,
    people: i64,
    faults: Faults,
}
page::page!(Delete);

async fn delete_page(permit: &Permit<may::ManageSso>, front: &Front, id: &IdpId, faults: Faults) -> Result<Delete, Stop> {
    let mut reader = permit.read();
    let idp = reader.idp(id).await?.ok_or(Stop::Unknown)?;
    let people = reader.people_at(id).await?;
    Ok(Delete { shell: Shell::of_account(permit, front).await, slug: permit.account().slug.clone(), idp, people, faults })
}

pub(super) async fn ask_delete(permit: Permit<may::ManageSso>, front: Front, Id(id): Id<IdpId>, parts: Parts) -> Response {
    match delete_page(&permit, &front, &id, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

pub(super) async fn delete(permit: Permit<may::ManageSso>, front: Front, Id(id): Id<IdpId>, parts: Parts) -> Response {
    match sso::delete(&permit, &id).await.map_err(faults_of) {
        Ok(()) => front.go(&format!("/accounts/{}/settings/sso", permit.account().slug), "Deleted. Nobody comes in by it any more.").await,
        Err(Ok(faults)) => match delete_page(&permit, &front, &id, faults).await {
            Ok(page) => front.show_again(&page),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

/// Who a member is at the provider, as their page says it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Linked {
    subject: String,
    member: String,
}

pub(super) async fn unlink(
    permit: Permit<may::ManageSso>,
    front: Front,
    Id(id): Id<IdpId>,
    parts: Parts,
    Form(linked): Form<Linked>,
) -> Response {
    let path = match MemberId::parse(&linked.member) {
        Some(member) => format!("/accounts/{}/members/{member}", permit.account().slug),
        None => return problem::answer(Stop::Unknown, &parts),
    };
    match sso::unlink(&permit, &id, &linked.subject).await {
        Ok(()) => front.go(&path, "The link is gone. Whoever comes by it proves themselves once more.").await,
        Err(stop) => problem::answer(stop, &parts),
    }
}
