use frontdesk::rules::{members::Roles, time::Span};
use reqwest::{Method, StatusCode};

use crate::kit::{House, PASSWORD, READER, Raw, START, cast, settings_form};

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_others_and_none_are_the_same() {
    let (house, ada) = House::with_ada().await;
    house.account("other").await;
    for path in ["", "/events", "/settings", "/events/ev_3MP92WggujNuFkwl8icLusxoDSO"] {
        let theirs = ada.get(&format!("/accounts/other{path}")).await;
        let none = ada.get(&format!("/accounts/nowhere{path}")).await;
        for nonsense in ["%00", "a%00b", "%ff", "%C3%28", "A", "acme%20", "%2e%2e"] {
            for who in [&ada, &house.visitor()] {
                let page = who.get(&format!("/accounts/{nonsense}{path}")).await;
                assert!(page.status.is_client_error() || page.status.is_redirection(), "{nonsense}{path}: {}", page.status);
            }
        }
        assert_eq!((theirs.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert_eq!(theirs.body, none.body);
    }
    let form = settings_form("Mine", 0);
    assert_eq!(ada.post("/accounts/other/settings", &form).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.raw.texts("SELECT name FROM accounts WHERE slug = 'other'").await, ["other"]);
    assert!(house.events(&house.account_id("other").await).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_learns_why_and_it_is_on_record_once_an_hour() {
    let (house, ada) = House::with_ada().await;
    let cast = cast(&house, ada).await;
    let find = |name: &str| &cast.iter().find(|(who, _)| *who == name).unwrap().1;
    for (name, says) in [("disabled", "Your access to Acme is disabled."), ("late_guest", "was for a limited time, which is over.")] {
        for path in ["", "/events", "/events"] {
            let page = find(name).get(&format!("/accounts/acme{path}")).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN);
            assert!(page.text().contains(says), "{}", page.text());
        }
        assert_eq!(find(name).get("/accounts").await.status, StatusCode::OK, "the person is not touched");
    }
    let page = find("reader").get("/accounts/acme/events").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    for says in ["you may not read the account's events", "you need the role Team manager", "Ada Lovelace (ada@example.com)"] {
        assert!(page.text().contains(says), "{}", page.text());
    }
    find("reader").get("/accounts/acme/events").await;
    let account = house.account_id("acme").await;
    let count = |events: &[String], kind: &str| events.iter().filter(|event| *event == kind).count();
    let events = house.events(&account).await;
    assert_eq!((count(&events, "account_entry_refused.v0"), count(&events, "permission_refused.v0")), (2, 1));
    house.wait(Span::hours(1));
    find("reader").get("/accounts/acme/events").await;
    assert_eq!(count(&house.events(&account).await, "permission_refused.v0"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_may_not_open_is_muted_with_the_reason() {
    let (house, _ada) = House::with_ada().await;
    let reader = house.member("acme", "reader", READER).await;
    let page = house.signed_in(&reader).await.get("/accounts/acme").await;
    let reasons = page.attributes(".nav-item.muted", "title");
    assert_eq!(
        reasons,
        [
            "You may not see open invitations: you need the role Team invite.",
            "You may not read the account's events: you need the role Team manager.",
            "You may not see the account's settings: you need to be an administrator.",
            "You may not change what the account demands at sign-in: you need to be an administrator.",
            "You may not set up single sign-on: you need to be an administrator.",
            "You may not choose how people come into the account: you need to be an administrator.",
            "You may not see billing details: you need the role Billing access."
        ]
    );
    assert_eq!(
        page.all("a.nav-item"),
        ["Overview", "Members", "Bot users", "Authtokens", "API keys", "SSH keys", "IP restrictions", "IP policies"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_out_at_the_moment_and_warned_before() {
    let (house, _ada) = House::with_ada().await;
    let guest = house.member("acme", "guest", READER).await;
    let id = house.user_id(&guest).await;
    house.raw.run(format!("UPDATE members SET access_until = {} WHERE user_id = '{id}'", START + Span::hours(2).0)).await;
    let guest = house.signed_in(&guest).await;
    assert_eq!(guest.get("/accounts/acme").await.all(".banner"), ["Your access to Acme ends on 21 Nov 2026, 14:00:00 UTC."]);
    house.wait(Span(Span::hours(2).0 - 1));
    assert_eq!(guest.get("/accounts/acme").await.status, StatusCode::OK);
    house.wait(Span(1));
    assert_eq!(guest.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn renaming_keeps_before_and_after() {
    let (house, ada) = House::with_ada().await;
    let form = ada.get("/accounts/acme/settings").await;
    assert_eq!((form.value("name").as_str(), form.value("version").as_str()), ("Acme", "0"));
    let done = ada.post("/accounts/acme/settings", &settings_form("Acme & Söhne", 0)).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/accounts/acme/settings"));
    let saved = ada.get("/accounts/acme/settings").await;
    assert_eq!((saved.all(".toast"), saved.value("name").as_str()), (vec!["Saved.".to_owned()], "Acme & Söhne"));

    let events = ada.get("/accounts/acme/events?type=account_updated.v0").await;
    let link = events.attributes("table.events td.what a", "href").remove(0);
    let event = ada.get(&link).await;
    assert_eq!(event.all(".diff tbody td"), ["Acme", "Acme & Söhne"]);
    ada.post("/accounts/acme/settings", &settings_form("Acme & Söhne", 1)).await;
    let account = house.account_id("acme").await;
    let all = house.events(&account).await;
    assert_eq!(all.iter().filter(|kind| *kind == "account_updated.v0").count(), 1, "saving what stands there is no change");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_save_at_once_notice_each_other() {
    let (house, ada) = House::with_ada().await;
    let bea = house.member("acme", "bea", Roles::ADMINISTRATOR).await;
    let bea = house.signed_in(&bea).await;
    let save = |name: &str, version: &str| settings_form(name, version.parse().unwrap());
    assert_eq!(ada.post("/accounts/acme/settings", &save("Ada's", "0")).await.status, StatusCode::SEE_OTHER);
    let conflict = bea.post("/accounts/acme/settings", &save("Bea's", "0")).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    assert_eq!(conflict.all(".conflict tbody tr"), ["Name Ada's Bea's"], "both values, and only what differs");
    assert_eq!((conflict.value("name").as_str(), conflict.value("version").as_str()), ("Bea's", "1"));
    assert_eq!(bea.post("/accounts/acme/settings", &save("Bea's", "1")).await.status, StatusCode::SEE_OTHER);
    // Another fault does not pass over what somebody saved meanwhile.
    let empty = ada.post("/accounts/acme/settings", &save("", "1")).await;
    assert_eq!((empty.status, empty.value("version").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "1"));
    assert_eq!(ada.post("/accounts/acme/settings", &save("Mine", "1")).await.status, StatusCode::CONFLICT);
    for (name, version, field) in [("", "2", "name"), (&"x".repeat(101), "2", "name")] {
        let page = bea.post("/accounts/acme/settings", &save(name, version)).await;
        assert_eq!((page.status, page.value("name").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, name));
        assert!(!page.fault(field).is_empty());
    }
    assert_eq!(house.raw.texts("SELECT name FROM accounts").await, ["Bea's"]);
}

/// The permit was asked before the transaction; whoever was demoted in between writes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_demoted_a_moment_ago_writes_nothing() {
    let (house, ada) = House::with_ada().await;
    for (change, back) in [
        ("UPDATE members SET administrator_since = NULL", format!("UPDATE members SET administrator_since = {START}")),
        ("UPDATE members SET disabled_at = 1", "UPDATE members SET disabled_at = NULL".to_owned()),
        ("UPDATE members SET access_until = 1", "UPDATE members SET access_until = NULL".to_owned()),
    ] {
        // Presence is noted already, so that the first thing the request waits for is the act's own transaction.
        assert_eq!(ada.get("/accounts/acme/settings").await.status, StatusCode::OK);
        let form = settings_form("Mine", 0);
        let page = match &house.raw {
            Raw::Sqlite(pool) => {
                let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
                sqlx::query(change).execute(&mut *tx).await.unwrap();
                let (page, ()) = tokio::join!(ada.post("/accounts/acme/settings", &form), async {
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    tx.commit().await.unwrap();
                });
                page
            }
            Raw::Postgres(pool) => {
                let mut tx = pool.begin().await.unwrap();
                sqlx::query("UPDATE accounts SET version = version + 1").execute(&mut *tx).await.unwrap();
                sqlx::query(change).execute(&mut *tx).await.unwrap();
                let (page, ()) = tokio::join!(ada.post("/accounts/acme/settings", &form), async {
                    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    tx.commit().await.unwrap();
                });
                page
            }
        };
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{change}: {}", page.text());
        assert_eq!(house.raw.texts("SELECT name FROM accounts").await, ["Acme"], "{change}");
        house.raw.run(back).await;
    }
    let events = house.events(&house.account_id("acme").await).await;
    let refused: Vec<_> = events.iter().filter(|kind| kind.ends_with("_refused.v0")).map(String::as_str).collect();
    assert_eq!(refused, ["permission_refused.v0", "account_entry_refused.v0", "account_entry_refused.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn htmx_gets_the_middle_of_problem_pages_too() {
    let (house, _ada) = House::with_ada().await;
    let reader = house.member("acme", "reader", READER).await;
    let reader = house.signed_in(&reader).await;
    let htmx = [("hx-request", "true"), ("hx-request-type", "partial"), ("sec-fetch-site", "same-origin")];
    for (path, status) in [
        ("/accounts/acme/events", StatusCode::FORBIDDEN),
        ("/accounts/acme/members?q=%00", StatusCode::BAD_REQUEST),
        ("/accounts/nowhere", StatusCode::NOT_FOUND),
    ] {
        let part = reader.send(Method::GET, path, None, &htmx).await;
        assert_eq!(part.status, status);
        assert!(part.body.starts_with("<title>") && !part.body.contains("<main"), "{}", part.body);
        assert!(reader.get(path).await.body.contains("<main"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visits_are_counted_by_day_and_address() {
    let (house, ada) = House::with_ada().await;
    ada.get("/accounts/acme").await;
    ada.get("/accounts/acme/events").await;
    house.wait(Span::minutes(2));
    ada.get("/accounts/acme").await;
    house.wait(Span::hours(11));
    house.wait(Span::minutes(59));
    let ada = house.signed_in("ada@example.com").await;
    ada.get("/accounts/acme").await;
    let counts = house
        .raw
        .texts("SELECT CAST(day AS TEXT) || ' ' || CAST(count AS TEXT) || ' ' || address || ' ' || surface FROM visits ORDER BY day")
        .await;
    let day = START / 86_400_000;
    assert_eq!(counts, [format!("{day} 2 127.0.0.1 dashboard"), format!("{} 1 127.0.0.1 dashboard", day + 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_cleared_out() {
    let (house, ada) = House::with_ada().await;
    ada.get("/accounts/acme").await;
    house.visitor().sign_in("ada@example.com", "four wrong words here").await;
    assert_eq!(house.running.chores().await.unwrap(), 0);
    assert!(house.raw.number("SELECT COUNT(*) FROM sessions").await > 0);
    house.wait(Span::days(8));
    assert!(house.running.chores().await.unwrap() >= 4, "attempts and the set-up link");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM attempts").await, 0);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM visits").await, 1);
    house.wait(Span::days(400));
    house.running.chores().await.unwrap();
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM visits").await + house.raw.number("SELECT COUNT(*) FROM cookies").await, 0);
    for table in ["sessions", "session_proofs", "entries"] {
        assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert!(house.raw.number("SELECT COUNT(*) FROM events").await > 0, "events stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_a_page_does_not_take_is_refused() {
    let (house, ada) = House::with_ada().await;
    for (method, path) in [(Method::PUT, "/me"), (Method::DELETE, "/accounts/acme"), (Method::GET, "/logout"), (Method::POST, "/accounts")]
    {
        let page = ada.send(method, path, None, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(ada.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.send(Method::HEAD, "/me", None, &[]).await.status, StatusCode::OK);
    drop(house);
}

#[tokio::test(flavor = "multi_thread")]
async fn details_are_checked_saved_and_shown_in_the_viewers_zone() {
    let (house, ada) = House::with_ada().await;
    let form = |website: &str, zone: &str| {
        vec![
            ("name", "Acme".to_owned()),
            ("slug", "acme".into()),
            ("company", "Acme GmbH".into()),
            ("address", "Hauptstr. 1\r\n10115 Berlin".into()),
            ("website", website.to_owned()),
            ("time_zone", zone.to_owned()),
            ("currency", "eur".into()),
            ("version", "0".into()),
        ]
    };
    let page = ada.post("/accounts/acme/settings", &form("javascript:alert(1)", "Berlin")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.fault("website").contains("https://") && page.fault("time_zone").contains("Europe/Berlin"));
    assert_eq!(page.value("company"), "Acme GmbH", "what was typed stays");
    assert_eq!(ada.post("/accounts/acme/settings", &form("acme.example", "europe/berlin")).await.location(), "/accounts/acme/settings");
    let saved = ada.get("/accounts/acme/settings").await;
    assert_eq!((saved.value("website").as_str(), saved.value("time_zone").as_str()), ("https://acme.example/", "Europe/Berlin"));
    assert_eq!(
        (saved.all("textarea")[0].as_str(), saved.attributes("option[selected]", "value")[0].as_str()),
        ("Hauptstr. 1 10115 Berlin", "EUR")
    );
    // In the account its zone counts; outside, and for who has chosen one, their own.
    let seen = |page: crate::kit::Page| page.attributes("time", "title").remove(0);
    assert_eq!(seen(ada.get("/accounts/acme/members").await), "21 Nov 2026, 13:00:00 CET");
    assert_eq!(seen(ada.get("/accounts").await), "21 Nov 2026, 12:00:00 UTC");
    let me = |zone: &str| vec![("name", "Ada Lovelace".to_owned()), ("theme", "auto".into()), ("time_zone", zone.to_owned())];
    assert!(ada.post("/me", &me("Mars/Olympus")).await.fault("time_zone").contains("no such time zone"));
    assert_eq!(ada.post("/me", &me("Asia/Tokyo")).await.location(), "/me");
    assert_eq!(seen(ada.get("/accounts/acme/members").await), "21 Nov 2026, 21:00:00 JST");
    // A day is as long as it is where one is.
    let reader = house.member("acme", "reader", READER).await;
    let id = house.member_id(&reader).await;
    ada.post(&format!("/accounts/acme/members/{id}/access"), &[("until", "2026-12-01".into())]).await;
    assert_eq!(house.raw.number(format!("SELECT access_until FROM members WHERE id = '{id}'")).await, START + Span::hours(24 * 10 + 3).0);
    let events = ada.get("/accounts/acme/events?from=2026-11-22").await;
    assert!(events.all("table.events tbody tr").is_empty(), "21:00 in Tokyo is not tomorrow");
    assert!(!ada.get("/accounts/acme/events?from=2026-11-21&until=2026-11-21").await.all("table.events tbody tr").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_slug_goes_on_leading_there_and_is_nobody_elses() {
    let (house, ada) = House::with_ada().await;
    let mut form = settings_form("Acme", 0);
    form[1].1 = "acme-group".into();
    assert_eq!(ada.post("/accounts/acme/settings", &form).await.location(), "/accounts/acme-group/settings");
    assert_eq!(ada.get("/accounts/acme/members?q=ada").await.location(), "/accounts/acme-group/members?q=ada");
    assert_eq!(ada.get("/accounts/acme").await.location(), "/accounts/acme-group");
    let moved = ada.post("/accounts/acme/settings", &form).await;
    assert_eq!(moved.status, StatusCode::CONFLICT);
    house.account("other").await;
    let stranger = house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    let stranger = house.signed_in(&stranger).await;
    assert_eq!(stranger.get("/accounts/acme").await.status, StatusCode::NOT_FOUND, "strangers learn nothing");
    for taken in ["acme", "acme-group"] {
        let page = stranger.post("/accounts/new", &[("name", "Mine".into()), ("slug", taken.into())]).await;
        assert_eq!(page.fault("slug"), "This one is taken.", "{taken}");
        let mut form = settings_form("Other", 0);
        form[1].1 = taken.into();
        assert_eq!(stranger.post("/accounts/other/settings", &form).await.fault("slug"), "This one is taken.", "{taken}");
    }
    let mut back = settings_form("Acme", 1);
    back[1].1 = "acme".into();
    assert_eq!(ada.post("/accounts/acme-group/settings", &back).await.location(), "/accounts/acme/settings", "one's own old one is free");
    assert_eq!(ada.get("/accounts/acme-group").await.location(), "/accounts/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_creates_accounts_is_a_setting() {
    use frontdesk::rules::accounts::Creation;
    for (policy, ada_may, bob_may) in
        [(Creation::Nobody, false, false), (Creation::Administrators, true, false), (Creation::Everybody, true, true)]
    {
        let (house, ada) = House::with_ada_and(|config| config.account_creation = policy).await;
        let bob = house.member("acme", "bob", READER).await;
        let bob = house.signed_in(&bob).await;
        for (who, may) in [(&ada, ada_may), (&bob, bob_may)] {
            assert_eq!(who.get("/accounts").await.text().contains("Create an account"), may, "{policy:?}");
            let page = who.post("/accounts/new", &[("name", "Second".into()), ("slug", String::new())]).await;
            assert_eq!(page.status, if may { StatusCode::SEE_OTHER } else { StatusCode::UNPROCESSABLE_ENTITY }, "{policy:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_is_its_makers() {
    let (house, ada) = House::with_ada().await;
    for expected in ["acme-2", "acme-3"] {
        house.wait(Span::seconds(1));
        let page = ada.post("/accounts/new", &[("name", "Acme".into()), ("slug", String::new())]).await;
        assert_eq!(page.location(), format!("/accounts/{expected}"), "{}", page.text());
    }
    let page = ada.post("/accounts/new", &[("name", " ".into()), ("slug", "A b".into())]).await;
    assert_eq!((page.status, page.all(".summary li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    assert!(ada.get("/accounts/acme-2").await.text().contains("You are alone here."));
    assert_eq!(ada.get("/accounts").await.all(".account-tile strong"), ["Acme", "Acme", "Acme"]);
    assert_eq!(
        ada.get("/accounts/menu").await.attributes(".switch-list a", "href"),
        ["/accounts/acme", "/accounts/acme-2", "/accounts/acme-3", "/accounts", "/accounts/new"]
    );
    assert_eq!(
        house.events(&house.account_id("acme-2").await).await,
        ["account_created.v0", "membership_created.v0", "account_entered.v0"]
    );
    assert_eq!(house.raw.texts("SELECT source FROM members ORDER BY source").await, ["created", "created", "setup"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_an_account_says_what_goes_and_asks_twice() {
    let (house, ada) = House::with_ada().await;
    let bea = house.member("acme", "bea", Roles::ADMINISTRATOR).await;
    let bea = house.signed_in(&bea).await;
    let token = house.invite(&ada, "carl@example.com", READER).await;
    bea.get("/accounts/acme").await;
    assert!(house.deliver().await);
    // As if they waited for their next turn.
    let later = house.now().plus(Span::hours(1));
    house.raw.run(format!("UPDATE outbox SET sent_at = NULL, sent_as = NULL, next_attempt_at = {}", later.0)).await;
    let page = ada.get("/accounts/acme/delete").await;
    for says in ["2 memberships", "1 unanswered invitation:", "0 bot users and 0 credentials"] {
        assert!(page.text().contains(says), "{says}: {}", page.text());
    }
    let form = |name: &str, password: &str| vec![("name", name.to_owned()), ("password", password.to_owned())];
    for (name, password, field) in [("acme", PASSWORD, "name"), ("Acme", "", "password"), ("Acme", "wrong", "password")] {
        let page = ada.post("/accounts/acme/delete", &form(name, password)).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && !page.fault(field).is_empty(), "{name} {password}");
    }
    let (account, ada_id) = (house.account_id("acme").await, house.user_id("ada@example.com").await);
    let done = ada.post("/accounts/acme/delete", &form("Acme", PASSWORD)).await;
    assert_eq!(done.location(), "/accounts", "{}", done.text());
    assert!(ada.get("/accounts").await.text().contains("Acme is deleted."));
    for who in [&ada, &bea] {
        assert_eq!(who.get("/accounts/acme").await.status, StatusCode::NOT_FOUND);
        assert_eq!(who.get(&format!("/accounts/{account}")).await.status, StatusCode::NOT_FOUND);
        assert!(who.get("/accounts").await.text().contains("You are in no account"));
    }
    let link = house.visitor().get(&format!("/invitations/{token}")).await;
    assert!(link.status == StatusCode::GONE && link.text().contains("There is nothing to join any more."), "{}", link.text());
    assert!(house.letters_to("bea@example.com").await[0].contains("Ada Lovelace has deleted the account Acme."));
    assert_eq!(house.raw.texts("SELECT sent_as FROM outbox WHERE recipient = 'carl@example.com'").await, ["withdrawn"]);
    for table in ["members", "member_words", "visits"] {
        assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(house.events(&account).await.last().unwrap(), "account_deleted.v0");
    assert_eq!(house.events("instance").await.last().unwrap(), "account_deleted.v0");
    assert!(house.events(&ada_id).await.contains(&"user_login_failed.v0".to_owned()));
    // Nobody gets the slug, so that old links lead nobody astray.
    assert_eq!(house.raw.texts("SELECT slug FROM account_slugs").await, ["acme"]);
}
