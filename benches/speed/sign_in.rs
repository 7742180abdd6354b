//! Signing in: beside the least that it could take, and what others notice while many do.

use std::time::{Duration, Instant};

use crate::{
    data,
    desk::{Desk, sign_in},
    load::{Connection, Request, probe},
    process,
    table::{Promise, Table, median, quantile},
};

const ROUNDS: usize = 60;
const STORM: usize = 50;
const STORM_LASTS: Duration = Duration::from_secs(6);

pub async fn measure(desk: &Desk, table: &mut Table) {
    let open = desk.open();
    let cookie = open.sign_in("ada@example.com").await;
    let page = Request::get("/accounts/acme/members", &cookie);
    let mut connection = Connection::open(&open.server.base).await;
    connection.ask(&page).await;
    let file = desk.folder().join("page.html");
    std::fs::write(&file, connection.ask(&page).await.body).unwrap();
    let database = desk.database();
    let arguments = [crate::reference::WORD, database.to_str().unwrap(), file.to_str().unwrap()];
    let reference = process::serve(&mut process::reference(desk.folder(), &arguments), &desk.folder().join("reference.log"));

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut least = Connection::open(&reference.base).await;
    for n in 1..=ROUNDS {
        let answer = least.ask(&Request::get("/bare", "")).await;
        theirs.push(String::from_utf8(answer.body).unwrap().parse::<f64>().unwrap() / 1_000.0);
        let began = Instant::now();
        assert_eq!(connection.ask(&sign_in(&data::email(n))).await.status, 303);
        ours.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let baseline = format!("hash and two commits: {theirs:.1} ms");
    table.ratio("signing in", &baseline, &format!("{ours:.1} ms"), ours / theirs, Promise::AtMost(1.1));

    let idle = quantile(probe(&open.server.base, &page, 200, Duration::from_millis(5)).await, 0.95);
    let until = Instant::now() + STORM_LASTS;
    let mut storm = tokio::task::JoinSet::new();
    for n in 0..STORM {
        let base = open.server.base.clone();
        storm.spawn(async move {
            let (mut connection, mut done, mut refused) = (Connection::open(&base).await, 0, 0);
            while Instant::now() < until {
                match connection.ask(&sign_in(&data::email(100 + n))).await.status {
                    303 => done += 1,
                    503 => refused += 1,
                    other => panic!("{other}"),
                }
            }
            (done, refused)
        });
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let times = usize::try_from(STORM_LASTS.as_millis() / 20 - 50).unwrap();
    let took = probe(&open.server.base, &page, times, Duration::from_millis(15)).await;
    let (mut done, mut refused) = (0, 0);
    while let Some(client) = storm.join_next().await {
        let (more_done, more_refused) = client.unwrap();
        done += more_done;
        refused += more_refused;
    }
    let busy = quantile(took.clone(), 0.95);
    table.figure("page beside 50 sign-ins, p95", &format!("idle: {idle:.2} ms"), busy, "ms", Promise::AtMost(50.0));
    table.ratio("the same to idle", &format!("idle: {idle:.2} ms"), &format!("{busy:.2} ms"), busy / idle, Promise::Nothing);
    let worst = took.into_iter().fold(0.0, f64::max);
    table.figure("the slowest of those pages", &format!("{done} signed in, {refused} asked to come back"), worst, "ms", Promise::Nothing);
    table.figure("resident memory after the storm", "", process::memory(&open.server), "MB", Promise::AtMost(120.0));
    open.close();
}
