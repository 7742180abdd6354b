//! Real programs of others at the other end: mail servers that take letters, and that do all that mail servers do; proxies in front; clients
//! of the API; identity providers, and the browser that goes to them.
//! `tests/run` installs what is needed into `target/peers`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod api;
#[path = "../all/child.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod child;
#[path = "../browser/chromium.rs"]
#[allow(dead_code, reason = "shared with the other suite, which uses all of it")]
mod chromium;
#[path = "../crash/client.rs"]
#[allow(dead_code, reason = "shared with the other suite, which uses all of it")]
mod client;
mod desk;
mod idps;
#[path = "../all/kit.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod kit;
mod letters;
mod proxies;
mod receiver;
mod sso;
mod trouble;
