//! Which mail domains may be invited, and may join.

use reqwest::StatusCode;
use serde_json::json;

use crate::kit::{Browser, House, Page, READER, invitation_form, sign_up_form};

const PAGE: &str = "/accounts/acme/settings/email-domains";

/// Saves what is let in; answers what was said.
async fn set(browser: &Browser, mode: &str, allowed: &str, denied: &str, looked: &str) -> Page {
    let seen = browser.get(PAGE).await.value("seen");
    let fields = [
        ("mode", mode.to_owned()),
        ("allowed", allowed.to_owned()),
        ("denied", denied.to_owned()),
        ("seen", seen),
        ("looked", looked.to_owned()),
    ];
    browser.post(PAGE, &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_domains_that_are_let_in_are_invited_and_join() {
    let (house, ada) = House::with_ada().await;
    let open = format!("/invitations/{}", house.invite(&ada, "carl@other.example", READER).await);
    let fine = format!("/invitations/{}", house.invite(&ada, "dora@sub.example.org", READER).await);
    for (mode, allowed, denied, field, says) in [
        ("some", "", "", "mode", "Choose one"),
        ("allow", "", "x.example", "allowed", "at least one domain"),
        ("deny", "x.example", "", "denied", "at least one domain"),
        ("allow", "example.com\nnot/a/domain", "", "allowed", "not/a/domain is not a domain"),
    ] {
        let page = set(&ada, mode, allowed, denied, "").await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.fault(field).contains(says), "{mode}: {}", page.text());
    }
    // Whom it would stop is seen before anything is saved.
    let list = "Example.com, *.example.org";
    let preview = set(&ada, "allow", list, "", "").await;
    assert!(
        preview.text().contains("Nothing is saved yet") && preview.all(".note .rows li") == ["carl@other.example"],
        "{}",
        preview.text()
    );
    assert_eq!(house.visitor().get(&open).await.status, StatusCode::OK);
    // What was seen is what is saved: other lists stop others, and are looked at anew.
    let looked = preview.value("looked");
    assert!(set(&ada, "allow", "example.com", "", &looked).await.all(".note .rows li").len() == 2);
    let preview = set(&ada, "allow", list, "later.example", &looked).await;
    assert!(preview.text().contains("Nothing is saved yet"));
    assert_eq!(set(&ada, "allow", list, "later.example", &preview.value("looked")).await.location(), PAGE);
    let page = ada.get(PAGE).await;
    assert_eq!(page.all("textarea"), ["example.com *.example.org", "later.example"], "the other list is kept");

    let page = house.visitor().get(&open).await;
    assert!(page.status == StatusCode::CONFLICT && page.text().contains("does not let in addresses of this domain"), "{}", page.text());
    let page = house.visitor().post(&format!("{open}/sign-up"), &sign_up_form("Carl")).await;
    assert!(page.status.is_client_error(), "{}", page.status);
    assert_eq!(house.visitor().get(&fine).await.status, StatusCode::OK);
    let refused = ada.post("/accounts/acme/invitations/new", &invitation_form("eve@evil-example.com", READER)).await;
    assert!(refused.fault("email").contains("does not let in addresses of evil-example.com"), "{}", refused.text());
    let program = house.program_of(&ada).await;
    let reply = program.post("/invitations", json!({ "email": "a@example.com.evil" })).await;
    assert_eq!(reply.error(), (400, "ERR_FRONTDESK_618"));
    assert_eq!(program.post("/invitations", json!({ "email": "A@EXAMPLE.COM" })).await.status, StatusCode::CREATED);
    let id = house.raw.texts("SELECT id FROM invitations WHERE canonical = 'carl@other.example'").await.remove(0);
    assert_eq!(program.post(&format!("/invitations/{id}/resend"), json!(null)).await.status, StatusCode::BAD_REQUEST);

    // Members who are in stay in, and the other list counts once it is chosen.
    let preview = set(&ada, "deny", list, "example.com", "").await;
    assert_eq!(set(&ada, "deny", list, "example.com", &preview.value("looked")).await.location(), PAGE);
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK, "whatever their own domain");
    assert_eq!(house.visitor().get(&open).await.status, StatusCode::OK, "the link was good all the time");
    let stale = [("mode", "any".to_owned()), ("seen", "any  ".to_owned())];
    assert!(ada.post(PAGE, &stale).await.text().contains("Somebody changed this meanwhile"));
    let events = house.raw.texts("SELECT after FROM events WHERE type = 'account_email_domains_updated.v0' ORDER BY seq").await;
    assert!(events.len() == 2 && events[0].contains("*.example.org") && events[1].contains("deny"), "{events:?}");
}
