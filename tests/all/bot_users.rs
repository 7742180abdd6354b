use frontdesk::rules::time::Span;
use reqwest::StatusCode;

use crate::kit::{House, READER};

fn named(name: &str) -> [(&'static str, String); 1] {
    [("name", name.to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_user_is_made_renamed_and_found() {
    let (house, ada) = House::with_ada().await;
    let list = "/accounts/acme/bot-users";
    assert!(ada.get(list).await.text().contains("No bot users yet"));
    let id = house.bot(&ada, "Deploy pipeline").await;
    let page = ada.get(&format!("{list}/{id}")).await;
    assert_eq!((page.all("h1"), page.value("name").as_str()), (vec!["Deploy pipeline".to_owned()], "Deploy pipeline"));
    for (name, says) in
        [("", "Give it a name"), (&"x".repeat(256), "at most 255 bytes"), ("deploy PIPELINE", "already"), ("a\u{202e}b", "invisible")]
    {
        let page = ada.post(&format!("{list}/new"), &named(name)).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.fault("name").contains(says), "{name}: {}", page.text());
        assert_eq!(page.value("name"), name.trim_matches('\u{0}'), "what was typed stays");
    }
    house.bot(&ada, "Nightly").await;
    let page = ada.post(&format!("{list}/{id}/rename"), &named("nightly")).await;
    assert!(page.fault("name").contains("already"), "{}", page.text());
    assert_eq!(page.value("name"), "nightly");
    assert_eq!(ada.post(&format!("{list}/{id}/rename"), &named("Deploy")).await.location(), format!("{list}/{id}"));
    assert_eq!(ada.post(&format!("{list}/{id}/rename"), &named("DEPLOY")).await.status, StatusCode::SEE_OTHER, "in other letters");
    assert_eq!(ada.get(&format!("{list}?q=depl")).await.all("tbody td:first-child"), ["DEPLOY"]);
    ada.post(&format!("{list}/{id}/deactivate"), &[]).await;
    assert_eq!(ada.get(&format!("{list}?state=inactive")).await.all("tbody td:first-child"), ["DEPLOY"]);
    assert_eq!(ada.get(&format!("{list}?state=active")).await.all("tbody td:first-child"), ["Nightly"]);
    ada.post(&format!("{list}/{id}/deactivate"), &[]).await;
    ada.post(&format!("{list}/{id}/activate"), &[]).await;
    let events = house.events(&house.account_id("acme").await).await;
    let bots: Vec<_> = events.iter().filter(|kind| kind.starts_with("bot_user")).map(String::as_str).collect();
    let (created, updated) = ("bot_user_created.v0", "bot_user_updated.v0");
    assert_eq!(bots, [created, created, updated, updated, updated, updated], "what changes nothing is no event");
    let page = ada.get(&format!("{list}/{id}")).await;
    assert!(page.text().contains("changed a bot user"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_says_what_dies_and_frees_the_name() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Deploy").await;
    let (_, key) = house.credential(&ada, "api-keys", &bot).await;
    house.credential(&ada, "authtokens", &bot).await;
    let program = house.program(&key);
    assert_eq!(program.get("/account").await.text("principal_name"), "Deploy");
    let ask = ada.get(&format!("/accounts/acme/bot-users/{bot}/delete")).await;
    assert!(ask.text().contains("2 credentials stop working for good"), "{}", ask.text());
    assert_eq!(ask.all(".rows li").len(), 2);
    for typed in ["", "deploy", "Another"] {
        let page = ada.post(&format!("/accounts/acme/bot-users/{bot}/delete"), &[("name", typed.into())]).await;
        assert!(page.fault("name").contains("as it stands here: Deploy"), "{}", page.text());
    }
    let done = ada.post(&format!("/accounts/acme/bot-users/{bot}/delete"), &[("name", "Deploy".into())]).await;
    assert_eq!(done.location(), "/accounts/acme/bot-users");
    assert_eq!(program.get("/account").await.error(), (401, "ERR_NGROK_203"));
    assert_eq!(ada.get(&format!("/accounts/acme/bot-users/{bot}")).await.status, StatusCode::NOT_FOUND);
    // One of the same name is another one, without the old keys (BOT-02).
    let again = house.bot(&ada, "Deploy").await;
    assert_ne!(again, bot);
    assert_eq!(program.get("/account").await.error(), (401, "ERR_NGROK_203"));
    assert!(ada.get(&format!("/accounts/acme/bot-users/{again}")).await.text().contains("None yet."));
    let events = house.events(&house.account_id("acme").await).await;
    let ends: Vec<_> = events.iter().map(String::as_str).filter(|kind| kind.ends_with("_deleted.v0")).collect();
    assert_eq!(ends.len(), 3, "each credential, and the bot user: {ends:?}");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials WHERE secret_hash IS NOT NULL").await, 0);
}

/// What still uses a bot user that rests is seen by those who manage it.
#[tokio::test(flavor = "multi_thread")]
async fn at_rest_none_of_its_credentials_works_and_the_refusals_are_shown() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Deploy").await;
    let (id, key) = house.credential(&ada, "api-keys", &bot).await;
    let program = house.program(&key);
    let page = format!("/accounts/acme/bot-users/{bot}");
    ada.post(&format!("{page}/deactivate"), &[]).await;
    for _ in 0..3 {
        assert_eq!(program.get("/account").await.error(), (403, "ERR_FRONTDESK_602"));
    }
    let shown = ada.get(&page).await;
    assert!(shown.text().contains("Refused") && shown.text().contains("The bot user that owns it is inactive."), "{}", shown.text());
    assert!(ada.get(&format!("/accounts/acme/api-keys/{id}")).await.text().contains("is inactive"));
    let account = house.account_id("acme").await;
    let refused = async || house.events(&account).await.iter().filter(|kind| *kind == "credential_refused.v0").count();
    assert_eq!(refused().await, 1, "once an hour");
    house.wait(Span::hours(1));
    program.get("/account").await;
    assert_eq!(refused().await, 2);
    // The same credential works again, and nobody makes new ones meanwhile.
    let ada = house.signed_in("ada@example.com").await;
    let wrong = ada.post("/accounts/acme/api-keys/new", &[("owner", bot.clone())]).await;
    assert!(wrong.fault("owner").contains("inactive"), "{}", wrong.text());
    ada.post(&format!("{page}/activate"), &[]).await;
    assert_eq!(program.get("/account").await.status, StatusCode::OK);
    house.wait(Span::minutes(2));
    assert_eq!(program.get("/account").await.status, StatusCode::OK);
    assert!(!ada.get(&page).await.text().contains("is inactive"), "what went well after it is no news");
}

/// BOT-01: no way in ever takes a bot user for a person.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_in_is_a_bot_users() {
    let (house, ada) = House::with_ada_and(|config| config.seats = 2).await;
    let bot = house.bot(&ada, "deploy@example.com").await;
    let (_, key) = house.credential(&ada, "api-keys", &bot).await;
    let visitor = house.visitor();
    for name in ["deploy@example.com", bot.as_str()] {
        for password in [key.as_str(), "four words of a bot"] {
            assert_eq!(visitor.sign_in(name, password).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        }
    }
    visitor.post("/password/forgot", &[("email", "deploy@example.com".into())]).await;
    assert_eq!(house.letters_to("deploy@example.com").await, [] as [String; 0]);
    // A key is no cookie, and opens no page.
    let cookie = ada.cookie().unwrap();
    let name = cookie.split_once('=').unwrap().0;
    visitor.set_cookie(Some(format!("{name}={key}")));
    assert!(visitor.get("/accounts/acme").await.location().starts_with("/login"));
    let page = house.program(&key).request(reqwest::Method::GET, "/../accounts/acme").bearer_auth(&key).send().await.unwrap();
    assert!(page.url().path().starts_with("/login") || page.status() != StatusCode::OK, "{}", page.url());
    // It takes no seat: of two one is free, and it is no member that could be one elsewhere.
    house.invite(&ada, "bob@example.com", READER).await;
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members").await, 1);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bot_users_of_other_accounts_do_not_exist() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Deploy").await;
    house.account("other").await;
    let stranger = house.member("other", "stranger", frontdesk::rules::members::Roles::ADMINISTRATOR).await;
    let stranger = house.signed_in(&stranger).await;
    let none = "bot_3MP92WggujNuFkwl8icLusxoDSO";
    for (path, is_post) in
        [("", false), ("/rename", true), ("/deactivate", true), ("/activate", true), ("/delete", false), ("/delete", true)]
    {
        let ask = async |id: &str| {
            let path = format!("/accounts/other/bot-users/{id}{path}");
            if is_post { stranger.post(&path, &named("Mine")).await } else { stranger.get(&path).await }
        };
        // A form that does not take the field is no matter of whose it is.
        let (theirs, none) = (ask(&bot).await, ask(none).await);
        assert_eq!((theirs.status, &theirs.body), (none.status, &none.body), "{path}");
        assert!(theirs.status.is_client_error(), "{path}");
    }
    assert_eq!(ada.get(&format!("/accounts/acme/bot-users/{bot}")).await.all("h1"), ["Deploy"]);
    let foreign = stranger.post("/accounts/other/api-keys/new", &[("owner", bot)]).await;
    assert!(foreign.fault("owner").contains("no such bot user"), "{}", foreign.text());
}
