//! Ten thousand connections on which nothing happens.

use std::time::{Duration, Instant};

use crate::{
    client::{Client, percentile, probe, raise_own_limit},
    server::Loaded,
};

const IDLE: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_idle_connections_cost_little() {
    raise_own_limit();
    let _turn = crate::turn().await;
    let house = Loaded::new(&[]).await;
    // Warm: what is made once is not counted.
    probe(&house.address, "/login", Duration::ZERO, tokio::time::sleep(Duration::from_millis(200))).await;
    let before = house.memory();
    let began = Instant::now();
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let address = house.address.clone();
        opening.spawn(async move {
            let mut clients = Vec::with_capacity(IDLE / 100);
            for _ in 0..IDLE / 100 {
                let mut client = Client::open(&address).await.unwrap();
                assert_eq!(client.get("/healthz").await.unwrap().status, 200);
                clients.push(client);
            }
            clients
        });
    }
    let mut idle: Vec<Client> = opening.join_all().await.into_iter().flatten().collect();
    let opened = began.elapsed();
    let took = probe(&house.address, "/login", Duration::from_millis(5), tokio::time::sleep(Duration::from_secs(4))).await;
    let growth = house.memory() - before;
    println!(
        "idle: {IDLE} connections in {opened:.1?}, memory {before:.0} + {growth:.0} MiB, {} pages beside them p50 {:.1} p99 {:.1} ms",
        took.len(),
        percentile(&took, 50),
        percentile(&took, 99)
    );
    assert!(growth <= 150.0, "{growth} MiB");
    assert!(percentile(&took, 99) <= 100.0, "{} ms", percentile(&took, 99));
    for at in [0, IDLE / 2, IDLE - 1] {
        assert_eq!(idle[at].get("/healthz").await.unwrap().status, 200, "an idle connection is still good");
    }
}

/// A connection that has nothing to do is let go of but for itself; what had come of the next request by then is not lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_may_come_in_pieces_behind_another() {
    let house = Loaded::new(&[]).await;
    let mut client = house.client().await;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\n\r\n", house.address);
    let (begin, end) = request.split_at(20);
    assert_eq!(client.ask(format!("{request}{begin}").as_bytes()).await.unwrap().status, 200);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(client.ask(format!("{end}{begin}").as_bytes()).await.unwrap().status, 200);
    }
    assert_eq!(client.ask(end.as_bytes()).await.unwrap().status, 200);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(client.get("/healthz").await.unwrap().status, 200, "after a rest");
}
