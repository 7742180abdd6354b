//! A second factor, in a real browser: set up with a code that the test makes, asked for at sign-in, proven again, its recovery
//! codes, and an account that demands it.

use frontdesk::{protocols::totp::Authenticator, rules::time::Span};

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD, READER},
};

async fn journey(scripts: Scripts) {
    let (house, _ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}{path}");
    let sign_in = async |email: &str| {
        browser.open(&page("/login")).await;
        browser.type_into("email", email).await;
        browser.type_into("password", PASSWORD).await;
        browser.press("Sign in").await;
    };
    // Whoever cannot scan reads the secret; so does this test.
    let authenticator = async || {
        browser.click("main details summary").await;
        Authenticator::read(&browser.texts("#secret").await[0], "").unwrap()
    };

    sign_in("ada@example.com").await;
    browser.open(&page("/me/security")).await;
    browser.press("Set up a second factor").await;
    browser.look("factor-set-up").await;
    browser.type_into("code", "12345").await;
    browser.press("Set it up").await;
    browser.look("factor-set-up-faults").await;
    let own = authenticator().await;
    browser.type_into("code", &own.code(house.now())).await;
    browser.press("Set it up").await;
    browser.look("factor-codes").await;
    let codes = browser.texts("#codes code").await;
    assert_eq!(codes.len(), 10);
    browser.follow("a[href='/me/security']").await;
    browser.look("factor-on").await;
    browser.sign_out().await;

    house.wait(Span::seconds(30));
    sign_in("ada@example.com").await;
    assert_eq!(browser.path().await, "/login/mfa");
    browser.look("login-mfa").await;
    browser.type_into("code", "000000").await;
    browser.press("Sign in").await;
    browser.look("login-mfa-faults").await;
    browser.type_into("code", &own.code(house.now())).await;
    browser.press("Sign in").await;
    assert_eq!(browser.path().await, "/accounts");

    // After a while what is worth asking again is asked again.
    house.wait(Span::minutes(11));
    browser.open(&page("/accounts/acme/settings/security")).await;
    assert_eq!(browser.texts("h1").await, ["Is it you?"]);
    browser.look("prove").await;
    browser.type_into("code", &codes[0].to_lowercase()).await;
    browser.press("Go on").await;
    assert_eq!(browser.path().await, "/accounts/acme/settings/security");
    browser.look("account-security").await;
    // What was typed is there again after one more proof, and nothing of it is saved.
    browser.choose("mfa", "required").await;
    browser.type_into("session_limit", "7").await;
    house.wait(Span::minutes(11));
    browser.press("Save").await;
    assert_eq!(browser.texts("h1").await, ["Is it you?"]);
    browser.type_into("code", &codes[1]).await;
    browser.press("Go on").await;
    assert_eq!(browser.texts(".note.typed").await, ["This is what was typed before. Nothing of it is saved yet."]);
    assert_eq!(browser.value("session_limit").await, "7");
    assert_eq!(browser.attribute("[name=mfa]:checked", "value").await, "required");
    browser.look("account-security-typed").await;
    browser.type_into("session_idle", "1").await;
    browser.press("Save").await;
    browser.look("account-security-faults").await;
    browser.type_into("session_idle", "30").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".toast").await, ["Saved. It holds from the next request on, also for whoever is in."]);
    browser.sign_out().await;

    // Whoever has none sees how to get one, and then what they wanted to see.
    sign_in(&bob).await;
    browser.open(&page("/accounts/acme/members")).await;
    assert!(browser.path().await.starts_with("/me/security/factor?next="));
    browser.look("enrolment").await;
    browser.press("Begin").await;
    let own = authenticator().await;
    browser.type_into("code", &own.code(house.now())).await;
    browser.press("Set it up").await;
    assert_eq!(browser.texts("h1").await, ["Your recovery codes"]);
    browser.follow("a[href='/accounts/acme/members']").await;
    assert_eq!(browser.path().await, "/accounts/acme/members");
    browser.open(&page("/me/security/recovery-codes")).await;
    browser.look("codes-renew").await;
    browser.open(&page("/me/security/factor/remove")).await;
    browser.look("factor-remove").await;
    browser.press("Remove it").await;
    // The account demands it.
    browser.look("factor-remove-refused").await;
    browser.open(&page("/me")).await;
    browser.sign_out().await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_without_scripts() {
    journey(Scripts::Off).await;
}
