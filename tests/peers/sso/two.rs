//! Two providers of one account: one chooses between them, and what becomes of one of them is nothing to the other.

use std::time::{Duration, Instant};

use super::{DEEP, Front, Protocol, Provider, SETTINGS};

/// Tests a provider from its page, and links Ada.
async fn link(front: &Front, provider: &Provider) {
    front.visit(&format!("{SETTINGS}/{}/test", provider.id)).await;
    front.log_in("ada").await;
    front.says("Link it to ada@example.com").await;
    front.browser.press("Link it to ada@example.com").await;
    front.says("You are known by this sign-in from now on.").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_is_chosen_and_goes_on_without_the_other() {
    let mut front = Front::open().await;
    let mut oidc = front.add(Protocol::Oidc, "Example Inc.").await;
    front.visit(SETTINGS).await;
    let saml = front.add(Protocol::Saml, "Example Ltd. & Sons, formerly of London").await;
    link(&front, &oidc).await;
    link(&front, &saml).await;
    front.by_password("ada", SETTINGS).await;
    front.arrives(SETTINGS).await;
    front.browser.look("peer-sso-list-two").await;

    // The chooser, by the account's name.
    front.as_somebody_new().await;
    front.visit("/login/sso?account=acme").await;
    assert_eq!(front.browser.texts(".providers a").await, ["Example Inc.", "Example Ltd. & Sons, formerly of London"]);
    front.browser.look("peer-sso-choose-two").await;
    front.choose(&saml, "ada").await;
    front.arrives("/accounts/acme").await;
    front.set_out(&oidc, "ada", DEEP).await;
    front.arrives(DEEP).await;

    // One is away: that is told soon, and all other ways are as they were.
    oidc.idp.kill();
    front.as_somebody_new().await;
    let began = Instant::now();
    front.visit(&format!("/login/sso/{}?next={DEEP}", oidc.id)).await;
    assert_eq!(front.browser.texts("h1").await, ["You are not signed in"]);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    front.browser.look("peer-sso-away").await;
    assert_eq!(front.browser.attribute("main a.button", "href").await, format!("/login/sso/{}?next=%2Faccounts%2Facme%2Fevents", oidc.id));
    front.set_out(&saml, "ada", DEEP).await;
    front.arrives(DEEP).await;
    front.by_password("ada", DEEP).await;
    front.arrives(DEEP).await;
    // Administrators see what happened.
    front.visit(SETTINGS).await;
    front.says("Failed last").await;
    front.visit(&format!("{SETTINGS}/{}", oidc.id)).await;
    front.browser.look("peer-sso-one-away").await;
    front.browser.quit().await;
}
