//! Pages: one template each. htmx is answered with the `main` block of the same one, everybody else with the whole.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};

/// Bytes that almost every page has room in.
const PAGE: usize = 48 * 1024;

/// A page's template: what the derive makes of it, under names that [`super::front::Front::show`] knows.
pub(super) trait Page: Template {
    /// The title, without the account's and the product's name.
    fn title_block(&self) -> askama::Result<String>;
    /// What stands inside `<main>`.
    fn main_block(&self) -> askama::Result<String>;
}

/// Makes a template a page: `page!(Events)`, or `page!(Events<'_>)`.
macro_rules! page {
    ($name:ty) => {
        impl $crate::web::page::Page for $name {
            fn title_block(&self) -> askama::Result<String> {
                self.as_title().render()
            }
            fn main_block(&self) -> askama::Result<String> {
                self.as_main().render()
            }
        }
    };
}
pub(super) use page;

/// Renders the whole page, or just its main part.
pub(super) fn render(page: &impl Page, partial: bool, status: StatusCode) -> Response {
    let html = if partial {
        // htmx takes the title out of the fragment and gives it to the window.
        page.title_block().and_then(|title| Ok(format!("<title>{}</title>{}", title.trim(), page.main_block()?)))
    } else {
        // Room for a page with a long list, which would otherwise be copied as it grows.
        let mut html = String::with_capacity(PAGE);
        page.render_into(&mut html).map(|()| html)
    };
    match html {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::VARY, HeaderValue::from_static("HX-Request, HX-Request-Type")),
            ];
            (status, headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            internal()
        }
    }
}

/// The main part of a page that was rendered whole, for when it turns out that htmx asked.
#[derive(Clone)]
pub(super) struct Fragment {
    pub(super) title: String,
    pub(super) main: String,
}

/// Whether htmx wants to swap a part of the page. When it restores history it wants the whole.
pub(super) fn wants_fragment(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|header| header == value);
    is("hx-request", "true") && is("hx-request-type", "partial") && !is("hx-history-restore-request", "true")
}

/// Goes to another page. Browsers keep no copy of where they were.
pub(super) fn see_other(path: &str) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(path)).into_response()
}

/// A path with a query, in which what is empty is left out.
pub(super) fn link(path: &str, query: &[(&str, &str)]) -> String {
    let mut written = form_urlencoded::Serializer::new(String::new());
    written.extend_pairs(query.iter().filter(|(_, value)| !value.is_empty()));
    let written = written.finish();
    if written.is_empty() { path.to_owned() } else { format!("{path}?{written}") }
}

/// A path that leads on to another one, which may be empty.
pub(super) fn with_next(path: &str, next: &str) -> String {
    link(path, &[("next", next)])
}

/// For what can only fail by a mistake of ours, and before there is a page to say so.
pub(super) fn internal() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The page whose form was sent, if it is one of ours.
pub(super) fn page_before(headers: &HeaderMap) -> Option<String> {
    let referer = headers.get(header::REFERER)?.to_str().ok()?.parse::<Uri>().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    (referer.authority()?.as_str() == host).then(|| referer.path_and_query().map(|path| path.as_str().to_owned()))?
}
