//! Starting on a database that is there, and what it holds while nothing happens.

use std::time::{Duration, Instant};

use crate::{
    desk::Desk,
    load::{Connection, Request},
    process,
    table::{Promise, Table, median},
};

const ROUNDS: usize = 9;

pub async fn measure(desk: &Desk, table: &mut Table) {
    let (mut first_answer, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let open = desk.open();
        let answer = Connection::open(&open.server.base).await.ask(&Request::get("/login", "")).await;
        first_answer.push(began.elapsed().as_secs_f64() * 1_000.0);
        assert_eq!(answer.status, 200);
        tokio::time::sleep(Duration::from_millis(300)).await;
        memory.push(process::memory(&open.server));
        open.close();
    }
    let name = format!("start to first answer, {} members", desk.members);
    table.figure(&name, "", median(first_answer), "ms", Promise::AtMost(150.0));
    table.figure("resident memory, idle", "", median(memory), "MB", Promise::AtMost(40.0));
}
