//! What handlers answer, and how the document describes it.

use std::collections::BTreeMap;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    IntoResponses, PartialSchema, ToSchema,
    openapi::{ContentBuilder, RefOr, Response as Described, ResponseBuilder, schema::Schema},
};

use super::error::{ApiError, ErrorBody};
use crate::web::Site;

/// An answer as JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // Nothing that is answered has keys that are no text, which is what it would fail for.
    let text = serde_json::to_string(body).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// What there is.
pub(super) struct Found<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Found<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

/// What there is now.
pub(super) struct Created<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &self.0)
    }
}

/// Another resource, which is named.
#[derive(Serialize, ToSchema)]
pub(super) struct Ref {
    id: String,
    uri: String,
}

impl Ref {
    /// The one with this id, in the list at this path.
    pub(super) fn of(base: &Base, list: &str, id: &str) -> Self {
        Self { id: id.to_owned(), uri: base.uri(&format!("{list}/{id}")) }
    }
}

/// It is gone.
pub(super) struct Gone;

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

/// How anything may be refused.
pub(super) struct Errors;

impl IntoResponses for Errors {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let all = [
            ("400", "Something is wrong with what was asked, or it cannot be done"),
            ("401", "The key is missing, or opens nothing"),
            ("403", "The key's owner may not do this"),
            ("404", "There is no such resource"),
            ("405", "The path does not take this method"),
            ("413", "The body is too large"),
            ("421", "The server does not go by the name that it was asked by"),
            ("429", "Too many requests within a minute"),
            ("500", "A mistake of ours"),
            ("503", "Busy at this moment, or it took too long"),
        ];
        let described = |says: &str| {
            let schema = RefOr::Ref(utoipa::openapi::Ref::from_schema_name(ErrorBody::name()));
            RefOr::T(
                ResponseBuilder::new()
                    .description(says)
                    .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
                    .build(),
            )
        };
        let too_long = RefOr::T(ResponseBuilder::new().description("The head of the request is too long").build());
        let all = all.into_iter().map(|(status, says)| (status.to_owned(), described(says)));
        all.chain([("431".to_owned(), too_long)]).collect()
    }
}

/// Lets the document know the shape of errors, which no handler names as a body.
pub(super) fn error_schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut all = vec![(ErrorBody::name().to_string(), ErrorBody::schema())];
    ErrorBody::schemas(&mut all);
    all
}

/// Where the API stands, as answers name it: scheme, host and path, without a slash at the end.
#[derive(Clone)]
pub(super) struct Base(pub(super) std::sync::Arc<str>);

impl FromRequestParts<Site> for Base {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::not_found)
    }
}

impl Base {
    /// The address of what stands under a path.
    pub(super) fn uri(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}
