use reqwest::StatusCode;

use crate::kit::{House, READER};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_changes_name_and_look() {
    let (house, ada) = House::with_ada().await;
    let done = ada.post("/me", &[("name", "  Ada   King ".into()), ("theme", "dark".into())]).await;
    assert_eq!(done.location(), "/me");
    let page = ada.get("/me").await;
    assert_eq!((page.value("name").as_str(), page.attributes("html", "data-theme").remove(0).as_str()), ("Ada King", "dark"));
    assert_eq!(page.all(".activity li strong").len(), 3);
    let user = house.user_id("ada@example.com").await;
    assert_eq!(house.events(&user).await.last().map(String::as_str), Some("user_updated.v0"));
    assert_eq!(house.raw.texts("SELECT search_name FROM members").await, ["ada king"], "the folded copy follows");
    let before = house.raw.texts(format!("SELECT before FROM events WHERE log = '{user}' AND type = 'user_updated.v0'")).await;
    assert_eq!(before, [r#"{"name":"Ada Lovelace","theme":"auto","time_zone":null}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_input_is_named_and_kept() {
    let (house, ada) = House::with_ada().await;
    let long = "x".repeat(101);
    for (name, theme, faults) in [("", "dark", 1), (long.as_str(), "pink", 2), ("Ada\u{202e}", "", 2)] {
        let page = ada.post("/me", &[("name", name.into()), ("theme", theme.into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((page.value("name").as_str(), page.all(".summary li").len()), (name, faults));
    }
    assert_eq!(house.raw.texts("SELECT name FROM users").await, ["Ada Lovelace"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_in_the_menu_stays_on_the_page() {
    let (_house, ada) = House::with_ada().await;
    let page = ada.get("/accounts/acme/events?type=account_created.v0").await;
    assert_eq!(page.value("next"), "/accounts/acme/events?type=account_created.v0");
    let done = ada.post("/me/theme", &[("theme", "light".into()), ("next", page.value("next"))]).await;
    assert_eq!(done.location(), "/accounts/acme/events?type=account_created.v0");
    assert_eq!(ada.get("/me").await.attributes("html", "data-theme"), ["light"]);
    assert_eq!(ada.post("/me/theme", &[("theme", "light".into()), ("next", "//evil.example".into())]).await.location(), "/accounts");
    assert_eq!(ada.post("/me/theme", &[("theme", "x".into()), ("next", String::new())]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_what_others_did_to_their_own_user() {
    let (house, _ada) = House::with_ada().await;
    let bert = house.member("acme", "bert", READER).await;
    let page = house.signed_in(&bert).await.get("/me").await;
    assert_eq!(page.all(".activity li strong"), ["bert@example.com"]);
    assert!(!page.body.contains("ada@example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_type_is_text_on_every_page() {
    let (house, ada) = House::with_ada().await;
    let canary = "<b id=\"xss\">\"'&{{7*7}}</b>";
    ada.post("/me", &[("name", canary.into()), ("theme", "auto".into())]).await;
    ada.post("/accounts/acme/settings", &[("name", canary.into()), ("slug", "acme".into()), ("version", "0".into())]).await;
    let list = ada.get("/accounts/acme/events").await;
    let one = list.attributes("table.events td.what a", "href").remove(0);
    let agent = [("sec-fetch-site", "same-origin"), ("user-agent", "<script>alert(1)</script>")];
    let body = crate::kit::form(&[("email", "ada@example.com".into()), ("password", crate::kit::PASSWORD.into())]);
    house.visitor().send(reqwest::Method::POST, "/login", Some(body), &agent).await;
    for path in ["/me", "/me/sessions", "/accounts", "/accounts/acme", "/accounts/acme/events", "/accounts/acme/settings", &one] {
        let page = ada.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.all("#xss").is_empty() && !page.body.contains("<script>alert"), "{path}");
    }
    assert!(ada.get("/me/sessions").await.text().contains("<script>alert(1)</script>"));
    assert_eq!(ada.get("/me").await.value("name"), canary);
}
