use frontdesk::{
    app,
    config::Config,
    rules::{
        members::Roles,
        passwords::{ALREADY_YOURS, BREACHED, ONCE_YOURS},
        sign_up::Policy,
        time::Span,
    },
};
use reqwest::StatusCode;

use crate::kit::{Browser, House, PASSWORD, Page, READER, UNTOUCHED};

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
        (StatusCode::UNPROCESSABLE_ENTITY, "Use at least 10 characters. Four random words work well.")
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
    // Her browser has ten of its own, and then what its network has.
    for n in 0..20 {
        let page = ada.post("/me/security/password", &[("current", format!("guess {n}")), ("password", NEW.into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let page = ada.post("/me/security/password", &[("current", PASSWORD.into()), ("password", NEW.into())]).await;
    assert_eq!((page.status, page.fault("current").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "This is not your password."));
    assert_eq!(ada.sign_in("ada@example.com", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        ada.post("/me/email", &[("email", "new@example.com".into()), ("password", PASSWORD.into())]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // Whoever reads the mailbox is no stranger. Another letter says that she is locked out, and was first.
    house.wait(Span::seconds(1));
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
    assert_eq!(joined.location(), crate::kit::OFFER, "{}", joined.text());
    house.wait(Span::seconds(1));
    forget(&house.visitor(), &bob).await;
    let link = house.link_to(&bob).await;
    let other = house.visitor();
    assert_eq!(other.sign_in(&bob, "another four words here").await.location(), "/accounts");
    assert_eq!(house.visitor().get(&link).await.status, StatusCode::OK);
    assert_eq!(house.visitor().sign_in(&bob, PASSWORD).await.location(), "/accounts");
    assert_eq!(house.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
}

/// Every door by which somebody comes to choose a password, each still open.
struct Doors {
    house: House,
    ada: Browser,
    /// Another one, which waits for set-up.
    fresh: House,
    /// Where each is.
    sign_up: String,
    invitation: String,
    reset: String,
}

impl Doors {
    async fn open(change: impl Fn(&mut Config)) -> Self {
        let change = |config: &mut Config| {
            config.sign_up = Policy::Open;
            change(config);
        };
        let (house, fresh) = (House::with(change).await, House::with(change).await);
        let ada = house.visitor();
        let mut form = house.setup_form();
        form[1].1 = "Kalimdorian Steppe".into();
        assert_eq!(ada.post("/setup", &form).await.location(), "/accounts/kalimdorian-steppe");
        let page = ada.post("/accounts/kalimdorian-steppe/invitations/new", &crate::kit::invitation_form("bob@example.com", READER)).await;
        let invitation = page.attributes("#link", "value").remove(0).split_once("/invitations/").unwrap().1.to_owned();
        ada.post("/signup", &[("email", "kalimdorian.steppe@example.com".into())]).await;
        let sign_up = house.link_to("kalimdorian.steppe@example.com").await;
        forget(&ada, "ada@example.com").await;
        let reset = house.link_to("ada@example.com").await;
        Self { house, ada, fresh, sign_up, invitation: format!("/invitations/{invitation}/sign-up"), reset }
    }

    /// Tries them all, the one that closes another last.
    async fn try_all(&self, password: &str) -> Vec<(&'static str, Page)> {
        let password = ("password", password.to_owned());
        let visitor = self.house.visitor();
        let mut setup = self.fresh.setup_form();
        setup[1].1 = "Kalimdorian Steppe".into();
        setup.pop();
        setup.push(password.clone());
        let newcomer = [("name", "Bob".to_owned()), password.clone()];
        vec![
            ("set-up", self.fresh.visitor().post("/setup", &setup).await),
            ("sign-up", visitor.post(&self.sign_up, &newcomer).await),
            ("invitation", self.house.visitor().post(&self.invitation, &newcomer).await),
            ("reset", self.house.visitor().post(&self.reset, std::slice::from_ref(&password)).await),
            ("change", self.ada.post("/me/security/password", &[("current", PASSWORD.into()), password]).await),
        ]
    }

    async fn all_refuse(&self, password: &str, says: &str) {
        for (door, page) in self.try_all(password).await {
            assert_eq!((page.status, page.fault("password").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, says), "{door}: {}", page.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_asks_the_same_of_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("breached");
    std::fs::write(&list, "123456\nwalrus mitten harbor plinth\n").unwrap();
    let doors = Doors::open(|config| config.breached_passwords.clone_from(&list)).await;
    let advice = "Four random words work well.";
    doors.all_refuse("ninechars", &format!("Use at least 10 characters. {advice}")).await;
    doors.all_refuse(&"vqz kplm".repeat(33), "Use at most 256 characters.").await;
    doors.all_refuse("password1234", &format!("This is one of the passwords that are tried first. {advice}")).await;
    // What the account is called is known to whoever guesses, and the address of whoever is in none.
    doors.all_refuse("kalimdorian-steppe", &format!("This is too close to your name, your address or your company. {advice}")).await;
    doors.all_refuse("walrus mitten harbor plinth", BREACHED).await;
    for (house, users) in [(&doors.house, 1), (&doors.fresh, 0)] {
        assert_eq!(house.raw.number("SELECT COUNT(*) FROM users").await, users);
        assert_eq!(house.raw.number("SELECT COUNT(*) FROM sessions").await, users, "nobody is signed in by trying");
    }
    for (door, page) in doors.try_all("walrus mitten harbor plinths").await {
        // Whoever changes it by the link is out everywhere, and so may not do so as well by knowing the old one.
        let done = if door == "change" { "/login?why=password_changed" } else { "/" };
        assert!(page.status == StatusCode::SEE_OTHER && page.location().starts_with(done), "{door}: {} {}", page.location(), page.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_breached_passwords_that_cannot_be_used_is_not_left_out() {
    let (house, ada) = House::with_ada().await;
    let list = house.config.data_dir.join("breached");
    let start = async |config: &Config| app::start(config, app::clock(), app::dice()).await.err().map(|error| error.to_string());
    let config = Config { breached_passwords: list.clone(), ..house.config.clone() };
    let says = start(&config).await.unwrap();
    assert!(says.starts_with("the list of breached passwords ") && says.contains("cannot be read: No such file"), "{says}");
    std::fs::write(&list, "").unwrap();
    assert!(start(&config).await.unwrap().contains("is empty"));
    drop(ada);
}

async fn change(browser: &Browser, current: &str, new: &str) -> Page {
    browser.post("/me/security/password", &[("current", current.to_owned()), ("password", new.to_owned())]).await
}

const SECOND: &str = "walrus mitten harbor plinth";
const THIRD: &str = "gravel oboe lantern stoic";
const FOURTH: &str = "tundra pickle vortex hymn";

#[tokio::test(flavor = "multi_thread")]
async fn the_last_passwords_are_not_chosen_again() {
    let (house, ada) = House::with_ada_and(|config| config.password_history = 3).await;
    let user = house.user_id("ada@example.com").await;
    let kept = async || house.raw.number(format!("SELECT COUNT(*) FROM password_history WHERE user_id = '{user}'")).await;
    let changed = async |current: &str, new: &str| {
        house.wait(Span::minutes(20));
        let page = change(&ada, current, new).await;
        assert_eq!(page.location(), "/me/security", "{}", page.text());
    };
    let refused = async |current: &str, new: &str, says: &str| {
        let page = change(&ada, current, new).await;
        assert_eq!((page.status, page.fault("password").as_str()), (StatusCode::UNPROCESSABLE_ENTITY, says), "{new}");
    };
    refused(PASSWORD, PASSWORD, ALREADY_YOURS).await;
    changed(PASSWORD, SECOND).await;
    refused(SECOND, PASSWORD, ONCE_YOURS).await;
    changed(SECOND, THIRD).await;
    for (new, says) in [(PASSWORD, ONCE_YOURS), (SECOND, ONCE_YOURS), (THIRD, ALREADY_YOURS)] {
        refused(THIRD, new, says).await;
    }
    assert_eq!(kept().await, 2);
    // Who does not know the present one is not told of the others.
    let page = change(&ada, "not the password", PASSWORD).await;
    assert_eq!((page.fault("current").as_str(), page.fault("password").as_str()), ("This is not your password.", ""));

    // By a mailed link, the same; and being refused does not use it up.
    house.wait(Span::seconds(1));
    forget(&ada, "ada@example.com").await;
    let link = house.link_to("ada@example.com").await;
    let before = house.costs().1;
    for (new, says) in [(PASSWORD, ONCE_YOURS), (SECOND, ONCE_YOURS), (THIRD, ALREADY_YOURS)] {
        assert_eq!(choose(&house.visitor(), &link, new).await.fault("password"), says);
    }
    assert_eq!(house.costs().1 - before, 3 + 2 + 1, "one after the other, as far as need be");
    house.wait(Span::minutes(20));
    assert_eq!(choose(&house.visitor(), &link, FOURTH).await.location(), "/login?why=password_changed");
    assert_eq!(kept().await, 2);

    // The first one is long enough ago now.
    house.visitor().sign_in("ada@example.com", FOURTH).await;
    ada.sign_in("ada@example.com", FOURTH).await;
    refused(FOURTH, SECOND, ONCE_YOURS).await;
    changed(FOURTH, PASSWORD).await;
    assert_eq!(kept().await, 2);

    // Where nothing is to be remembered, nothing is, from the next change on.
    let without = house.beside(|config| config.password_history = 0).await;
    let browser = without.signed_in("ada@example.com").await;
    assert_eq!(change(&browser, PASSWORD, FOURTH).await.location(), "/me/security");
    assert_eq!(kept().await, 0);
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_remembered_password_is_the_present_one() {
    let (house, ada) = House::with_ada_and(|config| config.password_history = 1).await;
    forget(&ada, "ada@example.com").await;
    let link = house.link_to("ada@example.com").await;
    assert_eq!(choose(&ada, &link, PASSWORD).await.fault("password"), ALREADY_YOURS);
    assert_eq!(choose(&ada, &link, SECOND).await.location(), "/login?why=password_changed");
    ada.sign_in("ada@example.com", SECOND).await;
    assert_eq!(change(&ada, SECOND, PASSWORD).await.location(), "/me/security");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM password_history").await, 0);
}

/// Of the accounts that somebody is in the strictest counts, and none that they are not in.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_may_remember_more() {
    let (house, ada) = House::with_ada().await;
    let settings = "/accounts/acme/settings/security";
    let demand =
        async |most: &str, seen: &str| ada.post(settings, &[("password_history", most.to_owned()), ("seen", seen.to_owned())]).await;
    for wrong in ["-1", "25", "many"] {
        assert!(demand(wrong, UNTOUCHED).await.fault("password_history").contains("From 0 to 24."), "{wrong}");
    }
    let bob = house.member("acme", "bob", READER).await;
    house.account("other").await;
    let carol = house.member("other", "carol", READER).await;
    assert_eq!(demand("2", UNTOUCHED).await.location(), settings);
    assert_eq!(ada.get(settings).await.value("password_history"), "2");
    let (bob, carol) = (house.signed_in(&bob).await, house.signed_in(&carol).await);
    for person in [&bob, &carol] {
        assert_eq!(change(person, PASSWORD, SECOND).await.location(), "/me/security");
    }
    assert_eq!(change(&bob, SECOND, PASSWORD).await.fault("password"), ONCE_YOURS);
    assert_eq!(change(&carol, SECOND, PASSWORD).await.location(), "/me/security");
    // As soon as she is in both, and for whatever she chooses from then on.
    house.member("acme", "carol", READER).await;
    assert_eq!(change(&carol, PASSWORD, PASSWORD).await.fault("password"), ALREADY_YOURS);
}

/// A link to choose a password is none to find out what the last ones were.
#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_the_last_passwords_has_an_end() {
    let (house, ada) = House::with_ada_and(|config| config.password_history = 24).await;
    let bob = house.member("acme", "bob", READER).await;
    forget(&ada, &bob).await;
    let link = house.link_to(&bob).await;
    for n in 0..10 {
        assert_eq!(choose(&house.visitor(), &link, PASSWORD).await.fault("password"), ALREADY_YOURS, "{n}");
    }
    let page = choose(&house.visitor(), &link, NEW).await;
    assert_eq!((page.status, page.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "900"), "{}", page.text());
    // It is nothing to somebody else, nor to signing in.
    assert_eq!(change(&ada, PASSWORD, SECOND).await.location(), "/me/security");
    house.wait(Span::minutes(15));
    assert_eq!(choose(&house.visitor(), &link, NEW).await.location(), "/login?why=password_changed");
    assert_eq!(house.visitor().sign_in(&bob, NEW).await.location(), "/accounts");
}
