//! The program killed again and again while eight writers change things, and once more with its database: what was
//! acknowledged is there afterwards, nothing is half done, nothing happened without its event, and it is soon ready again.
//!
//! On SQLite the program is killed at random moments, and at chosen calls to the disk, where `strace` does it. Where
//! `FRONTDESK_TEST_POSTGRES` is set, on PostgreSQL: on a cluster of its own, as now and then that is killed as well.
//! `FRONTDESK_CRASH_KILLS` says how often (50), `FRONTDESK_CRASH_SEED` with which dice.
//!
//! What cannot be tested so is a loss of power: the system keeps what a killed process has written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod book;
mod cast;
mod check;
#[path = "../all/child.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod child;
#[allow(dead_code, reason = "shared with the other suite, which uses all of it")]
mod client;
mod cluster;
mod damage;
mod dice;
#[path = "../all/kit.rs"]
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod kit;
mod plan;
mod program;
mod rows;
mod scene;
mod tally;
mod writer;

use dice::Dice;
use plan::plan;
use scene::Scene;
use tally::Tally;

/// After so many kills a new database is begun, so that looking at all of it stays quick.
const KILLS_PER_DATABASE: usize = 25;
const WRITERS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().expect(name));
    let kills = number("FRONTDESK_CRASH_KILLS").unwrap_or(50);
    let seed =
        number("FRONTDESK_CRASH_SEED").unwrap_or_else(|| u64::from(frontdesk::app::dice()()[0]) << 8 | u64::from(std::process::id()));
    let mut tally = Tally::new(seed);
    let mut dice = Dice::new(seed);
    let mut cluster = None;
    if kit::on_postgres() {
        cluster = Some(cluster::Cluster::new().await);
    }
    let (mut done, mut databases) = (0, 0);
    let mut wanted = kills;
    while wanted > 0 {
        for part in plan(wanted, kit::on_postgres(), &mut dice).chunks(KILLS_PER_DATABASE) {
            let mut scene = Scene::set_up(cluster.as_mut(), databases, WRITERS, &mut dice).await;
            for kill in part {
                scene.round(*kill, &mut dice, &mut tally).await;
            }
            scene.end(&mut tally).await;
            databases += 1;
        }
        done += wanted;
        // By chance some kind of change may not have been acknowledged yet, of which a run would prove nothing: it goes on.
        wanted = if kills < 20 || tally.has_seen_all() || done >= 4 * kills { 0 } else { KILLS_PER_DATABASE as u64 };
    }
    tally.judge(done);
}
