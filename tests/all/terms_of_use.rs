//! Where whoever runs this has terms of use, whoever becomes a user accepts them, whichever way they come. By GitHub and Google stands in
//! `social`.

use frontdesk::rules::sign_up::Policy;
use reqwest::StatusCode;

use crate::{
    kit::{Browser, House, OFFER, READER, sign_up_form},
    sso::{add, choose, own_domain, person, through, with_idp_and},
};

/// Where they stand.
pub const TERMS: &str = "https://example.com/terms";

/// A page shows them with a box that is not ticked, and nothing comes of its form without it; what was typed is kept.
pub async fn must_accept(browser: &Browser, page: &str, form: &str, fields: &[(&'static str, String)]) {
    let shown = browser.get(page).await;
    assert_eq!(shown.attributes("label a[target='_blank']", "href"), [TERMS], "{}", shown.text());
    assert!(shown.attributes("input[name='terms']", "checked").is_empty());
    let refused = browser.post(form, fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.fault("terms"), "Read the terms of use, and accept them to go on.");
    assert_eq!(refused.value("name"), fields[0].1);
}

/// It is on record which ones.
pub async fn has_accepted(house: &House, email: &str) {
    let user = house.user_id(email).await;
    let after = house.raw.texts(format!("SELECT after FROM events WHERE log = '{user}' AND type = 'user_created.v0'")).await.remove(0);
    assert!(after.contains(&format!("\"terms\":\"{TERMS}\"")), "{after}");
}

fn accepted(fields: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    [fields, vec![("terms", "yes".to_owned())]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_signing_up_and_by_an_invitation() {
    let (house, ada) = House::with_ada_and(|config| {
        config.sign_up = Policy::Open;
        config.terms_of_use = TERMS.to_owned();
    })
    .await;
    let bob = house.visitor();
    bob.post("/signup", &[("email", "bob@example.com".to_owned())]).await;
    let link = house.link_to("bob@example.com").await;
    must_accept(&bob, &link, &link, &sign_up_form("Bob")).await;
    assert_eq!(bob.post(&link, &accepted(sign_up_form("Bob"))).await.status, StatusCode::SEE_OTHER);
    has_accepted(&house, "bob@example.com").await;

    let page = format!("/invitations/{}", house.invite(&ada, "carl@example.com", READER).await);
    let (carl, form) = (house.visitor(), format!("{page}/sign-up"));
    must_accept(&carl, &page, &form, &sign_up_form("Carl")).await;
    assert_eq!(carl.post(&form, &accepted(sign_up_form("Carl"))).await.location(), OFFER);
    has_accepted(&house, "carl@example.com").await;
    // Whoever is a user has accepted them.
    let page = format!("/invitations/{}", house.invite(&ada, "bob@example.com", READER).await);
    assert_eq!(bob.post(&format!("{page}/accept"), &[]).await.location(), "/accounts/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_provider_just_in_time() {
    let (house, ada, idp) = with_idp_and(|config| config.terms_of_use = TERMS.to_owned()).await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    own_domain(&house, "navy.example").await;
    idp.who(person("grace-1", "grace@navy.example", "Grace"));
    let grace = house.visitor();
    let welcome = through(&grace, &idp, &id, "").await.location().to_owned();
    assert!(grace.get(&welcome).await.text().contains("If you did not expect to be here"));
    let name = vec![("name", "Grace Hopper".to_owned())];
    must_accept(&grace, &welcome, &format!("{welcome}/join"), &name).await;
    assert_eq!(grace.post(&format!("{welcome}/join"), &accepted(name)).await.location(), "/accounts/acme");
    has_accepted(&house, "grace@navy.example").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_are_none_nobody_is_asked() {
    let (house, ada) = House::with_ada().await;
    let page = format!("/invitations/{}", house.invite(&ada, "carl@example.com", READER).await);
    let carl = house.visitor();
    assert!(carl.get(&page).await.all("input[name='terms']").is_empty());
    assert_eq!(carl.post(&format!("{page}/sign-up"), &sign_up_form("Carl")).await.location(), OFFER);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM events WHERE after LIKE '%\"terms\"%'").await, 0);
}
