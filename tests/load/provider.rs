//! An identity provider that answers without end, or never, while ninety people are on their way to it (reliability REL-07).

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

use crate::{
    client::{Answer, percentile, probe},
    kit::{self, PASSWORD},
    server::Loaded,
};

/// Of one network no more may set out in the two rounds than are taken within ten minutes.
const PEOPLE: usize = 90;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Provider {
    /// Says something as long as somebody listens.
    Endless,
    /// Says nothing at all.
    Silent,
}

impl Provider {
    async fn start(self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut asked = [0; 4096];
                    let _ = stream.read(&mut asked).await;
                    if self == Self::Silent {
                        // Until the other side hangs up.
                        while stream.read(&mut asked).await.is_ok_and(|read| read > 0) {}
                        return;
                    }
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await;
                    let block = vec![b' '; 1 << 16];
                    while stream.write_all(&block).await.is_ok() {}
                });
            }
        });
        address
    }
}

/// Ada, by the cookies that she gets.
async fn ask_as(house: &Loaded, cookies: &str, head: &str, form: &str) -> Answer {
    let mut client = house.client().await;
    let head = match head {
        path if form.is_empty() => format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", house.address),
        path => client.post_head(path, form.len()),
    };
    let request = head.replacen("\r\n\r\n", &format!("\r\ncookie: {cookies}\r\n\r\n"), 1);
    client.ask(format!("{request}{form}").as_bytes()).await.unwrap()
}

async fn sign_in(house: &Loaded) -> String {
    let form = kit::form(&[("email", "ada@example.com".into()), ("password", PASSWORD.into())]);
    let answer = house.client().await.post("/login", &form).await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.head);
    let cookies = answer.head.lines().filter_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")));
    cookies.map(|(_, value)| value.trim().split(';').next().unwrap().to_owned()).collect::<Vec<_>>().join("; ")
}

/// Adds the provider; answers the path by which people go to it.
async fn add(house: &Loaded, cookies: &str, issuer: &str) -> String {
    let page = "/accounts/acme/settings/sso/new-oidc";
    let opened = ask_as(house, cookies, page, "").await;
    let reserved = opened.header("location").split_once("reserved=").expect(&opened.head).1.to_owned();
    let form = kit::form(&[
        ("description", "Example Inc.".into()),
        ("issuer", issuer.to_owned()),
        ("client_id", "desk".into()),
        ("client_secret", "secret".into()),
        ("scopes", "openid email".into()),
    ]);
    let added = ask_as(house, cookies, page, &format!("{form}&reserved={reserved}")).await;
    assert_eq!(added.status, 303, "{}", String::from_utf8_lossy(&added.body));
    format!("/login/sso/{}", added.header("location").rsplit_once('/').unwrap().1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_without_end_costs_nobody_else_anything() {
    let _turn = crate::turn().await;
    let house = Loaded::new(&["--private-idps", "allowed"]).await;
    let cookies = sign_in(&house).await;
    let alone = probe(&house.address, "/login", Duration::from_millis(10), tokio::time::sleep(Duration::from_secs(3))).await;
    for provider in [Provider::Endless, Provider::Silent] {
        let path = add(&house, &cookies, &provider.start().await).await;
        let before = house.memory();
        let mut people = JoinSet::new();
        for _ in 0..PEOPLE {
            let (mut client, path) = (house.client().await, path.clone());
            people.spawn(async move {
                let began = Instant::now();
                let answer = client.get(&path).await.unwrap();
                let says = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(answer.status == 422 && says.contains("You are not signed in"), "{} {says}", answer.head);
                began.elapsed().as_secs_f64()
            });
        }
        let (mut most, mut waits) = (before, Vec::new());
        let until = async {
            while !people.is_empty() {
                tokio::select! {
                    done = people.join_next() => waits.push(done.unwrap().unwrap()),
                    () = tokio::time::sleep(Duration::from_millis(5)) => {}
                }
                most = most.max(house.memory());
            }
        };
        let beside = probe(&house.address, "/login", Duration::from_millis(10), until).await;
        println!(
            "provider, {provider:?}: {PEOPLE} told after {:.1} s at most; memory {before:.0} + {:.0} MiB; pages beside them p50 {:.1} ms, p99 {:.1} ms (alone {:.1} and {:.1})",
            percentile(&waits, 100),
            most - before,
            percentile(&beside, 50),
            percentile(&beside, 99),
            percentile(&alone, 50),
            percentile(&alone, 99),
        );
        // Five seconds, and what is before and after them on a machine that is busy with all of them.
        assert!(percentile(&waits, 100) < 10.0, "{} s", percentile(&waits, 100));
        assert!(percentile(&beside, 50) < 100.0 && percentile(&beside, 99) < 2_000.0, "{beside:?}");
        // Each may hold what is taken of an answer, 1 MiB, and as much again while it grows.
        assert!(most <= before + 2.0 * PEOPLE as f64, "{most} MiB after {before}");
    }
}
