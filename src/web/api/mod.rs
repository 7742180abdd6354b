//! The API: what programs do with a key (facts/ngrok.md §2). It speaks as the tunnel service's does where that has a resource of the
//! kind, so that its clients work unchanged, and in the same style where it has none. Each deed is the same act as the page's.
//!
//! It stands under `/api`, and at the root of a listener of its own for clients that cannot have a path in front.

mod account;
mod answers;
mod body;
mod bot_users;
mod check;
mod credentials;
mod document;
mod error;
mod events;
mod invitations;
mod ip_policies;
mod ip_policy_rules;
mod ip_restrictions;
mod lists;
mod members;
mod permit;
pub(super) mod reference;
mod roles;

use std::sync::Arc;

use answers::Base;
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use error::ApiError;
pub(super) use error::refusal;
pub(super) use permit::Pace;
use tower::ServiceExt;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use utoipa::{
    OpenApi,
    openapi::{
        Components, ExternalDocs,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use super::{Site, routes::Route};

/// The largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

#[derive(OpenApi)]
#[openapi(info(
    title = "Frontdesk API",
    description = "Who and what gets into an account: members, invitations, bot users and credentials, and what happened. Send an API key as a bearer in the header Authorization.",
    license(name = "Apache-2.0 OR MIT")
))]
struct Document;

/// Resources that the tunnel service's API has too: they demand its version header.
fn known() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .merge(bot_users::bots::routes())
        .merge(bot_users::services::routes())
        .merge(credentials::api_keys::routes())
        .merge(credentials::authtokens::routes())
        .merge(credentials::ssh_keys::routes())
        .merge(ip_policies::routes())
        .merge(ip_policy_rules::routes())
        .merge(ip_restrictions::routes())
}

/// Our own.
fn own() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(members::routes())
        .merge(invitations::routes())
        .merge(events::routes())
        .merge(ip_policies::own_routes())
}

/// Our own that programs ask all day long: it does not count against the account's pace.
fn unmetered() -> OpenApiRouter<Site> {
    check::routes()
}

async fn demand_version(request: Request, next: Next) -> Response {
    match permit::check_version(request.headers(), true) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn allow_version(request: Request, next: Next) -> Response {
    match permit::check_version(request.headers(), false) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// All of it, with its addresses beginning at `base`. For people it is described at `reference`.
pub(super) fn router(base: &str, reference: &str) -> Router<Site> {
    let known = known().layer(middleware::from_fn(demand_version));
    let unmetered = unmetered().layer(Extension(permit::Unmetered));
    let own = own().merge(unmetered).layer(middleware::from_fn(allow_version));
    let (router, _) = OpenApiRouter::new().merge(known).merge(own).split_for_parts();
    let document = Arc::new(document(base, reference));
    router
        .route("/openapi.json", get(move || async move { answers::json(StatusCode::OK, document.as_ref()) }))
        .fallback(|| async { ApiError::bad(crate::rules::codes::NO_SUCH_PATH, "There is no such path.") })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(Extension(Base(base.into())))
        .layer(middleware::from_fn(error::shape))
        .layer(cors())
}

/// The same API at its very root, which as a nested path would be found without a slash at its end only.
pub(super) fn at_root(api: Router) -> MethodRouter<Site> {
    any(move |mut request: Request| {
        let query = request.uri().query().map_or_else(|| "/".to_owned(), |query| format!("/?{query}"));
        if let Ok(uri) = query.parse() {
            *request.uri_mut() = uri;
        }
        api.clone().oneshot(request)
    })
}

/// Scripts of other sites may use it with a key of theirs: no cookie counts here.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::mirror_request())
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .expose_headers([HeaderName::from_static("ngrok-operation-id"), header::RETRY_AFTER])
        .allow_credentials(true)
        .max_age(std::time::Duration::from_mins(10))
}

/// The document, with what no handler says by itself.
fn document(base: &str, reference: &str) -> utoipa::openapi::OpenApi {
    let rooms = [known(), own(), unmetered()];
    let all = rooms.into_iter().fold(OpenApiRouter::with_openapi(Document::openapi()), OpenApiRouter::merge);
    let mut document = all.into_openapi();
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.extend(answers::error_schemas());
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key")).build());
    components.add_security_scheme("key", bearer);
    document.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
    // Handlers are called the same in each room.
    for (path, item) in &mut document.paths.paths {
        let resource = path.trim_matches('/').split('/').next().unwrap_or_default().to_owned();
        for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
            let own = operation.operation_id.take().unwrap_or_default();
            operation.operation_id = Some(format!("{resource}_{own}").trim_start_matches('_').to_owned());
        }
    }
    document::complete(&mut document);
    document.external_docs = Some(ExternalDocs::new(reference));
    document.servers = Some(vec![utoipa::openapi::Server::new(base)]);
    document
}

/// The resources that demand the version header, each as the first part of its paths.
fn versioned() -> Vec<String> {
    let mut resources: Vec<String> = Vec::new();
    for path in known().into_openapi().paths.paths.into_keys() {
        let resource = path.split('/').take(2).collect::<Vec<_>>().join("/");
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    resources
}

/// Whether a path is one of the API; the reference is a page.
pub(super) fn is_under(path: &str) -> bool {
    path != reference::PATH && (path == "/api" || path.starts_with("/api/"))
}

/// Every path and method there is.
#[must_use]
pub fn all() -> Vec<Route> {
    let document = known().merge(own()).merge(unmetered()).into_openapi();
    let mut routes = Vec::new();
    for (path, item) in document.paths.paths {
        let methods = [
            ("GET", item.get.is_some()),
            ("POST", item.post.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ];
        routes.extend(methods.into_iter().filter(|(_, is)| *is).map(|(method, _)| (method, path.clone())));
    }
    routes.into_iter().map(|(method, path)| Route { method, path: path.leak() }).collect()
}
