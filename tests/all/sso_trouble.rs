//! An identity provider that is slow, broken or away is trouble for whoever comes through it, soon told, and for nobody else
//! (reliability REL-07).

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::{
    idp::{Door, Idp, Lie, Trouble},
    kit::{House, PASSWORD, Page},
    sso::{add, leave, link, path_of, through, with_idp},
};

/// Within this, whatever a provider does, whoever came through it is told.
const SOON: Duration = Duration::from_secs(20);

/// The page says what is wrong, and what can be done.
fn assert_told(page: &Page, what: &str) {
    let text = page.text();
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {text}");
    assert!(text.contains("You are not signed in") && text.contains("Example Inc.") && text.contains("Try again"), "{what}: {text}");
    assert!(!page.all("#idp-says").concat().is_empty() && !text.contains("a secret"), "{what}: {text}");
}

async fn one_trouble(trouble: Trouble) {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    link(&ada, &idp, &id).await;
    for door in [Door::Discovery, Door::Token, Door::Keys] {
        let what = format!("{trouble:?} at {door:?}");
        let browser = house.visitor();
        let before = idp.sent();
        let (page, took);
        if door == Door::Discovery {
            idp.lie(Lie::At(door, trouble));
            let began = Instant::now();
            page = browser.get(&format!("/login/sso/{id}?next=/accounts/acme/events")).await;
            took = began.elapsed();
        } else {
            let back = path_of(&idp.authorize(&leave(&browser, &id, "/accounts/acme/events").await));
            idp.lie(Lie::At(door, trouble));
            let began = Instant::now();
            page = browser.get(&back).await;
            took = began.elapsed();
        }
        assert_told(&page, &what);
        assert!(took < SOON, "{what} took {took:?}");
        assert_eq!(page.attributes("a.button", "href"), [format!("/login/sso/{id}?next=%2Faccounts%2Facme%2Fevents")], "{what}");
        assert!(browser.cookie().is_none_or(|cookie| !cookie.contains("frontdesk_session")), "{what}");
        // What is endless is not taken to its end: of 100 MiB, what fits into what lies between us and them.
        let taken = idp.sent() - before;
        assert!(taken < 16 << 20, "{what}: {taken} bytes were taken");
        idp.lie(Lie::None);
        assert_eq!(through(&browser, &idp, &id, "").await.location(), "/accounts/acme", "{what}: and then it is good again");
    }
    let text = ada.get(&format!("/accounts/acme/settings/sso/{id}")).await.text();
    assert!(text.contains("It knows 1 person"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_does_is_soon_told() {
    let all = [Trouble::Slow, Trouble::Status500, Trouble::Huge, Trouble::BadJson].map(|trouble| tokio::spawn(one_trouble(trouble)));
    for one in all {
        one.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_who_wait_for_a_slow_provider_hold_nobody_up() {
    let (house, ada, slow) = with_idp().await;
    let id = add(&ada, &slow).await;
    let clock = house.clock();
    let good = Idp::start(clock).await;
    let other = add(&ada, &good).await;
    link(&ada, &good, &other).await;
    slow.lie(Lie::At(Door::Discovery, Trouble::Slow));
    let before = slow.count(Door::Discovery);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (browser, path) = (house.visitor(), format!("/login/sso/{id}"));
            tokio::spawn(async move {
                let began = Instant::now();
                (browser.get(&path).await, began.elapsed())
            })
        })
        .collect();
    let began = Instant::now();
    while slow.count(Door::Discovery) < before + 20 {
        assert!(began.elapsed() < Duration::from_secs(30), "{} of 20 have asked it", slow.count(Door::Discovery) - before);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Meanwhile all is as it was: the pages for signing in, passwords, another provider.
    let soon = async |what: &str, page: Page, began: Instant| {
        assert!(began.elapsed() < Duration::from_secs(4), "{what} took {:?}: {}", began.elapsed(), page.text());
        page
    };
    let began = Instant::now();
    assert_eq!(soon("/login", house.visitor().get("/login").await, began).await.status, StatusCode::OK);
    let began = Instant::now();
    assert_eq!(soon("/login/sso", house.visitor().get("/login/sso?account=acme").await, began).await.all(".providers li").len(), 2);
    let began = Instant::now();
    let page = soon("a password", house.visitor().sign_in("ada@example.com", PASSWORD).await, began).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let began = Instant::now();
    let page = soon("the other provider", through(&house.visitor(), &good, &other, "").await, began).await;
    assert_eq!(page.location(), "/accounts/acme", "{}", page.text());
    for one in waiting {
        let (page, took) = one.await.unwrap();
        assert_told(&page, "one of twenty");
        assert!(took < SOON, "one of twenty took {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_although_a_provider_is_away() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    // Somewhere where nobody is.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    house.raw.run(format!("UPDATE idps SET issuer = 'http://127.0.0.1:{port}'")).await;
    let config = house.stop().await;
    let began = Instant::now();
    let house = House::on(config).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert_eq!(house.signed_in("ada@example.com").await.get("/accounts/acme").await.status, StatusCode::OK);
    let began = Instant::now();
    assert_told(&house.visitor().get(&format!("/login/sso/{id}")).await, "away");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}
