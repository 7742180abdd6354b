use frontdesk::rules::{sign_up::Policy, time::Span};
use reqwest::StatusCode;

use crate::kit::{House, PASSWORD};

/// A proof and the new cookie that comes with it are one: there is no moment in which the old one has the proof, and none in which
/// neither opens anything.
#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_prove_at_once_stay_signed_in() {
    let (house, ada) = House::with_ada().await;
    for _ in 0..10 {
        house.wait(Span::minutes(10));
        let old = ada.cookie();
        let proof = [("password", PASSWORD.to_owned()), ("next", "/me/security".to_owned())];
        let (one, other) = tokio::join!(ada.post("/prove", &proof), ada.post("/prove", &proof));
        let mut places = [one.location(), other.location()];
        places.sort_unstable_by_key(|place| *place != "/me/security");
        assert_eq!(places[0], "/me/security");
        assert!(places[1] == "/me/security" || places[1].starts_with("/login"), "{places:?}");
        assert_eq!(ada.get("/me/security").await.status, StatusCode::OK, "{places:?}");
        let copy = house.visitor();
        copy.set_cookie(old);
        assert!(copy.get("/me/security").await.location().starts_with("/login"), "the old cookie opens nothing");
    }
}

/// What is refused changes no cookie.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_leaves_whoever_is_signed_in_as_they_are() {
    let (house, ada) = House::with_ada_and(|config| config.sign_up = Policy::Open).await;
    house.visitor().post("/signup", &[("email", "bob@example.com".into())]).await;
    let link = house.link_to("bob@example.com").await;
    let before = ada.cookie();
    let page = ada.post(&link, &[("name", "Bob".into()), ("password", "password12".into())]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
    assert_eq!(ada.post("/prove", &[("password", "not hers".into())]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(ada.post("/login", &[("email", "ada@example.com".into()), ("password", "not hers".into())]).await.status, 422);
    assert_eq!(ada.cookie(), before);
    assert!(ada.get("/me").await.text().contains("Ada Lovelace"));
}
