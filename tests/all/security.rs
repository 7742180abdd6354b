use frontdesk::rules::{gate::Mfa, time::Span};
use reqwest::StatusCode;

use crate::{
    kit::{Browser, House, PASSWORD, Page, READER},
    mfa::{Factor, set_up},
    smtp::Receiver,
};

const PATH: &str = "/accounts/acme/settings/security";

async fn save(browser: &Browser, mfa: &str, idle: &str, lifetime: &str) -> Page {
    let seen = browser.get(PATH).await.value("seen");
    let (mfa, idle, lifetime) = (mfa.to_owned(), idle.to_owned(), lifetime.to_owned());
    browser.post(PATH, &[("mfa", mfa), ("session_idle", idle), ("session_lifetime", lifetime), ("seen", seen)]).await
}

/// Ada with a second factor.
async fn with_factor(house: &House, ada: &Browser) -> Factor {
    let factor = set_up(house, ada).await;
    ada.post("/prove", &[("code", factor.code(house))]).await;
    factor
}

/// MFA-10/11, SES-11: a demand holds at once, in living sessions, on every page and every change.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_factor_sees_only_how_to_get_one() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let bob = house.signed_in(&bob).await;
    assert_eq!(bob.get("/accounts/acme").await.status, StatusCode::OK);
    let page = save(&ada, "required", "", "").await;
    assert_eq!(page.fault("mfa"), "Set up your own second factor first: whoever demands one has one.");
    with_factor(&house, &ada).await;
    let page = ada.get(PATH).await;
    assert_eq!(page.all("ul.rows li"), ["bob bob@example.com"]);
    let page = save(&ada, "required", "", "").await;
    assert_eq!(page.location(), PATH, "{}", page.text());

    for route in frontdesk::web::routes().iter().filter(|route| route.path.starts_with("/accounts/{slug}")) {
        let path = route.path.replace("{slug}", "acme").replace("{id}", "mem_3MP92WggujNuFkwl8icLusxoDSO");
        let page = if route.method == "GET" { bob.get(&path).await } else { bob.post(&path, &[]).await };
        assert!(page.location().starts_with("/me/security/factor"), "{} {path}: {} {}", route.method, page.status, page.location());
    }
    let way = bob.get("/accounts/acme/members").await.location().to_owned();
    assert_eq!(way, "/me/security/factor?next=%2Faccounts%2Facme%2Fmembers");
    let page = bob.get(&way).await;
    assert!(page.text().contains("An account of yours demands one"), "{}", page.text());
    set_up(&house, &bob).await;
    assert_eq!(bob.get("/accounts/acme/members").await.status, StatusCode::OK);

    let log = house.events(&house.account_id("acme").await).await;
    assert_eq!(log.iter().filter(|event| *event == "account_security_updated.v0").count(), 1, "{log:?}");
    assert!(save(&ada, "", "", "").await.location() == PATH);
    let carol = house.member("acme", "carol", READER).await;
    assert_eq!(house.signed_in(&carol).await.get("/accounts/acme").await.status, StatusCode::OK, "nothing is demanded any more");
}

/// Product §2.8: a password alone is not enough to set up the factor that everybody has to have.
#[tokio::test(flavor = "multi_thread")]
async fn a_demanded_factor_takes_a_mailed_code() {
    let receiver = Receiver::start().await;
    let url = receiver.url();
    let (house, ada) = House::with_ada_and(|config| {
        config.smtp_url = url;
        config.mfa = Mfa::Required;
    })
    .await;
    assert!(ada.get("/accounts/acme").await.location().starts_with("/me/security/factor"), "the instance demands it");
    let mailed = async || {
        assert!(house.deliver().await);
        let text = receiver.taken().pop().unwrap().text;
        let at = text.find("besides that of your authenticator:").unwrap();
        text[at..].split_whitespace().find(|word| word.len() == 9 && word.as_bytes()[4] == b'-').unwrap().to_owned()
    };
    ada.post("/me/security/factor", &[]).await;
    let first = mailed().await;
    ada.post("/me/security/factor", &[]).await;
    let second = mailed().await;
    let page = ada.get("/me/security/factor").await;
    let authenticator = frontdesk::protocols::totp::Authenticator::read(&page.all("#secret")[0], "").unwrap();
    let confirm = async |mailed: &str| {
        let code = authenticator.code(house.now());
        ada.post("/me/security/factor/confirm", &[("code", code), ("mailed", mailed.to_owned()), ("next", "/accounts/acme".into())]).await
    };
    for wrong in ["", "0000-0000", &first] {
        let page = confirm(wrong).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && !page.fault("mailed").is_empty(), "{wrong}: {}", page.text());
    }
    let page = confirm(&second.to_lowercase()).await;
    assert_eq!(page.all("#codes code").len(), 10, "{}", page.text());
    assert_eq!(page.attributes(".actions a:not([download])", "href"), ["/accounts/acme"]);
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_instance_has_the_last_word() {
    let (house, ada) = House::with_ada_and(|config| config.mfa = Mfa::RequiredExceptSso).await;
    with_factor(&house, &ada).await;
    let page = save(&ada, "off", "721", "0").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.fault("mfa").contains("may only tighten it"));
    assert_eq!(page.fault("session_idle"), "From 5 minutes to 12 hours.");
    assert!(page.fault("session_lifetime").starts_with("From 1 hour to "), "{}", page.fault("session_lifetime"));
    assert_eq!(page.value("session_idle"), "721", "what was typed stays");

    // Two who save at once.
    let seen = ada.get(PATH).await.value("seen");
    assert_eq!(save(&ada, "required", "30", "8").await.location(), PATH);
    let fields = [("mfa", String::new()), ("session_idle", "60".into()), ("session_lifetime", String::new()), ("seen", seen)];
    let page = ada.post(PATH, &fields).await;
    assert!(page.fault("seen").contains("meanwhile"), "{}", page.text());
    // Something else that is wrong with it does not make up for not having seen what stands there.
    let outside = fields.clone().map(|(name, value)| if name == "session_idle" { (name, "1".into()) } else { (name, value) });
    let page = ada.post(PATH, &outside).await;
    assert_eq!((page.fault("session_idle").as_str(), page.value("seen")), ("From 5 minutes to 12 hours.", fields[3].1.clone()));
    assert_eq!(house.raw.texts("SELECT value FROM account_settings WHERE name = 'session_idle'").await, ["1800000"]);

    // Not for others, and not with an old proof.
    let manager = house
        .member(
            "acme",
            "manager",
            frontdesk::rules::members::Roles {
                team: frontdesk::rules::members::Team::Manager,
                developer: frontdesk::rules::members::Developer::ReadWrite,
                ..READER
            },
        )
        .await;
    let manager = house.signed_in(&manager).await;
    set_up(&house, &manager).await;
    assert_eq!(manager.get(PATH).await.status, StatusCode::FORBIDDEN);
    house.wait(Span::minutes(10));
    assert!(ada.get(PATH).await.location().starts_with("/prove?next="));
    assert!(ada.post(PATH, &fields).await.location().starts_with("/prove"));
}

/// SES-09: an account's own limits, counted in the account, and at once for who is in.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_in_the_account_when_it_says_so() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    house.account("other").await;
    house.member("other", "bob", READER).await;
    let browser = house.signed_in(&bob).await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
    house.wait(Span::minutes(6));
    assert_eq!(browser.get("/accounts/other").await.status, StatusCode::OK);
    assert_eq!(save(&ada, "", "5", "").await.location(), PATH);
    // Six minutes away from acme, however busy elsewhere.
    let page = browser.get("/accounts/acme").await;
    assert_eq!(page.location(), "/login?why=idle&next=%2Faccounts%2Facme");
    assert_eq!(browser.get("/accounts/other").await.status, StatusCode::OK, "it lives on elsewhere");
    let page = browser.get("/login?why=idle&next=/accounts/acme").await;
    assert!(page.status == StatusCode::OK && page.text().contains("You were away for a while"), "{}", page.text());
    let form = [("email", bob.clone()), ("password", PASSWORD.into()), ("next", "/accounts/acme".into())];
    assert_eq!(browser.post("/login", &form).await.location(), "/accounts/acme");
    for _ in 0..4 {
        assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
        house.wait(Span::seconds(285));
    }
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);

    // She was away herself.
    let ada = house.signed_in("ada@example.com").await;
    assert_eq!(save(&ada, "", "", "1").await.location(), PATH);
    house.wait(Span::minutes(41));
    assert_eq!(browser.get("/accounts/acme").await.location(), "/login?why=too_old&next=%2Faccounts%2Facme");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_factor_is_taken_away_by_an_administrator() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let browser = house.signed_in(&bob).await;
    set_up(&house, &browser).await;
    let path = format!("/accounts/acme/members/{}", house.member_id(&bob).await);
    let reset = async |reason: &str| ada.post(&format!("{path}/reset-factor"), &[("reason", reason.to_owned())]).await;
    assert!(ada.get(&path).await.text().contains("Take the second factor away"));
    let page = reset(" ").await;
    assert!(page.fault("reason").starts_with("Say why"), "{}", page.text());

    // Not where it would open somebody else's account.
    house.account("other").await;
    house.member("other", "bob", READER).await;
    assert!(reset("He called").await.fault("reason").contains("in other accounts too"));
    house.raw.run(format!("DELETE FROM members WHERE account_id = '{}'", house.account_id("other").await)).await;
    let page = reset("He called, and I know his voice").await;
    assert_eq!(page.location(), path, "{}", page.text());
    assert!(browser.get("/me").await.location().starts_with("/login?why=factor_changed"));
    assert_eq!(house.visitor().sign_in(&bob, PASSWORD).await.location(), "/accounts");
    assert!(house.letters_to(&bob).await.last().unwrap().contains("He called, and I know his voice"));
    let log = house.events(&house.account_id("acme").await).await;
    assert_eq!(log.last().unwrap(), "membership_mfa_reset.v0");
    assert!(house.events(&house.user_id(&bob).await).await.contains(&"mfa_reset.v0".to_owned()));
    assert!(reset("Once more").await.text().contains("They have no second factor."));
}

/// Twenty at once with a limit of five leave exactly five; one more replaces the oldest, which is told why.
#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_sessions_are_open() {
    let (house, ada) = House::with_ada_and(|config| {
        config.attempts.address = 1_000;
        config.attempts.network = 1_000;
    })
    .await;
    let bob = house.member("acme", "bob", READER).await;
    let mut first = Vec::new();
    for _ in 0..7 {
        let browser = house.signed_in(&bob).await;
        assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
        house.wait(Span::seconds(1));
        first.push(browser);
    }
    let seen = ada.get(PATH).await.value("seen");
    let page = ada.post(PATH, &[("session_limit", "5".into()), ("seen", seen)]).await;
    assert_eq!(page.location(), PATH, "{}", page.text());
    // Fewer act on who is in.
    let mut open = Vec::new();
    for browser in &first {
        open.push(browser.get("/accounts/acme").await.location().to_owned());
    }
    assert_eq!(open[..2], ["/login?why=session_limit&next=%2Faccounts%2Facme"; 2]);
    assert_eq!(open[2..], [""; 5]);
    assert!(first[0].get(&open[0]).await.text().contains("lets only so many of your sessions be open"));
    assert_eq!(first[0].get("/me").await.status, StatusCode::OK, "it lives on elsewhere");

    let mut browsers = Vec::new();
    for _ in 0..20 {
        browsers.push(house.signed_in(&bob).await);
    }
    futures_util::future::join_all(browsers.iter().map(|browser| browser.get("/accounts/acme"))).await;
    let mut open = 0;
    for browser in browsers.iter().chain(&first) {
        open += usize::from(browser.get("/accounts/acme").await.status == StatusCode::OK);
    }
    assert_eq!(open, 5);
}
