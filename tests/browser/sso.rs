//! Single sign-on, set up in a real browser: providers, domains, who uses it, and how the ways to it look to whoever signs in. The round trip
//! through real providers stands among the peers.

use frontdesk::rules::time::Span;

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD},
};

const METADATA: &str = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://idp.example.com\">\
    <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor use=\"signing\">\
    <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>CERTIFICATE</ds:X509Certificate>\
    </ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
    Location=\"https://idp.example.com/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>";

fn metadata() -> String {
    let pem = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/saml/keys/idp.crt")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    METADATA.replace("CERTIFICATE", &base64)
}

async fn journey(scripts: Scripts) {
    let (house, _ada) = House::with_ada_and(|config| config.fresh_proof = Span::days(1)).await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}/accounts/acme/settings{path}");
    browser.open(&format!("{base}/login")).await;
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Sign in").await;

    browser.open(&page("/sso")).await;
    browser.look("sso-empty").await;
    browser.follow("a[href$='/sso/new-oidc']").await;
    browser.press("Add provider").await;
    browser.look("sso-new-oidc-faults").await;
    browser.type_into("description", "Example Inc.").await;
    browser.type_into("issuer", "https://id.example.com").await;
    browser.type_into("client_id", "frontdesk").await;
    browser.type_into("client_secret", "a secret of the provider").await;
    browser.press("Add provider").await;
    browser.look("sso-oidc").await;
    browser.follow("a[href$='/delete']").await;
    browser.look("sso-delete").await;
    browser.open(&page("/sso/new-saml")).await;
    browser.type_into("description", "Example by SAML").await;
    browser.type_into("metadata", &metadata()).await;
    browser.look("sso-new-saml").await;
    browser.press("Add provider").await;
    browser.look("sso-saml").await;
    let saml = browser.path().await.rsplit_once('/').unwrap().1.to_owned();
    browser.open(&page("/sso")).await;
    browser.choose("mode", "enforced").await;
    browser.press("Save").await;
    browser.look("sso-enforce").await;
    assert!(browser.texts("main .note").await[0].contains("Sign in through a provider of this account yourself first"));
    browser.open(&page("/domains")).await;
    browser.type_into("domain", "example.com").await;
    browser.press("Add domain").await;
    browser.look("own-domains").await;
    let account = house.account_id("acme").await;
    house.raw.run(format!("UPDATE account_domains SET verified_at = 1, missing_since = 1 WHERE account_id = '{account}'")).await;
    browser.open(&page("/domains")).await;
    browser.look("own-domains-missing").await;

    // As whoever signs in sees it.
    let visitor = Chromium::start(scripts).await;
    visitor.open(&format!("{base}/login?next=/accounts/acme/members")).await;
    visitor.look("sign-in-address").await;
    visitor.type_into("email", "ada@example.com").await;
    visitor.press("Go on").await;
    visitor.look("sign-in-domain").await;
    visitor.open(&format!("{base}/login/sso")).await;
    visitor.type_into("account", "nobody").await;
    visitor.press("Go on").await;
    visitor.look("sso-choose-nothing").await;
    visitor.open(&format!("{base}/login/sso?account=acme")).await;
    visitor.look("sso-choose").await;
    visitor.open(&format!("{base}/login/sso/{saml}")).await;
    visitor.look("sso-go").await;
    visitor.quit().await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    journey(Scripts::Off).await;
}
