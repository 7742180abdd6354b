//! Sign-in at a provider that is slow, broken, away, or where it may not be.

use std::time::{Duration, Instant};

use frontdesk::protocols::{
    oidc::{Begin, Client, Fault, begin},
    outside::{Outside, Private, Unreached},
};
use serde_json::json;
use url::Url;

use super::{
    idp::{CLIENT_ID, CLIENT_SECRET, Door, Idp, Lie, Trouble},
    oidc::{BACK, Desk, NOW},
};

#[tokio::test]
async fn trouble_ends_soon_and_is_told() {
    let mut all = Vec::new();
    for door in [Door::Discovery, Door::Token, Door::Keys, Door::Userinfo] {
        for trouble in [
            Trouble::Slow,
            Trouble::Drips,
            Trouble::Status500,
            Trouble::Huge,
            Trouble::HugeAnnounced,
            Trouble::BadJson,
            Trouble::JsonText,
            Trouble::RedirectsElsewhere,
        ] {
            all.push(tokio::spawn(trouble_at(door, trouble)));
        }
    }
    for one in all {
        one.await.unwrap();
    }
}

async fn trouble_at(door: Door, trouble: Trouble) {
    let desk = Desk::new().await;
    desk.idp.who(json!({ "sub": "ada-1" }));
    desk.idp.lie(Lie::At(door, trouble));
    let started = Instant::now();
    let fault = desk.sign_in(false).await.expect_err(&format!("{door:?} {trouble:?}"));
    let took = started.elapsed();
    // Five seconds, and what a busy machine adds; the provider would take thirty, or for ever.
    assert!(took < Duration::from_secs(20), "{door:?} {trouble:?} took {took:?}");
    let host = desk.idp.issuer().trim_start_matches("http://").to_owned();
    let expected = match trouble {
        Trouble::Slow | Trouble::Drips => Unreached::Slow(host),
        Trouble::Status500 => Unreached::Status(host, 500),
        Trouble::Huge | Trouble::HugeAnnounced => Unreached::TooLarge(host),
        Trouble::RedirectsElsewhere => Unreached::Status(host, 307),
        Trouble::BadJson | Trouble::JsonText => Unreached::NotJson(host),
    };
    let is_json = matches!(trouble, Trouble::BadJson | Trouble::JsonText);
    let expected = if door == Door::Userinfo && is_json { Fault::Userinfo } else { Fault::Unreached(expected) };
    assert_eq!(fault, expected, "{door:?} {trouble:?}");
    assert!(!fault.to_string().contains("secret"), "{fault}");
    assert!(desk.idp.sent() < 16 << 20, "{door:?} {trouble:?}: {} bytes were taken", desk.idp.sent());
    assert_eq!(desk.idp.count(door), 1, "{door:?} {trouble:?}: asked once, and nobody was asked elsewhere");
}

#[tokio::test]
async fn private_networks_are_refused() {
    let idp = Idp::start(|| NOW).await;
    let outside = Outside::new(Private::Refused, None).unwrap();
    let there = |issuer: String| {
        let outside = outside.clone();
        async move {
            let client = Client { issuer: &issuer, id: CLIENT_ID, secret: CLIENT_SECRET, scopes: &[], redirect_uri: BACK };
            begin(&outside, &client, "state-of-ours", &|| [0; 16], Begin::default()).await.unwrap_err()
        }
    };
    let port = Url::parse(idp.issuer()).unwrap().port().unwrap();
    assert_eq!(there(idp.issuer().to_owned()).await, Fault::Unreached(Unreached::NotEncrypted(format!("127.0.0.1:{port}"))));
    for host in ["127.0.0.1", "localhost", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]"] {
        let fault = there(format!("https://{host}:{port}")).await;
        assert!(matches!(fault, Fault::Unreached(Unreached::Private(_))), "{host}: {fault}");
    }
    for issuer in ["https://id.example.com?a", "https://id.example.com#b"] {
        assert!(matches!(there(issuer.to_owned()).await, Fault::NotAnIssuer(_)), "{issuer}");
    }
    assert_eq!(idp.count(Door::Discovery), 0);
}

#[tokio::test]
async fn a_provider_that_is_away_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outside = Outside::new(Private::Allowed, None).unwrap();
    for issuer in [format!("http://{address}"), format!("https://{address}"), "https://id.invalid".to_owned()] {
        let client = Client { issuer: &issuer, id: CLIENT_ID, secret: CLIENT_SECRET, scopes: &[], redirect_uri: BACK };
        let fault = begin(&outside, &client, "state-of-ours", &|| [0; 16], Begin::default()).await.unwrap_err();
        assert!(matches!(fault, Fault::Unreached(Unreached::Away(..))), "{fault:?}");
        println!("{fault}");
    }
}

#[tokio::test]
async fn a_slow_provider_is_slow_for_its_own_people_alone() {
    let (slow, good) = (Desk::new().await, Desk::new().await);
    slow.idp.lie(Lie::At(Door::Discovery, Trouble::Slow));
    // The same client of HTTP for both, as in the program.
    let slow = std::sync::Arc::new(Desk { outside: good.outside.clone(), ..slow });
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let slow = slow.clone();
            tokio::spawn(async move { slow.sign_in(false).await })
        })
        .collect();
    while slow.idp.count(Door::Discovery) < 200 {
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    assert!(good.sign_in(false).await.is_ok());
    // Those who wait do so for five.
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    for one in waiting {
        assert!(matches!(one.await.unwrap(), Err(Fault::Unreached(Unreached::Slow(_)))));
    }
}

#[tokio::test]
async fn a_step_of_many_requests_ends_soon_too() {
    let desk = Desk::new().await;
    desk.idp.lie(Lie::Sluggish);
    // Each request takes two seconds, and the second step would be three of them: one of its own does not take too long.
    assert!(matches!(desk.sign_in(false).await, Err(Fault::Unreached(Unreached::Slow(_)))));
    assert_eq!(desk.idp.count(Door::Keys), 1);
}
