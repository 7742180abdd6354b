use std::net::Ipv4Addr;

use reqwest::{Method, StatusCode};

use crate::kit::{House, PASSWORD, READER, form};

const WRONG: &str = "This email address and password do not belong together.";

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out() {
    let (house, ada) = House::with_ada().await;
    assert_eq!(ada.post("/logout", &[]).await.location(), "/login?why=signed_out");
    assert_eq!(ada.get("/login?why=signed_out").await.all(".note"), ["You have signed out."]);
    assert_eq!(ada.get("/accounts/acme?x=1").await.location(), "/login?next=%2Faccounts%2Facme%3Fx%3D1");

    let page = ada
        .post("/login", &[("email", " ADA@Example.com ".into()), ("password", PASSWORD.into()), ("next", "/accounts/acme".into())])
        .await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/accounts/acme"));
    let cookie = page.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(ada.get("/login").await.location(), "/accounts");
    let user = house.user_id("ada@example.com").await;
    assert_eq!(house.events(&user).await, ["user_created.v0", "user_login_succeeded.v0", "user_logged_out.v0", "user_login_succeeded.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_and_the_work_are_the_same_for_known_and_unknown() {
    let (house, _ada) = House::with_ada().await;
    let mut seen = Vec::new();
    for email in ["ada@example.com", "eva@example.com"] {
        let browser = house.visitor();
        let before = house.costs();
        let page = browser.sign_in(email, "four wrong words here").await;
        let after = house.costs();
        assert_eq!(
            (page.status, page.fault("password").as_str(), page.value("email").as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, WRONG, email)
        );
        assert!(browser.cookie().is_none());
        let mut headers: Vec<_> = page
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()))
            .map(|(n, v)| format!("{n}: {v:?}"))
            .collect();
        headers.sort();
        seen.push((after.0 - before.0, after.1 - before.1, page.body.replace(email, "EMAIL"), headers));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].1, 1, "one hash");
    let user = house.user_id("ada@example.com").await;
    assert_eq!(house.events(&user).await.last().map(String::as_str), Some("user_login_failed.v0"));
    assert_eq!(house.events("instance").await, ["instance_set_up.v0", "user_login_failed.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_cost_renews_the_hash_at_the_next_sign_in() {
    let (house, _ada) = House::with_ada().await;
    let dearer = house.beside(|config| config.password_cost.iterations = 2).await;
    let hash = || async { house.raw.texts("SELECT password_hash FROM users").await.remove(0) };
    let old = hash().await;
    assert!(old.contains("m=64,t=1,p=1"), "{old}");
    let browser = dearer.visitor();
    assert_eq!(browser.sign_in("ada@example.com", "four wrong words here").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(hash().await, old);
    assert_eq!(browser.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let new = hash().await;
    assert!(new.contains("m=64,t=2,p=1"), "{new}");
    let before = dearer.running.costs().1;
    dearer.signed_in("ada@example.com").await;
    assert_eq!(dearer.running.costs().1 - before, 1, "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_limited_per_address_and_per_network() {
    let (house, _ada) = House::with_ada_and(|config| (config.attempts.address, config.attempts.network) = (3, 5)).await;
    let from = |last| house.visitor_from(Ipv4Addr::new(127, 0, 7, last).into());
    let spray = |n: u32| format!("person{n}@example.com");
    for n in 0..3 {
        assert_eq!(from(1).sign_in(&spray(n), "four wrong words here").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(from(1).sign_in("ada@example.com", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    // The refused one counted too: one more from a neighbour, then the network is full.
    assert_eq!(from(2).sign_in(&spray(8), "four wrong words here").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(from(3).sign_in("ada@example.com", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = house.visitor_from(Ipv4Addr::new(127, 0, 8, 1).into());
    assert_eq!(elsewhere.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let lying = from(1);
    let body = form(&[("email", "ada@example.com".into()), ("password", PASSWORD.into())]);
    let page = lying.send(Method::POST, "/login", Some(body), &[("sec-fetch-site", "same-origin"), ("x-forwarded-for", "192.0.2.9")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "a header does not change where one comes from");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_where_visitors_come_from() {
    let (house, _ada) = House::with_ada_and(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let browser = house.visitor();
    let body = || form(&[("email", "ada@example.com".into()), ("password", PASSWORD.into())]);
    let page = browser
        .send(Method::POST, "/login", Some(body()), &[("sec-fetch-site", "same-origin"), ("x-forwarded-for", "6.6.6.6, 192.0.2.9")])
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(
        house
            .raw
            .texts("SELECT address FROM sessions ORDER BY created_at DESC, id DESC")
            .await
            .iter()
            .filter(|a| *a == "192.0.2.9")
            .count(),
        1
    );
    for wrong in ["unknown", "192.0.2.9:80", "192.0.2.9,"] {
        let page = browser.send(Method::GET, "/login", None, &[("x-forwarded-for", wrong)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_do_not_use_attempts_up() {
    let (house, _ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
    for _ in 0..6 {
        house.signed_in("ada@example.com").await;
    }
    assert_eq!(house.raw.number("SELECT CAST(SUM(count) AS BIGINT) FROM attempts").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sign_in_has_a_new_cookie_and_ends_the_old_session() {
    let (house, ada) = House::with_ada().await;
    let first = ada.cookie().unwrap();
    ada.sign_in("ada@example.com", PASSWORD).await;
    let second = ada.cookie().unwrap();
    assert_ne!(first, second);
    *ada.cookie.lock().unwrap() = Some(first);
    assert!(ada.get("/me").await.location().starts_with("/login"));

    // A cookie that somebody planted before is worth nothing afterwards.
    let planted = "frontdesk=AAAAAAAAAAAAAAAAAAAAAA";
    let victim = house.visitor();
    *victim.cookie.lock().unwrap() = Some(planted.into());
    assert_eq!(victim.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_ne!(victim.cookie().as_deref(), Some(planted));
    *victim.cookie.lock().unwrap() = Some(planted.into());
    assert!(victim.get("/me").await.location().starts_with("/login"));
    let why = house.raw.texts("SELECT ended_why FROM sessions WHERE ended_at IS NOT NULL").await;
    assert_eq!(why, ["replaced"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_in_one_browser_never_mix() {
    let (house, browser) = House::with_ada().await;
    house.member("acme", "bert", READER).await;
    assert_eq!(browser.sign_in("bert@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.get("/me").await.value("name"), "bert");
    let ada = house.user_id("ada@example.com").await;
    assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM sessions WHERE user_id = '{ada}' AND ended_at IS NULL")).await, 0);
    assert_eq!(house.events(&ada).await.last().map(String::as_str), Some("session_ended.v0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_wrong_is_named() {
    let (house, _ada) = House::with_ada().await;
    let browser = house.visitor();
    let before = house.costs();
    let page = browser.sign_in("ada", "").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.fault("email").contains("name@example.com"));
    assert_eq!((page.fault("password").as_str(), page.value("email").as_str()), ("Enter your password.", "ada"));
    assert_eq!(browser.sign_in("ada@example.com", &"x".repeat(20_000)).await.fault("password"), WRONG);
    assert_eq!(house.costs().1, before.1, "nothing of this was hashed");
    for (body, status) in [
        ("email=a%40b.example&email=c%40d.example&password=x".to_owned(), StatusCode::BAD_REQUEST),
        ("email=a%40b.example&password=x&role=admin".to_owned(), StatusCode::BAD_REQUEST),
        ("email=a%40b.example&password=%00".to_owned(), StatusCode::BAD_REQUEST),
        (format!("email={}", "x".repeat(100_000)), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let page = browser.send(Method::POST, "/login", Some(body), &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(page.status, status);
        assert!(!page.all("h1").is_empty(), "a page, not a line of text");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_told_to_come_back_and_never_fails() {
    let (house, _ada) = House::with_ada_and(|config| {
        (config.hashing_at_once, config.password_cost.memory_kib, config.password_cost.iterations) = (1, 32_768, 8);
        (config.lockouts.wrong, config.lockouts.everywhere, config.lockouts.day) = (1000, 1000, 2000);
        (config.attempts.address, config.attempts.network) = (1000, 1000);
    })
    .await;
    let tries: Vec<_> = (0..60)
        .map(|_| {
            let browser = house.visitor();
            tokio::spawn(async move { browser.sign_in("ada@example.com", "four wrong words here").await })
        })
        .collect();
    let (mut wrong, mut busy) = (0, 0);
    for one in tries {
        let page = one.await.unwrap();
        match page.status {
            StatusCode::UNPROCESSABLE_ENTITY => wrong += 1,
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!(page.header("retry-after"), "2");
                busy += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(wrong > 0 && busy > 0, "{wrong} answered, {busy} sent away");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_cookie_was_there_before_the_new_one_is_new() {
    let (house, ada) = House::with_ada().await;
    let alive = ada.cookie().unwrap();
    let other = house.signed_in("ada@example.com").await;
    let ended = other.cookie().unwrap();
    ada.post("/me/sessions/end-others", &[]).await;
    let out = house.signed_in("ada@example.com").await;
    let signed_out = out.cookie().unwrap();
    out.post("/logout", &[]).await;
    for before in [alive, ended, signed_out, "frontdesk=BAAAAAAAAAAAAAAAAAAAAA".into(), "frontdesk=nonsense".into()] {
        let browser = house.visitor();
        *browser.cookie.lock().unwrap() = Some(before.clone());
        let page = browser.sign_in("ada@example.com", PASSWORD).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{before}");
        assert_ne!(browser.cookie(), Some(before.clone()));
        assert_eq!(browser.get("/me").await.status, StatusCode::OK);
        *browser.cookie.lock().unwrap() = Some(before.clone());
        assert!(browser.get("/me").await.location().starts_with("/login"), "{before} opens nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_in_while_hashes_are_renewed() {
    let (house, _ada) = House::with_ada().await;
    let dearer = house.beside(|config| (config.password_cost.iterations, config.lockouts.wrong) = (2, 100)).await;
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let browser = dearer.visitor();
            tokio::spawn(async move { browser.sign_in("ada@example.com", PASSWORD).await.status })
        })
        .collect();
    for one in tries {
        assert_eq!(one.await.unwrap(), StatusCode::SEE_OTHER);
    }
    assert_eq!(house.raw.number("SELECT CAST(SUM(count) AS BIGINT) FROM attempts").await, 0);
}
