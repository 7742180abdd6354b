//! One provider: set up and tested, and everybody who comes through it, until it is all that lets anybody in.

use frontdesk::rules::members::{Developer, Roles};
use serde_json::json;

use super::{DEEP, Front, Protocol, Provider, SETTINGS};
use crate::kit::READER;

/// How people join.
const JOINING: &str = "/accounts/acme/settings/provisioning";
const KEYS: &str = "/accounts/acme/api-keys/new";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_openid_connect() {
    journey(Protocol::Oidc).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_saml() {
    journey(Protocol::Saml).await;
}

async fn journey(protocol: Protocol) {
    let mut front = Front::open().await;
    front.join("bob", READER).await;
    front.join("carol", Roles::ADMINISTRATOR).await;
    front.join("dave", Roles { developer: Developer::ReadWrite, ..READER }).await;
    let key = front.key_of("dave").await;

    set_up(&mut front, protocol).await;
    let mut provider = front.add(protocol, "Example Inc.").await;
    test_and_link(&front, &provider).await;
    come_in(&front, &provider, "ada").await;
    link_by_password(&front, &provider).await;
    begin_at_the_provider(&front, &provider).await;
    rotate(&front, &mut provider).await;
    sign(&front, &mut provider).await;
    join_just_in_time(&front, &provider).await;
    assert_eq!(front.asked_by(&key).await, 200);
    enforce(&front, &provider).await;
    assert_eq!(front.asked_by(&key).await, 403, "nobody knows whose it is");
    stay_out(&front, &provider).await;
    front.browser.quit().await;
}

async fn set_up(front: &mut Front, protocol: Protocol) {
    front.visit(SETTINGS).await;
    front.says("No identity provider yet").await;
    if protocol == Protocol::Oidc {
        front.browser.look("peer-sso-none").await;
    }
}

/// The name of a picture of this protocol.
fn named(provider: &Provider, name: &str) -> String {
    format!("peer-sso-{name}-{}", if provider.protocol == Protocol::Oidc { "oidc" } else { "saml" })
}

/// An administrator goes there and back, sees what it says, and links themselves.
async fn test_and_link(front: &Front, provider: &Provider) {
    let browser = &front.browser;
    browser.look(&named(provider, "one")).await;
    browser.follow("a[href$='/test']").await;
    front.log_in("ada").await;
    front.says("Example Inc. works").await;
    assert!(browser.path().await.starts_with(&format!("{SETTINGS}/{}/tested/", provider.id)));
    let claims = browser.texts("tbody code").await;
    for said in ["ada-1", "ada@example.com", "Ada Lovelace"] {
        assert!(claims.iter().any(|claim| claim == said), "{said} is not in {claims:?}");
    }
    browser.look(&named(provider, "tested")).await;
    browser.press("Link it to ada@example.com").await;
    front.says("You are known by this sign-in from now on.").await;
    front.visit("/me/security").await;
    front.says("comes into that account as you, and into nothing else of yours").await;
    browser.look(&named(provider, "own")).await;
}

/// Whoever sets out from here to somewhere in the account comes in there.
async fn come_in(front: &Front, provider: &Provider, login: &str) {
    front.set_out(provider, login, DEEP).await;
    front.arrives(DEEP).await;
    front.visit("/me").await;
    front.says("opens that account alone").await;
}

/// A member from before proves themselves once, by password.
async fn link_by_password(front: &Front, provider: &Provider) {
    let browser = &front.browser;
    front.as_somebody_new().await;
    front.visit("/login/sso").await;
    browser.type_into("account", "acme").await;
    browser.press("Go on").await;
    front.choose(provider, "bob").await;
    front.says("Welcome to Acme").await;
    let welcome = browser.path().await;
    assert!(welcome.starts_with("/welcome/"), "{welcome}");
    browser.look(&named(provider, "welcome")).await;
    browser.press("Sign in with a password").await;
    front.prove("bob").await;
    front.arrives(&welcome).await;
    browser.look(&named(provider, "welcome-link")).await;
    browser.press("It is me: link it to bob@example.com").await;
    front.arrives("/accounts/acme").await;
    front.set_out(provider, "bob", "/accounts/acme/members").await;
    front.arrives("/accounts/acme/members").await;
}

/// Where people begin at a SAML provider, that is refused before it is switched on. By OpenID Connect there is no such way.
async fn begin_at_the_provider(front: &Front, provider: &Provider) {
    if provider.protocol == Protocol::Oidc {
        return;
    }
    let unasked = format!("{}?login=ada&RelayState=anything", provider.idp.says("idp_initiated"));
    front.as_somebody_new().await;
    front.browser.open(&unasked).await;
    front.says("Nobody has set out from here").await;
    front.browser.look("peer-sso-unasked").await;
    front.visit("/accounts/acme").await;
    front.arrives("/login?next=%2Faccounts%2Facme").await;

    front.by_password("ada", &format!("{SETTINGS}/{}", provider.id)).await;
    front.browser.click("main [name=initiates]").await;
    front.browser.press("Save").await;
    front.says("Saved. Test it before anybody depends on it.").await;
    front.as_somebody_new().await;
    front.browser.open(&unasked).await;
    front.arrives("/accounts/acme").await;
}

/// New keys: of OpenID Connect at once, of SAML once an administrator has fetched the new metadata.
async fn rotate(front: &Front, provider: &mut Provider) {
    provider.idp.tell(&json!({ "rotate": true }));
    if provider.protocol == Protocol::Saml {
        front.set_out(provider, "ada", DEEP).await;
        front.says("You are not signed in").await;
        front.browser.look("peer-sso-rotated").await;
        front.by_password("ada", &format!("{SETTINGS}/{}", provider.id)).await;
        front.browser.press("Save").await;
        front.says("Saved. Test it before anybody depends on it.").await;
        assert_eq!(front.browser.texts("table.cards tbody tr").await.len(), 2, "the old certificate stays");
        front.browser.look("peer-sso-one-saml-rotated").await;
    }
    come_in(front, provider, "ada").await;
}

/// A SAML provider that takes signed requests alone is asked by such, once it knows our certificate.
async fn sign(front: &Front, provider: &mut Provider) {
    if provider.protocol == Protocol::Oidc {
        return;
    }
    provider.idp.tell(&json!({ "want_signed": true }));
    front.as_somebody_new().await;
    front.visit(&format!("/login/sso/{}", provider.id)).await;
    front.says("IncorrectlySigned").await;
    front.by_password("ada", &format!("{SETTINGS}/{}", provider.id)).await;
    front.browser.press("Sign requests").await;
    front.says("What is asked of it is signed from now on.").await;
    front.browser.look("peer-sso-one-saml-signed").await;
    let file = front.tell_of_us(&format!("/saml/{}/metadata", provider.id)).await;
    provider.idp.tell(&json!({ "sp_metadata_file": file }));
    come_in(front, provider, "ada").await;
}

/// A stranger becomes a member once that is let be, and once they read their mail.
async fn join_just_in_time(front: &Front, provider: &Provider) {
    let browser = &front.browser;
    front.set_out(provider, "grace", DEEP).await;
    front.says("people join it by invitation").await;
    browser.look(&named(provider, "welcome-closed")).await;
    front.by_password("ada", JOINING).await;
    browser.choose("provisioning", "just_in_time").await;
    browser.press("Save").await;
    front.says("Saved. It holds for whoever comes from now on").await;
    if provider.protocol == Protocol::Oidc {
        browser.look("peer-sso-provisioning").await;
    }

    front.set_out(provider, "grace", DEEP).await;
    front.says("Welcome to Acme").await;
    browser.look(&named(provider, "welcome-confirm")).await;
    browser.press("Send a code to grace@example.com").await;
    browser.look(&named(provider, "welcome-code")).await;
    browser.type_into("code", &front.code_for("grace@example.com").await).await;
    browser.press("Go on").await;
    browser.wait_for("#name").await;
    assert_eq!(browser.value("name").await, "Grace Hopper");
    browser.look(&named(provider, "welcome-join")).await;
    browser.press("Join Acme").await;
    front.arrives(DEEP).await;

    // Who has no password is asked anew by the provider where it is worth a second look.
    front.visit(KEYS).await;
    front.says("Is it you?").await;
    browser.look(&named(provider, "prove")).await;
    front.choose(provider, "grace").await;
    front.arrives(KEYS).await;
    browser.type_into("description", "Grace's").await;
    browser.press("Create API key").await;
    browser.wait_for("#value").await;
}

/// Once everybody has to, whoever is in by password is sent to the provider.
async fn enforce(front: &Front, provider: &Provider) {
    let browser = &front.browser;
    // Whoever has a password proves with it who they are, and comes in through the provider besides.
    front.by_password("ada", "/accounts").await;
    front.visit(&format!("/login/sso?next={SETTINGS}")).await;
    front.choose(provider, "ada").await;
    front.arrives(SETTINGS).await;
    browser.choose("mode", "enforced").await;
    browser.press("Save").await;
    front.says("Nothing is saved yet.").await;
    let known = browser.texts(".note .rows a").await;
    assert_eq!(known, ["carol", "dave"], "whom no provider knows");
    browser.look(&named(provider, "enforce")).await;
    browser.press("Enforce it").await;
    front.says("Saved. It holds from the next request on").await;
    browser.look(&named(provider, "list")).await;

    front.by_password("carol", "/accounts").await;
    front.visit(DEEP).await;
    front.arrives("/login/sso?next=%2Faccounts%2Facme%2Fevents").await;
    front.choose(provider, "carol").await;
    front.says("Welcome to Acme").await;
    browser.press("It is me: link it to carol@example.com").await;
    front.arrives(DEEP).await;
}

/// Who is disabled stays out, whatever a provider says.
async fn stay_out(front: &Front, provider: &Provider) {
    let browser = &front.browser;
    browser.open(&format!("{}/accounts/acme/members?q=bob", front.base)).await;
    browser.follow("table.members tbody a").await;
    browser.follow("a.button[href$='/disable']").await;
    browser.press("Disable").await;
    front.set_out(provider, "bob", DEEP).await;
    front.says("Your access to Acme is disabled").await;
    browser.look(&named(provider, "disabled")).await;
}
