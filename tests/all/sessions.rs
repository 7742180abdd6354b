use std::collections::BTreeSet;

use frontdesk::rules::{sign_up::Policy, time::Span};
use reqwest::{Method, StatusCode, header};

use crate::{
    kit::{House, PASSWORD, Page, READER, form, sign_up_form},
    mfa::set_up,
    rescue::{for_ada, link},
    upgrades::everything,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_is_over_on_the_next_request_of_every_instance() {
    let (house, here) = House::with_ada().await;
    let other = house.beside(|_| {}).await;
    let there = other.signed_in("ada@example.com").await;
    assert_eq!(there.get("/accounts/acme").await.status, StatusCode::OK);

    let list = here.get("/me/sessions").await;
    assert_eq!(list.all(".rows li").len(), 2);
    let end = list.attributes(".rows form", "action");
    assert_eq!(end.len(), 1, "the own session is ended by signing out");
    let done = here.post(&end[0], &[]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/me/sessions"));
    assert_eq!(here.get("/me/sessions").await.all(".toast"), ["The session is over. Whoever used it has to sign in again."]);

    let refused = there.get("/accounts/acme").await;
    assert_eq!(refused.location(), "/login?why=ended_by_owner&next=%2Faccounts%2Facme");
    assert!(there.get("/login?why=ended_by_owner").await.all(".note")[0].contains("ended from another of your sessions"));
    let form = || form(&[("name", "Eve".into()), ("theme", "dark".into())]);
    let (own, other) = (format!("{}/me?x=1", there.base), "https://evil.example/me");
    for (referer, location) in [
        (own.as_str(), "/login?why=ended_by_owner&next=%2Fme%3Fx%3D1"),
        (other, "/login?why=ended_by_owner&next=%2Fme"),
        ("", "/login?why=ended_by_owner&next=%2Fme"),
    ] {
        let page = there.send(Method::POST, "/me", Some(form()), &[("sec-fetch-site", "same-origin"), ("referer", referer)]).await;
        assert_eq!(page.location(), location, "back to the page of the form, or of where it went");
    }
    assert_eq!(here.post(&end[0], &[]).await.status, StatusCode::NOT_FOUND, "once");
    let user = house.user_id("ada@example.com").await;
    assert_eq!(house.events(&user).await[2..], ["user_login_succeeded.v0", "session_ended.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_others_end_at_once() {
    let (house, here) = House::with_ada().await;
    let others = [house.signed_in("ada@example.com").await, house.signed_in("ada@example.com").await];
    here.post("/me/sessions/end-others", &[]).await;
    assert_eq!(here.get("/me/sessions").await.all(".toast"), ["2 other sessions are over."]);
    for other in &others {
        assert!(other.get("/me").await.location().starts_with("/login"));
    }
    here.post("/me/sessions/end-others", &[]).await;
    assert_eq!(here.get("/me/sessions").await.all(".toast"), ["There was no other session."]);
    let user = house.user_id("ada@example.com").await;
    assert_eq!(house.events(&user).await.iter().filter(|kind| *kind == "session_ended.v0").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_others_do_not_exist() {
    let (house, ada) = House::with_ada().await;
    let bert = house.member("acme", "bert", READER).await;
    let bert = house.signed_in(&bert).await;
    let session =
        house.raw.texts(format!("SELECT id FROM sessions WHERE user_id = '{}'", house.user_id("ada@example.com").await)).await.remove(0);
    let theirs = bert.post(&format!("/me/sessions/{session}/end"), &[]).await;
    let none = bert.post("/me/sessions/ses_3MP92WggujNuFkwl8icLusxoDSO/end", &[]).await;
    let nonsense = bert.post("/me/sessions/1/end", &[]).await;
    for page in [&theirs, &none, &nonsense] {
        assert_eq!((page.status, &page.body), (StatusCode::NOT_FOUND, &none.body));
    }
    assert_eq!(ada.get("/me").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_and_old_sessions_are_over() {
    let (house, ada) =
        House::with_ada_and(|config| (config.sessions.idle, config.sessions.lifetime) = (Span::hours(1), Span::hours(3))).await;
    house.wait(Span::minutes(59));
    assert_eq!(ada.get("/me").await.status, StatusCode::OK);
    house.wait(Span::minutes(59));
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK, "each request keeps it alive");
    house.wait(Span::minutes(59));
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    house.wait(Span::minutes(4));
    assert_eq!(ada.get("/me").await.location(), "/login?why=too_old&next=%2Fme");

    let ada = house.signed_in("ada@example.com").await;
    house.wait(Span::hours(1));
    assert_eq!(ada.get("/accounts/acme").await.location(), "/login?why=idle&next=%2Faccounts%2Facme");
    assert_eq!(ada.get("/me").await.location(), "/login?why=idle&next=%2Fme");
}

#[tokio::test(flavor = "multi_thread")]
async fn htmx_is_sent_to_sign_in_instead_of_swapping_it_in() {
    let (house, ada) = House::with_ada().await;
    house.wait(Span::days(30));
    let page = ada.send(Method::GET, "/accounts/acme/events", None, &[("hx-request", "true"), ("hx-request-type", "partial")]).await;
    assert_eq!((page.status, page.header("hx-redirect")), (StatusCode::OK, "/login?why=too_old&next=%2Faccounts%2Facme%2Fevents"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_opens_nothing_that_the_database_does_not_know() {
    let (house, ada) = House::with_ada().await;
    let value = ada.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    let stored = house.raw.texts("SELECT token_hash FROM sessions UNION ALL SELECT token_hash FROM cookies").await;
    assert!(stored.iter().all(|hash| hash.len() == 64 && !hash.contains(&value)));
    for wrong in [stored[0].clone(), value.to_uppercase(), format!("{value}A"), String::new(), "é".into(), "a".repeat(5000)] {
        let eve = house.visitor();
        *eve.cookie.lock().unwrap() = Some(format!("frontdesk={wrong}"));
        assert!(eve.get("/me").await.location().starts_with("/login"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_does_not_bring_an_ended_session_back() {
    use tower_sessions::SessionStore;
    let (house, ada) = House::with_ada().await;
    let options = frontdesk::store::DbOptions {
        url: house.config.database_url.clone(),
        default_file: house.config.data_dir.join("frontdesk.db"),
        durability: house.config.sqlite_durability,
        connections: 2,
    };
    let db = frontdesk::store::Db::open(&options).await.unwrap();
    let store = frontdesk::store::CookieStore::new(db);
    let id = ada.cookie().unwrap().split_once('=').unwrap().1.parse().unwrap();
    let loaded = store.load(&id).await.unwrap().unwrap();
    ada.post("/logout", &[]).await;
    store.save(&loaded).await.unwrap();
    assert!(store.load(&id).await.unwrap().is_none(), "saving is no creating");
    *ada.cookie.lock().unwrap() = Some(format!("frontdesk={id}"));
    assert!(ada.get("/me").await.location().starts_with("/login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_change_nothing() {
    let (house, ada) = House::with_ada().await;
    let host = house.running.address.to_string();
    let (own, other) = (format!("http://{host}"), "https://evil.example".to_owned());
    for headers in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", other.as_str())],
        vec![("origin", "null")],
        vec![("origin", "")],
        vec![("sec-fetch-site", "")],
        vec![],
    ] {
        let body = form(&[("name", "Eve".into()), ("theme", "dark".into())]);
        let page = ada.send(Method::POST, "/me", Some(body), &headers).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(ada.send(Method::POST, "/logout", Some(String::new()), &headers).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(ada.get("/me").await.value("name"), "Ada Lovelace");
    let body = form(&[("name", "Ada King".into()), ("theme", "dark".into())]);
    assert_eq!(ada.send(Method::POST, "/me", Some(body), &[("origin", own.as_str())]).await.status, StatusCode::SEE_OTHER);
    let login = form(&[("email", "ada@example.com".into()), ("password", "x".into())]);
    let page = house.visitor().send(Method::POST, "/login", Some(login), &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "nobody is signed in from elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_the_cookie_is_bound_to_the_host() {
    let house = House::with(|config| config.base_url = "https://desk.example.com".into()).await;
    let browser = house.visitor();
    let page = browser.post("/setup", &house.setup_form()).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-frontdesk=") && cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    assert!(page.header("strict-transport-security").starts_with("max-age="));
    assert!(house.running.setup_link.as_ref().unwrap().starts_with("https://desk.example.com/setup?token="));
}

/// Every way to a cookie, and the ways to another one.
async fn ways_to_a_cookie(house: &House) -> Vec<(&'static str, Page)> {
    let one = |name: &'static str, value: &str| vec![(name, value.to_owned())];
    let ada = house.visitor();
    let mut ways = vec![("set-up", ada.post("/setup", &house.setup_form()).await)];
    house.visitor().post("/signup", &one("email", "bob@example.com")).await;
    let path = house.link_to("bob@example.com").await;
    ways.push(("sign-up", house.visitor().post(&path, &sign_up_form("Bob")).await));
    let token = house.invite(&ada, "carol@example.com", READER).await;
    ways.push(("joining", house.visitor().post(&format!("/invitations/{token}/sign-up"), &sign_up_form("Carol")).await));
    ways.push(("rescue", house.visitor().post(&link(house, &for_ada()).await, &[]).await));
    let browser = house.visitor();
    ways.push(("sign-in", browser.sign_in("bob@example.com", PASSWORD).await));
    ways.push(("proof", browser.post("/prove", &one("password", PASSWORD)).await));
    let change = [("current", PASSWORD.to_owned()), ("password", "four entirely new words".to_owned())];
    ways.push(("new password", browser.post("/me/security/password", &change).await));
    let factor = set_up(house, &ada).await;
    let half = house.visitor();
    ways.push(("half a sign-in", half.sign_in("ada@example.com", PASSWORD).await));
    ways.push(("second factor", half.post("/login/mfa", &one("code", &factor.code(house))).await));
    ways.push(("new recovery codes", half.post("/me/security/recovery-codes", &[]).await));
    ways.push(("no second factor", half.post("/me/security/factor/remove", &[]).await));
    ways.push(("signing out", half.post("/logout", &[]).await));
    ways
}

/// SES-08: no script reads a cookie, no other site sends one, and the database does not tell its value.
#[tokio::test(flavor = "multi_thread")]
async fn every_cookie_is_as_promised() {
    for (base, name, secure) in [("", "frontdesk", false), ("https://desk.example.com", "__Host-frontdesk", true)] {
        let house = House::with(|config| {
            config.base_url = base.to_owned();
            config.sign_up = Policy::Open;
        })
        .await;
        let (mut values, mut known) = (BTreeSet::new(), 0);
        for (way, page) in ways_to_a_cookie(&house).await {
            let cookies: Vec<_> = page.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
            assert!(matches!(cookies.len(), 1 | 2), "{way}: {cookies:?} {}", page.text());
            for (cookie, expected_name) in cookies.iter().zip([name.to_owned(), format!("{name}-browser")]) {
                let mut parts = cookie.split("; ");
                let (called, value) = parts.next().unwrap().split_once('=').unwrap();
                let rules: Vec<_> = parts.filter(|rule| !rule.starts_with("Max-Age=") && !rule.starts_with("Expires=")).collect();
                let expected: BTreeSet<_> = ["HttpOnly", "SameSite=Lax", "Path=/"].into_iter().chain(secure.then_some("Secure")).collect();
                assert_eq!((called, rules.len()), (expected_name.as_str(), expected.len()), "{way}: {cookie}");
                assert_eq!(rules.into_iter().collect::<BTreeSet<_>>(), expected, "{way}: {cookie}");
                if way == "signing out" {
                    assert!(value.is_empty() && cookie.contains("Max-Age=0") && cookies.len() == 1, "{cookies:?}");
                    continue;
                }
                let is_known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                assert!(value.len() == 22 && value.chars().all(is_known), "{way}: {value}");
                assert!(values.insert(value.to_owned()), "{way}: the value of another");
                known += usize::from(called.ends_with("-browser"));
            }
        }
        assert!((4..values.len() / 2).contains(&known), "{known} of {} make a browser known", values.len());
        let all = everything(&house.raw).await;
        for table in ["sessions", "cookies", "known_browsers"] {
            assert!(!all[table].is_empty() && all[table].iter().all(|row| row["token_hash"].as_ref().unwrap().len() == 64), "{table}");
        }
        for (table, rows) in all {
            for text in rows.iter().flat_map(|row| row.values()).flatten() {
                assert!(values.iter().all(|value| !text.contains(value)), "{table}: {text}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_idle_time_is_kept_while_somebody_is_there() {
    let (house, ada) = House::with_ada_and(|config| config.sessions.idle = Span::seconds(20)).await;
    for _ in 0..30 {
        house.wait(Span::seconds(2));
        assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    }
    house.wait(Span::seconds(20));
    assert!(ada.get("/accounts/acme").await.location().starts_with("/login?why=idle"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_anyway_is_not_ended_again() {
    let (house, _first) = House::with_ada_and(|config| config.sessions.idle = Span::hours(1)).await;
    house.wait(Span::hours(1));
    let here = house.signed_in("ada@example.com").await;
    here.post("/me/sessions/end-others", &[]).await;
    assert_eq!(here.get("/me/sessions").await.all(".toast"), ["There was no other session."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_somewhere_new_is_told() {
    let (house, _ada) = House::with_ada().await;
    let letters = async || house.letters_to("ada@example.com").await;
    house.signed_in("ada@example.com").await;
    assert!(letters().await.is_empty(), "from where she always is");
    let away = house.visitor_from("127.0.2.2".parse().unwrap());
    assert_eq!(away.sign_in("ada@example.com", PASSWORD).await.location(), "/accounts");
    let told = letters().await;
    assert!(told.len() == 1 && told[0].contains("from the network address 127.0.2.2, with Unknown program"), "{told:?}");
    let body = form(&[("email", "ada@example.com".into()), ("password", PASSWORD.into())]);
    let headers = [("sec-fetch-site", "same-origin"), ("user-agent", "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")];
    let other = house.visitor();
    other.send(reqwest::Method::POST, "/login", Some(body.clone()), &headers).await;
    assert!(letters().await.last().unwrap().contains("with Firefox on Windows"));
    other.send(reqwest::Method::POST, "/login", Some(body), &headers).await;
    assert_eq!(letters().await.len(), 2, "known by now");
}
