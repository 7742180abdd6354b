use std::net::{IpAddr, Ipv4Addr};

use frontdesk::rules::{members::Roles, time::Span};
use reqwest::StatusCode;

use crate::{
    kit::{Browser, House, PASSWORD, Page, READER, UNTOUCHED, sign_up_form},
    mfa,
};

const ADA: &str = "ada@example.com";
const WRONG: &str = "This email address and password do not belong together.";

async fn guess(browser: &Browser, email: &str) -> Page {
    browser.sign_in(email, "four wrong words here").await
}

/// Somewhere else on this machine: another network for each number.
fn network(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 7, number, 1).into()
}

async fn is_let_in(browser: &Browser, email: &str) -> bool {
    let page = browser.sign_in(email, PASSWORD).await;
    if page.status == StatusCode::SEE_OTHER {
        return true;
    }
    assert_eq!((page.status, page.fault("password").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, WRONG));
    false
}

/// LOCK-01, ENUM-01: locked out, wrong and unknown are one answer at one price, on all instances together, and time ends it.
#[tokio::test(flavor = "multi_thread")]
async fn locked_wrong_and_unknown_look_the_same() {
    let (house, _ada) = House::with_ada_and(|config| config.lockouts.wrong = 4).await;
    let other = house.beside(|_| {}).await;
    let cost = |(statements, hashes): (u64, u64)| {
        let (now, also) = house.costs();
        (now - statements, also - hashes)
    };
    let mut seen = Vec::new();
    for email in [ADA, "nobody@example.com"] {
        let mut answers = Vec::new();
        for n in 0..7 {
            let browser = house.visitor_from(network(1));
            let before = house.costs();
            let page = if n == 5 { browser.sign_in(email, PASSWORD).await } else { guess(&browser, email).await };
            assert_eq!((page.status, page.fault("password").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, WRONG), "{email} {n}");
            let headers: Vec<_> = page.headers.keys().map(ToString::to_string).collect();
            answers.push((cost(before), headers, page.body.replace(email, "")));
        }
        assert!(answers.iter().all(|(cost, headers, body)| cost.1 == answers[0].0.1 && headers == &answers[0].1 && body == &answers[0].2));
        seen.push(answers);
        assert!(!is_let_in(&other.visitor_from(network(1)), email).await, "on every instance");
    }
    assert_eq!(seen[0], seen[1], "whether anybody has the address changes nothing");
    assert!(is_let_in(&house.visitor_from(network(2)), ADA).await, "from another network");
    let letters = house.letters_to(ADA).await;
    assert_eq!(letters.iter().filter(|letter| letter.contains("Wrong passwords were typed for ada@example.com")).count(), 1);
    let kinds = "SELECT kind || ' ' || sent_as FROM outbox WHERE recipient = 'nobody@example.com'";
    assert_eq!(house.raw.texts(kinds).await, ["locked_out withdrawn"], "written, and never sent");
    for (log, locked) in [(house.user_id(ADA).await, 1), ("instance".into(), 1)] {
        let events = house.events(&log).await;
        assert_eq!(events.iter().filter(|kind| *kind == "user_locked.v0").count(), locked, "{events:?}");
    }
    house.wait(Span::minutes(15));
    assert!(is_let_in(&house.visitor_from(network(1)), ADA).await, "time lets one in again");
}

/// LOCK-01: fifty at once are fifty.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_guesses_at_once_are_no_more_than_ten() {
    let (house, _ada) = House::with_ada_and(|config| (config.attempts.address, config.hashing_at_once) = (1_000, 4)).await;
    let browsers: Vec<_> = (0..50).map(|_| house.visitor_from(network(1))).collect();
    futures_util::future::join_all(browsers.iter().map(|browser| guess(browser, ADA))).await;
    let compared = "SELECT COUNT(*) FROM events WHERE type = 'user_login_failed.v0' AND after LIKE '%wrong_password%'";
    let compared = house.raw.number(compared).await;
    assert!((1..=10).contains(&compared), "{compared}");
    assert!(!is_let_in(&browsers[0], ADA).await);
}

/// LOCK-02, LOCK-04: what many networks do together closes an address to strangers, and never to whoever was there before.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_locking_somebody_out_does_not_lock_out_their_browser() {
    let (house, ada) = House::with_ada_and(|config| {
        (config.lockouts.wrong, config.lockouts.everywhere, config.lockouts.day) = (3, 9, 24);
        (config.attempts.address, config.attempts.network) = (5, 5);
    })
    .await;
    let factor = mfa::set_up(&house, &ada).await;
    ada.post("/logout", &[]).await;
    for day in 0..2 {
        for number in 0..30 {
            let eve = house.visitor_from(network(number));
            for _ in 0..6 {
                guess(&eve, ADA).await;
            }
            if number % 4 == 3 {
                house.wait(Span::minutes(16));
            }
        }
        // Also from her own network.
        let near = house.visitor();
        for _ in 0..10 {
            guess(&near, ADA).await;
        }
        assert!(!is_let_in(&house.visitor_from(network(99)), ADA).await, "a stranger's browser, {day}");
        house.wait(Span::minutes(1));
        assert_eq!(ada.sign_in(ADA, PASSWORD).await.location(), "/login/mfa", "{day}");
        let page = ada.post("/login/mfa", &[("code", factor.code(&house))]).await;
        assert_eq!(page.location(), "/accounts", "{day}");
        house.wait(Span::days(1));
    }
    let guesses =
        house.raw.number("SELECT COUNT(*) FROM events WHERE type = 'user_login_failed.v0' AND after LIKE '%wrong_password%'").await;
    assert!(guesses <= 4 * 24, "{guesses} passwords were compared in about three days");
    assert!(house.events(&house.user_id(ADA).await).await.iter().filter(|kind| *kind == "user_locked.v0").count() > 2);

    // Her browser has a budget as well, and nobody else's.
    for _ in 0..3 {
        guess(&ada, ADA).await;
    }
    // Then she is a stranger in her network, which is shut by somebody else.
    for _ in 0..3 {
        guess(&house.visitor(), ADA).await;
    }
    assert!(!is_let_in(&ada, ADA).await);
    house.wait(Span::minutes(15));
    assert_eq!(ada.sign_in(ADA, PASSWORD).await.location(), "/login/mfa");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_guessing_ends_at_the_limit_of_the_day() {
    let (house, _ada) = House::with_ada_and(|config| config.lockouts.day = 12).await;
    for _ in 0..10 {
        guess(&house.visitor_from(network(1)), ADA).await;
        house.wait(Span::minutes(16));
    }
    let compared = "SELECT COUNT(*) FROM events WHERE type = 'user_login_failed.v0' AND after LIKE '%wrong_password%'";
    assert_eq!(house.raw.number(compared).await, 6, "half a day's budget from one network");
    assert!(!is_let_in(&house.visitor_from(network(1)), ADA).await);
    house.wait(Span::days(1));
    assert!(is_let_in(&house.visitor_from(network(1)), ADA).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_letter_lets_themselves_in_again() {
    let (house, _ada) = House::with_ada_and(|config| (config.lockouts.wrong, config.lockouts.everywhere) = (3, 3)).await;
    let visitor = house.visitor_from(network(1));
    for _ in 0..3 {
        guess(&visitor, ADA).await;
    }
    assert!(!is_let_in(&house.visitor_from(network(2)), ADA).await, "everywhere");
    let link = house.link_to(ADA).await;
    assert!(link.starts_with("/unlock/"), "{link}");
    for _ in 0..3 {
        let page = house.visitor().get(&link).await;
        assert!(page.status == StatusCode::OK && page.all("button") == ["Let me sign in again"], "{}", page.text());
    }
    assert!(!is_let_in(&visitor, ADA).await, "looking changes nothing");
    assert_eq!(visitor.post(&link, &[]).await.location(), "/login?why=let_in_again");
    assert_eq!(visitor.get("/login?why=let_in_again").await.all(".note"), ["You can try again now."]);
    assert_eq!(visitor.post(&link, &[]).await.status, StatusCode::NOT_FOUND, "once");
    assert!(is_let_in(&visitor, ADA).await);
    assert!(house.events(&house.user_id(ADA).await).await.contains(&"user_unlocked.v0".to_owned()));
    for link in ["/unlock/x", "/unlock/"] {
        assert_eq!(visitor.get(link).await.status, StatusCode::NOT_FOUND);
    }

    // So does whoever chooses a new password.
    let stranger = house.visitor_from(network(3));
    for _ in 0..3 {
        guess(&stranger, ADA).await;
    }
    house.wait(Span::seconds(1));
    stranger.post("/password/forgot", &[("email", ADA.into())]).await;
    let link = house.link_to(ADA).await;
    stranger.post(&link, &[("password", "four entirely new words".into())]).await;
    assert_eq!(stranger.sign_in(ADA, "four entirely new words").await.location(), "/accounts");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM known_browsers").await, 1, "older browsers are known no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_let_in_again_who_is_theirs_alone() {
    let (house, ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
    let bob = house.member("acme", "bob", READER).await;
    let manager = house.member("acme", "manager", Roles { administrator: false, ..Roles::ADMINISTRATOR }).await;
    let manager = house.signed_in(&manager).await;
    let member = format!("/accounts/acme/members/{}", house.member_id(&bob).await);
    let unlock = format!("{member}/let-in-again");
    let page = ada.post(&unlock, &[]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text().contains("not locked out any more"), "{}", page.text());
    let visitor = house.visitor_from(network(1));
    for _ in 0..3 {
        guess(&visitor, &bob).await;
    }
    assert!(ada.get(&member).await.text().contains("none is taken from there until"));
    assert!(!manager.get(&member).await.text().contains("none is taken from there until"));
    assert_eq!(manager.post(&unlock, &[]).await.status, StatusCode::FORBIDDEN);
    assert!(!is_let_in(&visitor, &bob).await);
    assert_eq!(ada.post(&unlock, &[]).await.location(), member);
    assert!(is_let_in(&visitor, &bob).await);
    assert!(house.events(&house.account_id("acme").await).await.contains(&"membership_unlocked.v0".to_owned()));
    assert!(house.events(&house.user_id(&bob).await).await.contains(&"user_unlocked.v0".to_owned()));

    house.account("other").await;
    house.member("other", "bob", READER).await;
    let stranger = house.visitor_from(network(2));
    for _ in 0..3 {
        guess(&stranger, &bob).await;
    }
    let page = ada.post(&unlock, &[]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text().contains("in other accounts too"), "{}", page.text());
    assert!(!is_let_in(&stranger, &bob).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_strictest_account_of_a_person_counts() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let settings = "/accounts/acme/settings/security";
    for wrong in ["2", "11", "many"] {
        let page = ada.post(settings, &[("lockout_after", wrong.into()), ("seen", UNTOUCHED.into())]).await;
        assert!(page.fault("lockout_after").contains("From 3 to 10."), "{wrong}: {}", page.text());
    }
    assert_eq!(ada.post(settings, &[("lockout_after", "4".into()), ("seen", UNTOUCHED.into())]).await.location(), settings);
    house.account("other").await;
    let carol = house.member("other", "carol", READER).await;
    let visitor = house.visitor_from(network(1));
    for _ in 0..4 {
        guess(&visitor, &bob).await;
        guess(&visitor, &carol).await;
    }
    assert!(!is_let_in(&visitor, &bob).await, "after four");
    assert!(is_let_in(&visitor, &carol).await, "she is in another account, and has ten");
}

/// LOCK-03: locked out here is locked out wherever the password is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn no_other_door_takes_a_password_meanwhile() {
    let (house, ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
    // A stolen session, in a browser that she has never signed in with.
    let thief = house.visitor();
    thief.set_cookie(ada.cookie());
    for _ in 0..3 {
        assert_eq!(thief.post("/prove", &[("password", "four wrong words here".into())]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let password = || ("password", PASSWORD.to_owned());
    for (path, fields) in [
        ("/prove", vec![password()]),
        ("/me/security/password", vec![("current", PASSWORD.to_owned()), ("password", "four entirely new words".to_owned())]),
        ("/me/email", vec![("email", "new@example.com".to_owned()), password()]),
        ("/accounts/acme/delete", vec![("name", "Acme".to_owned()), password()]),
    ] {
        let page = thief.post(path, &fields).await;
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text().contains("This is not your password."),
            "{path}: {}",
            page.text()
        );
    }
    assert!(!is_let_in(&house.visitor(), ADA).await, "and at the front door");
    assert_eq!(ada.post("/prove", &[password()]).await.location(), "/accounts", "her own browser is not concerned");
    house.account("other").await;
    let bob = house.member("other", "bob", READER).await;
    let path = format!("/invitations/{}/sign-up", house.invite(&ada, &bob, READER).await);
    let eve = house.visitor_from(network(5));
    for _ in 0..3 {
        guess(&eve, &bob).await;
    }
    let page = eve.post(&path, &sign_up_form("Eve")).await;
    assert!(page.status == StatusCode::SEE_OTHER && !page.text().contains("You have a user with"), "{}", page.text());
}

/// The cookie by which a browser is known opens nothing, is another one after each sign-in, and is of no use to anybody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_by_a_cookie_that_changes() {
    let (house, ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
    let known_by = |browser: &Browser| browser.known_by.lock().unwrap().clone();
    let first = known_by(&ada).unwrap();
    assert!(first.starts_with("frontdesk-browser=") && first.len() == "frontdesk-browser=".len() + 22);
    let only = house.visitor();
    *only.known_by.lock().unwrap() = Some(first.clone());
    assert!(only.get("/me").await.location().starts_with("/login"), "it opens nothing");
    ada.sign_in(ADA, PASSWORD).await;
    let second = known_by(&ada).unwrap();
    assert_ne!(first, second);
    let eve = house.visitor_from(network(1));
    for cookie in [first, "frontdesk-browser=nonsense".to_owned()] {
        *eve.known_by.lock().unwrap() = Some(cookie);
        for _ in 0..4 {
            guess(&eve, ADA).await;
        }
    }
    let places = house.raw.texts("SELECT place FROM lockouts").await;
    assert_eq!(places, ["127.7.1.0/24"], "counted with her network");
    let bob = house.member("acme", "bob", READER).await;
    *eve.known_by.lock().unwrap() = Some(second);
    for _ in 0..4 {
        guess(&eve, &bob).await;
    }
    let places = house.raw.texts("SELECT place FROM lockouts WHERE canonical = 'bob@example.com'").await;
    assert_eq!(places, ["127.7.1.0/24"], "he has never signed in with it");
    let hashes = house.raw.texts("SELECT token_hash FROM known_browsers").await;
    assert!(hashes.len() == 1 && hashes[0].len() == 64, "{hashes:?}");
    // Another password: only this browser stays known.
    let elsewhere = house.signed_in(ADA).await;
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM known_browsers").await, 2);
    let new = [("current", PASSWORD.to_owned()), ("password", "four entirely new words".to_owned())];
    assert_eq!(elsewhere.post("/me/security/password", &new).await.location(), "/me/security");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM known_browsers").await, 1);
}

/// A copy of what a browser is known by gets no more attempts by being renewed: they are counted by the browser, not by its cookie.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_renews_a_known_browser_does_not_renew_its_attempts() {
    let (house, ada) = House::with_ada_and(|config| (config.lockouts.wrong, config.lockouts.everywhere) = (4, 40)).await;
    let bob = house.member("acme", "bob", READER).await;
    // One browser, and two who have signed in with it.
    ada.post("/logout", &[]).await;
    assert!(is_let_in(&ada, &bob).await);
    for _ in 0..5 {
        for _ in 0..3 {
            guess(&ada, ADA).await;
        }
        assert!(is_let_in(&ada, &bob).await, "he gets another cookie");
    }
    let compared = "SELECT COUNT(*) FROM events WHERE type = 'user_login_failed.v0' AND after LIKE '%wrong_password%'";
    assert_eq!(house.raw.number(compared).await, 4 + 4, "the browser's, and then its network's");
    assert!(!is_let_in(&ada, ADA).await);
}

/// A try whose visitor hangs up before it is refused leaves nothing open and nothing silent.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_up_unseen_is_shut_by_the_next_one() {
    let (house, _ada) = House::with_ada_and(|config| config.lockouts.wrong = 4).await;
    for _ in 0..4 {
        guess(&house.visitor_from(network(1)), ADA).await;
    }
    // As if the last one had never come to its end.
    house.raw.run("DELETE FROM lockouts").await;
    let letters = house.letters_to(ADA).await.len();
    assert!(!is_let_in(&house.visitor_from(network(1)), ADA).await);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM lockouts").await, 1);
    assert_eq!(house.letters_to(ADA).await.len(), letters + 1, "and told");
}

/// Whoever locks somebody out again and again does not fill their mailbox.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_three_letters_an_hour_say_so() {
    let (house, _ada) = House::with_ada_and(|config| config.lockouts.wrong = 3).await;
    for number in 0..5 {
        for _ in 0..3 {
            guess(&house.visitor_from(network(number)), ADA).await;
        }
        house.wait(Span::seconds(1));
    }
    let locked = house.events(&house.user_id(ADA).await).await;
    assert_eq!(locked.iter().filter(|kind| *kind == "user_locked.v0").count(), 5);
    assert_eq!(house.letters_to(ADA).await.len(), 3);
    let link = house.link_to(ADA).await;
    assert_eq!(house.visitor().get(&link).await.status, StatusCode::OK, "the last one has the link that works");
}

/// Whose address it is does not matter to their own record: somebody signed in who gives a wrong password finds it in their log.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_proof_stands_in_the_own_log() {
    let (house, _ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    house.raw.run("UPDATE user_emails SET verified_at = NULL WHERE canonical = 'bob@example.com'").await;
    let browser = house.signed_in(&bob).await;
    browser.post("/prove", &[("password", "four wrong words here".into())]).await;
    assert_eq!(house.events(&house.user_id(&bob).await).await.last().map(String::as_str), Some("user_login_failed.v0"));
    let user = house.user_id(&bob).await;
    let by = house.raw.texts(format!("SELECT principal FROM events WHERE log = '{user}' ORDER BY seq DESC LIMIT 1")).await;
    assert_eq!(by, [user]);
}

/// Where letters are files, people join by links that were handed over, and nobody has proven their address. Their browsers are known
/// all the same; and a namesake's browser has no attempts against them.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_by_a_copied_link_has_a_browser_of_their_own() {
    let (house, ada) = House::with_ada_and(|config| (config.lockouts.wrong, config.lockouts.everywhere) = (3, 6)).await;
    let email = "bob@example.com";
    let join = async |name: &str, password: &str| {
        let token = house.invite(&ada, email, READER).await;
        let browser = house.visitor_from(network(40 + u8::try_from(name.len()).unwrap()));
        let form = [("name", name.to_owned()), ("password", password.to_owned())];
        assert_eq!(browser.post(&format!("/invitations/{token}/sign-up"), &form).await.location(), crate::kit::OFFER);
        browser.post("/logout", &[]).await;
        browser
    };
    let bob = join("Bob", PASSWORD).await;
    for number in 0..3 {
        for _ in 0..3 {
            guess(&house.visitor_from(network(number)), email).await;
        }
    }
    assert!(!is_let_in(&house.visitor_from(network(9)), email).await, "shut everywhere");
    assert!(is_let_in(&bob, email).await, "but in his own browser");
    bob.post("/logout", &[]).await;
    house.wait(Span::minutes(16));

    // Somebody else says that the address is theirs, and comes to know nothing of his password by being known themselves.
    house.raw.run("UPDATE invitations SET closed_at = 1 WHERE closed_at IS NULL").await;
    house.raw.run("DELETE FROM members WHERE search_email = 'bob@example.com'").await;
    let eve = join("Eve, not Bob", "four words of her own").await;
    for _ in 0..2 {
        guess(&eve, email).await;
        assert_eq!(eve.sign_in(email, "four words of her own").await.location(), "/accounts");
        eve.post("/logout", &[]).await;
    }
    guess(&house.visitor_from(network(52)), email).await;
    assert!(!is_let_in(&eve, email).await, "his password, from a network that has used up what it had");
    assert!(is_let_in(&bob, email).await);
    // Who sits at a browser where somebody else is known gets in as well, with what their network has.
    bob.post("/logout", &[]).await;
    assert_eq!(bob.sign_in(email, "four words of her own").await.location(), "/accounts");
}
