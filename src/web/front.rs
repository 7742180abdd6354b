//! The front of a request: what the page is shown in, whichever page it is. Whether htmx asks, where we are, what the
//! last request wanted said, and the cookie.

use axum::{
    extract::FromRequestParts,
    http::{Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use tower_sessions::Session;

use super::{
    Site,
    page::{Page, page_before, render, see_other, wants_fragment},
};
use crate::{
    acts::{Person, Stop, sessions},
    store::{carries, cookie_key},
};

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
    session: Session,
}

impl FromRequestParts<Site> for Front {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, site).await.map_err(IntoResponse::into_response)?;
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
            session,
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
        if let Err(error) = self.session.insert(FLASH, say).await {
            tracing::warn!(%error, "a message for the next page was lost");
        }
        see_other(path)
    }

    /// What the last request wanted said, once, given what the cookie carries.
    pub(super) async fn flash(&self, carried: Option<&str>) -> Option<String> {
        // Most pages have nothing to say, and what is taken out is written back: that would be a commit for every page.
        carried.filter(|carried| !self.silent && carries(carried, FLASH))?;
        self.session.remove(FLASH).await.ok().flatten()
    }

    /// Makes a new cookie, whatever there was before, and answers the hash by which its session will be known.
    ///
    /// # Errors
    /// [`Stop::Busy`] when the database could not keep it.
    pub(super) async fn new_cookie(&self, now: i64) -> Result<String, Stop> {
        let made = async {
            // Not flush: that forgets the id in the cookie, but keeps it in the record and would use it again.
            self.session.cycle_id().await?;
            self.session.clear().await;
            self.session.insert("since", now).await?;
            self.session.save().await
        };
        match made.await.map(|()| self.session.id()) {
            Ok(Some(id)) => Ok(cookie_key(&id)),
            _ => Err(Stop::Busy),
        }
    }

    /// Gives the session that somebody is in a new cookie, after whatever makes it worth more, or a copy of the old one likely.
    ///
    /// # Errors
    /// When there could be none, or the session has ended meanwhile.
    pub(super) async fn renew_cookie(&self, person: &Person) -> Result<(), Stop> {
        sessions::rotate(person, &self.new_cookie(person.now().0).await?).await
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
