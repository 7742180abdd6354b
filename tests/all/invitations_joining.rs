use frontdesk::rules::{
    members::{Billing, Developer, Roles, Team},
    time::Span,
};
use reqwest::{Method, StatusCode};

use crate::kit::{Browser, House, PASSWORD, READER, sign_up_form};

const INVITER: Roles = Roles { developer: Developer::ReadWrite, team: Team::Invite, ..READER };
const MANAGER: Roles = Roles { team: Team::Manager, ..INVITER };

/// What stands in the database, counted: users, members, closed invitations, events of accounts.
async fn state(house: &House) -> Vec<i64> {
    let mut counts = Vec::new();
    for what in [
        "users",
        "members",
        "sessions",
        "invitation_uses",
        "invitations WHERE closed_at IS NOT NULL",
        "invitation_tokens WHERE ended_at IS NOT NULL",
        "events",
        "attempts",
    ] {
        counts.push(house.raw.number(format!("SELECT COUNT(*) FROM {what}")).await);
    }
    counts
}

async fn kinds(house: &House) -> Vec<String> {
    let account = house.account_id("acme").await;
    let events = house.events(&account).await;
    events.into_iter().filter(|kind| kind.starts_with("invitation") || kind.starts_with("membership")).collect()
}

/// A user who is in another account, signed in.
async fn known(house: &House, name: &str) -> Browser {
    if house.raw.number("SELECT COUNT(*) FROM accounts WHERE slug = 'other'").await == 0 {
        house.account("other").await;
    }
    let email = house.member("other", name, READER).await;
    house.signed_in(&email).await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_signs_up_and_is_in() {
    let (house, ada) = House::with_ada().await;
    house.invite(&ada, "Bob@example.com", INVITER).await;
    let link = house.mailed("bob@example.com").await;
    let bob = house.visitor();
    let page = bob.get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::OK, vec!["Join Acme".to_owned()]));
    for part in ["Ada Lovelace (ada@example.com) invites Bob@example.com to join Acme", "invite others", "28 Nov 2026, 12:00:00 UTC"] {
        assert!(page.text().contains(part), "{part}: {}", page.text());
    }
    let page = bob.post(&format!("/invitations/{link}/sign-up"), &[("name", "Bob".into()), ("password", "short".into())]).await;
    assert_eq!((page.status, page.value("name")), (StatusCode::UNPROCESSABLE_ENTITY, "Bob".to_owned()));
    assert!(page.fault("password").starts_with("Use at least 10 characters."));
    let page = bob.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Bob")).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, crate::kit::OFFER), "{}", page.text());
    assert_eq!(bob.get("/accounts/acme").await.all(".toast"), ["Welcome. You are a member now."]);
    assert_eq!(kinds(&house).await[1..], ["invitation_created.v0", "membership_created.v0", "invitation_accepted.v0"]);
    let user = house.user_id("bob@example.com").await;
    assert_eq!(house.events(&user).await, ["user_created.v0", "user_login_succeeded.v0"]);
    let who = house.raw.texts("SELECT principal FROM events WHERE type = 'invitation_accepted.v0'").await;
    assert_eq!(who, std::slice::from_ref(&user), "the newcomer acts, and is named");
    assert_eq!(
        house.raw.number("SELECT COUNT(*) FROM user_emails WHERE canonical = 'bob@example.com' AND verified_at IS NOT NULL").await,
        1
    );
    let id = house.member_id("bob@example.com").await;
    let page = ada.get(&format!("/accounts/acme/members/{id}")).await;
    assert!(page.text().contains("Invitation by Ada Lovelace") && page.text().contains("Team invite"), "{}", page.text());
    // Signed in anew, by the address as they like to write it.
    house.signed_in("BOB@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_known_signs_in_and_accepts() {
    let (house, ada) = House::with_ada().await;
    known(&house, "bob").await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let bob = house.visitor();
    let page = bob.get(&format!("/invitations/{link}")).await;
    let query: Vec<_> = page
        .attributes("form[action='/login'] input", "name")
        .into_iter()
        .zip(page.attributes("form[action='/login'] input", "value"))
        .collect();
    assert_eq!(query, [("next".to_owned(), format!("/invitations/{link}")), ("email".to_owned(), "bob@example.com".to_owned())]);
    let page = bob.get(&format!("/login?next=/invitations/{link}&email=bob@example.com")).await;
    assert_eq!(page.value("email"), "bob@example.com");
    let form = [("email", "bob@example.com".into()), ("password", PASSWORD.into()), ("next", format!("/invitations/{link}"))];
    let page = bob.post("/login", &form).await;
    assert_eq!(page.location(), format!("/invitations/{link}"));
    let page = bob.get(page.location()).await;
    assert_eq!(page.attributes("main form", "action"), [format!("/invitations/{link}/accept"), format!("/invitations/{link}/decline")]);
    assert_eq!(bob.post(&format!("/invitations/{link}/accept"), &[]).await.location(), "/accounts/acme");
    // Twice is once.
    assert_eq!(bob.post(&format!("/invitations/{link}/accept"), &[]).await.location(), "/accounts/acme");
    let page = bob.get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::OK, vec!["You are in Acme already".to_owned()]));
    let page = house.visitor().get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::GONE, vec!["This invitation has been used".to_owned()]));
    assert_eq!(kinds(&house).await[1..], ["invitation_created.v0", "membership_created.v0", "invitation_accepted.v0"]);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members WHERE search_email = 'bob@example.com'").await, 2);
}

/// What a signed-out visitor sees and gets does not tell whether the address has a user.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_the_same_for_known_and_unknown() {
    let (house, ada) = House::with_ada().await;
    known(&house, "olaf").await;
    let mut seen = Vec::new();
    for name in ["olaf", "emil"] {
        let link = house.invite(&ada, &format!("{name}@example.com"), READER).await;
        let visitor = house.visitor();
        let before = house.costs();
        let page = visitor.get(&format!("/invitations/{link}")).await;
        let after = house.costs();
        let mut headers: Vec<_> = page.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str())).collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        let looks = format!("{} {headers:?} {}", page.status, page.body.replace(&link, "LINK").replace(name, "NAME"));
        // A copied link proves nothing, so that signing up with it is the same too: the one who has the address is not touched.
        let before_sign_up = house.costs();
        let form = [("name", "Somebody".to_owned()), ("password", "another four random words".to_owned())];
        let page = visitor.post(&format!("/invitations/{link}/sign-up"), &form).await;
        let after_sign_up = house.costs();
        let work = (after.0 - before.0, after_sign_up.0 - before_sign_up.0, after_sign_up.1 - before_sign_up.1);
        seen.push((looks, page.status, page.location().to_owned(), page.body.clone(), work));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].1, StatusCode::SEE_OTHER);
    let both = "SELECT COUNT(*) FROM user_emails WHERE canonical = 'olaf@example.com'";
    assert_eq!((house.raw.number(both).await, house.raw.number(format!("{both} AND verified_at IS NOT NULL")).await), (2, 1));
    // Each of the two signs in with their own password, and has their own accounts.
    let old = house.signed_in("olaf@example.com").await;
    assert_eq!(old.get("/accounts/acme").await.status, StatusCode::NOT_FOUND);
    let new = house.visitor();
    assert_eq!(new.sign_in("olaf@example.com", "another four random words").await.location(), "/accounts");
    assert_eq!(new.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(new.get("/accounts/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_known_is_not_made_twice() {
    let (house, ada) = House::with_ada().await;
    known(&house, "bob").await;
    let copied = house.invite(&ada, "bob@example.com", READER).await;
    let mailed = house.mailed("bob@example.com").await;
    let before = house.raw.number("SELECT COUNT(*) FROM users").await;
    for (link, password, says) in [
        (&copied, PASSWORD, "You have a user with this address and password already."),
        (&mailed, PASSWORD, "You have a user with this address and password already."),
        (&mailed, "another four random words", "There is a user with this address already."),
    ] {
        let form = [("name", "Bob".to_owned()), ("password", password.to_owned())];
        let page = house.visitor().post(&format!("/invitations/{link}/sign-up"), &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.fault("password").starts_with(says), "{}", page.text());
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, before);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM invitations WHERE closed_at IS NULL").await, 1);
}

/// Guessing a password through a link counts as guessing it at the door.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_no_way_to_guess_passwords() {
    let (house, ada) = House::with_ada().await;
    known(&house, "bob").await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    for n in 0..11 {
        // Wrong names keep the invitation open; what is guessed is the password.
        let id = house.raw.texts("SELECT id FROM invitations").await.remove(0);
        house.raw.run(format!("UPDATE invitations SET closed_at = NULL, closed_why = NULL WHERE id = '{id}'")).await;
        let form = [("name", format!("Eve {n}")), ("password", PASSWORD.to_owned())];
        let page = house.visitor().post(&format!("/invitations/{link}/sign-up"), &form).await;
        // Beyond that nothing is compared, and Eve is somebody else of that address.
        let expected = if n < 10 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::SEE_OTHER };
        assert_eq!(page.status, expected, "{n}: {}", page.text());
    }
    assert_eq!(house.visitor().sign_in("bob@example.com", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY, "locked out");
}

/// Mail scanners: opening, running scripts, pressing the first button, over and over, leaves everything as it is.
#[tokio::test(flavor = "multi_thread")]
async fn robots_leave_it_as_it_is() {
    let (house, ada) = House::with_ada().await;
    house.invite(&ada, "bob@example.com", READER).await;
    let link = house.mailed("bob@example.com").await;
    let path = format!("/invitations/{link}");
    let before = state(&house).await;
    for _ in 0..10 {
        let robot = house.visitor();
        let page = robot.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(robot.send(Method::HEAD, &path, None, &[]).await.status, StatusCode::OK);
        for script in page.attributes("script", "src") {
            robot.get(&script).await;
        }
        let (action, method) = (page.attributes("form", "action").remove(0), page.attributes("form", "method").remove(0));
        assert_eq!((action.as_str(), method.as_str()), ("/login", "get"), "the first form leads to signing in");
        assert_eq!(robot.get(&format!("/login?next={path}&email=bob@example.com")).await.status, StatusCode::OK);
        // Even one that presses all there are, as it finds them.
        assert_eq!(
            robot.post(&format!("{path}/sign-up"), &[("name", String::new()), ("password", String::new())]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        for deed in ["accept", "decline"] {
            assert!(robot.post(&format!("{path}/{deed}"), &[]).await.location().starts_with("/login"), "{deed}");
            assert_eq!(robot.get(&format!("{path}/{deed}")).await.status, StatusCode::METHOD_NOT_ALLOWED);
        }
    }
    assert_eq!(state(&house).await, before);
    assert_eq!(house.visitor().post(&format!("{path}/sign-up"), &sign_up_form("Bob")).await.location(), crate::kit::OFFER);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_is_told_so_and_can_switch() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let eve = known(&house, "eve").await;
    let page = eve.get(&format!("/invitations/{link}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text().contains("You are signed in as eve@example.com") && page.text().contains("is for bob@example.com"),
        "{}",
        page.text()
    );
    for deed in ["accept", "decline"] {
        let page = eve.post(&format!("/invitations/{link}/{deed}"), &[("email", "eve@example.com".into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{deed}");
    }
    assert_eq!(kinds(&house).await[1..], ["invitation_created.v0", "invitation_refused.v0"], "on record, once an hour");
    let page = eve.post("/logout", &[("next", format!("/invitations/{link}"))]).await;
    assert_eq!(page.location(), format!("/invitations/{link}"));
    assert!(eve.get(page.location()).await.text().contains("I am new here"));
    assert_eq!(eve.post("/logout", &[("next", "https://evil.example".into())]).await.status, StatusCode::SEE_OTHER);
}

/// Who leaves and is invited again comes in with the session they have.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_in_at_once() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let bob = known(&house, "bob").await;
    bob.post(&format!("/invitations/{link}/accept"), &[]).await;
    assert_eq!(bob.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(bob.post("/accounts/acme/leave", &[]).await.location(), "/accounts");
    let link = house.invite(&ada, "bob@example.com", READER).await;
    assert_eq!(bob.post(&format!("/invitations/{link}/accept"), &[]).await.location(), "/accounts/acme");
    assert_eq!(bob.get("/accounts/acme").await.status, StatusCode::OK);
}

/// Without mail an address may never be confirmed; who was in by it comes back by it.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_in_unconfirmed_comes_back() {
    let (house, ada) = House::with_ada().await;
    let bob = house.visitor();
    for round in 0..4 {
        let link = house.invite(&ada, "bob@example.com", READER).await;
        let (deed, form) = if round == 0 { ("sign-up", sign_up_form("Bob")) } else { ("accept", vec![]) };
        let page = bob.post(&format!("/invitations/{link}/{deed}"), &form).await;
        let expected = if round == 0 { crate::kit::OFFER } else { "/accounts/acme" };
        assert_eq!(page.location(), expected, "{round}: {}", page.text());
        assert_eq!(bob.get("/accounts/acme").await.status, StatusCode::OK);
        let id = house.member_id("bob@example.com").await;
        ada.post(&format!("/accounts/acme/members/{id}/remove"), &[]).await;
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM user_emails WHERE canonical = 'bob@example.com'").await, 1);
}

/// Nobody lets others stay longer than themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_lets_in_guests_alone() {
    let (house, ada) = House::with_ada().await;
    let gina = house.member("acme", "gina", INVITER).await;
    let until = house.now().plus(Span::days(30));
    house.raw.run(format!("UPDATE members SET access_until = {} WHERE search_email = '{gina}'", until.0)).await;
    let gina = house.signed_in(&gina).await;
    let link = house.invite(&gina, "alt@example.com", INVITER).await;
    let alt = house.visitor();
    let page = alt.get(&format!("/invitations/{link}")).await;
    assert!(page.text().contains("You will be a guest until 21 Dec 2026"), "{}", page.text());
    assert_eq!(alt.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Alt")).await.location(), crate::kit::OFFER);
    assert_eq!(house.raw.number("SELECT access_until FROM members WHERE search_email = 'alt@example.com'").await, until.0);
    drop(ada);
}

/// What is tried through a link is on record as at the door, and in the log of whoever has proven the address alone.
#[tokio::test(flavor = "multi_thread")]
async fn tries_through_a_link_are_on_record() {
    let (house, ada) = House::with_ada().await;
    known(&house, "bob").await;
    let user = house.user_id("bob@example.com").await;
    let failures = async || house.events(&user).await.into_iter().filter(|kind| kind == "user_login_failed.v0").count();
    let copied = house.invite(&ada, "bob@example.com", READER).await;
    let mailed = house.mailed("bob@example.com").await;
    house.visitor().post(&format!("/invitations/{copied}/sign-up"), &sign_up_form("Eve")).await;
    assert_eq!(failures().await, 1, "the right password, by whoever it was");
    let form = [("name", "Eve".to_owned()), ("password", "not the right password".to_owned())];
    house.visitor().post(&format!("/invitations/{mailed}/sign-up"), &form).await;
    assert_eq!(failures().await, 2, "a wrong one that made nobody");
    // Somebody who only says that an address is theirs hears nothing of what is tried with it.
    let copied = house.invite(&ada, "carl@example.com", READER).await;
    house.visitor().post(&format!("/invitations/{copied}/sign-up"), &sign_up_form("Carl")).await;
    let carl = house.user_id("carl@example.com").await;
    house.visitor().sign_in("carl@example.com", "not the right password").await;
    assert!(!house.events(&carl).await.contains(&"user_login_failed.v0".to_owned()));
    assert_eq!(house.events("instance").await.last().unwrap(), "user_login_failed.v0");
}

/// An inviter who only says that an address is theirs is not shown with it.
#[tokio::test(flavor = "multi_thread")]
async fn an_unconfirmed_address_is_not_passed_on() {
    let (house, ada) = House::with_ada().await;
    let copied = house.invite(&ada, "boss@example.com", INVITER).await;
    let boss = house.visitor();
    boss.post(&format!("/invitations/{copied}/sign-up"), &sign_up_form("The boss")).await;
    let link = house.invite(&boss, "bob@example.com", READER).await;
    let page = house.visitor().get(&format!("/invitations/{link}")).await;
    assert!(page.text().contains("The boss invites") && !page.text().contains("boss@example.com"), "{}", page.text());
    assert!(ada.get("/accounts/acme/members").await.text().contains("Not confirmed"));
}

/// How long signing in takes does not tell whether somebody has proven an address, also where others only say it is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn beside_the_unconfirmed_known_and_unknown_cost_the_same() {
    let (house, ada) = House::with_ada().await;
    known(&house, "olaf").await;
    let mut costs = Vec::new();
    for name in ["olaf", "emil"] {
        let link = house.invite(&ada, &format!("{name}@example.com"), READER).await;
        let form = [("name", "Puppet".to_owned()), ("password", "puppets four random words".to_owned())];
        assert_eq!(house.visitor().post(&format!("/invitations/{link}/sign-up"), &form).await.status, StatusCode::SEE_OTHER);
        let visitor = house.visitor();
        let before = house.costs();
        visitor.sign_in(&format!("{name}@example.com"), "not the right password").await;
        let after = house.costs();
        costs.push((after.0 - before.0, after.1 - before.1));
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0].1, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_is_over() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let bob = known(&house, "bob").await;
    assert_eq!(bob.post(&format!("/invitations/{link}/decline"), &[]).await.location(), "/accounts");
    let page = bob.get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::GONE, vec!["This invitation was declined".to_owned()]));
    assert_eq!(bob.post(&format!("/invitations/{link}/accept"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(ada.get("/accounts/acme/invitations").await.text().contains("Declined"));
    house.invite(&ada, "bob@example.com", READER).await;
}

/// Nothing but the token counts: neither other tokens, nor what is written around it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_token_counts() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let visitor = house.visitor();
    let mut flipped = link.clone().into_bytes();
    flipped[5] = if flipped[5] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let id = house.raw.texts("SELECT id FROM invitations").await.remove(0);
    let hash = house.raw.texts("SELECT hash FROM invitation_tokens").await.remove(0);
    for wrong in [&link[1..], &link[..link.len() - 1], &format!("{link}x"), &flipped, &id, &hash, "x", "%00", "..%2f"] {
        let page = visitor.get(&format!("/invitations/{wrong}")).await;
        assert_eq!((page.status, page.all("h1")), (StatusCode::NOT_FOUND, vec!["This link does not work".to_owned()]), "{wrong}");
        assert_eq!(
            visitor.post(&format!("/invitations/{wrong}/sign-up"), &sign_up_form("Bob")).await.status,
            StatusCode::NOT_FOUND,
            "{wrong}"
        );
    }
    let page = visitor.get(&format!("/invitations/{link}?email=eve@example.com&administrator=yes&account=other")).await;
    assert!(page.text().contains("bob@example.com") && !page.text().contains("eve@example.com"));
    for (name, value) in [("email", "eve@example.com"), ("administrator", "yes"), ("account_id", "other"), ("roles", "manager")] {
        let mut form = sign_up_form("Bob");
        form.push((name, value.into()));
        assert_eq!(visitor.post(&format!("/invitations/{link}/sign-up"), &form).await.status, StatusCode::BAD_REQUEST, "{name}");
    }
    assert_eq!(
        visitor.post(&format!("/invitations/{link}/sign-up?administrator=yes"), &sign_up_form("Bob")).await.location(),
        crate::kit::OFFER
    );
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members WHERE administrator_since IS NOT NULL").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_expires_to_the_millisecond() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    house.wait(Span(Span::days(7).0 - 1));
    let visitor = house.visitor();
    assert_eq!(visitor.get(&format!("/invitations/{link}")).await.status, StatusCode::OK);
    house.wait(Span(1));
    assert_eq!(visitor.get(&format!("/invitations/{link}")).await.status, StatusCode::GONE);
    let page = visitor.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Bob")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::UNPROCESSABLE_ENTITY, vec!["This invitation has expired".to_owned()]));
    // A moment before it would have been good: nothing was left half done meanwhile.
    house.wait(Span(-1));
    assert_eq!(visitor.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Bob")).await.location(), crate::kit::OFFER);
}

/// Whatever happens to the inviter between sending and accepting is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn it_never_gives_more_than_the_inviter_may_now() {
    let (house, ada) = House::with_ada().await;
    let max = house.member("acme", "max", Roles { billing: Billing::Access, ..MANAGER }).await;
    let max = house.signed_in(&max).await;
    let offered = Roles { billing: Billing::Access, ..MANAGER };
    let link = house.invite(&max, "bob@example.com", offered).await;
    let bob = house.visitor();
    let set = |what: &str| format!("UPDATE members SET {what} WHERE search_email = 'max@example.com'");
    for (change, back, heading) in [
        ("team = 'read_only'", "team = 'manager'", "This invitation cannot be accepted now"),
        ("disabled_at = 1", "disabled_at = NULL", "This invitation is closed"),
        ("access_until = 1", "access_until = NULL", "This invitation is closed"),
    ] {
        house.raw.run(set(change)).await;
        assert_eq!(bob.get(&format!("/invitations/{link}")).await.all("h1"), [heading]);
        let page = bob.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Bob")).await;
        assert_eq!((page.status, page.all("h1")), (StatusCode::UNPROCESSABLE_ENTITY, vec![heading.to_owned()]));
        house.raw.run(set(back)).await;
    }
    house.raw.run(set("team = 'invite', billing = 'none'")).await;
    let page = bob.get(&format!("/invitations/{link}")).await;
    assert!(page.text().contains("More was offered at first"), "{}", page.text());
    assert_eq!(bob.post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Bob")).await.location(), crate::kit::OFFER);
    let roles =
        house.raw.texts("SELECT developer || ' ' || team || ' ' || billing FROM members WHERE search_email = 'bob@example.com'").await;
    assert_eq!(roles, ["read_write invite none"]);

    // An administrator who is none any more makes no administrators, however they sent it.
    let bea = house.member("acme", "bea", Roles::ADMINISTRATOR).await;
    let bea = house.signed_in(&bea).await;
    let link = house.invite(&bea, "carl@example.com", Roles::ADMINISTRATOR).await;
    house.raw.run("UPDATE members SET administrator_since = NULL WHERE search_email = 'bea@example.com'").await;
    house.visitor().post(&format!("/invitations/{link}/sign-up"), &sign_up_form("Carl")).await;
    assert_eq!(
        house.raw.number("SELECT COUNT(*) FROM members WHERE search_email = 'carl@example.com' AND administrator_since IS NULL").await,
        1
    );
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_gone_says_so() {
    let (house, ada) = House::with_ada().await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    house.raw.run("UPDATE invitations SET closed_at = 1, closed_why = 'account_deleted'").await;
    let page = house.visitor().get(&format!("/invitations/{link}")).await;
    assert_eq!((page.status, page.all("h1")), (StatusCode::GONE, vec!["This account is gone".to_owned()]));
}

/// An address that nobody has proven counts for the account where it came in, and for nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_proves_nothing() {
    let (house, ada) = House::with_ada().await;
    let copied = house.invite(&ada, "bob@example.com", READER).await;
    let bob = house.visitor();
    assert_eq!(bob.post(&format!("/invitations/{copied}/sign-up"), &sign_up_form("Bob")).await.location(), crate::kit::OFFER);
    let id = house.member_id("bob@example.com").await;
    assert!(ada.get(&format!("/accounts/acme/members/{id}")).await.text().contains("Not confirmed"));
    let bob = house.signed_in("bob@example.com").await;

    // Another account's invitation, handed over: it is not for somebody who only says that they are Bob.
    house.account("other").await;
    let olga = house.member("other", "olga", Roles::ADMINISTRATOR).await;
    let olga = house.signed_in(&olga).await;
    let page = olga.post("/accounts/other/invitations/new", &crate::kit::invitation_form("bob@example.com", READER)).await;
    let second = page.attributes("#link", "value").remove(0).rsplit_once('/').unwrap().1.to_owned();
    let page = bob.get(&format!("/invitations/{second}")).await;
    assert!(page.text().contains("nobody has ever checked that this address is yours"), "{}", page.text());
    assert_eq!(bob.post(&format!("/invitations/{second}/accept"), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members WHERE search_email = 'bob@example.com'").await, 1);
    // The same by mail proves it, and then it is his alone.
    let mailed = house.mailed("bob@example.com").await;
    assert_eq!(bob.post(&format!("/invitations/{mailed}/accept"), &[]).await.location(), "/accounts/other");
    assert!(!ada.get(&format!("/accounts/acme/members/{id}")).await.text().contains("Not confirmed"));
    let user = house.user_id("bob@example.com").await;
    assert_eq!(house.events(&user).await.last().unwrap(), "user_updated.v0");
}

/// Who says first that an address is theirs does not keep it from whoever proves it.
#[tokio::test(flavor = "multi_thread")]
async fn proving_an_address_beats_saying_so() {
    let (house, ada) = House::with_ada().await;
    let copied = house.invite(&ada, "bob@example.com", READER).await;
    let eve = house.visitor();
    let form = [("name", "Eve as Bob".to_owned()), ("password", "eves four random words".to_owned())];
    assert_eq!(eve.post(&format!("/invitations/{copied}/sign-up"), &form).await.location(), crate::kit::OFFER);
    house.account("other").await;
    let olga = house.member("other", "olga", Roles::ADMINISTRATOR).await;
    let olga = house.signed_in(&olga).await;
    olga.post("/accounts/other/invitations/new", &crate::kit::invitation_form("bob@example.com", READER)).await;
    let mailed = house.mailed("bob@example.com").await;
    let bob = house.visitor();
    assert_eq!(
        bob.post(&format!("/invitations/{mailed}/sign-up"), &sign_up_form("Bob")).await.location(),
        "/me/security/factor?next=%2Faccounts%2Fother"
    );
    // Each signs in as themselves; Eve is in where she was let in, and has no part in the other.
    assert_eq!(house.signed_in("bob@example.com").await.get("/accounts/acme").await.status, StatusCode::NOT_FOUND);
    let eve = house.visitor();
    assert_eq!(eve.sign_in("bob@example.com", "eves four random words").await.location(), "/accounts");
    assert_eq!(eve.get("/accounts/other").await.status, StatusCode::NOT_FOUND);
    // And nobody can be crowded out by those who only say so.
    for n in 0..8 {
        house.raw.run("UPDATE invitations SET closed_at = NULL, closed_why = NULL").await;
        let form = [("name", format!("Eve {n}")), ("password", format!("eves {n} more random words"))];
        let page = house.visitor().post(&format!("/invitations/{copied}/sign-up"), &form).await;
        let expected = if n < 7 { StatusCode::SEE_OTHER } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!(page.status, expected, "{n}: {}", page.text());
    }
    house.signed_in("bob@example.com").await;
}

/// Fifty at once with one link, and two people for one seat: one gets in, and nothing is left half done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_seat_is_taken_once() {
    let (house, ada) = House::with_ada_and(|config| {
        config.attempts.address = 1_000;
        config.attempts.network = 1_000;
        (config.lockouts.wrong, config.lockouts.everywhere) = (1_000, 1_000);
        config.lockouts.day = 1_000;
    })
    .await;
    let other = house.beside(|_| {}).await;
    let link = house.invite(&ada, "bob@example.com", READER).await;
    let mut tries = Vec::new();
    for n in 0..50 {
        let (visitor, link) = (if n % 2 == 0 { house.visitor() } else { other.visitor() }, link.clone());
        tries.push(tokio::spawn(async move {
            let form = [("name", format!("Bob {n}")), ("password", format!("four random words {n}"))];
            visitor.post(&format!("/invitations/{link}/sign-up"), &form).await.status
        }));
    }
    let mut in_ = 0;
    for one in tries {
        let status = one.await.unwrap();
        assert!([StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY, StatusCode::SERVICE_UNAVAILABLE].contains(&status), "{status}");
        in_ += u32::from(status == StatusCode::SEE_OTHER);
    }
    let count = |what: &str| format!("SELECT COUNT(*) FROM {what}");
    assert_eq!(in_, 1);
    for (what, expected) in [("members", 2), ("users", 2), ("invitation_uses", 1), ("events WHERE type = 'invitation_accepted.v0'", 1)] {
        assert_eq!(house.raw.number(count(what)).await, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_and_one_seat() {
    let (house, ada) = House::with_ada_and(|config| config.seats = 3).await;
    let other = house.beside(|_| {}).await;
    for round in 0..10 {
        let names = [format!("bob{round}"), format!("carl{round}")];
        let mut people = Vec::new();
        for (name, place) in names.iter().zip([&house, &other]) {
            let email = format!("{name}@example.com");
            let link = house.invite(&ada, &email, READER).await;
            people.push((place.visitor(), link, name.clone()));
        }
        // One of the two seats is taken meanwhile.
        let extra = house.member("acme", &format!("extra{round}"), READER).await;
        let join = |(visitor, link, name): (Browser, String, String)| async move {
            visitor.post(&format!("/invitations/{link}/sign-up"), &sign_up_form(&name)).await.status
        };
        let before = house.raw.number("SELECT COUNT(*) FROM users").await;
        let second = people.pop().unwrap();
        let first = people.pop().unwrap();
        let (one, two) = tokio::join!(join(first), join(second));
        let in_ = [one, two].iter().filter(|status| **status == StatusCode::SEE_OTHER).count();
        assert_eq!((in_, house.raw.number("SELECT COUNT(*) FROM members").await), (1, 3), "{round}: {one} {two}");
        assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, before + 1, "whoever did not get in was not made");
        for email in names.iter().map(|name| format!("{name}@example.com")).chain([extra]) {
            house
                .raw
                .run(format!("DELETE FROM member_words WHERE member_id IN (SELECT id FROM members WHERE search_email = '{email}')"))
                .await;
            house.raw.run(format!("DELETE FROM members WHERE search_email = '{email}'")).await;
        }
        house.raw.run("UPDATE invitations SET closed_at = 1, closed_why = 'revoked' WHERE closed_at IS NULL").await;
    }
}
