use frontdesk::{app, rules::time::Span};
use reqwest::StatusCode;

use crate::kit::{House, PASSWORD, on_postgres};

#[tokio::test(flavor = "multi_thread")]
async fn set_up_makes_the_first_user_and_account_and_signs_in() {
    let house = House::new().await;
    let ada = house.visitor();
    assert_eq!(ada.get("/").await.location(), "/setup");
    assert_eq!(ada.get("/login").await.location(), "/setup");
    let form = ada.get(&format!("/setup?token={}", house.token())).await;
    assert_eq!((form.status, form.value("token")), (StatusCode::OK, house.token()));

    let done = ada.post("/setup", &house.setup_form()).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/accounts/acme"));
    let overview = ada.get("/accounts/acme").await;
    assert_eq!(overview.status, StatusCode::OK);
    assert_eq!(overview.all(".toast"), ["Frontdesk is set up. This is your account."]);
    assert_eq!(overview.all("h1"), ["Acme"]);

    let (account, user) = (house.account_id("acme").await, house.user_id("ada@example.com").await);
    assert_eq!(house.events("instance").await, ["instance_set_up.v0"]);
    assert_eq!(house.events(&user).await, ["user_created.v0", "user_login_succeeded.v0"]);
    assert_eq!(house.events(&account).await, ["account_created.v0", "membership_created.v0", "account_entered.v0"]);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_needs_the_token_of_the_console() {
    let house = House::new().await;
    let eve = house.visitor();
    for token in ["", "wrong", &house.token()[1..], &format!("{}x", house.token())] {
        let page = eve.get(&format!("/setup?token={token}")).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{token}");
        assert!(page.text().contains("printed a link on its console"));
        let mut form = house.setup_form();
        form[0].1 = token.to_owned();
        assert_eq!(eve.post("/setup", &form).await.status, StatusCode::FORBIDDEN, "{token}");
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, 0);
    house.wait(Span::days(7));
    assert_eq!(eve.post("/setup", &house.setup_form()).await.status, StatusCode::FORBIDDEN, "the link has an end");
    let later = house.beside(|_| {}).await;
    assert_eq!(eve.get(&format!("/setup?token={}", later.token())).await.status, StatusCode::OK, "the next start prints a new one");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_named_and_kept() {
    let house = House::new().await;
    let ada = house.visitor();
    let mut form = house.setup_form();
    form[1].1 = "  ".into();
    form[3].1 = "ada at example".into();
    form[4].1 = "short".into();
    let page = ada.post("/setup", &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.fault("account"), "Enter a name for the account.");
    assert!(page.fault("email").starts_with("This is not an email address."));
    assert!(page.fault("password").starts_with("Use at least 10 characters."));
    assert_eq!(
        (page.value("name"), page.value("email"), page.value("password")),
        ("Ada Lovelace".into(), "ada at example".into(), String::new())
    );
    assert_eq!(page.all(".summary li").len(), 3);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await + house.raw.number("SELECT COUNT(*) FROM events").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn set_up_is_gone_afterwards_whatever_is_deleted() {
    let (house, ada) = House::with_ada().await;
    let form = vec![
        ("token", "x".to_owned()),
        ("account", "Evil".into()),
        ("name", "Eve".into()),
        ("email", "eve@example.com".into()),
        ("password", PASSWORD.into()),
    ];
    let gone = |what: &'static str| {
        let (ada, form) = (&ada, &form);
        async move {
            assert_eq!(ada.get("/setup").await.status, StatusCode::NOT_FOUND, "{what}");
            assert_eq!(ada.post("/setup", form).await.status, StatusCode::NOT_FOUND, "{what}");
        }
    };
    gone("after set-up").await;
    for table in ["entries", "session_proofs", "sessions", "members", "user_emails", "known_browsers", "users", "visits"] {
        house.raw.run(format!("DELETE FROM {table}")).await;
    }
    gone("without users").await;
    house.raw.run("DELETE FROM instance").await;
    gone("without the instance's row").await;
    assert!(house.beside(|_| {}).await.running.setup_link.is_none(), "a restart does not open it either");
    gone("after a restart").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_at_once_one_is_set_up() {
    let house = House::new().await;
    let other = house.beside(|_| {}).await;
    let mut posts = Vec::new();
    for n in 0..50 {
        // Half of them against another process, with the link that that one printed.
        let house = if n % 2 == 0 { &house } else { &other };
        let (browser, mut form) = (house.visitor(), house.setup_form());
        form[1].1 = format!("Company {n}");
        form[3].1 = format!("person{n}@example.com");
        posts.push(tokio::spawn(async move { browser.post("/setup", &form).await.status }));
    }
    let mut won = 0;
    for post in posts {
        match post.await.unwrap() {
            StatusCode::SEE_OTHER => won += 1,
            // Too late, or told to come back because too much was going on.
            StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::SERVICE_UNAVAILABLE => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
    for table in ["users", "accounts", "members", "sessions", "user_emails"] {
        assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
    assert_eq!(house.events("instance").await, ["instance_set_up.v0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_and_its_key_belong_together() {
    let (house, _ada) = House::with_ada().await;
    let key = house.config.data_dir.join("instance.key");
    let right = std::fs::read_to_string(&key).unwrap();
    let refusal = |config: frontdesk::config::Config| async move {
        app::start(&config, app::clock(), app::dice()).await.err().map(|error| error.to_string()).unwrap_or_default()
    };

    std::fs::write(&key, format!("{:064x}", 7)).unwrap();
    assert!(refusal(house.config.clone()).await.contains("is not the one that this database belongs to"));
    let ready = house.visitor().get("/readyz").await;
    assert_eq!(ready.status, StatusCode::OK, "who has started with the right key goes on");
    std::fs::write(&key, "half a k").unwrap();
    assert!(refusal(house.config.clone()).await.contains("does not hold a key"));
    std::fs::remove_file(&key).unwrap();
    assert!(refusal(house.config.clone()).await.contains("This database belongs to a key file"));
    assert!(!key.exists(), "no new key is made for a database that has one");
    std::fs::write(&key, right).unwrap();
    assert_eq!(refusal(house.config.clone()).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_row_is_made_again_without_losing_the_log() {
    let (house, _ada) = House::with_ada().await;
    house.raw.run("DELETE FROM instance").await;
    assert_eq!(house.visitor().get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let again = house.beside(|_| {}).await;
    assert_eq!(again.visitor().sign_in("nobody@example.com", "four wrong words here").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.events("instance").await, ["instance_set_up.v0", "user_login_failed.v0"]);
    assert!(crate::events::broken_links(&house.raw).await.is_empty());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_database_elsewhere_is_private_too() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("elsewhere.db");
    let house = House::with(|config| config.database_url = format!("sqlite:{}", file.display())).await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
    assert_eq!(house.visitor().get("/readyz").await.status, StatusCode::OK);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_disk_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let (house, _ada) = House::with_ada().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&house.config.data_dir), 0o700);
    let files: Vec<_> = std::fs::read_dir(&house.config.data_dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), if on_postgres() { 1 } else { 6 }, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}
