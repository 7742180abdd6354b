//! `…/settings/sso/{id}/test`: going to a provider as an administrator, and what came of it.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde_json::Value;

use super::journey::go;
use crate::{
    acts::{
        Permit, Stop,
        sso::{
            arrivals::View,
            door::{self, Trip},
            leaving,
            testing::{self, Outcome},
        },
    },
    rules::{ids::IdpId, permissions::may},
    web::{
        form::{Id, Token},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

pub(super) async fn begin(permit: Permit<may::ManageSso>, front: Front, Id(idp): Id<IdpId>, parts: Parts) -> Response {
    let trip = Trip { idp: &idp, next: "", base_url: &front.base_url, browser: &front.bind(), is_anew: true };
    let found = match door::provider_of(&permit, &idp).await {
        Ok(found) => found,
        Err(stop) => return problem::answer(stop, &parts),
    };
    match leaving::test(&permit, &trip).await {
        Ok(way) => go(&front, &found, way),
        Err(stop) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "sso/tested.html", blocks = ["title", "main"])]
struct Tested {
    shell: Shell,
    slug: String,
    path: String,
    idp: IdpId,
    description: String,
    outcome: Outcome,
    /// What the provider said: where, name and value.
    claims: Vec<(&'static str, String, String)>,
}
page::page!(Tested);

pub(super) async fn show(permit: Permit<may::ManageSso>, front: Front, Id(idp): Id<IdpId>, Token(token): Token, parts: Parts) -> Response {
    let View { door, arrived, .. } = match testing::look_at_test(&permit, &token, &front.bound()).await {
        Ok(view) if view.door.idp.id == idp => view,
        Ok(_) | Err(Stop::Unknown) => return problem::lost_on_the_way(),
        Err(stop) => return problem::answer(stop, &parts),
    };
    let outcome = match testing::outcome(&permit, &door, &arrived).await {
        Ok(outcome) => outcome,
        Err(stop) => return problem::answer(stop, &parts),
    };
    let claims = arrived.claims.as_ref().map(claims_of).unwrap_or_default();
    front.show(&Tested {
        shell: Shell::of_account(&permit, &front).await,
        slug: permit.account().slug.clone(),
        path: format!("/welcome/{token}"),
        description: door.idp.description.clone(),
        idp,
        outcome,
        claims,
    })
}

/// All that a provider said: where, name and value.
fn claims_of(all: &Value) -> Vec<(&'static str, String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let of = |place: &str, called: &'static str| {
        let found = all.get(place).and_then(Value::as_object).into_iter().flatten();
        found.map(|(name, value)| (called, name.clone(), text(value))).collect::<Vec<_>>()
    };
    [of("id_token", "ID token"), of("userinfo", "Userinfo"), of("assertion", "Assertion"), of("attributes", "Attribute")].concat()
}
