//! What each request passes on its way in, outermost first: an id, the visitor's address, the host's name, the log line,
//! a deadline; then, for pages, the check of origins and the cookie.

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

#[expect(clippy::disallowed_types, reason = "see receive")]
use axum::extract::State;
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use futures_util::FutureExt;
use tower_http::compression::CompressionLayer;

use super::{
    Site, api, assets, cookies,
    form::MAX_FORM,
    frame, health, origin,
    page::{Fragment, wants_fragment},
    policy::{self, LeadsTo},
    problem, routes, sso, typed,
};
use crate::{acts::Caller, rules::network};

/// The longest an answer may take. Every page is far quicker; what is not has lost its database. The listener hangs up five
/// seconds later, which is time to say so.
const DEADLINE: Duration = Duration::from_secs(55);
/// By this header a page says that it asks by itself, and that nobody is there for certain.
const BACKGROUND: &str = "x-frontdesk-background";
pub(super) fn build(site: Site) -> Router {
    let pages = routes::pages()
        .router
        .fallback(problem::no_such_page)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(site.clone(), frame::problems))
        .layer(middleware::from_fn_with_state(site.clone(), typed::travel))
        .layer(cookies::layer(&site))
        .layer(middleware::from_fn_with_state(site.clone(), cookies::give))
        .layer(origin::layer(&site.face))
        .layer(middleware::from_fn(origin::refuse_unmarked));

    let api = api::router(&format!("{}/api", site.face.base_url), &reference(&site.face.base_url));
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/static/{name}", get(assets::serve))
        .route("/api/", api::at_root(api.clone().with_state(site.clone())))
        .nest("/api", api)
        .merge(pages)
        .merge(sso::consumer())
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(site.clone(), receive))
        .with_state(site)
}

/// The address of what is said of the API to people, who find it with the pages.
fn reference(base_url: &str) -> String {
    format!("{base_url}{}", api::reference::PATH)
}

/// The same with nothing but the API, at its root. The pages stand at `desk`.
pub(super) fn build_api(site: Site, desk: &str) -> Router {
    api::router(&site.face.base_url, &reference(desk))
        .layer(CompressionLayer::new().gzip(true))
        .layer(middleware::from_fn(guard))
        .layer(middleware::from_fn_with_state(site.clone(), receive))
        .with_state(site)
}

/// Gives the request its id, finds out where it comes from, and writes its line in the log.
#[expect(clippy::disallowed_types, reason = "the door stands before handlers and their permits")]
async fn receive(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let began = std::time::Instant::now();
    let operation = site.app.operation();
    let method = request.method().clone();
    // The route, not the path: paths may carry secrets, logs must not.
    let path: Arc<str> = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).into();
    let address = client(&site, &request);
    let is_api = site.face.is_for_programs || api::is_under(request.uri().path());

    let mut response = match address {
        Err(network::Malformed) => {
            problem::plain(StatusCode::BAD_REQUEST, "A trusted proxy does not say in a way that can be read for which address it asks.")
        }
        Ok(_) if !host_is_known(&site, &request) => {
            problem::plain(StatusCode::MISDIRECTED_REQUEST, "This server does not go by that name.")
        }
        Ok(address) => {
            let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            let is_background = method == Method::GET && request.headers().contains_key(BACKGROUND);
            let caller = Caller { address, agent, request: operation.clone(), token_hash: None, browser_hash: None, is_background };
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
    };

    if let Some(problem::Plain(says)) = response.extensions_mut().remove::<problem::Plain>().filter(|_| is_api) {
        response = api::refusal(response.status(), &says, &operation);
    }
    let leads_to = response.extensions_mut().remove::<LeadsTo>();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(operation.as_str()) {
        headers.insert("x-request-id", value);
    }
    if site.face.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    protect(headers, leads_to.as_ref());
    if site.draining.has_begun() {
        // Clients hang up by themselves then, and none asks for more on a connection that is about to end.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis());
    metrics::counter!("frontdesk_requests_total", "method" => method_word(&method), "path" => path.to_string(), "status" => status.to_string()).increment(1);
    metrics::histogram!("frontdesk_request_seconds", "path" => path.to_string()).record(began.elapsed().as_secs_f64());
    let address = address.map_or_else(|_| "unreadable".to_owned(), |address| address.to_string());
    if status >= 500 {
        tracing::error!(request = %operation, %method, %path, status, ms, %address, "request");
    } else {
        tracing::info!(request = %operation, %method, %path, status, ms, %address, "request");
    }
    response
}

/// The method, of which a stranger could make up any number.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// Ends what takes too long, and turns a panic into one answer without touching other requests.
async fn guard(request: Request, next: Next) -> Response {
    let operation = request.extensions().get::<Caller>().map(|caller| caller.request.clone());
    let partial = wants_fragment(request.headers());
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(Ok(mut response)) => match response.extensions_mut().remove::<Fragment>() {
            Some(Fragment { title, main }) if partial => {
                (response.status(), Html(format!("<title>{title} · Frontdesk</title>{main}"))).into_response()
            }
            _ => response,
        },
        Ok(Err(_)) => {
            tracing::error!(?operation, "a request panicked");
            problem::broken(operation.as_ref())
        }
        Err(_) => problem::plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "This took too long. If you were changing something, look whether it was saved before you try again.",
        ),
    }
}

fn client(site: &Site, request: &Request) -> Result<std::net::IpAddr, network::Malformed> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(std::net::Ipv4Addr::LOCALHOST.into(), |info| info.0.ip());
    let mut forwarded = Vec::new();
    let header = site.face.forwarded_header;
    for value in request.headers().get_all(header.word()) {
        // What is not even text is not an address either.
        forwarded.push(value.to_str().unwrap_or("?"));
    }
    network::client(peer, header, &forwarded, &site.face.trusted_proxies)
}

/// Health is asked by machines that know an address only; everything else is asked by name.
fn host_is_known(site: &Site, request: &Request) -> bool {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return true;
    }
    let mut named = request.headers().get_all(header::HOST).iter().map(|value| value.to_str().unwrap_or("?")).collect::<Vec<_>>();
    // A request in absolute form names a host once more; every name must be ours.
    named.extend(request.uri().authority().map(axum::http::uri::Authority::as_str));
    !named.is_empty() && named.iter().all(|host| site.face.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)))
}

fn protect(headers: &mut axum::http::HeaderMap, leads_to: Option<&LeadsTo>) {
    const HEADERS: [(&str, &str); 7] = [
        ("content-security-policy", policy::CONTENT),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        // Not no-referrer: browsers would then send Origin: null with our own forms.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(value) = leads_to.and_then(LeadsTo::policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;
    use crate::rules::{ids::OperationId, time::Millis};

    /// No page panics, and none is made to; what would become of one that did is tried out here.
    #[tokio::test]
    async fn a_panic_is_one_answer_that_says_nothing_but_an_id() {
        let panics = || async { assert!(std::hint::black_box(false), "a secret") };
        let router: Router =
            Router::new().route("/panics", get(panics)).route("/fine", get(|| async { "fine" })).layer(middleware::from_fn(guard));
        let ask = async |path: &str| {
            let request = OperationId::new(Millis(1), [7; 16]);
            let caller = Caller {
                address: std::net::Ipv4Addr::LOCALHOST.into(),
                agent: String::new(),
                request,
                token_hash: None,
                browser_hash: None,
                is_background: false,
            };
            let request = Request::builder().uri(path).extension(caller).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            (status, String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap())
        };
        for _ in 0..3 {
            let (status, body) = ask("/panics").await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
            assert!(body.contains("op_") && !body.contains("a secret"), "{body}");
            assert_eq!(ask("/fine").await, (StatusCode::OK, "fine".to_owned()));
        }
    }
}
