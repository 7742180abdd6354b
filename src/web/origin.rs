//! Writes from other sites are refused: tower-http's check of `Sec-Fetch-Site` and `Origin`, and one thing more.

use axum::{
    extract::Request,
    http::{Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::{Face, problem};

const REFUSED: &str = "This request came from another site. If you sent it yourself, go back, reload the page and try again.";

/// What answers a refused request.
type Refuse = fn(ProtectionError) -> Response;

/// The check, which also knows the public origin, in case a proxy in front rewrites the host's name.
pub(super) fn layer(face: &Face) -> CsrfLayer<Refuse> {
    let layer = CsrfLayer::new();
    let layer = layer.clone().add_trusted_origin(&face.base_url).unwrap_or(layer);
    layer.with_rejection_response(|_| problem::plain(StatusCode::FORBIDDEN, REFUSED))
}

/// A change that carries a cookie but neither header comes from no browser of this decade: whatever sends it could be
/// anything, so it is refused.
pub(super) async fn refuse_unmarked(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let says = |name: &str| headers.get(name).is_some_and(|value| !value.is_empty());
    let marked = says("sec-fetch-site") || says("origin");
    if changes && !marked && headers.contains_key(header::COOKIE) {
        return problem::plain(StatusCode::FORBIDDEN, REFUSED);
    }
    next.run(request).await
}
