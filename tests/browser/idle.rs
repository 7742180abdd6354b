//! The warning before a session ends because nothing happens, and what was typed when it has ended.

use frontdesk::rules::time::Span;

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD},
};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sits_there_is_asked_and_loses_nothing() {
    let (house, _ada) = House::with_ada_and(|config| config.sessions.idle = Span::seconds(130)).await;
    let browser = Chromium::start(Scripts::On).await;
    let base = house.running.base_url.clone();
    let sign_in = async || {
        browser.type_into("email", "ada@example.com").await;
        browser.type_into("password", PASSWORD).await;
        browser.press("Sign in").await;
    };
    browser.open(&format!("{base}/me")).await;
    sign_in().await;
    assert_eq!(browser.path().await, "/me");
    assert!(!browser.is_shown("dialog#idle").await);
    house.wait(Span::seconds(20));
    browser.wait_for("dialog#idle[open]").await;
    assert!(browser.texts("dialog#idle [data-left]").await[0].ends_with(" seconds"));
    assert_eq!(browser.focused().await, "Stay signed in");
    browser.look("idle-warning").await;
    browser.click("dialog#idle [data-stay]").await;
    browser.wait_for("dialog#idle:not([open])").await;
    // She was there, and is asked again no sooner than two minutes before the end.
    house.wait(Span::seconds(5));
    browser.run("idle.check()").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!browser.is_shown("dialog#idle").await);

    browser.type_into("name", "Ada, Countess of Lovelace").await;
    house.wait(Span::seconds(130));
    browser.run("idle.check()").await;
    browser.wait_for("dialog#idle[open]").await;
    assert!(browser.texts("dialog#idle p").await.iter().any(|text| text.starts_with("You have been signed out")));
    browser.look("idle-over").await;
    browser.click("dialog#idle [data-close]").await;
    browser.press("Save").await;
    assert!(browser.path().await.starts_with("/login?why=idle"));
    sign_in().await;
    assert_eq!(browser.value("name").await, "Ada, Countess of Lovelace");
    browser.look("me-typed").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".toast").await, ["Saved."]);
    browser.quit().await;
}
