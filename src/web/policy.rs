//! What browsers are told of pages: what one may load, run and be framed by, and where its forms lead.

use axum::http::HeaderValue;

/// No page loads, runs or frames anything but what this server serves.
pub(super) const CONTENT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where a form of a page leads besides here: its policy lets that through, and nothing else of it.
#[derive(Clone)]
pub(super) struct LeadsTo(Option<String>);

impl LeadsTo {
    /// To the origin of this address; nowhere, where it is none.
    pub(super) fn new(address: &str) -> Self {
        let origin = url::Url::parse(address).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
        Self(origin.map(|origin| origin.ascii_serialization()))
    }

    /// The policy of that page.
    pub(super) fn policy(&self) -> Option<HeaderValue> {
        let policy = CONTENT.replace("form-action 'self'", &format!("form-action 'self' {}", self.0.as_ref()?));
        HeaderValue::from_str(&policy).ok()
    }
}
