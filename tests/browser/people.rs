//! Being a user and running an account, in a real browser: a forgotten password, another address, signing up, accounts made,
//! changed and deleted, billing, and an overview with much to say.

use frontdesk::rules::{members::Roles, sign_up::Policy, time::Span};

use crate::{
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD, READER, settings_form},
};

const NEW: &str = "four entirely new words";

async fn journey(scripts: Scripts) {
    let (house, ada) = House::with_ada_and(|config| config.sign_up = Policy::Open).await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}{path}");

    // A forgotten password.
    browser.open(&page("/login")).await;
    browser.follow("a[href='/password/forgot']").await;
    browser.look("forgot").await;
    browser.type_into("email", "ada").await;
    browser.press("Send me a link").await;
    browser.look("forgot-faults").await;
    browser.type_into("email", "ada@example.com").await;
    browser.press("Send me a link").await;
    assert_eq!(browser.texts("h1").await, ["Look into your mailbox"]);
    browser.look("forgot-sent").await;
    let link = page(&house.link_to("ada@example.com").await);
    browser.open(&link).await;
    browser.look("reset").await;
    browser.type_into("password", "short").await;
    browser.press("Set this password").await;
    browser.look("reset-faults").await;
    browser.type_into("password", NEW).await;
    browser.press("Set this password").await;
    assert_eq!(browser.texts(".note").await, ["The password was changed. Sign in with the new one."]);
    browser.open(&link).await;
    browser.look("reset-used").await;
    browser.open(&page("/login")).await;
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", NEW).await;
    browser.press("Sign in").await;
    assert_eq!(browser.path().await, "/accounts");

    // The own password, and the own address.
    browser.open(&page("/me/security")).await;
    browser.look("security").await;
    browser.type_into("current", "not it").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Change the password").await;
    assert_eq!(browser.texts(".fault").await, ["This is not your password."]);
    browser.look("security-faults").await;
    browser.type_into("current", NEW).await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Change the password").await;
    assert_eq!(browser.texts(".toast").await, ["Your password is changed."]);
    browser.open(&page("/me/email")).await;
    browser.look("email").await;
    browser.type_into("email", "ada@example.org").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Change the address").await;
    let link = house.link_to("ada@example.org").await;
    browser.open(&page(&link)).await;
    browser.look("email-confirm").await;
    browser.press("Confirm ada@example.org").await;
    assert_eq!(browser.texts(".toast").await, ["ada@example.org is confirmed as your address."]);

    // Accounts: a second one, the way between them, and its end.
    browser.open(&page("/accounts/new")).await;
    browser.look("account-new").await;
    browser.type_into("name", "Second").await;
    browser.type_into("slug", "Not a slug").await;
    browser.press("Create the account").await;
    browser.look("account-new-faults").await;
    browser.type_into("slug", "").await;
    browser.press("Create the account").await;
    assert_eq!(browser.path().await, "/accounts/second");
    browser.look("overview-alone").await;
    browser.click("summary.switcher").await;
    browser.wait_for(".switch .menu-item").await;
    if scripts == Scripts::On {
        browser.wait_for(".switch-list").await;
        browser.picture("switcher").await;
        browser.follow(".switch a[href='/accounts/acme']").await;
        assert_eq!(browser.path().await, "/accounts/acme");
    } else {
        browser.follow(".switch a[href='/accounts']").await;
    }
    browser.open(&page("/accounts/second/settings")).await;
    browser.type_into("website", "javascript:alert(1)").await;
    browser.type_into("time_zone", "Berlin").await;
    browser.press("Save").await;
    browser.look("account-settings-faults").await;
    browser.open(&page("/accounts/second/delete")).await;
    browser.look("account-delete").await;
    browser.type_into("name", "second").await;
    browser.press("Delete Second for good").await;
    browser.look("account-delete-faults").await;
    browser.type_into("name", "Second").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Delete Second for good").await;
    assert_eq!(browser.texts(".toast").await, ["Second is deleted."]);

    // Two who save at once.
    browser.open(&page("/accounts/acme/settings")).await;
    let ada = {
        drop(ada);
        house.signed_in("ada@example.org").await
    };
    ada.post("/accounts/acme/settings", &settings_form("Acme of Ada", 0)).await;
    browser.type_into("name", "Acme & Co").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".conflict tbody tr").await, ["Name Acme of Ada Acme & Co"]);
    browser.look("account-conflict").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".toast").await, ["Saved."]);

    // Billing.
    browser.open(&page("/accounts/acme/billing")).await;
    browser.look("billing-empty").await;
    browser.type_into("recipients", "nobody").await;
    browser.press("Save").await;
    browser.look("billing-faults").await;
    browser.type_into("recipients", "invoices@example.com").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".toast").await, ["Saved."]);
    browser.look("billing").await;

    // An overview with everything that can need attention.
    house.member("acme", "quiet", READER).await;
    house.member("acme", "guest", Roles { administrator: false, ..READER }).await;
    house.member("acme", "over", READER).await;
    house.wait(Span::hours(1));
    let now = house.now().0;
    house.raw.run("UPDATE members SET last_seen_at = 1 WHERE search_email = 'quiet@example.com'").await;
    house.raw.run(format!("UPDATE members SET access_until = {} WHERE search_email = 'guest@example.com'", now + 86_400_000)).await;
    house.raw.run(format!("UPDATE members SET access_until = {} WHERE search_email = 'over@example.com'", now - 1)).await;
    house.raw.run("UPDATE user_emails SET verified_at = NULL WHERE canonical = 'quiet@example.com'").await;
    house.invite(&ada, "soon@example.com", READER).await;
    house.invite(&ada, "late@example.com", READER).await;
    house.raw.run(format!("UPDATE invitations SET expires_at = {} WHERE canonical = 'soon@example.com'", now + 3_600_000)).await;
    house.raw.run(format!("UPDATE invitations SET expires_at = {} WHERE canonical = 'late@example.com'", now - 1)).await;
    assert!(house.running.deliver().await.unwrap());
    house.raw.run("UPDATE outbox SET failed_at = 1, sent_at = NULL, sent_as = NULL WHERE recipient = 'late@example.com'").await;
    browser.open(&page("/accounts/acme")).await;
    assert_eq!(browser.texts(".attention li").await.len(), 8);
    browser.look("overview-attention").await;
    for (label, rows) in
        [("status=quiet", 1), ("status=unconfirmed", 1), ("status=ending", 1), ("status=over", 1), ("state=undelivered", 1)]
    {
        browser.open(&page("/accounts/acme")).await;
        browser.follow(&format!(".attention a[href$='{label}']")).await;
        assert_eq!(browser.texts("tbody tr").await.len(), rows, "{label}");
    }
    browser.sign_out().await;

    // Signing up.
    browser.open(&page("/login")).await;
    browser.follow("a[href='/signup']").await;
    browser.look("sign-up").await;
    browser.type_into("email", "new@example.com").await;
    browser.press("Send me a link").await;
    browser.look("sign-up-sent").await;
    let link = house.link_to("new@example.com").await;
    browser.open(&page(&link)).await;
    browser.look("sign-up-new").await;
    browser.type_into("password", "short").await;
    browser.press("Create my user").await;
    browser.look("sign-up-faults").await;
    browser.type_into("name", "Newcomer").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Create my user").await;
    assert_eq!(browser.path().await, "/me/security/factor?next=%2Faccounts");
    browser.follow("main a[href='/accounts']").await;
    browser.look("accounts-none").await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_accounts_with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_accounts_without_scripts() {
    journey(Scripts::Off).await;
}
