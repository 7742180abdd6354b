//! Told to stop in the middle of work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::sleep};

use crate::{child::terminate, client::Client, server::Loaded};

/// Clients that stay connected, and clients that come anew for each request.
const STAYING: usize = 16;
const COMING: usize = 4;

#[derive(Default)]
struct Tally {
    answered: AtomicU32,
    lost: AtomicU32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_under_load_it_loses_nothing_that_has_begun() {
    let stops = std::env::var("FRONTDESK_LOAD_STOPS").ok().map_or(10, |value| value.parse::<u32>().expect("FRONTDESK_LOAD_STOPS"));
    let _turn = crate::turn().await;
    let (tally, mut slowest) = (Arc::new(Tally::default()), Duration::ZERO);
    for _ in 0..stops {
        let mut house = Loaded::new(&[]).await;
        let mut clients = JoinSet::new();
        for n in 0..STAYING + COMING {
            clients.spawn(visit(house.address.clone(), n < STAYING, tally.clone()));
        }
        sleep(Duration::from_millis(400)).await;
        terminate(&house.server);
        let began = Instant::now();
        let red = red_before_gone(&house.address).await;
        assert!(red, "readiness says no before connections are refused");
        let status = loop {
            if let Some(status) = house.server.child.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "it takes too long");
            sleep(Duration::from_millis(5)).await;
        };
        slowest = slowest.max(began.elapsed());
        assert!(status.success(), "{status}: {}", house.log());
        clients.join_all().await;
    }
    let (answered, lost) = (tally.answered.load(Ordering::Relaxed), tally.lost.load(Ordering::Relaxed));
    println!("stop: {stops} times, {answered} requests answered, {lost} lost; the longest end took {slowest:.1?}");
    assert_eq!(lost, 0);
}

/// Asks again and again, until nobody takes connections any more. What was asked and not answered is lost.
async fn visit(address: String, stays: bool, tally: Arc<Tally>) {
    let mut open = None;
    loop {
        let mut client = match open.take() {
            Some(client) => client,
            None => match Client::open(&address).await {
                Ok(client) => client,
                Err(_) => return,
            },
        };
        let Ok(answer) = client.get("/login").await else {
            tally.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        assert_eq!(answer.status, 200);
        tally.answered.fetch_add(1, Ordering::Relaxed);
        if stays && !answer.is_last() {
            open = Some(client);
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Whether readiness says no to somebody who comes anew, before nobody can come.
async fn red_before_gone(address: &str) -> bool {
    let mut red = false;
    loop {
        let Ok(mut client) = Client::open(address).await else { return red };
        match client.get("/readyz").await {
            Ok(answer) => red |= answer.status == 503,
            Err(_) => return red,
        }
        sleep(Duration::from_millis(20)).await;
    }
}
