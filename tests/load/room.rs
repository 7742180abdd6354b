//! More connections than there is room for.

use std::time::{Duration, Instant};

use crate::{client::Client, server::Loaded};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_no_room_is_told_so() {
    let _turn = crate::turn().await;
    let house = Loaded::new(&["--max-connections", "200"]).await;
    let mut seated = Vec::new();
    for _ in 0..200 {
        let mut client = house.client().await;
        assert_eq!(client.get("/healthz").await.unwrap().status, 200);
        seated.push(client);
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..300 {
        let began = Instant::now();
        let answer = house.client().await.get("/healthz").await.unwrap();
        slowest = slowest.max(began.elapsed());
        assert_eq!((answer.status, answer.header("retry-after"), answer.is_last()), (503, "5", true), "{answer:?}");
    }
    // Those who come and say nothing hold nobody up for long.
    let silent: Vec<Client> = futures_util::future::join_all((0..300).map(|_| house.client())).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(house.client().await.get("/healthz").await.unwrap().status, 503);
    for client in &mut seated {
        assert_eq!(client.get("/healthz").await.unwrap().status, 200, "who has a seat is served");
    }
    drop(seated.pop());
    let began = Instant::now();
    while house.client().await.get("/healthz").await.is_ok_and(|answer| answer.status == 503) {
        assert!(began.elapsed() < Duration::from_secs(2), "a seat becomes free");
    }
    println!("room: 300 refused at 200 connections, the slowest in {slowest:.1?}; a seat was free again after {:.1?}", began.elapsed());
    drop(silent);
}
