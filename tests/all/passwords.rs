use frontdesk::rules::{members::Roles, time::Span};
use reqwest::StatusCode;

use crate::kit::{Browser, House, PASSWORD, READER};

const NEW: &str = "four entirely new words";

async fn forget(browser: &Browser, email: &str) -> crate::kit::Page {
    browser.post("/password/forgot", &[("email", email.to_owned())]).await
}

async fn choose(browser: &Browser, link: &str, password: &str) -> crate::kit::Page {
    browser.post(link, &[("password", password.to_owned())]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_by_a_mailed_link() {
    let (house, ada) = House::with_ada().await;
    let visitor = house.visitor();
    assert_eq!(visitor.get("/login").await.attributes("a[href='/password/forgot']", "href").len(), 1);
    let page = forget(&visitor, " Ada@Example.COM ").await;
    assert!(page.status == StatusCode::OK && page.text().contains("If Ada@Example.COM belongs to a user here"), "{}", page.text());
    let link = house.link_to("ada@example.com").await;
    assert!(link.starts_with("/password/reset/"), "{link}");
    for _ in 0..3 {
        assert_eq!(visitor.get(&link).await.attributes("#username", "value"), ["ada@example.com"]);
    }
    let short = choose(&visitor, &link, "short").await;
    assert_eq!(
        (short.status, short.fault("password").as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "Use at least 12 characters. Four random words work well.")
    );
    assert_eq!(choose(&visitor, &link, "Ada@Example.com").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = choose(&visitor, &link, NEW).await;
    assert_eq!(done.location(), "/login?why=password_changed", "{}", done.text());
    assert_eq!(visitor.cookie(), None, "a link signs nobody in");

    // Everywhere out, the old one worthless, the link used up.
    assert!(ada.get("/accounts").await.location().starts_with("/login?why=password_changed"));
    assert_eq!(visitor.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(choose(&visitor, &link, "yet another set of words").await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(visitor.sign_in("ada@example.com", NEW).await.location(), "/accounts");
    let told = house.letters_to("ada@example.com").await;
    assert!(
        told.last()
            .unwrap()
            .contains("The password of ada@example.com was changed on 21 Nov 2026, 12:00:01 UTC, from the network address 127.0.0.1."),
        "{told:?}"
    );
    let log = house.events(&house.user_id("ada@example.com").await).await;
    assert_eq!(
        log[2..],
        ["password_reset_requested.v0", "session_ended.v0", "password_reset.v0", "user_login_failed.v0", "user_login_succeeded.v0"]
    );
}

/// RST-02, RST-04/05.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_and_only_the_newest() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let visitor = house.visitor();
    forget(&visitor, "ada@example.com").await;
    let old = house.link_to("ada@example.com").await;
    forget(&visitor, "ada@example.com").await;
    let newer = house.link_to("ada@example.com").await;
    forget(&visitor, &bob).await;
    let bobs = house.link_to(&bob).await;
    assert_eq!(choose(&visitor, &old, NEW).await.status, StatusCode::NOT_FOUND, "a newer one has its place");
    let tries = (0..50).map(|_| choose(&visitor, &newer, NEW));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|page| page.status == StatusCode::SEE_OTHER).count(), 1, "one of fifty");
    assert!(
        answers.iter().all(|page| [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE].contains(&page.status))
    );
    assert_eq!(house.signed_in(&bob).await.get("/me").await.status, StatusCode::OK, "one's link is for nobody else");
    assert_eq!(choose(&visitor, &bobs, NEW).await.status, StatusCode::NOT_FOUND, "who signs in has not forgotten");
    house.wait(Span::hours(1));
    forget(&visitor, &bob).await;
    let bobs = house.link_to(&bob).await;
    house.wait(Span(Span::minutes(59).0 + 58_999));
    assert_eq!(visitor.get(&bobs).await.status, StatusCode::OK);
    house.wait(Span(1));
    assert_eq!(choose(&visitor, &bobs, NEW).await.status, StatusCode::NOT_FOUND, "an hour is over");
    // Changed meanwhile.
    forget(&visitor, "ada@example.com").await;
    let link = house.link_to("ada@example.com").await;
    let again = house.visitor();
    again.sign_in("ada@example.com", NEW).await;
    forget(&visitor, "ada@example.com").await;
    let link_two = house.link_to("ada@example.com").await;
    let changed = again.post("/me/security/password", &[("current", NEW.into()), ("password", PASSWORD.into())]).await;
    assert_eq!(changed.location(), "/me/security", "{}", changed.text());
    for dead in [link, link_two] {
        assert_eq!(choose(&visitor, &dead, NEW).await.status, StatusCode::NOT_FOUND);
    }
    for wrong in [
        "ada@example.com,bob@example.com",
        "Ada <ada@example.com>",
        "ada@example.com\r\nBcc: eve@example.com",
        &format!("{}@example.com", "a".repeat(300)),
    ] {
        assert_eq!(forget(&visitor, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    let twice = visitor.post("/password/forgot", &[("email", "ada@example.com".into()), ("email", "eve@example.com".into())]).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    drop(ada);
}

/// ENUM-01/03, RST-08: known, unknown, not confirmed and disabled are told the same, for the same work.
#[tokio::test(flavor = "multi_thread")]
async fn whether_somebody_has_an_address_changes_nothing() {
    let (house, ada) = House::with_ada().await;
    let disabled = house.member("acme", "disabled", READER).await;
    house.raw.run("UPDATE members SET disabled_at = 1 WHERE search_email = 'disabled@example.com'").await;
    let token = house.invite(&ada, "copied@example.com", READER).await;
    house.visitor().post(&format!("/invitations/{token}/sign-up"), &crate::kit::sign_up_form("Copied")).await;
    let visitor = house.visitor();
    let mut seen = Vec::new();
    for email in ["ada@example.com", "unknown@example.com", "copied@example.com", &disabled] {
        let before = house.costs();
        let page = forget(&visitor, email).await;
        let after = house.costs();
        let mut headers: Vec<_> = page
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id", "content-length"].contains(&name.as_str()))
            .map(|(n, v)| format!("{n}: {v:?}"))
            .collect();
        headers.sort();
        seen.push((page.status, headers, page.body.replace(email, "X"), after.0 - before.0, after.1 - before.1));
    }
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
    assert_eq!(house.letters_to("ada@example.com").await.len(), 1);
    assert_eq!(house.letters_to("disabled@example.com").await.len(), 1);
    for nobody in ["unknown@example.com", "copied@example.com"] {
        assert!(house.letters_to(nobody).await.is_empty() || nobody == "copied@example.com", "nobody has proven {nobody}");
    }
    let withheld = house
        .raw
        .texts("SELECT recipient FROM outbox WHERE kind = 'password_reset' AND sent_as = 'withdrawn' AND body = '' ORDER BY recipient")
        .await;
    assert_eq!(withheld, ["copied@example.com", "unknown@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_fills_a_mailbox_or_asks_for_the_whole_world() {
    let (house, _ada) = House::with_ada().await;
    let visitor = house.visitor();
    // Letters to tagged addresses, which are somebody else's, use up nothing of hers.
    for n in 0..6 {
        forget(&visitor, &format!("ada+{n}@example.com")).await;
    }
    for n in 0..8 {
        let page = forget(&visitor, "ada@example.com").await;
        assert!(page.status == StatusCode::OK && page.text().contains("on its way"), "{n}: whoever asks is not told");
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM outbox WHERE recipient = 'ada@example.com'").await, 5);
    for n in 0..16 {
        assert_eq!(forget(&visitor, &format!("p{n}@example.com")).await.status, StatusCode::OK, "{n}");
    }
    let page = forget(&visitor, "q@example.com").await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3601"));
    assert!(page.text().contains("There were too many attempts. Try again in 60 minutes."), "{}", page.text());
    house.wait(Span::hours(1));
    assert_eq!(forget(&visitor, "q@example.com").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_password_is_changed_by_who_knows_it() {
    let (house, ada) = House::with_ada().await;
    let other = house.signed_in("ada@example.com").await;
    let change = |current: &str, new: &str| vec![("current", current.to_owned()), ("password", new.to_owned())];
    let page = ada.post("/me/security/password", &change("", "short")).await;
    assert_eq!((page.status, page.all(".summary li").len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
    let page = ada.post("/me/security/password", &change("not the password", NEW)).await;
    assert_eq!(page.fault("current"), "This is not your password.");
    let page = ada.post("/me/security/password", &change(PASSWORD, PASSWORD)).await;
    assert_eq!(page.fault("password"), "This is your password already.");
    let done = ada.post("/me/security/password", &change(PASSWORD, NEW)).await;
    assert_eq!(done.location(), "/me/security", "{}", done.text());
    assert_eq!(ada.get("/me/security").await.all(".toast"), ["Your password is changed, and your other session has ended."]);
    assert!(other.get("/me").await.location().starts_with("/login?why=password_changed"));
    assert!(house.letters_to("ada@example.com").await[0].contains("If it was not you, choose a new password at once"));
    let log = house.events(&house.user_id("ada@example.com").await).await;
    assert_eq!(log[3..], ["user_login_failed.v0", "session_ended.v0", "password_changed.v0"]);
    assert_eq!(house.visitor().sign_in("ada@example.com", NEW).await.location(), "/accounts");
}

/// LOCK-03: the page that asks for the password again is no place to guess it, and guessing anywhere counts together.
#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_the_own_password_counts_like_signing_in() {
    let (house, ada) = House::with_ada().await;
    for n in 0..10 {
        let page = ada.post("/me/security/password", &[("current", format!("guess {n}")), ("password", NEW.into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let page = ada.post("/me/security/password", &[("current", PASSWORD.into()), ("password", NEW.into())]).await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "901"));
    assert_eq!(house.visitor().sign_in("ada@example.com", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        ada.post("/me/email", &[("email", "new@example.com".into()), ("password", PASSWORD.into())]).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    // Whoever reads the mailbox is no stranger.
    forget(&house.visitor(), "ada@example.com").await;
    choose(&house.visitor(), &house.link_to("ada@example.com").await, NEW).await;
    assert_eq!(house.visitor().sign_in("ada@example.com", NEW).await.location(), "/accounts");
}

/// RST-01: where links lead is configured, whatever a request says of itself.
#[tokio::test(flavor = "multi_thread")]
async fn links_lead_to_the_configured_place() {
    let (house, ada) = House::with_ada_and(|config| {
        config.base_url = "https://desk.example.com".into();
        config.sign_up = frontdesk::rules::sign_up::Policy::Open;
    })
    .await;
    let host = ("host", "desk.example.com");
    let evil: [&[(&str, &str)]; 4] = [
        &[host, ("x-forwarded-host", "evil.example")],
        &[host, ("forwarded", "host=evil.example")],
        &[host, ("x-forwarded-proto", "http"), ("x-original-url", "http://evil.example/")],
        &[("host", "evil.example")],
    ];
    let visitor = house.visitor();
    for (n, headers) in evil.iter().enumerate() {
        let mut headers = headers.to_vec();
        headers.push(("sec-fetch-site", "same-origin"));
        for (path, email) in [("/password/forgot", "ada@example.com".to_owned()), ("/signup", format!("new{n}@example.com"))] {
            let page = visitor.send(reqwest::Method::POST, path, Some(crate::kit::form(&[("email", email)])), &headers).await;
            assert_eq!(page.status, if n == 3 { StatusCode::MISDIRECTED_REQUEST } else { StatusCode::OK });
        }
    }
    let mut letters = house.letters_to("ada@example.com").await;
    letters.extend(house.letters_to("new0@example.com").await);
    assert_eq!(letters.len(), 4);
    for letter in letters {
        assert!(letter.contains("https://desk.example.com/") && !letter.contains("evil"), "{letter}");
    }
    drop((ada, Roles::ADMINISTRATOR));
}

/// Who only says that an address is theirs ends nothing of whoever has proven it.
#[tokio::test(flavor = "multi_thread")]
async fn a_namesake_does_not_end_the_owners_link() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    house.raw.run("DELETE FROM member_words").await;
    house.raw.run("DELETE FROM members WHERE search_email = 'bob@example.com'").await;
    let token = house.invite(&ada, &bob, READER).await;
    let namesake = [("name", "Bob".to_owned()), ("password", "another four words here".to_owned())];
    let joined = house.visitor().post(&format!("/invitations/{token}/sign-up"), &namesake).await;
    assert_eq!(joined.location(), "/accounts/acme", "{}", joined.text());
    house.wait(Span::seconds(1));
    forget(&house.visitor(), &bob).await;
    let link = house.link_to(&bob).await;
    let other = house.visitor();
    assert_eq!(other.sign_in(&bob, "another four words here").await.location(), "/accounts");
    assert_eq!(house.visitor().get(&link).await.status, StatusCode::OK);
    assert_eq!(house.visitor().sign_in(&bob, PASSWORD).await.location(), "/accounts");
    assert_eq!(house.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
}
