//! What programs send: bodies, and ids in paths.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use super::error::ApiError;
use crate::{
    rules::{
        codes,
        credentials::{CredentialId, Kind},
        ids::{BotId, EventId, InvitationId, IpPolicyId, IpRestrictionId, IpRuleId, MemberId},
        time::Millis,
    },
    web::{Site, permit::parameter},
};

/// Marks requests whose query somebody reads.
#[derive(Clone, Copy)]
pub(super) struct QueryRead;

/// What stands behind the question mark under these names, each once at most, and under no others.
pub(super) fn parameters<const N: usize>(query: &str, names: [&str; N]) -> Result<[Option<String>; N], ApiError> {
    let mut said = [const { None }; N];
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name.contains('\u{fffd}') || value.contains(['\u{fffd}', '\0']) {
            return Err(ApiError::bad(codes::QUERY, "What stands behind the question mark cannot be read."));
        }
        let Some(at) = names.iter().position(|known| *known == name) else {
            let known = if N == 0 { "none here".to_owned() } else { names.join(", ") };
            return Err(ApiError::bad(codes::UNKNOWN_PARAMETER, format!("There is no such parameter. There are: {known}.")));
        };
        if said[at].replace(value.into_owned()).is_some() {
            return Err(ApiError::bad(codes::PARAMETER_TWICE, format!("The parameter {name} is given twice.")));
        }
    }
    Ok(said)
}

/// That nothing stands behind the question mark where nobody reads it: what is ignored is taken for done.
fn demand_no_query(request: &Request) -> Result<(), ApiError> {
    match request.uri().query() {
        Some(query) if request.extensions().get::<QueryRead>().is_none() => parameters(query, []).map(|[]| ()),
        _ => Ok(()),
    }
}

/// A JSON object, in which no field is unknown or given twice.
pub(super) struct Body<D>(pub(super) D);

impl<D: DeserializeOwned> FromRequest<Site> for Body<D> {
    type Rejection = ApiError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, ApiError> {
        let body = whole(request, site, "application/json").await?;
        // A list would be taken for the fields in their order.
        if body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| byte.is_ascii_punctuation() && *byte != b'{') {
            return Err(ApiError::bad(codes::BAD_VALUE, "The body has to be a JSON object."));
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let says = error.to_string();
            let code = match error.classify() {
                serde_json::error::Category::Data if says.starts_with("unknown field") => codes::UNKNOWN_FIELD,
                serde_json::error::Category::Data if !says.starts_with("duplicate field") => codes::BAD_VALUE,
                _ => codes::BODY_UNPARSED,
            };
            ApiError::bad(code, format!("The body cannot be read: {says}."))
        })
    }
}

/// A body that comes without a query that nobody reads, says that it is of this type, arrived whole, and is no larger than allowed.
pub(super) async fn whole(request: Request, site: &Site, wanted: &str) -> Result<Bytes, ApiError> {
    demand_no_query(&request)?;
    let Some(said) = request.headers().get(header::CONTENT_TYPE) else {
        return Err(ApiError::bad(codes::NO_CONTENT_TYPE, format!("Send the header Content-Type: {wanted}")));
    };
    let said = said.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !said.eq_ignore_ascii_case(wanted) {
        return Err(ApiError::bad(codes::CONTENT_TYPE, format!("The body has to be {wanted}.")));
    }
    Bytes::from_request(request, site).await.map_err(|refusal| match refusal.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, codes::BODY_UNREAD, "The body is too large."),
        _ => ApiError::bad(codes::BODY_UNREAD, "The body did not arrive whole."),
    })
}

/// That nothing came where nothing belongs.
pub(super) struct NoBody;

impl FromRequest<Site> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, site: &Site) -> Result<Self, ApiError> {
        demand_no_query(&request)?;
        let body = Bytes::from_request(request, site).await.unwrap_or_else(|_| Bytes::from_static(b"?"));
        if body.is_empty() { Ok(Self) } else { Err(ApiError::bad(codes::BODY_UNWANTED, "This takes no body.")) }
    }
}

/// An id in the path. One of another kind says so.
pub(super) struct Id<I>(pub(super) I);

/// What ids in paths are read as.
pub(super) trait PathId: Sized {
    fn read(text: &str) -> Option<Self>;
}

macro_rules! path_ids {
    ($($id:ty = $parse:path;)*) => {
        $(impl PathId for $id {
            fn read(text: &str) -> Option<Self> {
                $parse(text)
            }
        })*
    };
}

path_ids! {
    BotId = BotId::parse_any;
    MemberId = MemberId::parse;
    InvitationId = InvitationId::parse;
    EventId = EventId::parse;
    IpPolicyId = IpPolicyId::parse;
    IpRuleId = IpRuleId::parse;
    IpRestrictionId = IpRestrictionId::parse;
}

impl<I: PathId> FromRequestParts<Site> for Id<I> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        let text = parameter(parts, site, "id").await.unwrap_or_default();
        I::read(&text).map(Self).ok_or_else(|| no_id(&text))
    }
}

/// The id of a credential in the path.
pub(super) struct IdText(pub(super) String);

impl FromRequestParts<Site> for IdText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        Ok(Self(parameter(parts, site, "id").await.unwrap_or_default()))
    }
}

impl IdText {
    /// The id of a credential of this kind.
    pub(super) fn of(&self, kind: Kind) -> Result<CredentialId, ApiError> {
        CredentialId::parse(kind, &self.0).ok_or_else(|| no_id(&self.0))
    }
}

/// What cannot be an id of this kind belongs to nothing; that it is one of another kind, or none at all, helps whoever mixed them up.
fn no_id(text: &str) -> ApiError {
    let has_shape = text.rsplit_once('_').is_some_and(|(_, rest)| crate::rules::ids::is_ksuid(rest));
    let (code, says) = if has_shape {
        (codes::WRONG_PREFIX, "This is the id of another kind of resource.")
    } else {
        (codes::NOT_AN_ID, "This is not the id of a resource.")
    };
    ApiError::new(StatusCode::NOT_FOUND, code, says)
}

/// A moment that may be taken away: missing, or null, or RFC 3339.
#[expect(clippy::option_option, reason = "what is missing stays, and null takes away")]
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Millis>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = |text: String| Millis::parse(&text).ok_or_else(|| serde::de::Error::custom("this is not a moment as in RFC 3339"));
    text.map(read).transpose().map(Some)
}

/// That the body names another thing than the path.
pub(super) fn other_id() -> ApiError {
    ApiError::bad(codes::BAD_VALUE, "The id in the body is another one than the id in the path.")
}
