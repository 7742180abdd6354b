//! What was typed is not lost where somebody has to prove again who they are, or to sign in again: it waits, and the page of its
//! form is shown with it afterwards. Pages and handlers need not know; this stands around them all.

mod fill;
mod tee;

#[expect(clippy::disallowed_types, reason = "a middleware finds out by itself who is asking")]
use axum::extract::State;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::Response,
};
use tee::Tee;

use super::{Site, permit::caller, problem::Led, routes::page_of};
use crate::{acts::typed, rules::typed::Typed};

/// The name of the key in a query.
const KEY: &str = "typed";

/// The largest page that is filled in, in bytes; all are far smaller.
const MAX_PAGE: usize = 8 * 1024 * 1024;

#[expect(clippy::disallowed_types, reason = "a middleware finds out by itself who is asking")]
pub(super) async fn travel(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match parts.method {
        Method::POST => {
            let (body, tee) = Tee::new(body);
            let response = next.run(Request::from_parts(parts.clone(), body)).await;
            let Some(led) = response.extensions().get::<Led>().cloned() else { return response };
            lead(&site, &mut parts, led, tee).await
        }
        Method::GET => {
            let Some(key) = take_key(&mut parts) else { return next.run(Request::from_parts(parts, body)).await };
            let mut asked = parts.clone();
            let response = next.run(Request::from_parts(parts, body)).await;
            show(&site, &mut asked, &key, response).await
        }
        _ => next.run(Request::from_parts(parts, body)).await,
    }
}

/// Leads to where something is to be proven, by way of which one comes back to the page of the form, with what was typed.
async fn lead(site: &Site, parts: &mut Parts, mut led: Led, tee: Tee) -> Response {
    // A browser that does not say where the form stood still says where it went.
    let next = led.next.take().unwrap_or_else(|| parts.uri.path().to_owned());
    let (path, query) = next.split_once('?').map_or((next.as_str(), None), |(path, query)| (path, Some(query)));
    let page = page_of(path);
    if page.is_empty() {
        return led.answer(&parts.headers);
    }
    // The query belongs to the page that was shown, and not to the one above it.
    let query = query.filter(|_| page == path).map(without_key).filter(|query| !query.is_empty());
    let back = query.map_or_else(|| page.to_owned(), |query| format!("{page}?{query}"));
    led.next = Some(match keep(site, parts, tee).await {
        Some(key) => with_key(&back, &key),
        None => back,
    });
    led.answer(&parts.headers)
}

fn with_key(path: &str, key: &str) -> String {
    format!("{path}{}{KEY}={key}", if path.contains('?') { '&' } else { '?' })
}

async fn keep(site: &Site, parts: &mut Parts, tee: Tee) -> Option<String> {
    let body = tee.whole().await?;
    let typed = Typed::new(parts.uri.path(), form_urlencoded::parse(&body).into_owned())?;
    let visitor = site.app.visitor(caller(parts, site).await.ok()?);
    // Whoever cannot be spared typing it again is led on all the same.
    typed::keep(&visitor, &typed).await.unwrap_or_else(|stop| {
        tracing::warn!(?stop, "what was typed could not be kept");
        None
    })
}

/// Takes the key out of what is asked for, so that pages see the queries that they know.
fn take_key(parts: &mut Parts) -> Option<String> {
    let query = parts.uri.query()?;
    let key = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == KEY)?.1.into_owned();
    let (path, rest) = (parts.uri.path(), without_key(query));
    let uri = if rest.is_empty() { path.to_owned() } else { format!("{path}?{rest}") };
    parts.uri = uri.parse::<Uri>().ok()?;
    Some(key)
}

fn without_key(query: &str) -> String {
    query.split('&').filter(|pair| pair.split('=').next() != Some(KEY)).collect::<Vec<_>>().join("&")
}

/// The page with what was typed, if it is a page, and was typed by whoever asks.
async fn show(site: &Site, parts: &mut Parts, key: &str, response: Response) -> Response {
    // Whoever has to prove something else before comes back with the key as well.
    if let Some(mut led) = response.extensions().get::<Led>().cloned() {
        led.next = led.next.map(|next| with_key(&next, key));
        return led.answer(&parts.headers);
    }
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if response.status() != StatusCode::OK || !is_page {
        return response;
    }
    let Ok(caller) = caller(parts, site).await else { return response };
    let Ok(Some(typed)) = typed::find(&site.app.visitor(caller), key).await else { return response };
    let (mut head, body) = response.into_parts();
    let Ok(page) = to_bytes(body, MAX_PAGE).await else { return super::page::internal() };
    let filled = std::str::from_utf8(&page).ok().and_then(|page| fill::fill(page, &typed));
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, filled.map_or_else(|| Body::from(page), Body::from))
}
