//! The program under load, as a process of its own: thousands of connections that do nothing, clients that take their time
//! over everything, requests that are too large or wrong, no file descriptors, a flood of sign-ins, and the order to stop in
//! the middle of it all. Each test prints what it measured.
//!
//! What is busy takes turns; what mostly waits runs beside it. `FRONTDESK_LOAD_STOPS` says how often the program is stopped
//! under load (10).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on should say where, and no figure here needs more than 52 bits"
)]

#[path = "../all/child.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod child;
mod client;
mod descriptors;
mod idle;
#[path = "../all/kit.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod kit;
mod logins;
mod provider;
mod room;
mod server;
mod slow;
mod stop;
mod wrong;

use tokio::sync::{Mutex, MutexGuard};

/// Waits for the turn of a test that keeps the machine busy.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
