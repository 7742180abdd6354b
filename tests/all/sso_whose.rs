//! Whose word counts for what: one provider's for nothing at another, and nobody's for more than they say.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    idp::{CLIENT_ID, CLIENT_SECRET, Idp},
    kit::PASSWORD,
    sso::{PAGE, add, choose, leave, link, own_domain, path_of, person, through, with_idp},
};
use frontdesk::rules::time::Span;

#[tokio::test(flavor = "multi_thread")]
async fn what_one_provider_answers_is_asked_of_no_other() {
    let (house, ada, honest) = with_idp().await;
    let other = Idp::start(house.clock()).await;
    let (honest_id, other_id) = (add(&ada, &honest).await, add(&ada, &other).await);
    link(&ada, &honest, &honest_id).await;
    let browser = house.visitor();
    let url = leave(&browser, &honest_id, "").await;
    assert!(url.contains(&format!("oauth2%2Fcallback%2F{honest_id}")), "each has an address of its own: {url}");
    let back = path_of(&honest.authorize(&url));
    let confused = browser.get(&back.replace(&honest_id, &other_id)).await;
    assert!(confused.status == StatusCode::NOT_FOUND && confused.text().contains("Begin once more"), "{}", confused.text());
    assert_eq!(browser.get(&back).await.status, StatusCode::NOT_FOUND, "it was of no use, and is of none any more");
    assert_eq!(through(&browser, &honest, &honest_id, "").await.location(), "/accounts/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_linked_is_nobody_else_at_another_issuer() {
    let (house, ada, idp) = with_idp().await;
    let elsewhere = Idp::start(house.clock()).await;
    let id = add(&ada, &idp).await;
    let change = |issuer: &str, version: i64| {
        vec![
            ("description", "Example Inc.".to_owned()),
            ("issuer", issuer.to_owned()),
            ("client_id", CLIENT_ID.to_owned()),
            ("client_secret", CLIENT_SECRET.to_owned()),
            ("scopes", "openid email".to_owned()),
            ("version", version.to_string()),
        ]
    };
    let path = format!("{PAGE}/{id}/change");
    // While it knows nobody, it may be put right.
    assert_eq!(ada.post(&path, &change(elsewhere.issuer(), 0)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.post(&path, &change(idp.issuer(), 1)).await.status, StatusCode::SEE_OTHER);
    link(&ada, &idp, &id).await;
    let refused = ada.post(&path, &change(elsewhere.issuer(), 2)).await;
    assert!(refused.fault("issuer").contains("add it as a new one"), "{}", refused.text());
    assert_eq!(ada.post(&path, &change(idp.issuer(), 2)).await.status, StatusCode::SEE_OTHER, "all else may change");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_vouches_for_an_address_that_the_provider_disowns() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    own_domain(&house, "navy.example").await;
    let asked = async |claims| {
        idp.who(claims);
        let browser = house.visitor();
        let welcome = through(&browser, &idp, &id, "").await.location().to_owned();
        browser.get(&welcome).await.text().contains("Send a code to")
    };
    assert!(!asked(person("grace-1", "grace@navy.example", "Grace")).await);
    assert!(!asked(json!({ "sub": "grace-2", "email": "grace@navy.example" })).await, "of what it does not speak the domain decides");
    assert!(asked(json!({ "sub": "grace-3", "email": "grace@navy.example", "email_verified": false })).await);
    assert!(asked(json!({ "sub": "grace-4", "email": "grace@navy.example", "email_verified": "no" })).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_alone_says_is_not_noted() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    let browser = house.visitor();
    let back = path_of(&idp.authorize(&leave(&browser, &id, "").await));
    let state = back.split(['?', '&']).find(|pair| pair.starts_with("state=")).unwrap().to_owned();
    let page = browser.get(&format!("/oauth2/callback/{id}?{state}&error=invented_by_eve")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!page.text().contains("invented_by_eve"), "{}", page.text());
    assert!(!ada.get(&format!("{PAGE}/{id}")).await.text().contains("invented_by_eve"));
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM idps WHERE last_error IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn linking_asks_for_a_fresh_proof() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    house.wait(Span::minutes(11));
    let welcome = through(&ada, &idp, &id, "").await.location().to_owned();
    let asked = ada.post(&format!("{welcome}/link"), &[]).await;
    assert!(asked.location().starts_with("/prove?next="), "{} {}", asked.location(), asked.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 0);
    // Whoever is linked is told by letter, with their address proven.
    house.raw.run("UPDATE user_emails SET verified_at = 1").await;
    let fresh = house.visitor();
    fresh.sign_in("ada@example.com", PASSWORD).await;
    link(&fresh, &idp, &id).await;
    let letter = house.letters_to("ada@example.com").await.pop().unwrap();
    assert!(letter.contains("Example Inc., the identity provider of Acme, was linked to ada@example.com"), "{letter}");
}
