//! What was typed: forms, queries and ids in paths. These stand in for axum's own extractors, which answer with a line of
//! text where a person should see a page.

use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Site, permit::parameter, problem};
use crate::{
    acts::Stop,
    rules::{
        faults::Faults,
        ids::{BotId, EventId, IdpId, InvitationId, IpPolicyId, IpRuleId, MemberId, SessionId},
        social::Provider,
    },
};

/// The largest form, in bytes.
pub(super) const MAX_FORM: usize = 64 * 1024;

/// A form: a draft, exactly as it was typed. Unknown and repeated fields are refused.
pub(super) struct Form<D>(pub(super) D);

impl<D: DeserializeOwned> FromRequest<Site> for Form<D> {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(problem::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send this as a form."));
        }
        let too_large = || problem::plain(StatusCode::PAYLOAD_TOO_LARGE, "This form is too large.");
        // What says so itself need not be read.
        if usize::try_from(request.body().size_hint().lower()).is_ok_and(|least| least > MAX_FORM) {
            return Err(too_large());
        }
        let body = Bytes::from_request(request, site).await.map_err(|refusal| match refusal.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => problem::plain(StatusCode::REQUEST_TIMEOUT, "This form did not arrive whole."),
        })?;
        decode(&body).map(Self)
    }
}

/// A form with a file in it: names and texts of its fields, all of which are text here.
pub(super) struct Upload(pub(super) Vec<(String, String)>);

impl FromRequest<Site> for Upload {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let unread = || problem::plain(StatusCode::BAD_REQUEST, "This form cannot be read: it takes a file of text, of at most 64 KB.");
        let mut form = Multipart::from_request(request, site).await.map_err(|_| unread())?;
        let mut fields = Vec::new();
        while let Some(field) = form.next_field().await.map_err(|_| unread())? {
            let name = field.name().ok_or_else(unread)?.to_owned();
            let text = field.text().await.map_err(|_| unread())?;
            if text.contains('\0') {
                return Err(unread());
            }
            fields.push((name, text));
        }
        Ok(Self(fields))
    }
}

/// The part behind the question mark, as typed. What cannot be read is refused, what is missing is empty.
pub(super) struct Query<Q>(pub(super) Q);

impl<Q: DeserializeOwned> FromRequestParts<Site> for Query<Q> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Response> {
        decode(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

/// Where one wanted to go when a page came in between.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    pub(super) next: String,
}

/// An id in the path. One that cannot be an id belongs to nothing: 404, as for one that does not exist.
pub(super) struct Id<I>(pub(super) I);

macro_rules! ids_in_paths {
    ($($id:ty),*) => {
        $(
            impl FromRequestParts<Site> for Id<$id> {
                type Rejection = Response;

                async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
                    let text = parameter(parts, site, "id").await.unwrap_or_default();
                    <$id>::parse(&text).map(Self).ok_or_else(|| problem::answer(Stop::Unknown, parts))
                }
            }
        )*
    };
}

ids_in_paths!(BotId, EventId, IdpId, InvitationId, IpPolicyId, IpRuleId, MemberId, Provider, SessionId);

/// The secret of a link, as it stands in the path. Only its hash is ever compared.
pub(super) struct Token(pub(super) String);

impl FromRequestParts<Site> for Token {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        Ok(Self(parameter(parts, site, "token").await.unwrap_or_default()))
    }
}

#[expect(clippy::result_large_err, reason = "the error is the answer, made once a request at most")]
fn decode<D: DeserializeOwned>(bytes: &[u8]) -> Result<D, Response> {
    // No text holds NUL: PostgreSQL cannot keep it, and nobody types it.
    if bytes.contains(&0) || bytes.windows(3).any(|window| window == b"%00") {
        return Err(problem::plain(StatusCode::BAD_REQUEST, "Text cannot hold the character NUL."));
    }
    // What is no text is decoded to a mark that nobody types; it is refused instead of being kept in place of the text.
    if form_urlencoded::parse(bytes).any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
        return Err(problem::plain(StatusCode::BAD_REQUEST, "This request holds bytes that are no text."));
    }
    serde_urlencoded::from_bytes(bytes).map_err(|_| {
        problem::plain(StatusCode::BAD_REQUEST, "This request holds fields that the page does not have, or one of them twice.")
    })
}

/// Splits what stopped an act: faults go back into the form, the rest is answered with a page of its own.
pub(super) fn faults_of(stop: Stop) -> Result<Faults, Stop> {
    match stop {
        Stop::Faults(faults) => Ok(faults),
        other => Err(other),
    }
}
