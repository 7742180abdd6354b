//! For machines that watch over this one: is the process alive, and may it be sent visitors?

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

#[expect(clippy::disallowed_types, reason = "machines ask for health without being anybody")]
use axum::extract::State;
use axum::http::StatusCode;

use super::Site;

/// Whether the process is on its way out: finishing what it has, taking nothing new.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// From now on it is.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

#[expect(clippy::disallowed_types, reason = "machines ask for health without being anybody")]
/// The database answers too, has this program's schema, and the process is not on its way out.
pub(super) async fn ready(State(site): State<Site>) -> (StatusCode, &'static str) {
    if site.draining.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    if site.app.is_ready().await { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "the database is not ready\n") }
}
