//! A database that another process keeps to itself: whoever writes waits a while and is told to come back, and whoever
//! reads does not notice.

use std::time::{Duration, Instant};

use sqlx::{Connection, SqliteConnection};

use crate::{
    client::Client,
    desk::{Answer, Desk, Load, another, set_up},
    kit::{PASSWORD, on_postgres},
    look::wrongs,
    say,
};

/// Signs in again and again until then; answers what came of it.
async fn sign_in_until(base: String, end: Instant) -> Vec<Answer> {
    let mut answers = Vec::new();
    while Instant::now() < end {
        let mut client = Client::new(&base);
        let asked = Instant::now();
        let page = client.post("/login", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
        let has_retry_after = page.as_ref().is_some_and(|page| !page.header("retry-after").is_empty());
        let status = page.map(|page| page.status.as_u16());
        answers.push(Answer { address: "sign-in".into(), status, has_retry_after, asked, took: asked.elapsed() });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_waited_for_and_not_for_long() {
    if on_postgres() {
        // Which has no such lock.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("data"), "");
    let server = desk.serve();
    let mut acknowledged = vec![set_up(&server).await.invite().await.address];
    let url = format!("sqlite:{}", desk.data.join("frontdesk.db").display());
    let mut failures = Vec::new();
    for hold in [3, 30] {
        let inviters = vec![another(&server, &format!("first{hold}")).await, another(&server, &format!("second{hold}")).await];
        let mut reader = another(&server, "reader").await;
        let mut lock = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql("BEGIN EXCLUSIVE").execute(&mut lock).await.unwrap();
        let until = Instant::now() + Duration::from_secs(hold);
        let load = Load::begin(inviters);
        let signing_in = tokio::spawn(sign_in_until(server.base.clone(), until));
        let (mut reads, mut slowest_read) = (0, Duration::ZERO);
        while Instant::now() < until {
            let (status, took) = reader.look().await;
            assert_eq!(status, Some(200), "reading goes on");
            reads += 1;
            slowest_read = slowest_read.max(took);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut lock).await.unwrap();
        lock.close().await.unwrap();
        let freed = Instant::now();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut answers = load.end().await;
        acknowledged.extend(answers.iter().filter(|answer| answer.is_done()).map(|answer| answer.address.clone()));
        let back =
            answers.iter().filter(|answer| answer.is_done()).map(|answer| (answer.asked + answer.took).saturating_duration_since(freed));
        let back = back.min().expect("somebody is let in again");
        answers.extend(signing_in.await.unwrap());
        let count = |status: u16| answers.iter().filter(|answer| answer.status == Some(status)).count();
        let slowest = answers.iter().map(|answer| answer.took).max().unwrap();
        let mute = answers.iter().filter(|answer| answer.status == Some(503) && !answer.has_retry_after).count();
        let others: Vec<_> = answers.iter().filter(|answer| !matches!(answer.status, Some(200 | 303 | 503))).collect();
        say(&format!(
            "REL-04 locked_s={hold} done={} told_to_come_back={} others={} slowest_ms={} first_after_ms={} reads={reads} slowest_read_ms={}",
            count(200) + count(303),
            count(503),
            others.len(),
            slowest.as_millis(),
            back.as_millis(),
            slowest_read.as_millis()
        ));
        if !others.is_empty() || mute > 0 {
            failures.push(format!("{hold} s: {mute} without Retry-After, {others:?}"));
        }
        // Five seconds of waiting, and a little for whoever stands in the queue behind.
        if slowest > Duration::from_millis(5_800) || slowest_read > Duration::from_secs(1) {
            failures.push(format!("{hold} s: somebody waited {slowest:?}, or {slowest_read:?} to read"));
        }
        assert!(hold < 10 || count(503) > 0);
    }
    drop(server);
    let raw = desk.raw().await;
    failures.extend(wrongs(&raw, &acknowledged).await);
    raw.close().await;
    assert_eq!(failures, Vec::<String>::new());
}
