//! `/me/idle`: how many seconds a session has left, which pages ask by themselves to warn whoever sits before them, and how whoever
//! is there says so. Nothing depends on it.

use axum::{
    http::request::Parts,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{form::Query, problem, routes::Routes};
use crate::{
    acts::{Stop, Visitor},
    rules::{accounts::is_slug, sessions::End, time::Span},
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/me/idle", left).post("/me/idle", stay)
}

/// The account whose page it is, if it is one's.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    account: String,
}

impl Asked {
    fn slug(&self) -> &str {
        if is_slug(&self.account) { &self.account } else { "" }
    }
}

async fn left(visitor: Visitor, Query(asked): Query<Asked>, parts: Parts) -> Response {
    answer(visitor.left(asked.slug()).await, &parts)
}

async fn stay(visitor: Visitor, Query(asked): Query<Asked>, parts: Parts) -> Response {
    answer(Box::pin(visitor.stay(asked.slug())).await, &parts)
}

/// Seconds, and behind a nought why it is over.
fn answer(left: Result<Result<Span, End>, Stop>, parts: &Parts) -> Response {
    match left {
        Ok(Ok(left)) => (left.0 / 1_000).to_string().into_response(),
        Ok(Err(end)) => format!("0 {}", if end.is_of_time() { "idle" } else { "ended" }).into_response(),
        Err(stop) => problem::answer(stop, parts),
    }
}
