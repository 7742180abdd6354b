//! What goes wrong around the program: disks fill up, databases are locked or restarted, clocks jump, nobody reads the logs,
//! and somebody kills it in the middle of a migration or a restore. Each test prints its numbers and asserts what is
//! promised.
//!
//! On SQLite, and where `FRONTDESK_TEST_POSTGRES` is set on PostgreSQL. A full disk is a file system in memory, which only
//! root may mount: without root, `sudo` is asked. `FRONTDESK_FAULTS_BACKUPS` says how many backups are made under load
//! (20), `FRONTDESK_FAULTS_RESTARTS` how often PostgreSQL is restarted (5).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod backups;
#[path = "../all/child.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod child;
#[path = "../crash/client.rs"]
#[allow(dead_code, reason = "shared with the other suite, which uses all of it")]
mod client;
mod clocks;
#[path = "../crash/cluster.rs"]
mod cluster;
mod desk;
mod disks;
mod inside;
#[path = "../all/kit.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod kit;
mod locks;
mod logs;
mod look;
mod migrations;
mod restarts;
mod restores;
mod tmpfs;
mod traps;

use std::io::Write;

/// Prints a line that is seen even where tests keep silent while they succeed.
fn say(words: &str) {
    let database = if kit::on_postgres() { "PostgreSQL" } else { "SQLite" };
    std::io::stderr().write_all(format!("faults: {database} {words}\n").as_bytes()).unwrap();
}

/// A number from the environment.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}
