//! `/saml/{idp}/…`: what we are to a SAML provider, where it has browsers post its answers, and where they ask for what came of it.
//!
//! An answer comes from another site, so the browser sends none of our cookies with it and nothing of it is checked by origin: it stands by
//! what it is signed with and by what it answers. It is verified, waits for a minute, and the browser is sent to ask by itself.

use axum::{
    Extension, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};

use super::journey::settle;
use crate::{
    acts::{
        Caller, Stop, Visitor,
        sso::{
            Traveller, metadata,
            saml::{self, Posted},
        },
    },
    rules::ids::IdpId,
    web::{
        Site,
        cookies::NewCookies,
        form::{Id, Token},
        front::Front,
        page::see_other,
        permit::parameter,
        problem,
    },
};

/// The largest answer, in bytes: 256 KiB in base64, each sign of which may be written as three.
const MAX_ANSWER: usize = 1024 * 1024;

/// The one route that other sites post to, with neither cookies nor the check of origins around it.
pub(in crate::web) fn consumer() -> Router<Site> {
    Router::new().route(ACS, post(consume)).layer(DefaultBodyLimit::max(MAX_ANSWER))
}

/// Where answers are posted to.
const ACS: &str = "/saml/{id}/acs";

/// Whoever sends a browser here: nothing is known of them, and no cookie comes along.
struct Stranger(Visitor, Site);

impl FromRequestParts<Site> for Stranger {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let Extension(caller) = Extension::<Caller>::from_request_parts(parts, site).await.map_err(IntoResponse::into_response)?;
        Ok(Self(site.app.visitor(caller), site.clone()))
    }
}

async fn consume(Stranger(visitor, site): Stranger, mut parts: Parts, body: Bytes) -> Response {
    let id = parameter(&mut parts, &site, "id").await.and_then(|text| IdpId::parse(&text));
    let (Some(id), Some(posted)) = (id, posted(&body)) else {
        return problem::plain(StatusCode::BAD_REQUEST, "This is no answer of an identity provider.");
    };
    match saml::consume(&visitor, &id, posted, &site.face.base_url).await {
        Ok(secret) => see_other(&format!("/saml/back/{secret}")),
        Err(Stop::Faults(faults)) => problem::not_let_in(&faults, format!("/login/sso/{id}")),
        Err(stop) => problem::answer(stop, &parts),
    }
}

/// The fields of an answer, each there once at most; others are not looked at.
fn posted(body: &[u8]) -> Option<Posted> {
    let (mut response, mut relay_state) = (None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            "SAMLResponse" => &mut response,
            "RelayState" => &mut relay_state,
            _ => continue,
        };
        if field.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    Some(Posted { response: response?, relay_state: relay_state.unwrap_or_default() })
}

pub(super) async fn come_back(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    let done = async {
        let before = visitor.holder().await?;
        let cookies = NewCookies::new();
        // Whoever has not set out from here has no cookie yet by which they are known.
        let (browser, hashes) = (front.bind(), cookies.hashes());
        let traveller = Traveller { browser: &browser, before: before.as_ref(), cookies: &hashes };
        Ok(settle(&front, &cookies, saml::come_back(&visitor, &token, &traveller).await?))
    };
    match done.await {
        Ok(path) => see_other(&path),
        Err(Stop::Unknown) => problem::lost_on_the_way(),
        Err(Stop::Faults(faults)) => problem::not_let_in(&faults, "/login/sso".to_owned()),
        Err(stop) => problem::answer(stop, &parts),
    }
}

/// Our metadata for this provider, whether or not it is there: they say its own address, and by what it is signed what is asked of it.
pub(super) async fn metadata(visitor: Visitor, front: Front, Id(id): Id<IdpId>, parts: Parts) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml; charset=utf-8")];
    match metadata::ours(&visitor, &front.base_url, &id).await {
        Ok(xml) => (kind, xml).into_response(),
        Err(stop) => problem::answer(stop, &parts),
    }
}
