use frontdesk::rules::{members::Roles, time::Span};
use reqwest::{Method, StatusCode, header};

use crate::{
    house,
    kit::{Browser, House, PASSWORD, Page, READER, UNTOUCHED, form},
};

/// Sends a form from a page, as browsers do.
async fn send_from(browser: &Browser, page: &str, path: &str, fields: &[(&str, String)]) -> Page {
    let referer = format!("{}{page}", browser.base);
    let headers = [("sec-fetch-site", "same-origin"), ("referer", referer.as_str())];
    browser.send(Method::POST, path, Some(form(fields)), &headers).await
}

/// Where a page in between leads on to.
fn next(location: &str) -> String {
    let query = location.split_once('?').unwrap().1;
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next").unwrap().1.into_owned()
}

const SETTINGS: &str = "/accounts/acme/settings/security";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_survives_a_fresh_proof_and_is_not_done() {
    let (house, ada) = House::with_ada().await;
    let fields = [("mfa", String::new()), ("session_idle", "30".into()), ("session_limit", "<7>\"".into()), ("seen", UNTOUCHED.into())];
    house.wait(Span::minutes(11));
    let page = send_from(&ada, SETTINGS, SETTINGS, &fields).await;
    assert!(page.location().starts_with("/prove?next="), "{}", page.location());
    let back = next(page.location());
    assert!(back.starts_with(&format!("{SETTINGS}?typed=")), "{back}");
    let page = ada.post("/prove", &[("password", PASSWORD.into()), ("next", back.clone())]).await;
    assert_eq!(page.location(), back);
    for _ in 0..2 {
        let page = ada.get(&back).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!((page.value("session_idle"), page.value("session_limit")), ("30".to_owned(), "<7>\"".to_owned()), "{}", page.body);
        assert!(page.all(".note.typed")[0].contains("Nothing of it is saved yet"));
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM account_settings").await, 0, "shown, and not done");
    assert!(
        ada.get(SETTINGS).await.all(".note.typed").is_empty() && ada.get(&format!("{SETTINGS}?typed=x")).await.status == StatusCode::OK
    );
    let sealed = house.raw.texts("SELECT sealed FROM flows WHERE kind = 'typed'").await;
    assert!(sealed.len() == 1 && !sealed[0].contains("session"), "sealed");
    house.wait(Span::hours(1));
    ada.post("/prove", &[("password", PASSWORD.into())]).await;
    assert!(ada.get(&back).await.all(".note.typed").is_empty(), "it does not wait for ever");
}

/// SES-02: what one person typed is shown to nobody else, in whichever browser.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_survives_signing_in_again_for_whoever_typed_it() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", Roles::ADMINISTRATOR).await;
    house.wait(house.config.sessions.idle);
    let fields = [("email", "new@example.com".to_owned()), ("password", PASSWORD.to_owned())];
    let page = send_from(&ada, "/me/email", "/me/email", &fields).await;
    assert!(page.location().starts_with("/login?why=idle&next="), "{}", page.location());
    let back = next(page.location());
    let sign_in = |email: &str| [("email", email.to_owned()), ("password", PASSWORD.to_owned()), ("next", back.clone())];
    assert_eq!(ada.post("/login", &sign_in(&bob)).await.location(), back);
    let page = ada.get(&back).await;
    assert!(page.all(".note.typed").is_empty() && !page.body.contains("new@example.com"), "somebody else's");
    assert_eq!(ada.post("/login", &sign_in("ada@example.com")).await.location(), back);
    let page = ada.get(&back).await;
    assert_eq!((page.value("email"), page.value("password")), ("new@example.com".to_owned(), String::new()));
    assert!(!page.body.contains(PASSWORD));
}

/// A form that came back with a fault stands under the path of its verb, which is no page.
#[tokio::test(flavor = "multi_thread")]
async fn one_comes_back_to_the_page_of_the_thing() {
    let (house, ada) = House::with_ada().await;
    house.member("acme", "bob", READER).await;
    let member = format!("/accounts/acme/members/{}", house.member_id("bob@example.com").await);
    let roles = format!("{member}/roles");
    let fields = [
        ("developer", "read_write".to_owned()),
        ("team", "invite".into()),
        ("billing", "access".into()),
        ("administrator", "yes".into()),
        ("version", "0".into()),
    ];
    house.wait(Span::minutes(11));
    for from in [&member, &roles, &format!("{member}?typed=old")] {
        let page = send_from(&ada, from, &roles, &fields).await;
        assert!(next(page.location()).starts_with(&format!("{member}?typed=")), "{}", page.location());
    }
    let page = send_from(&ada, "/accounts/acme/members/x/y/z", &roles, &fields).await;
    assert!(next(page.location()).starts_with("/accounts/acme/members/x?typed="), "{}", page.location());
    // Nor has the browser to say where the form stood.
    let page = ada.post(&roles, &fields).await;
    assert!(next(page.location()).starts_with(&format!("{member}?typed=")), "{}", page.location());
    for _ in 0..5 {
        send_from(&ada, &member, &roles, &fields).await;
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM flows WHERE kind = 'typed'").await, 5, "no more than five wait");
    let page = send_from(&ada, &member, &roles, &fields).await;
    ada.post("/prove", &[("password", PASSWORD.into())]).await;
    let page = ada.get(&next(page.location())).await;
    assert_eq!(page.attributes("input[name=team][checked]", "value"), ["invite"], "{}", page.body);
    assert_eq!(page.attributes("form .note.typed", "role"), ["status"]);
    assert_eq!(ada.post(&roles, &fields).await.status, StatusCode::SEE_OTHER);
}

/// Whoever cannot be told apart leaves nothing behind, however much they send.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_leave_nothing() {
    let (house, _ada) = House::with_ada().await;
    for cookie in [None, Some("frontdesk=BAAAAAAAAAAAAAAAAAAAAA".to_owned())] {
        let visitor = house.visitor();
        visitor.set_cookie(cookie);
        let page = send_from(&visitor, "/me", "/me", &[("name", "Eve".into())]).await;
        assert_eq!(next(page.location()), "/me");
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM flows WHERE kind = 'typed'").await, 0);
    let large = house.signed_in("ada@example.com").await;
    house.wait(house.config.sessions.idle);
    let referer = format!("{}/me", large.base);
    let headers = [("referer", referer.as_str()), (header::ORIGIN.as_str(), large.base.as_str())];
    let page = large.send(Method::POST, "/me", Some(form(&[("name", "x".repeat(70_000))])), &headers).await;
    assert_eq!(next(page.location()), "/me", "what is too large for a form does not wait");
}

/// What the templates ask for as a secret is known as one.
#[test]
fn secrets_are_known_by_their_names() {
    for (file, text) in house::files("templates", "html") {
        for call in text.split("forms::field(").skip(1) {
            let call = &call[..call.find(')').unwrap()];
            let is_secret = ["\"password\"", "one-time-code", "current-password", "new-password"].iter().any(|mark| call.contains(mark));
            let name = call.split('"').nth(1).unwrap();
            assert!(!is_secret || frontdesk::rules::typed::SECRET.contains(&name), "{file}: {call}");
        }
        for input in text.split("<input").skip(1).map(|rest| &rest[..rest.find('>').unwrap()]) {
            assert!(!input.contains("type=\"password\""), "{file}: {input}");
        }
    }
}
