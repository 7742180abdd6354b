//! Checking a credential: beside the bare lookup by its hash, and beside itself where there are few credentials.
//!
//! There are two bare lookups. One is asked through HTTP as Frontdesk is, by the same clients with the same secrets: a promise is made
//! beside that one. The other is one thread that is asked by nobody, which is to say what HTTP costs.

use std::time::{Duration, Instant};

use crate::{
    child::Server,
    credentials::{api_key, some, token},
    desk::{Desk, Open},
    load::{Connection, Request, times},
    process,
    table::{Promise, Table, median, quantile},
};

const FEW: usize = 100;
const MANY: usize = 1_000_000;
/// How many of them are shown, each in its turn.
const SHOWN: usize = 10_000;
/// Clients that ask at the same time, and how long in each round.
const CLIENTS: usize = 16;
const ROUND: Duration = Duration::from_millis(800);
const ROUNDS: usize = 9;

/// Frontdesk and the bare lookup on the same database, and the secrets that both are shown.
struct Pair {
    count: usize,
    _desk: Desk,
    open: Open,
    bare: Server,
    requests: Vec<Request>,
}

/// What was measured in each round.
#[derive(Default)]
struct Rounds {
    ours: Vec<f64>,
    bare: Vec<f64>,
    alone: Vec<f64>,
    median: Vec<f64>,
    p99: Vec<f64>,
}

pub async fn measure(table: &mut Table) {
    let pairs = [Pair::new(FEW).await, Pair::new(MANY).await];
    for pair in &pairs {
        pair.warm_up(table).await;
    }
    let mut rounds = [Rounds::default(), Rounds::default()];
    for _ in 0..ROUNDS {
        for (pair, rounds) in pairs.iter().zip(&mut rounds) {
            pair.round(rounds).await;
        }
    }
    for (Pair { count, .. }, Rounds { ours, bare, alone, .. }) in pairs.iter().zip(&rounds) {
        let ratio = |baseline: &[f64]| median(ours.iter().zip(baseline).map(|(ours, theirs)| ours / theirs).collect());
        let [measured, by_http, in_process] = [ours, bare, alone].map(|rates| format!("{:.0}", median(rates.clone())));
        let measured = format!("{measured} checks/s");
        let name = format!("checking one of {count} credentials");
        table.ratio(&name, &format!("bare lookup through HTTP: {by_http}/s"), &measured, ratio(bare), Promise::AtLeast(0.25));
        let alone_name = format!("{name}, to no HTTP at all");
        table.ratio(&alone_name, &format!("bare lookups of one thread: {in_process}/s"), &measured, ratio(alone), Promise::Nothing);
    }
    let [few, many] = &rounds;
    for (name, few, many, most) in [("median", &few.median, &many.median, 1.5), ("99 of 100 are quicker", &few.p99, &many.p99, 3.0)] {
        let ratio = median(few.iter().zip(many).map(|(few, many)| many / few).collect());
        let [few, many] = [few, many].map(|times| median(times.clone()));
        let (name, baseline) = (format!("a check, {name}, {MANY} credentials"), format!("{FEW} credentials: {few:.2} ms"));
        table.ratio(&name, &baseline, &format!("{many:.2} ms"), ratio, Promise::AtMost(most));
    }
    for pair in pairs {
        pair.open.close();
    }
}

impl Pair {
    async fn new(count: usize) -> Self {
        let desk = Desk::of_credentials(count).await;
        let key = api_key();
        let request = |n| Request::json("/api/check", &format!("{{\"token\":\"{}\"}}", token(n)), &key);
        let requests: Vec<_> = some(SHOWN, count).map(request).collect();
        let (database, most, all) = (desk.database(), SHOWN.to_string(), count.to_string());
        let arguments = [crate::bare::WORD, database.to_str().unwrap(), &most, &all];
        let bare = process::serve(&mut process::reference(desk.folder(), &arguments), &desk.folder().join("bare.log"));
        let open = desk.open();
        for (base, good) in [(&open.server.base, "\"active\":true"), (&bare.base, "\"authtoken\"")] {
            let answer = Connection::open(base).await.ask(&requests[0]).await;
            let body = String::from_utf8(answer.body).unwrap();
            assert!(answer.status == 200 && body.contains(good), "{} {body}", answer.status);
        }
        Self { count, _desk: desk, open, bare, requests }
    }

    /// Shows each of them once: that it is used is noted the first time in a minute, and the rounds take less than that.
    async fn warm_up(&self, table: &mut Table) {
        let began = Instant::now();
        let took = times(&self.open.server.base, &self.requests, CLIENTS, None).await;
        let rate = took.len() as f64 / began.elapsed().as_secs_f64();
        let name = format!("a check that is the first in a minute, median, {} credentials", self.count);
        table.figure(&name, &format!("{rate:.0} checks/s"), median(took), "ms", Promise::Nothing);
    }

    async fn round(&self, rounds: &mut Rounds) {
        let alone = Connection::open(&self.bare.base).await.ask(&Request::get("/alone", "")).await;
        rounds.alone.push(String::from_utf8(alone.body).unwrap().parse().unwrap());
        let bare = times(&self.bare.base, &self.requests, CLIENTS, Some(ROUND)).await;
        let ours = times(&self.open.server.base, &self.requests, CLIENTS, Some(ROUND)).await;
        let rate = |times: &[f64]| times.len() as f64 / ROUND.as_secs_f64();
        rounds.bare.push(rate(&bare));
        rounds.ours.push(rate(&ours));
        rounds.median.push(median(ours.clone()));
        rounds.p99.push(quantile(ours, 0.99));
    }
}
