//! The team grows: set up → invite → accept in a second browser → change role → disable → refused on the next request; and
//! every state of an invitation's link, looked at.

use frontdesk::rules::{
    members::{Roles, Team},
    time::Span,
};

use crate::{
    MANAGER,
    chromium::{Chromium, Scripts},
    kit::{House, PASSWORD, READER},
};

const LONG: &str = "the-person-with-the-longest-name-of-all-sixty-characters-here@example.com";

async fn journey(scripts: Scripts) {
    let house = House::new().await;
    let ada = Chromium::start(scripts).await;
    let base = house.running.base_url.clone();
    let page = |path: &str| format!("{base}{path}");
    ada.open(house.running.setup_link.as_ref().unwrap()).await;
    for (field, text) in [("account", "Acme"), ("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", PASSWORD)] {
        ada.type_into(field, text).await;
    }
    ada.press("Create the account").await;

    // Invite, first wrong.
    ada.open(&page("/accounts/acme/members")).await;
    ada.follow("a[href$='/invitations']:not(.nav-item)").await;
    ada.look("invitations-none").await;
    ada.follow(".empty a.button").await;
    ada.look("invite").await;
    ada.type_into("email", "bob@example").await;
    ada.choose("team", "invite").await;
    ada.press("Invite").await;
    assert_eq!(ada.texts(".fault").await.len(), 2);
    assert_eq!(ada.value("email").await, "bob@example");
    ada.look("invite-faults").await;
    ada.type_into("email", "bob@example.com").await;
    ada.choose("developer", "read_write").await;
    ada.press("Invite").await;
    ada.look("invitation-link").await;
    let link = ada.value("link").await;
    ada.follow(".secret a.button").await;
    assert_eq!(ada.path().await, "/accounts/acme/invitations");
    ada.look("invitations").await;
    ada.follow("table.invitations tbody a").await;
    ada.look("invitation").await;

    // A second browser, of somebody who has never been here.
    let bob = Chromium::start(scripts).await;
    bob.open(&link).await;
    bob.look("join-visitor").await;
    bob.type_into("name", "Bob").await;
    bob.type_into("password", "short").await;
    bob.press("Create my user and join").await;
    assert_eq!((bob.texts(".fault").await.len(), bob.value("name").await), (1, "Bob".to_owned()));
    bob.look("join-faults").await;
    bob.type_into("password", PASSWORD).await;
    bob.press("Create my user and join").await;
    assert_eq!(bob.path().await, crate::kit::OFFER);
    assert_eq!(bob.texts(".toast").await, ["Welcome. You are a member now."]);
    bob.look("join-factor").await;
    bob.follow("main a[href='/accounts/acme']").await;
    assert_eq!(bob.path().await, "/accounts/acme");
    bob.open(&page("/accounts/acme/events")).await;
    assert_eq!(bob.texts("h1").await, ["This needs another role"]);

    // Another role, from the next request on; and out, from the next request on.
    ada.open(&page("/accounts/acme/invitations?state=accepted")).await;
    assert_eq!(ada.texts("table.invitations tbody td:first-child").await, ["bob@example.com"]);
    ada.open(&page("/accounts/acme/members?q=bob")).await;
    ada.follow("table.members tbody a").await;
    ada.look("member-invited").await;
    ada.choose("team", "manager").await;
    ada.press("Change roles").await;
    bob.open(&page("/accounts/acme/events")).await;
    assert_eq!(bob.texts("h1").await, ["Events"]);
    bob.open(&page("/accounts/acme/invitations/new")).await;
    bob.look("invite-as-manager").await;
    bob.type_into("email", LONG).await;
    bob.press("Invite").await;
    ada.open(&page("/accounts/acme/members?q=bob")).await;
    ada.follow("table.members tbody a").await;
    ada.look("member-with-invitations").await;
    ada.follow("a.button[href$='/disable']").await;
    ada.look("member-disable").await;
    ada.click("main [name=take_over][value=no]").await;
    ada.press("Disable").await;
    assert_eq!(ada.texts(".toast").await, ["Disabled: out on the next request."]);
    bob.open(&page("/accounts/acme")).await;
    assert_eq!(bob.texts("h1").await, ["You cannot come in"]);
    bob.look("refused-disabled").await;
    ada.open(&page("/accounts/acme/invitations")).await;
    let mut states = ada.texts("table.invitations tbody .badge").await;
    states.sort();
    assert_eq!(states, ["Accepted", "Closed with its sender"]);
    ada.look("invitations-closed").await;
    ada.follow("table.invitations tbody a").await;
    ada.look("invitation-closed").await;
    ada.quit().await;
    bob.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_team_grows_with_scripts() {
    journey(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_team_grows_without_scripts() {
    journey(Scripts::Off).await;
}

/// A program that opens the link, runs its scripts and presses the first button, ten times; then the human.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_robot_leaves_the_link_to_the_human() {
    let (house, ada) = House::with_ada().await;
    house.invite(&ada, "bob@example.com", READER).await;
    let link = format!("{}/invitations/{}", house.running.base_url, house.mailed("bob@example.com").await);
    let robot = Chromium::start(Scripts::On).await;
    for _ in 0..10 {
        robot.open(&link).await;
        robot.follow("main form button").await;
        assert!(robot.path().await.starts_with("/login?"));
    }
    assert_eq!(robot.value("email").await, "bob@example.com");
    robot.quit().await;
    let bob = Chromium::start(Scripts::On).await;
    bob.open(&link).await;
    bob.type_into("name", "Bob").await;
    bob.type_into("password", PASSWORD).await;
    bob.press("Create my user and join").await;
    assert_eq!(bob.path().await, crate::kit::OFFER);
    bob.quit().await;
}

/// Each state of a link has its page.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_a_link_is_designed() {
    let (house, ada) = House::with_ada_and(|config| config.seats = 9).await;
    let page = |token: &str| format!("{}/invitations/{token}", house.running.base_url);
    let max = house.member("acme", "max", MANAGER).await;
    let max = house.signed_in(&max).await;
    house.account("other").await;
    house.member("other", "bob", READER).await;
    let offered = Roles { team: Team::Manager, ..MANAGER };
    let link = house.invite(&max, "bob@example.com", offered).await;
    let bob = Chromium::start(Scripts::On).await;
    let see = async |heading: &str, name: &str| {
        bob.open(&page(&link)).await;
        assert_eq!(bob.texts("h1").await, [heading], "{name}");
        bob.look(name).await;
    };
    let set = async |sql: &str| house.raw.run(sql).await;

    set("UPDATE members SET team = 'invite' WHERE search_email = 'max@example.com'").await;
    see("Join Acme", "join-lowered").await;
    set("UPDATE members SET team = 'read_only' WHERE search_email = 'max@example.com'").await;
    see("This invitation cannot be accepted now", "join-inviter-may-not").await;
    set("UPDATE members SET team = 'manager', disabled_at = 1 WHERE search_email = 'max@example.com'").await;
    see("This invitation is closed", "join-inviter-gone").await;
    set("UPDATE members SET disabled_at = NULL WHERE search_email = 'max@example.com'").await;
    for n in 0..7 {
        house.member("acme", &format!("seat{n}"), READER).await;
    }
    see("There is no seat left", "join-full").await;
    set("DELETE FROM member_words WHERE word LIKE 'seat%'").await;
    set("DELETE FROM members WHERE search_email LIKE 'seat%'").await;
    for (why, heading) in [
        ("revoked", "This invitation was taken back"),
        ("declined", "This invitation was declined"),
        ("accepted", "This invitation has been used"),
        ("account_deleted", "This account is gone"),
    ] {
        set(&format!("UPDATE invitations SET closed_at = 1, closed_why = '{why}'")).await;
        see(heading, &format!("join-{why}")).await;
    }
    set("UPDATE invitations SET closed_at = NULL, closed_why = NULL").await;
    set("UPDATE invitation_tokens SET ended_at = 1").await;
    see("There is a newer link", "join-replaced").await;
    set("UPDATE invitation_tokens SET ended_at = NULL").await;

    // Signed in: as somebody else, with an address that is not proven, as the right person, and in already.
    let eve = house.member("other", "eve", READER).await;
    bob.open(&format!("{}/login", house.running.base_url)).await;
    bob.type_into("email", &eve).await;
    bob.type_into("password", PASSWORD).await;
    bob.press("Sign in").await;
    see("This invitation is for somebody else", "join-somebody-else").await;
    bob.press("Sign out and come back").await;
    bob.follow("main form button").await;
    bob.type_into("password", PASSWORD).await;
    bob.press("Sign in").await;
    set("UPDATE user_emails SET verified_at = NULL WHERE canonical = 'bob@example.com'").await;
    see("Join Acme", "join-unproven").await;
    set("UPDATE user_emails SET verified_at = 1 WHERE canonical = 'bob@example.com'").await;
    see("Join Acme", "join-invited").await;
    bob.press("Join Acme").await;
    assert_eq!(bob.path().await, "/accounts/acme");
    see("You are in Acme already", "join-member").await;
    bob.sign_out_everywhere().await;
    house.wait(Span::days(7));
    set("UPDATE invitations SET closed_at = NULL, closed_why = NULL").await;
    see("This invitation has expired", "join-expired").await;
    bob.open(&page("nonsense")).await;
    assert_eq!(bob.texts("h1").await, ["This link does not work"]);
    bob.quit().await;
    drop(ada);
}
