//! From where the account is reached, in a real browser: warned of, looked at, let in, enforced, undone.

use frontdesk::rules::time::Span;

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD},
};

async fn journey(scripts: Scripts) {
    let (house, _ada) = House::with_ada_and(|config| config.fresh_proof = Span::days(1)).await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}/accounts/acme{path}");
    browser.open(&format!("{base}/login")).await;
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Sign in").await;
    let other = house.visitor_from(std::net::Ipv4Addr::new(127, 0, 0, 2).into());
    other.sign_in("ada@example.com", PASSWORD).await;

    browser.open(&page("/ip-restrictions")).await;
    browser.look("ip-restrictions-open").await;
    browser.follow("a[href$='/ip-restrictions/dashboard']").await;
    browser.look("ip-restriction-no-policies").await;
    browser.open(&page("/ip-policies")).await;
    browser.look("ip-policies-empty").await;
    browser.follow("a[href$='/ip-policies/new']").await;
    browser.look("ip-policy-new").await;
    browser.type_into("description", "Offices").await;
    browser.press("Create IP policy").await;
    let policy = browser.path().await;
    browser.type_into("networks", "192.0.2.0/24 Berlin\n198.51.100.7 the gate\n2001:db8::1/64 lab").await;
    browser.press("Add").await;
    browser.look("ip-rules-pasted").await;
    browser.press("Add them").await;
    assert_eq!(browser.texts("tbody tr").await.len(), 3);
    browser.look("ip-policy").await;
    browser.type_into("networks", "203.0.113.0/24\nnowhere").await;
    browser.press("Add").await;
    browser.look("ip-rules-faults").await;

    // From an address that is not listed: everything works, and says what will be.
    browser.open(&page("/ip-restrictions/dashboard")).await;
    browser.press("Show what it would have meant …").await;
    browser.look("ip-restriction-faults").await;
    browser.click("#policies input").await;
    browser.press("Show what it would have meant …").await;
    browser.look("ip-review").await;
    browser.press("7 days").await;
    browser.press("Do it").await;
    browser.open(&page("")).await;
    assert!(browser.texts(".banner").await[0].contains("127.0.0.1 will be refused"), "{:?}", browser.texts(".banner").await);
    browser.look("overview-warned").await;
    browser.open(&page("/ip-restrictions?address=198.51.100.7")).await;
    assert!(browser.texts("section:has(#warned) tbody").await[0].contains("ada@example.com"));
    browser.look("ip-restrictions-warning").await;
    browser.open(&page("/ip-restrictions/dashboard")).await;
    browser.choose("mode", "enforced").await;
    browser.press("Show what it would have meant …").await;
    assert!(browser.texts(".summary").await[0].contains("This would keep you out"));
    browser.look("ip-restriction-locks-out").await;

    browser.open(&format!("{base}{policy}")).await;
    browser.press("Use my address: 127.0.0.1").await;
    assert_eq!(browser.value("networks").await, "127.0.0.1/32");
    browser.press("Add").await;
    browser.press("Add them").await;
    browser.follow("tbody tr a").await;
    browser.look("ip-rule").await;
    browser.open(&page("/ip-restrictions/dashboard")).await;
    browser.choose("mode", "enforced").await;
    browser.press("Show what it would have meant …").await;
    browser.press("Do it").await;
    assert!(browser.texts(".toast").await[0].contains("It is undone in"), "{:?}", browser.texts(".toast").await);
    browser.look("ip-restrictions-waiting").await;
    assert_eq!(other.get("/accounts/acme").await.status.as_u16(), 403);
    // Nobody confirms it.
    house.wait(Span::minutes(10));
    assert_eq!(other.get("/accounts/acme").await.status.as_u16(), 200);
    browser.open(&page("/ip-restrictions")).await;
    assert!(browser.texts("section:has(#dashboard) .badge").await[0].contains("Warns"));

    browser.open(&page("/settings/email-domains")).await;
    browser.look("email-domains").await;
    browser.choose("mode", "allow").await;
    browser.press("Save").await;
    browser.look("email-domains-faults").await;
    browser.open(&format!("{base}/me/sessions")).await;
    browser.look("sessions-from").await;
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
