//! The product in a real browser: the first journey, scripts on and off, every page and state looked at by axe-core, in
//! light and dark, wide and narrow. Needs Debian's chromium and chromium-driver, and `npm ci` in this folder;
//! `tests/run` sees to both. Pictures go to `target/pictures`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_lines, reason = "a test that cannot go on should say where")]

mod addresses;
mod chromium;
mod idle;
mod invitations;
#[path = "../all/kit.rs"]
#[allow(dead_code, reason = "the kit is shared with the other suite, which uses all of it")]
mod kit;
mod locked_out;
mod mfa;
mod people;
mod programs;
mod sso;

use chromium::{Chromium, Scripts};
use frontdesk::rules::members::{Developer, Roles, Team};
use kit::{House, PASSWORD};

const MANAGER: Roles = Roles { developer: Developer::ReadWrite, team: Team::Manager, ..kit::READER };

/// Set up → sign out → sign in → events, as a new administrator does it.
async fn journey(scripts: Scripts) {
    let house = House::new().await;
    let browser = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}{path}");

    // A wrong link says what to do; the right one leads to the form, which keeps what was typed.
    browser.open(&page("/")).await;
    browser.look("setup-needs-token").await;
    browser.open(house.running.setup_link.as_ref().unwrap()).await;
    browser.look("setup").await;
    browser.type_into("account", "Acme").await;
    browser.type_into("name", "Ada Lovelace").await;
    browser.type_into("email", "ada@example").await;
    browser.type_into("password", "short").await;
    browser.press("Create the account").await;
    browser.look("setup-faults").await;
    assert_eq!(browser.value("name").await, "Ada Lovelace");
    assert_eq!(browser.texts(".fault").await.len(), 2);
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Create the account").await;
    assert_eq!(browser.path().await, "/accounts/acme");
    assert_eq!(browser.texts("h1").await, ["Acme"]);
    browser.look("overview").await;

    // Out, and in again, first wrong.
    browser.sign_out().await;
    assert_eq!(browser.texts(".note").await, ["You have signed out."]);
    browser.look("sign-in").await;
    browser.open(&page("/accounts/acme/events")).await;
    assert!(browser.path().await.starts_with("/login?next="));
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", "four wrong words here").await;
    browser.press("Sign in").await;
    assert_eq!(browser.texts(".fault").await, ["This email address and password do not belong together."]);
    browser.look("sign-in-wrong").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Sign in").await;
    assert_eq!(browser.path().await, "/accounts/acme/events", "the way leads back to where one wanted to go");

    // What happened is on record.
    browser.look("events").await;
    let kinds = browser.texts("table.events code.kind").await;
    assert_eq!(kinds, ["account_entered.v0", "account_entered.v0", "membership_created.v0", "account_created.v0"]);
    browser.type_into("actor", "nobody@example.com").await;
    browser.press("Filter").await;
    browser.wait_for(".empty").await;
    assert!(browser.path().await.contains("actor=nobody%40example.com"));
    browser.look("events-none").await;
    browser.open(&page("/accounts/acme/events?address=nonsense&from=2026-11-22&until=2026-11-21")).await;
    browser.look("events-faults").await;

    // The team: find somebody, change what they may do, and see it refused for the last administrator.
    for (name, roles) in
        [("grace", MANAGER), ("the-person-with-the-longest-name-of-all-sixty-characters-here", kit::READER), ("linus", kit::READER)]
    {
        house.member("acme", name, roles).await;
    }
    browser.open(&page("/accounts/acme/members")).await;
    browser.look("members").await;
    browser.type_into("q", "lin").await;
    browser.press("Find").await;
    browser.wait_for_path("q=lin").await;
    assert_eq!(browser.texts("table.members tbody td:first-child").await, ["linus"]);
    browser.follow("table.members tbody a").await;
    browser.look("member").await;
    browser.choose("developer", "read_only").await;
    browser.choose("team", "manager").await;
    browser.press("Change roles").await;
    assert_eq!(
        browser.texts("#team .fault").await,
        ["Team invite and manager need Developer read-write. Choose that too, or Team read-only."]
    );
    browser.look("member-faults").await;
    browser.choose("developer", "read_write").await;
    browser.press("Change roles").await;
    assert_eq!(browser.texts(".toast").await, ["The roles are changed, from the next request on."]);
    browser.follow("a.button[href$='/disable']").await;
    browser.press("Disable").await;
    browser.look("member-disabled").await;
    browser.follow("a.button.danger").await;
    browser.look("member-remove").await;
    browser.press("Remove").await;
    assert_eq!(browser.texts("table.members tbody tr").await.len(), 3);
    browser.open(&page("/accounts/acme/leave")).await;
    browser.press("Leave the account").await;
    assert_eq!(
        browser.texts(".summary li").await,
        ["Ada Lovelace is the only administrator here. Make somebody else an administrator first."]
    );
    browser.look("leave-refused").await;

    // Every other page there is.
    browser.open(&page("/accounts/acme/settings")).await;
    browser.look("settings").await;
    browser.type_into("name", "").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".fault").await, ["Enter a name for the account."]);
    browser.look("settings-faults").await;
    browser.type_into("name", "The company with a rather long name of sixty characters etc.").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".toast").await, ["Saved."]);
    browser.open(&page("/accounts/acme/events?type=account_updated.v0")).await;
    browser.follow("table.events td.what a").await;
    assert_eq!(browser.texts(".diff tbody del").await, ["Acme"]);
    browser.look("event").await;
    house.signed_in("ada@example.com").await;
    for (path, name) in [
        ("/accounts", "accounts"),
        ("/accounts/acme", "overview-long-name"),
        ("/me", "me"),
        ("/me/sessions", "sessions"),
        ("/nowhere", "not-found"),
    ] {
        browser.open(&page(path)).await;
        browser.look(name).await;
    }
    browser.open(&page("/me")).await;
    browser.choose("theme", "dark").await;
    browser.press("Save").await;
    assert_eq!(browser.texts(".toast").await, ["Saved."]);
    assert_eq!(browser.attribute("html", "data-theme").await, "dark");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_journey_with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_journey_without_scripts() {
    journey(Scripts::Off).await;
}

/// A log that is long enough for pages, read with htmx: the address follows, and going back shows the whole page again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_events_follow_the_address() {
    let (house, ada) = House::with_ada().await;
    for n in 0..120 {
        let form = [("name", format!("Acme {n}")), ("slug", "acme".into()), ("version", n.to_string())];
        ada.post("/accounts/acme/settings", &form).await;
    }
    let browser = Chromium::start(Scripts::On).await;
    browser.open(&format!("{}/accounts/acme/events", house.running.base_url)).await;
    browser.type_into("email", "ada@example.com").await;
    browser.type_into("password", PASSWORD).await;
    browser.press("Sign in").await;
    let first = browser.texts("table.events tbody tr").await;
    assert_eq!(first.len(), 50);
    let rooms = browser.texts(".sidebar .nav-item").await;
    assert!(!rooms.is_empty());
    browser.look("events-many").await;
    browser.mark().await;
    browser.follow("[rel=next]").await;
    browser.wait_for("[rel=prev]").await;
    assert!(browser.path().await.contains("before="));
    assert!(browser.is_marked().await, "the page was not loaded anew");
    assert_eq!(browser.title().await, "Events · Acme 119 · Frontdesk");
    let second = browser.texts("table.events tbody tr").await;
    assert_ne!(first, second);
    browser.back().await;
    browser.wait_for("table.events").await;
    assert_eq!(browser.texts("table.events tbody tr").await.len(), 50);
    assert_eq!(browser.texts(".sidebar .nav-item").await, rooms, "the whole page, not its middle alone");
    browser.quit().await;
}

/// With the keyboard alone: from the address bar to an account's overview, and out again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_is_enough() {
    let (house, _ada) = House::with_ada().await;
    let browser = Chromium::start(Scripts::On).await;
    browser.open(&format!("{}/login", house.running.base_url)).await;
    browser.keys(&[("Tab", 3)]).await;
    browser.write("ada@example.com").await;
    browser.keys(&[("Tab", 1)]).await;
    browser.write(PASSWORD).await;
    browser.keys(&[("Enter", 1)]).await;
    browser.wait_for(".account-tile").await;
    assert_eq!(browser.path().await, "/accounts");
    // The first stop on every page leads past the menu.
    browser.keys(&[("Tab", 1)]).await;
    assert_eq!(browser.focused().await, "Skip to the content");
    browser.keys(&[("Enter", 1), ("Tab", 2), ("Enter", 1)]).await;
    browser.wait_for(".figures").await;
    assert_eq!(browser.path().await, "/accounts/acme");
    browser.focus(".user-menu summary").await;
    browser.keys(&[("Enter", 1), ("Tab", 7), ("Enter", 1)]).await;
    browser.wait_for(".note").await;
    assert_eq!(browser.texts(".note").await, ["You have signed out."]);
    browser.quit().await;
}

/// On a phone the menu is a button away, and as good without scripts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_has_its_menu() {
    let (house, _ada) = House::with_ada().await;
    for scripts in [Scripts::On, Scripts::Off] {
        let browser = Chromium::start(scripts).await;
        browser.open(&format!("{}/login?next=/accounts/acme", house.running.base_url)).await;
        browser.resize(320, 800).await;
        browser.type_into("email", "ada@example.com").await;
        browser.type_into("password", PASSWORD).await;
        browser.press("Sign in").await;
        assert!(!browser.is_shown("#nav").await);
        browser.click(".topbar button").await;
        assert!(browser.is_shown("#nav").await);
        browser.picture("menu-narrow").await;
        browser.follow("#nav a[href$='/members']").await;
        assert_eq!(browser.path().await, "/accounts/acme/members");
        browser.quit().await;
    }
}
