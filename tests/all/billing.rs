use frontdesk::rules::members::{Billing, Roles};
use reqwest::StatusCode;

use crate::kit::{House, READER, settings_form};

fn form(contact: &str, recipients: &str, version: i64) -> Vec<(&'static str, String)> {
    vec![
        ("contact", contact.to_owned()),
        ("recipients", recipients.to_owned()),
        ("address", "Acme GmbH\nHauptstr. 1".into()),
        ("tax_id", "DE123456789".into()),
        ("currency", String::new()),
        ("version", version.to_string()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_access_keeps_the_details_and_sees_their_history() {
    let (house, ada) = House::with_ada_and(|config| config.plan = "Enterprise".into()).await;
    let bill = house.member("acme", "bill", Roles { billing: Billing::Access, ..READER }).await;
    let bill = house.signed_in(&bill).await;
    let page = bill.get("/accounts/acme/billing").await;
    assert!(page.text().contains("Enterprise") && page.text().contains("Nobody has changed anything yet."), "{}", page.text());
    let wrong = bill.post("/accounts/acme/billing", &form("Bill", "nobody", 0)).await;
    assert_eq!((wrong.status, wrong.fault("recipients").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "“nobody” is not an email address."));
    let done = bill.post("/accounts/acme/billing", &form("Bill", "ap@acme.example, AP@acme.example", 0)).await;
    assert_eq!(done.location(), "/accounts/acme/billing", "{}", done.text());
    let saved = bill.get("/accounts/acme/billing").await;
    assert_eq!((saved.value("contact").as_str(), saved.all("textarea")[0].as_str()), ("Bill", "ap@acme.example"));
    assert_eq!(saved.all("#history dl > div").len(), 4);
    assert!(saved.all("#history li p")[0].contains("bill@example.com") && saved.text().contains("Tax id"));
    // Two at once.
    assert_eq!(ada.post("/accounts/acme/billing", &form("Ada", "", 1)).await.location(), "/accounts/acme/billing");
    let late = bill.post("/accounts/acme/billing", &form("Bill again", "", 1)).await;
    assert!(late.status == StatusCode::UNPROCESSABLE_ENTITY && late.text().contains("Somebody changed the billing details meanwhile."));
    assert_eq!((late.value("contact").as_str(), late.value("version").as_str()), ("Bill again", "2"));
    assert!(late.all("#history ins").contains(&"Ada".to_owned()), "what they changed stands below");
    let empty = bill.post("/accounts/acme/billing", &form("x", "nobody", 1)).await;
    assert_eq!(empty.value("version"), "1", "another fault does not pass over it");
    assert_eq!(bill.post("/accounts/acme/billing", &form("Bill again", "", 2)).await.location(), "/accounts/acme/billing");
    let account = house.account_id("acme").await;
    assert_eq!(house.events(&account).await.iter().filter(|kind| *kind == "billing_updated.v0").count(), 3);
    // The account's currency, where billing has none of its own.
    let mut settings = settings_form("Acme", 0);
    settings.push(("currency", "CHF".into()));
    ada.post("/accounts/acme/settings", &settings).await;
    assert_eq!(bill.get("/accounts/acme/billing").await.all("#currency option")[0], "As the account: CHF");
}

/// What a page keeps from somebody, its history keeps too.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_no_more_than_the_page() {
    use frontdesk::rules::members::{Developer, Team};
    let (house, ada) = House::with_ada().await;
    ada.post("/accounts/acme/billing", &form("Secretive Bill", "", 0)).await;
    ada.post("/accounts/acme/settings", &settings_form("Secretly Renamed", 0)).await;
    let manager = house.member("acme", "manager", Roles { team: Team::Manager, developer: Developer::ReadWrite, ..READER }).await;
    let manager = house.signed_in(&manager).await;
    for (kind, secret, needs) in
        [("billing_updated.v0", "Secretive", "the role Billing access"), ("account_updated.v0", "Renamed", "to be an administrator")]
    {
        let link = manager.get(&format!("/accounts/acme/events?type={kind}")).await.attributes("table.events td.what a", "href").remove(0);
        let page = manager.get(&link).await;
        assert!(page.status == StatusCode::OK && page.all(".diff").is_empty() && page.text().contains(needs), "{}", page.text());
        assert!(ada.get(&link).await.all(".diff").join("").contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_access_sees_none_of_it() {
    let (house, _ada) = House::with_ada().await;
    let reader = house.member("acme", "reader", READER).await;
    let reader = house.signed_in(&reader).await;
    for page in [reader.get("/accounts/acme/billing").await, reader.post("/accounts/acme/billing", &form("x", "", 0)).await] {
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(page.text().contains("you need the role Billing access"), "{}", page.text());
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM billing").await, 0);
}
