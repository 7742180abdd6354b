use frontdesk::rules::time::Span;
use reqwest::StatusCode;

use crate::kit::{Browser, House, PASSWORD, READER, sign_up_form};

async fn ask(browser: &Browser, email: &str, password: &str) -> crate::kit::Page {
    browser.post("/me/email", &[("email", email.to_owned()), ("password", password.to_owned())]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_confirmed_at_the_new_one_and_announced_at_the_old() {
    let (house, ada) = House::with_ada().await;
    let other = house.signed_in("ada@example.com").await;
    let page = ask(&ada, "ada@example.com", "wrong").await;
    assert_eq!(page.fault("email"), "This is your address already.");
    assert_eq!(ask(&ada, "Ada.L@example.org", "wrong").await.fault("password"), "This is not your password.");
    let page = ask(&ada, "Ada.L@example.org", PASSWORD).await;
    assert_eq!(page.location(), "/me/email", "{}", page.text());
    assert!(ada.get("/me/email").await.all(".toast")[0].starts_with("A letter is on its way to Ada.L@example.org."));
    assert!(ada.get("/me/email").await.text().contains("Waiting for Ada.L@example.org to be confirmed"));
    assert!(house.letters_to("ada@example.com").await[0].contains("to change your address from ada@example.com to Ada.L@example.org"));
    assert_eq!(house.visitor().sign_in("Ada.L@example.org", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY, "not yet");

    let link = house.link_to("Ada.L@example.org").await;
    assert!(house.visitor().get(&link).await.location().starts_with("/login?next=%2Fverify-email%2F"), "the link alone is nothing");
    let bob = house.member("acme", "bob", READER).await;
    let bob = house.signed_in(&bob).await;
    for page in [bob.get(&link).await, bob.post(&link, &[]).await] {
        assert_eq!(page.status, StatusCode::NOT_FOUND, "and it is for nobody else");
    }
    for _ in 0..2 {
        assert!(ada.get(&link).await.text().contains("From now on you sign in with Ada.L@example.org"));
    }
    assert_eq!(ada.post(&link, &[]).await.location(), "/me/email");
    assert_eq!(ada.post(&link, &[]).await.status, StatusCode::NOT_FOUND, "once");
    assert!(other.get("/me").await.location().starts_with("/login?why=email_changed"));
    assert!(house.letters_to("ada@example.com").await[1].contains("Your address is now Ada.L@example.org."));
    assert_eq!(house.visitor().sign_in("ada@example.com", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.visitor().sign_in("ada.l@example.org", PASSWORD).await.location(), "/accounts");
    // Members are found by the new address.
    let found = ada.get("/accounts/acme/members?q=ada.l%40example.org").await;
    assert!(found.text().contains("Ada Lovelace"), "{}", found.text());
    assert!(ada.get("/accounts/acme/members?q=ada%40example.com").await.all("tbody tr").is_empty());
    let log = house.events(&house.user_id("ada.l@example.org").await).await;
    assert_eq!(
        log[3..],
        ["user_login_failed.v0", "user_email_change_requested.v0", "session_ended.v0", "user_email_changed.v0", "user_login_succeeded.v0"]
    );
}

/// `ERR_NGROK_4451`, `4452`: nobody learns who has an address but whoever reads its letters.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_somebody_else_is_told_to_them_alone() {
    let (house, ada) = House::with_ada().await;
    house.member("acme", "bob", READER).await;
    let mut seen = Vec::new();
    for email in ["bob@example.com", "free@example.com"] {
        let before = house.costs();
        let page = ask(&ada, email, PASSWORD).await;
        let after = house.costs();
        seen.push((
            page.status,
            page.location().to_owned(),
            ada.get("/me/email").await.body.replace(email, "X"),
            after.0 - before.0,
            after.1 - before.1,
        ));
    }
    assert_eq!(seen[0], seen[1]);
    let to_bob = house.letters_to("bob@example.com").await;
    assert!(to_bob[0].contains("This address has a user already") && !to_bob[0].contains("/verify-email/"), "{to_bob:?}");
    // Free when asked, taken when confirmed.
    let link = house.link_to("free@example.com").await;
    house.member("acme", "free", READER).await;
    let page = ada.post(&link, &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("Somebody else has confirmed this address as theirs."), "{}", page.text());
    assert_eq!(house.visitor().sign_in("ada@example.com", PASSWORD).await.location(), "/accounts", "nothing was changed");
}

/// `ERR_NGROK_4454`.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_directory_keeps_is_not_changed_by_hand() {
    let (house, _ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let browser = house.signed_in(&bob).await;
    ask(&browser, "early@example.com", PASSWORD).await;
    let link = house.link_to("early@example.com").await;
    house.raw.run("UPDATE members SET source = 'scim' WHERE search_email = 'bob@example.com'").await;
    let page = ask(&browser, "new@example.com", PASSWORD).await;
    assert!(page.fault("email").contains("directory keeps this address"), "{}", page.text());
    assert_eq!(browser.post(&link, &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY, "nor by an older link");
    assert!(house.letters_to("new@example.com").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_by_a_copied_link_can_confirm_later() {
    let (house, ada) = House::with_ada().await;
    let token = house.invite(&ada, "bob@example.com", READER).await;
    let bob = house.visitor();
    bob.post(&format!("/invitations/{token}/sign-up"), &sign_up_form("Bob")).await;
    house.wait(Span::seconds(1));
    assert!(bob.get("/me").await.text().contains("Confirm or change"));
    assert!(bob.get("/me/email").await.text().contains("Not confirmed"));
    assert_eq!(bob.post("/me/email/confirm", &[]).await.location(), "/me/email");
    let link = house.link_to("bob@example.com").await;
    assert_eq!(bob.post(&link, &[]).await.location(), "/me/email");
    assert!(!bob.get("/me/email").await.text().contains("Not confirmed"));
    let again = bob.post("/me/email/confirm", &[]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!ada.get("/accounts/acme/members").await.text().contains("Not confirmed"));
    let log = house.events(&house.user_id("bob@example.com").await).await;
    assert_eq!(log[2..], ["user_email_confirmation_requested.v0", "user_email_confirmed.v0"]);
    // A day, and only the newest.
    let (house, ada) = House::with_ada().await;
    ask(&ada, "one@example.com", PASSWORD).await;
    let first = house.link_to("one@example.com").await;
    ask(&ada, "two@example.com", PASSWORD).await;
    assert_eq!(ada.get(&first).await.status, StatusCode::NOT_FOUND);
    let second = house.link_to("two@example.com").await;
    house.wait(Span(Span::hours(11).0));
    ada.get("/me").await;
    house.wait(Span(Span::hours(11).0));
    ada.get("/me").await;
    house.wait(Span(Span::hours(2).0));
    assert_eq!(ada.post(&second, &[]).await.status, StatusCode::NOT_FOUND);
}

/// RST-05: what was begun for the old address leads nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_link_ends_with_the_address() {
    let (house, ada) = House::with_ada().await;
    ask(&ada, "new@example.com", PASSWORD).await;
    let confirm = house.link_to("new@example.com").await;
    house.visitor().post("/password/forgot", &[("email", "ada@example.com".into())]).await;
    let reset = house.link_to("ada@example.com").await;
    assert_eq!(house.visitor().get(&reset).await.status, StatusCode::OK);
    assert_eq!(ada.post(&confirm, &[]).await.location(), "/me/email");
    assert_eq!(house.visitor().get(&reset).await.status, StatusCode::NOT_FOUND);
}
