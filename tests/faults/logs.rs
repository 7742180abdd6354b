//! Logs that nobody takes: requests go on, and what was dropped is counted.

use std::{
    fs::File,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{
    child::{Server, start, terminate},
    desk::{Desk, set_up},
    kit::new_database,
    say,
};

fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

async fn dropped(metrics: &str) -> u64 {
    let text = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with("frontdesk_log_lines_dropped_total ")).unwrap_or_default().to_owned();
    line.rsplit_once(' ').map_or(0, |(_, count)| count.parse().unwrap())
}

/// Works until something was dropped; answers how many requests that took and how long the slowest did.
async fn work(server: &Server, metrics: &str) -> (u32, Duration, u64) {
    let mut ada = set_up(server).await;
    let (mut requests, mut slowest, began) = (0, Duration::ZERO, Instant::now());
    loop {
        for _ in 0..10 {
            let answer = ada.invite().await;
            assert!(answer.is_done(), "{answer:?}");
            let (status, took) = ada.look().await;
            assert_eq!(status, Some(200));
            slowest = slowest.max(answer.took).max(took);
            requests += 2;
        }
        let lines = dropped(metrics).await;
        if lines > 0 && requests >= 100 {
            return (requests, slowest, lines);
        }
        assert!(began.elapsed() < Duration::from_mins(1), "nothing was ever dropped");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_whoever_reads_the_logs() {
    for (case, level) in [("nobody reads", "trace"), ("the disk is full", "info")] {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::new(&folder.path().join("data"), &new_database().await);
        let metrics = free_address();
        let mut command: Command = desk.command();
        command.args(["--metrics-listen", &metrics, "--log-level", level]);
        let log = if level == "trace" { Stdio::piped() } else { File::options().write(true).open("/dev/full").unwrap().into() };
        let mut server = start(command.stderr(log)).expect("it starts");
        assert!(server.line.contains("/setup?token="), "the link is there all the same: {}", server.line);
        let (requests, slowest, lines) = work(&server, &metrics).await;
        terminate(&server);
        let told = Instant::now();
        assert!(server.child.wait().unwrap().success());
        let end = told.elapsed();
        say(&format!(
            "REL-20 {case}: requests={requests} slowest_ms={} lines_dropped={lines} ended_after_ms={}",
            slowest.as_millis(),
            end.as_millis()
        ));
        assert!(slowest < Duration::from_secs(2) && end < Duration::from_secs(12));
    }
}
