//! Brings visitors, persons and permits into the signatures of handlers.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
    response::{IntoResponse, Response},
};
use tower_sessions::Session;

use super::{Site, cookies::browser_hash, page::internal, problem};
use crate::{
    acts::{Caller, Holder, Permit, Person, Visitor},
    rules::{accounts::is_slug, permissions::May},
    store::cookie_key,
};

/// Who is asking: what the door found out, and the cookie.
pub(super) async fn caller(parts: &mut Parts, site: &Site) -> Result<Caller, Response> {
    let session = Session::from_request_parts(parts, site).await.map_err(IntoResponse::into_response)?;
    let mut caller = parts.extensions.get::<Caller>().cloned().ok_or_else(internal)?;
    caller.browser_hash = browser_hash(&parts.headers, site.face.secure);
    caller.token_hash = session.id().map(|id| cookie_key(&id));
    Ok(caller)
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        Ok(site.app.visitor(caller(parts, site).await?))
    }
}

impl FromRequestParts<Site> for Holder {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let caller = caller(parts, site).await?;
        Self::ask(&site.app, caller).await.map_err(|stop| problem::answer(stop, parts))
    }
}

impl FromRequestParts<Site> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let caller = caller(parts, site).await?;
        Self::ask(&site.app, caller).await.map_err(|stop| problem::answer(stop, parts))
    }
}

impl<M: May> FromRequestParts<Site> for Permit<M> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let slug = parameter(parts, site, "slug").await.unwrap_or_default();
        // What cannot be a slug is looked up as nothing, so that the answer is the one for accounts that do not exist.
        let slug = if is_slug(&slug) { slug } else { String::new() };
        let caller = caller(parts, site).await?;
        Self::ask(&site.app, caller, &slug).await.map_err(|stop| problem::answer(stop, parts))
    }
}

/// A parameter of the route.
pub(super) async fn parameter(parts: &mut Parts, site: &Site, name: &str) -> Option<String> {
    let parameters = RawPathParams::from_request_parts(parts, site).await.ok()?;
    parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}
