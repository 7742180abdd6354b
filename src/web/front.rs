//! The front of a request: what the page is shown in, whichever page it is. Whether htmx asks, where we are, what the
//! last request wanted said, and the cookie.

use std::sync::{Arc, OnceLock};

use axum::{
    extract::FromRequestParts,
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use tower_sessions::{Session, session};

use super::{
    Site,
    cookies::{self, Given, NewCookie, NewCookies},
    page::{Page, internal, page_before, render, see_other, wants_fragment},
};
use crate::store::carries;

const FLASH: &str = "flash";

/// The front of a request.
pub(super) struct Front {
    /// The page one is on: what was asked for, or for a change the page of its form.
    pub(super) here: String,
    /// The path alone.
    pub(super) path: String,
    /// The origin to which links in letters and on the console lead.
    pub(super) base_url: String,
    partial: bool,
    silent: bool,
    site: Site,
    given: Given,
    /// By what the browser is known that has gone to an identity provider.
    away: OnceLock<NewCookie>,
    session: Session,
    /// In the place of the one that came with the request.
    renewed: OnceLock<Session>,
}

impl FromRequestParts<Site> for Front {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, site).await.map_err(IntoResponse::into_response)?;
        let given = parts.extensions.get::<Given>().cloned().ok_or_else(internal)?;
        Ok(Self {
            here: if parts.method == Method::GET {
                parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned()
            } else {
                page_before(&parts.headers).unwrap_or_else(|| "/accounts".to_owned())
            },
            path: parts.uri.path().to_owned(),
            base_url: site.face.base_url.clone(),
            partial: wants_fragment(&parts.headers),
            silent: false,
            site: site.clone(),
            away: cookies::away(&parts.headers, site.face.secure).map_or_else(OnceLock::new, OnceLock::from),
            given,
            session,
            renewed: OnceLock::new(),
        })
    }
}

impl Front {
    /// The same, leaving what the last request wanted said for the next page.
    pub(super) fn silent(self) -> Self {
        Self { silent: true, ..self }
    }

    /// Shows a page.
    pub(super) fn show(&self, page: &impl Page) -> Response {
        render(page, self.partial, StatusCode::OK)
    }

    /// Shows the page of a form again, with its faults.
    pub(super) fn show_again(&self, page: &impl Page) -> Response {
        render(page, self.partial, StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// Shows a page under another status.
    pub(super) fn show_as(&self, status: StatusCode, page: &impl Page) -> Response {
        render(page, self.partial, status)
    }

    /// Goes to another page, which will say this.
    pub(super) async fn go(&self, path: &str, say: &str) -> Response {
        let kept = self.session().insert(FLASH, say).await;
        self.keep(kept).await;
        see_other(path)
    }

    /// What the last request wanted said, once, given what the cookie carries.
    pub(super) async fn flash(&self, carried: Option<&str>) -> Option<String> {
        // Most pages have nothing to say, and what is taken out is written back: that would be a commit for every page.
        carried.filter(|carried| !self.silent && carries(carried, FLASH))?;
        let said = self.session().remove(FLASH).await.ok().flatten();
        self.keep(Ok(())).await;
        said
    }

    /// Keeps what was done to what the cookie carries: the layer saves the one that came with the request, and knows of no other.
    async fn keep(&self, done: Result<(), session::Error>) {
        let kept = match self.renewed.get() {
            Some(renewed) if done.is_ok() => renewed.save().await,
            _ => done,
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "a message for the next page was lost");
        }
    }

    /// Gives the browser a cookie that a deed has made or renewed. From here on it is the one that carries messages.
    pub(super) fn hand_out(&self, cookie: &NewCookie) {
        let store = Arc::new(self.site.app.cookies());
        if self.renewed.set(Session::new(Some(cookie.id()), store, Some(cookies::expiry(&self.site)))).is_ok() {
            self.given.session(cookie);
        }
    }

    /// The same for whoever has signed in, with the cookie by which the browser is known.
    pub(super) fn hand_out_all(&self, cookies: &NewCookies) {
        self.hand_out(&cookies.session);
        self.hand_out_browser(&cookies.browser);
    }

    /// Gives the browser only what it is known by.
    pub(super) fn hand_out_browser(&self, cookie: &NewCookie) {
        self.given.browser(cookie);
    }

    /// The hash of what this browser is known by that goes to an identity provider; it is made known for a while from now on.
    pub(super) fn bind(&self) -> String {
        let known = self.away.get_or_init(NewCookie::new);
        self.given.away(known);
        known.hash()
    }

    /// The same of one that has gone; of any other it is nothing that anybody is known by.
    pub(super) fn bound(&self) -> String {
        self.away.get().map(NewCookie::hash).unwrap_or_default()
    }

    fn session(&self) -> &Session {
        self.renewed.get().unwrap_or(&self.session)
    }

    /// Takes the cookie away.
    #[expect(clippy::disallowed_methods, reason = "nothing is saved after this")]
    pub(super) async fn drop_cookie(&self) {
        if let Err(error) = self.session.flush().await {
            // The session itself has ended; an empty cookie opens nothing.
            tracing::warn!(%error, "a cookie's contents could not be removed");
        }
    }
}
