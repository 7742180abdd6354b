//! The cookie: its name, how long it lasts, and the value of one that is to be.

use std::sync::{Arc, Mutex, PoisonError};

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

    /// The cookie as it is given to the browser.
    pub(super) fn build(&self, site: &Site) -> Cookie<'static> {
        self.built(name(site.face.secure), lifetime(site), site)
    }

    fn built(&self, name: &'static str, lasts: Duration, site: &Site) -> Cookie<'static> {
        let built = Cookie::build((name, self.0.to_string())).secure(site.face.secure).http_only(true).same_site(SameSite::Lax);
        built.path("/").max_age(lasts).build()
    }
}

/// How the name of the cookie ends by which a browser is known.
const BROWSER: &str = "-browser";
/// For how long a browser keeps what it is known by.
const KNOWN_FOR: Duration = Duration::milliseconds(lockouts::KNOWN_FOR.0);

/// The name of the cookie by which a browser is known that somebody has signed in with: it opens nothing.
const fn browser_name(secure: bool) -> &'static str {
    if secure { "__Host-frontdesk-browser" } else { "frontdesk-browser" }
}

/// The hash of what a browser is known by, if it says so.
pub(super) fn browser_hash(headers: &HeaderMap, secure: bool) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(Cookie::split_parse);
    let value = cookies.flatten().find(|cookie| cookie.name() == browser_name(secure))?.value().to_owned();
    // What cannot be one of ours is not looked for.
    value.parse::<Id>().ok().map(|id| cookie_key(&id))
}

/// The cookies that somebody gets who signs in: the session's, and the one by which the browser is known from now on.
pub(super) struct NewCookies {
    pub(super) session: NewCookie,
    browser: NewCookie,
}

impl NewCookies {
    pub(super) fn new() -> Self {
        Self { session: NewCookie::new(), browser: NewCookie::new() }
    }

    /// The hashes by which both will be known.
    pub(super) fn hashes(&self) -> Cookies {
        Cookies { session: self.session.hash(), browser: self.browser.hash() }
    }

    /// The browser's cookie as it is given to it.
    pub(super) fn build_browser(&self, site: &Site) -> Cookie<'static> {
        self.browser.built(browser_name(site.face.secure), KNOWN_FOR, site)
    }
}

/// The cookies that a request's answer gives to the browser, besides what the layer says about the one that came.
#[derive(Clone, Default)]
pub(super) struct Given(Arc<Mutex<Vec<Cookie<'static>>>>);

impl Given {
    pub(super) fn add(&self, cookie: Cookie<'static>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(cookie);
    }

    fn take(&self) -> Vec<Cookie<'static>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Gives the browser what a deed has made for it. It stands around the layer, which would take a cookie away that came with the
/// request and means nothing, though another one is in its place.
pub(super) async fn give(mut request: Request, next: Next) -> Response {
    let given = Given::default();
    request.extensions_mut().insert(given.clone());
    let mut response = next.run(request).await;
    let cookies = given.take();
    if cookies.iter().any(|cookie| !cookie.name().ends_with(BROWSER)) {
        response.headers_mut().remove(SET_COOKIE);
    } else if let Some(gone) = response.headers().get(SET_COOKIE).and_then(gone) {
        response.headers_mut().insert(SET_COOKIE, gone);
    }
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

/// The cookie that the layer takes away, which it does by name and path alone. Browsers heed nothing that is called `__Host-` and
/// is not `Secure`: they would keep it.
fn gone(said: &HeaderValue) -> Option<HeaderValue> {
    let mut cookie = Cookie::parse(said.to_str().ok()?).ok().filter(|cookie| cookie.value().is_empty())?;
    cookie.set_secure(cookie.name() == name(true));
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    HeaderValue::from_str(&cookie.to_string()).ok()
}
