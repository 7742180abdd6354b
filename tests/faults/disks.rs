//! A disk that is full: writes say so at once, reads go on, and once there is room all is as before.

use std::time::{Duration, Instant};

use crate::{
    desk::{Desk, set_up},
    kit::on_postgres,
    look::wrongs,
    say,
    tmpfs::Tmpfs,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writes_and_nothing_else() {
    if on_postgres() {
        // There it is PostgreSQL's disk, and PostgreSQL's promise.
        return;
    }
    let full = Tmpfs::new(64);
    let desk = Desk::new(&full.path().join("data"), "");
    let server = desk.serve();
    let mut ada = set_up(&server).await;
    let mut acknowledged = Vec::new();
    for _ in 0..20 {
        let answer = ada.invite().await;
        assert!(answer.is_done(), "{answer:?}");
        acknowledged.push(answer.address);
    }
    let filler = full.fill();
    let (mut refused, mut other, mut slowest, mut done_while_full) = (0, Vec::new(), Duration::ZERO, 0);
    let (mut reads, mut slowest_read, mut red) = (0, Duration::ZERO, None);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(6) {
        let answer = ada.invite().await;
        match answer.status {
            Some(503 | 507) => {
                refused += 1;
                slowest = slowest.max(answer.took);
            }
            // What still fits into pages that the log has already is done, and stays done.
            Some(200) => {
                done_while_full += 1;
                acknowledged.push(answer.address);
            }
            _ => other.push(answer),
        }
        let (status, took) = ada.look().await;
        assert_eq!(status, Some(200), "reading goes on");
        reads += 1;
        slowest_read = slowest_read.max(took);
        let is_ready = ada.client.get("/readyz").await.unwrap().status;
        if is_ready == 503 && red.is_none() {
            red = Some(began.elapsed());
        }
        assert_eq!(ada.client.get("/healthz").await.unwrap().status, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    std::fs::remove_file(filler).unwrap();
    let freed = Instant::now();
    let mut back = None;
    while back.is_none() && freed.elapsed() < Duration::from_secs(20) {
        let answer = ada.invite().await;
        if answer.is_done() {
            acknowledged.push(answer.address);
            back = Some(freed.elapsed());
        } else {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let mut green = None;
    while green.is_none() && freed.elapsed() < Duration::from_secs(20) {
        if ada.client.get("/readyz").await.unwrap().status == 200 {
            green = Some(freed.elapsed());
        }
    }
    drop(server);
    let raw = desk.raw().await;
    let wrong = wrongs(&raw, &acknowledged).await;
    raw.close().await;
    let ms = |time: Option<Duration>| time.map_or(-1, |time| i64::try_from(time.as_millis()).unwrap());
    say(&format!(
        "REL-03 refused={refused} slowest_refusal_ms={} done_while_full={done_while_full} other_answers={} reads={reads} slowest_read_ms={} red_after_ms={} first_write_after_ms={} green_after_ms={} wrong={}",
        slowest.as_millis(),
        other.len(),
        slowest_read.as_millis(),
        ms(red),
        ms(back),
        ms(green),
        wrong.len()
    ));
    assert!(other.is_empty(), "{other:?}");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(refused > 0 && slowest <= Duration::from_secs(1));
    assert!(red.is_some_and(|after| after <= Duration::from_secs(2)), "readiness turns red");
    assert!(back.is_some_and(|after| after <= Duration::from_secs(5)) && green.is_some_and(|after| after <= Duration::from_secs(5)));
}
