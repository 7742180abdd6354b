use frontdesk::rules::sign_up::Policy;
use reqwest::StatusCode;

use crate::kit::{House, PASSWORD, sign_up_form};

async fn open() -> (House, crate::kit::Browser) {
    House::with_ada_and(|config| config.sign_up = Policy::Open).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_closed_there_is_nothing() {
    let (house, _ada) = House::with_ada().await;
    let visitor = house.visitor();
    assert!(!visitor.get("/login").await.text().contains("Sign up"));
    for page in [
        visitor.get("/signup").await,
        visitor.post("/signup", &[("email", "bob@example.com".into())]).await,
        visitor.get("/signup/x").await,
        visitor.post("/signup/x", &sign_up_form("Bob")).await,
    ] {
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM outbox").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_letter_becomes_the_user() {
    let (house, _ada) = open().await;
    let bob = house.visitor();
    assert_eq!(bob.get("/login").await.attributes("a[href='/signup']", "href").len(), 1);
    let sent = bob.post("/signup", &[("email", "Bob@Example.com".into())]).await;
    assert!(sent.text().contains("A letter is on its way to Bob@Example.com"), "{}", sent.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, 1, "an address is nobody yet");
    let link = house.link_to("Bob@example.com").await;
    assert!(bob.get(&link).await.text().contains("Your address is confirmed with this link."));
    let page = bob.post(&link, &[("name", String::new()), ("password", "short".into())]).await;
    assert_eq!((page.status, page.all(".summary li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let page = bob.post(&link, &sign_up_form("Bob")).await;
    assert_eq!(page.location(), "/me/security/factor?next=%2Faccounts", "{}", page.text());
    let accounts = bob.get("/accounts").await;
    assert!(accounts.text().contains("You are in no account"), "{}", accounts.text());
    assert!(house.visitor().post(&link, &sign_up_form("Eve")).await.status == StatusCode::NOT_FOUND, "once");
    assert_eq!(house.visitor().sign_in("bob@example.com", PASSWORD).await.location(), "/accounts");
    assert_eq!(house.events(&house.user_id("bob@example.com").await).await[..2], ["user_created.v0", "user_login_succeeded.v0"]);
    assert_eq!(
        house.raw.texts("SELECT source FROM user_emails WHERE canonical = 'bob@example.com' AND verified_at IS NOT NULL").await,
        ["sign_up"]
    );
}

/// ENUM-01/03.
#[tokio::test(flavor = "multi_thread")]
async fn whether_somebody_has_an_address_changes_nothing() {
    let (house, _ada) = open().await;
    let visitor = house.visitor();
    let mut seen = Vec::new();
    for email in ["ada@example.com", "new@example.com"] {
        let before = house.costs();
        let page = visitor.post("/signup", &[("email", email.into())]).await;
        let after = house.costs();
        seen.push((page.status, page.body.replace(email, "X"), after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(seen[0], seen[1]);
    let known = house.letters_to("ada@example.com").await;
    assert!(known[0].contains("You are there already") && !known[0].contains("/signup/"), "{known:?}");
    // Somebody has got the address between asking and choosing.
    let link = house.link_to("new@example.com").await;
    house.member("acme", "new", crate::kit::READER).await;
    let page = visitor.post(&link, &sign_up_form("New")).await;
    assert_eq!(
        (page.status, page.fault("password").as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "There is a user with this address already. Sign in instead.")
    );
    assert_eq!(visitor.cookie(), None);
}

/// A browser holds one session, and before set-up nobody signs up.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_signed_in_no_longer_is() {
    let (house, ada) = open().await;
    house.visitor().post("/signup", &[("email", "bob@example.com".into())]).await;
    let link = house.link_to("bob@example.com").await;
    let before = ada.cookie();
    assert_eq!(ada.post(&link, &sign_up_form("Bob")).await.location(), "/me/security/factor?next=%2Faccounts");
    assert!(ada.get("/me").await.text().contains("bob@example.com"));
    *ada.cookie.lock().unwrap() = before;
    assert!(ada.get("/me").await.location().starts_with("/login"), "the old one is worth nothing");
    assert_eq!(house.events(&house.user_id("ada@example.com").await).await.last().unwrap(), "session_ended.v0");

    let new = House::with(|config| config.sign_up = Policy::Open).await;
    assert_eq!(new.visitor().post("/signup", &[("email", "eve@example.com".into())]).await.status, StatusCode::NOT_FOUND);
}

/// A link that was mailed while people might sign up is worth nothing once they may not.
#[tokio::test(flavor = "multi_thread")]
async fn closing_it_closes_the_links_too() {
    let (house, _ada) = open().await;
    house.visitor().post("/signup", &[("email", "bob@example.com".into())]).await;
    let link = house.link_to("bob@example.com").await;
    let closed = house.beside(|config| config.sign_up = Policy::Closed).await;
    assert_eq!(closed.visitor().post(&link, &sign_up_form("Bob")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, 1);
}
