//! What Frontdesk promises about speed, measured: `cargo bench --bench speed`, or with words behind `--` for parts of it
//! (`members`, `sign-in`, `start`, `check`, `replay`; `few` for the members page with a hundred members alone). It takes about six minutes, and is no part of the tests.
//!
//! Milliseconds say little about a program and much about the machine. So each promise is a ratio to a named baseline that
//! is measured in the same run, in turns with Frontdesk; the few that are times are ones that a person notices. The server
//! is the release binary, a process of its own on the first processor; what loads it stays on the second.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a measurement that cannot go on should say where, and no figure here needs more than 52 bits"
)]

mod bare;
mod check;
#[path = "../../tests/all/child.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod child;
mod credentials;
mod data;
mod desk;
mod load;
mod members;
mod process;
mod reference;
mod replay;
mod sign_in;
mod start;
mod table;

use table::Table;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match words.first().map(String::as_str) {
        Some(reference::WORD) => return reference::serve(&words[1..]),
        Some(bare::WORD) => return bare::serve(&words[1..]),
        _ => {}
    }
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let table = runtime.block_on(async {
        let apart = process::step_aside();
        let mut table = Table::new(apart);
        if words.iter().any(|word| word == "few") {
            members::measure_few(&mut table).await;
            return table;
        }
        if wanted("check") {
            check::measure(&mut table).await;
        }
        if wanted("replay") {
            replay::measure(&mut table).await;
        }
        if !["start", "members", "sign-in"].into_iter().any(wanted) {
            return table;
        }
        let large = desk::Desk::new(100_000).await;
        if wanted("start") {
            start::measure(&large, &mut table).await;
        }
        if wanted("members") {
            members::measure(&large, &mut table).await;
        }
        if wanted("sign-in") {
            sign_in::measure(&large, &mut table).await;
        }
        table
    });
    std::process::exit(i32::from(!table.print()));
}
