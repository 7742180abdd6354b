//! The cookie: its name, how long it lasts, and the value of one that is to be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[expect(clippy::disallowed_types, reason = "a middleware stands before handlers and their permits")]
use axum::extract::State;
use axum::{
    extract::Request,
    http::{
        HeaderMap, HeaderValue,
        header::{COOKIE, SET_COOKIE},
    },
    middleware::Next,
    response::Response,
};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{Cookie, SameSite, time::Duration},
    session::Id,
};

use super::Site;
use crate::{
    acts::sessions::Cookies,
    rules::lockouts,
    store::{CookieStore, cookie_key},
};

/// The name of the cookie: bound to the host under TLS.
pub(super) const fn name(secure: bool) -> &'static str {
    if secure { "__Host-frontdesk" } else { "frontdesk" }
}

/// Reads and writes the cookie, and what it carries.
pub(super) fn layer(site: &Site) -> SessionManagerLayer<CookieStore> {
    SessionManagerLayer::new(site.app.cookies())
        .with_name(name(site.face.secure))
        .with_secure(site.face.secure)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(expiry(site))
}

/// For how long it lasts.
pub(super) fn expiry(site: &Site) -> Expiry {
    Expiry::OnInactivity(lifetime(site))
}

fn lifetime(site: &Site) -> Duration {
    Duration::seconds(site.app.session_limits().lifetime.0 / 1_000)
}

/// The value of a cookie to be. Nobody has it until the deed is done that gives it to a session.
pub(super) struct NewCookie(Id);

impl NewCookie {
    pub(super) fn new() -> Self {
        Self(Id::default())
    }

    /// The hash by which its session will be known.
    pub(super) fn hash(&self) -> String {
        cookie_key(&self.0)
    }

    /// The value.
    pub(super) const fn id(&self) -> Id {
        self.0
    }
}

/// A cookie of ours: no script reads it, and no other site sends it.
fn built(name: &'static str, value: String, lasts: Duration, site: &Site) -> Cookie<'static> {
    let built = Cookie::build((name, value)).secure(site.face.secure).http_only(true).same_site(SameSite::Lax);
    built.path("/").max_age(lasts).build()
}

/// For how long a browser keeps what it is known by.
const KNOWN_FOR: Duration = Duration::milliseconds(lockouts::KNOWN_FOR.0);

/// The name of the cookie by which a browser is known that somebody has signed in with: it opens nothing.
const fn browser_name(secure: bool) -> &'static str {
    if secure { "__Host-frontdesk-browser" } else { "frontdesk-browser" }
}

/// The hash of what a browser is known by, if it says so.
pub(super) fn browser_hash(headers: &HeaderMap, secure: bool) -> Option<String> {
    valued(headers, browser_name(secure)).map(|id| cookie_key(&id))
}

/// For how long a browser is known that has gone to an identity provider.
const AWAY_FOR: Duration = Duration::hours(2);

/// The name of the cookie by which a browser is known that has gone to an identity provider, so that nobody else comes back in its place.
const fn away_name(secure: bool) -> &'static str {
    if secure { "__Host-frontdesk-away" } else { "frontdesk-away" }
}

/// By what a browser is known that has gone away, if it says so.
pub(super) fn away(headers: &HeaderMap, secure: bool) -> Option<NewCookie> {
    valued(headers, away_name(secure)).map(NewCookie)
}

/// The value of a cookie of ours. What cannot be one is not looked for.
fn valued(headers: &HeaderMap, name: &str) -> Option<Id> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(Cookie::split_parse);
    cookies.flatten().find(|cookie| cookie.name() == name)?.value().parse().ok()
}

/// The cookies that somebody gets who signs in: the session's, and the one by which the browser is known from now on.
pub(super) struct NewCookies {
    pub(super) session: NewCookie,
    pub(super) browser: NewCookie,
}

impl NewCookies {
    pub(super) fn new() -> Self {
        Self { session: NewCookie::new(), browser: NewCookie::new() }
    }

    /// The hashes by which both will be known.
    pub(super) fn hashes(&self) -> Cookies {
        Cookies { session: self.session.hash(), browser: self.browser.hash() }
    }
}

/// The cookies that a request's answer gives to the browser, besides what the layer says about the one that came.
#[derive(Clone, Default)]
pub(super) struct Given(Arc<Mutex<Gifts>>);

#[derive(Default)]
struct Gifts {
    session: Option<Id>,
    browser: Option<Id>,
    away: Option<Id>,
}

impl Given {
    pub(super) fn session(&self, cookie: &NewCookie) {
        self.gifts().session = Some(cookie.0);
    }

    pub(super) fn browser(&self, cookie: &NewCookie) {
        self.gifts().browser = Some(cookie.0);
    }

    pub(super) fn away(&self, cookie: &NewCookie) {
        self.gifts().away = Some(cookie.0);
    }

    fn gifts(&self) -> MutexGuard<'_, Gifts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the browser what a deed has made for it. It stands around the layer, which would take a cookie away that came with the
/// request and means nothing, though another one is in its place; and which takes one away by its name and path alone, where
/// browsers heed nothing that is called `__Host-` and is not `Secure`.
#[expect(clippy::disallowed_types, reason = "a middleware stands before handlers and their permits")]
pub(super) async fn give(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let given = Given::default();
    request.extensions_mut().insert(given.clone());
    let mut response = next.run(request).await;
    let Gifts { session, browser, away } = std::mem::take(&mut *given.gifts());
    let headers = response.headers_mut();
    let session = session.map(|id| built(name(site.face.secure), id.to_string(), lifetime(&site), &site));
    let gone = || is_taken_away(headers).then(|| built(name(site.face.secure), String::new(), Duration::ZERO, &site));
    if let Some(value) = session.or_else(gone).as_ref().and_then(header) {
        headers.insert(SET_COOKIE, value);
    }
    let browser = browser.map(|id| built(browser_name(site.face.secure), id.to_string(), KNOWN_FOR, &site));
    if let Some(value) = browser.as_ref().and_then(header) {
        headers.append(SET_COOKIE, value);
    }
    let away = away.map(|id| built(away_name(site.face.secure), id.to_string(), AWAY_FOR, &site));
    if let Some(value) = away.as_ref().and_then(header) {
        headers.append(SET_COOKIE, value);
    }
    response
}

/// Whether the layer takes the cookie away.
fn is_taken_away(headers: &HeaderMap) -> bool {
    let said = headers.get(SET_COOKIE).and_then(|said| Cookie::parse(said.to_str().ok()?).ok());
    said.is_some_and(|cookie| cookie.value().is_empty())
}

fn header(cookie: &Cookie<'_>) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie.to_string()).ok()
}
