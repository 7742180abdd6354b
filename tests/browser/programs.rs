//! Bot users and credentials, in a real browser: made, used by a program, refused, rotated, deleted.

use frontdesk::rules::time::Span;

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD},
};

async fn journey(scripts: Scripts) {
    let (house, _ada) = House::with_ada().await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    browser.open(&format!("{base}/api/reference")).await;
    browser.look("api-reference").await;
    let page = |path: &str| format!("{base}/accounts/acme{path}");
    browser.open(&format!("{base}/login")).await;
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Sign in").await;

    browser.open(&page("/bot-users")).await;
    browser.look("bot-users-empty").await;
    browser.follow("a[href$='/bot-users/new']").await;
    browser.press("Create bot user").await;
    browser.look("bot-user-faults").await;
    browser.type_into("name", "Deploy pipeline").await;
    browser.press("Create bot user").await;
    browser.look("bot-user").await;
    let bot = browser.path().await;

    browser.follow("a[href*='/api-keys/new']").await;
    browser.look("credential-new").await;
    browser.type_into("description", "Releases").await;
    // What was typed survives being asked who one is.
    house.wait(Span::minutes(11));
    browser.press("Create API key").await;
    assert_eq!(browser.texts("h1").await, ["Is it you?"]);
    browser.type_into("password", PASSWORD).await;
    browser.press("Go on").await;
    assert_eq!(browser.value("description").await, "Releases");
    assert!(browser.attribute("#owner option:checked", "value").await.starts_with("bot_"));
    browser.press("Create API key").await;
    browser.look("credential-secret").await;
    let key = browser.texts("#value").await.remove(0);
    browser.follow(".actions a.button").await;
    browser.look("credential").await;
    let credential = browser.path().await;
    assert!(!browser.texts("body").await[0].contains(&key));

    let ask = async || {
        let asked = reqwest::Client::new().get(format!("{base}/api/account")).bearer_auth(&key).send().await.unwrap();
        asked.status().as_u16()
    };
    assert_eq!(ask().await, 200);
    browser.open(&format!("{base}{bot}")).await;
    browser.press("Deactivate").await;
    assert_eq!(ask().await, 403);
    browser.open(&format!("{base}{bot}")).await;
    assert!(browser.texts(".rows").await[0].contains("The bot user that owns it is inactive."));
    browser.look("bot-user-inactive").await;
    browser.press("Activate").await;
    browser.open(&page("/api-keys")).await;
    browser.look("credentials").await;
    browser.open(&format!("{base}{credential}")).await;
    browser.press("Rotate").await;
    browser.look("credential-rotated").await;
    assert_eq!(ask().await, 200, "the old one goes on");

    browser.open(&page("/authtokens/new")).await;
    browser.type_into("acl", "nonsense").await;
    browser.press("Create authtoken").await;
    browser.look("credential-faults").await;
    browser.open(&page("/authtokens/own")).await;
    browser.look("own-authtoken").await;
    browser.press("Show it").await;
    browser.look("own-authtoken-shown").await;
    browser.open(&format!("{base}{credential}/delete")).await;
    browser.look("credential-delete").await;
    browser.press("Delete it for good").await;
    assert_eq!(ask().await, 401);
    browser.open(&format!("{base}{bot}/delete")).await;
    browser.look("bot-user-delete").await;
    browser.type_into("name", "Deploy pipeline").await;
    browser.press("Delete Deploy pipeline for good").await;
    assert_eq!(browser.texts(".toast").await, ["Deleted, with all its credentials."]);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    journey(Scripts::Off).await;
}
