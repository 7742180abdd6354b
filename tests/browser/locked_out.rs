//! Locked out after wrong passwords, and let in again by the letter and by an administrator; locked out by what an account demands,
//! and let in by a link from the host.

use std::sync::Arc;

use frontdesk::{
    app,
    config::Config,
    rules::{rescue::Draft, time::Span},
};

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD, READER},
};

const WRONG: &str = "This email address and password do not belong together.";

async fn journey(scripts: Scripts) {
    let (house, ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
    let bob = house.member("acme", "bob", READER).await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}{path}");
    let sign_in = async |email: &str, password: &str| {
        browser.open(&page("/login")).await;
        browser.type_into("email", email).await;
        browser.type_into("password", password).await;
        browser.press("Sign in").await;
    };
    for _ in 0..3 {
        sign_in(&bob, "four wrong words here").await;
    }
    sign_in(&bob, PASSWORD).await;
    assert_eq!(browser.texts(".fault").await, [WRONG], "the right one, and the same answer");
    browser.look("login-locked-out").await;
    browser.open(&page(&house.link_to(&bob).await)).await;
    browser.look("unlock").await;
    browser.press("Let me sign in again").await;
    assert_eq!(browser.texts(".note").await, ["You can try again now."]);
    sign_in(&bob, PASSWORD).await;
    assert_eq!(browser.path().await, "/accounts");
    browser.sign_out().await;

    // His own browser is known by now; another one is not.
    let stranger = house.visitor();
    for _ in 0..3 {
        stranger.sign_in(&bob, "four wrong words here").await;
    }
    sign_in("ada@example.com", PASSWORD).await;
    browser.open(&page(&format!("/accounts/acme/members/{}", house.member_id(&bob).await))).await;
    browser.look("member-locked-out").await;
    browser.press("Let them sign in again").await;
    assert_eq!(browser.texts(".toast").await, ["They can sign in again."]);
    browser.open(&page("/me/sessions")).await;
    browser.look("sessions-network").await;
    browser.sign_out().await;
    drop(ada);

    // From the host.
    let config = Config { base_url: base.clone(), ..house.config.clone() };
    let draft = Draft { account: "acme".into(), person: "ada@example.com".into(), reason: "She lost her phone".into(), ..Draft::default() };
    let now = house.now();
    let said = app::rescue(&config, &draft, Arc::new(move || now), app::dice()).await.unwrap();
    let link = said[said.find(&format!("{base}/rescue/")).unwrap()..].split_whitespace().next().unwrap().to_owned();
    browser.open(&link).await;
    browser.look("rescue").await;
    browser.press("Open the security pages").await;
    assert_eq!(browser.path().await, "/accounts/acme/settings/security");
    browser.look("rescue-security").await;
    browser.open(&page("/accounts/acme/members")).await;
    browser.look("rescue-beyond").await;
    browser.open(&link).await;
    browser.look("rescue-used").await;
    house.wait(Span::hours(25));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_out_and_in_again_with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_out_and_in_again_without_scripts() {
    journey(Scripts::Off).await;
}
