// compiles: a handler as it should be. If this fails, the other cases prove nothing.
use axum::{http::request::Parts, response::Response};

use super::{front::Front, problem};
use crate::{acts::Permit, rules::permissions::may};

pub(super) async fn count(permit: Permit<may::ReadMembers>, front: Front, parts: Parts) -> Response {
    match permit.read().members_by_kind(permit.now()).await {
        Ok(members) => front.go("/accounts", &members.members.to_string()).await,
        Err(error) => problem::answer(error.into(), &parts),
    }
}

const _: fn() = || {
    let _ = super::routes::Routes::new().get("/accounts/{slug}/count", count);
};
