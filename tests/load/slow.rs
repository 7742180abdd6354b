//! Clients that take their time: over the head of a request, over its body, over the answer, and between requests.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt, net::TcpSocket, sync::Notify, task::JoinSet, time::sleep};

use crate::{
    client::{Client, percentile, probe, raise_own_limit},
    server::Loaded,
};

const EACH: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_too_long_is_hung_up_on_and_holds_nobody_up() {
    raise_own_limit();
    let house = Loaded::new(&[]).await;
    let page = house.client().await.get("/login").await.unwrap();
    let page = String::from_utf8(page.body).unwrap();
    let file = format!("/static/htmx{}", page.split_once("/static/htmx").unwrap().1.split_once('"').unwrap().0);
    let mut clients = JoinSet::new();
    for n in 0..EACH {
        let address = house.address.clone();
        clients.spawn(async move {
            sleep(Duration::from_millis(2 * n as u64)).await;
            ("head", slow_head(&address).await)
        });
        let address = house.address.clone();
        clients.spawn(async move {
            sleep(Duration::from_millis(2 * n as u64)).await;
            ("body", slow_body(&address).await)
        });
        let (address, file) = (house.address.clone(), file.clone());
        clients.spawn(async move {
            sleep(Duration::from_millis(2 * n as u64)).await;
            ("answer", slow_reader(&address, &file).await)
        });
        let address = house.address.clone();
        clients.spawn(async move {
            sleep(Duration::from_millis(2 * n as u64)).await;
            ("idle", idle(&address).await)
        });
    }
    let over = Arc::new(Notify::new());
    let (address, until) = (house.address.clone(), over.clone());
    let probes =
        tokio::spawn(async move { probe(&address, "/login", Duration::from_millis(100), async move { until.notified().await }).await });
    let mut lasted: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    while let Some(client) = clients.join_next().await {
        let (kind, time) = client.unwrap();
        lasted.entry(kind).or_default().push(time.as_secs_f64());
    }
    over.notify_one();
    let took = probes.await.unwrap();
    for (kind, limit) in [("head", 10.0), ("body", 30.0), ("answer", 20.0), ("idle", 75.0)] {
        let times = &lasted[kind];
        let (first, middle, last) = (percentile(times, 0), percentile(times, 50), percentile(times, 100));
        println!("slow: {} connections, {kind}: ended after {first:.1} to {last:.1} s, half of them by {middle:.1}", times.len());
        // None too early, as each looks at its watch before it begins; too late only by as much as a busy machine needs to see it.
        assert!(first >= limit - 0.5 && middle <= limit + 5.0 && last <= limit + 20.0, "{kind}: {first}, {middle}, {last} s");
    }
    println!("slow: {} probes served, all of them; p99 {:.0} ms", took.len(), percentile(&took, 99));
}

/// A header every two seconds, and no end of them; answers when the server had enough.
async fn slow_head(address: &str) -> Duration {
    let began = Instant::now();
    let mut client = Client::open(address).await.unwrap();
    let (mut reader, mut writer) = client.stream.split();
    let sending = async {
        let _ = writer.write_all(b"GET /login HTTP/1.1\r\n").await;
        loop {
            sleep(Duration::from_secs(2)).await;
            let _ = writer.write_all(b"x-patience: yes\r\n").await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = sending => {}
        _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut said) => {}
    }
    began.elapsed()
}

/// A byte every two seconds of a form of ten thousand.
async fn slow_body(address: &str) -> Duration {
    let began = Instant::now();
    let mut client = Client::open(address).await.unwrap();
    let head = client.post_head("/login", 10_000);
    let (mut reader, mut writer) = client.stream.split();
    let sending = async {
        let _ = writer.write_all(head.as_bytes()).await;
        loop {
            sleep(Duration::from_secs(2)).await;
            let _ = writer.write_all(b"x").await;
        }
    };
    let mut said = Vec::new();
    tokio::select! {
        () = sending => {}
        _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut said) => {}
    }
    assert!(said.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&said));
    began.elapsed()
}

/// Asks for a large file again and again, and reads nothing.
async fn slow_reader(address: &str, file: &str) -> Duration {
    let began = Instant::now();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request = format!("GET {file} HTTP/1.1\r\nhost: {address}\r\n\r\n").repeat(40);
    // The server takes no more than it can answer, so this may not come to its end. Once it has hung up, whatever is sent is
    // answered with a reset.
    let _ = stream.write_all(request.as_bytes()).await;
    while stream.write_all(b"\r\n").await.is_ok() && began.elapsed() < Duration::from_mins(1) {
        sleep(Duration::from_millis(250)).await;
    }
    began.elapsed()
}

/// Asks once, and stays; answers how long.
async fn idle(address: &str) -> Duration {
    let mut client = Client::open(address).await.unwrap();
    let began = Instant::now();
    assert_eq!(client.get("/healthz").await.unwrap().status, 200);
    assert!(client.end().await.is_empty(), "nothing more is said");
    began.elapsed()
}
