//! Single sign-on: a provider that is set up in pages, and the ways by which people come in through it or do not.

use reqwest::StatusCode;
use serde_json::json;
use url::Url;

use crate::{
    idp::{CLIENT_ID, CLIENT_SECRET, Idp, Lie},
    kit::{Browser, House, PASSWORD, Page, READER},
};
use frontdesk::{
    protocols::outside::Private,
    rules::{members::Roles, time::Span},
};

pub const PAGE: &str = "/accounts/acme/settings/sso";

/// A Frontdesk that may ask machines of this machine, its administrator, and a provider on this machine.
pub async fn with_idp() -> (House, Browser, Idp) {
    with_idp_and(|_| {}).await
}

/// The same, configured otherwise.
pub async fn with_idp_and(change: impl FnOnce(&mut frontdesk::config::Config)) -> (House, Browser, Idp) {
    let (house, ada) = House::with_ada_and(|config| {
        config.private_idps = Private::Allowed;
        change(config);
    })
    .await;
    let clock = house.clock();
    let idp = Idp::start(clock).await;
    (house, ada, idp)
}

/// What the page for a new provider has set aside.
async fn reserve(ada: &Browser) -> String {
    ada.get(&format!("{PAGE}/new-oidc")).await.location().split_once("reserved=").unwrap().1.to_owned()
}

fn oidc_form(idp: &Idp) -> Vec<(&'static str, String)> {
    vec![
        ("description", "Example Inc.".to_owned()),
        ("issuer", idp.issuer().to_owned()),
        ("client_id", CLIENT_ID.to_owned()),
        ("client_secret", CLIENT_SECRET.to_owned()),
        ("scopes", "openid email profile".to_owned()),
    ]
}

/// Adds the provider; answers its id.
pub async fn add(ada: &Browser, idp: &Idp) -> String {
    let mut form = oidc_form(idp);
    form.push(("reserved", reserve(ada).await));
    let page = ada.post(&format!("{PAGE}/new-oidc"), &form).await;
    assert!(page.location().starts_with(PAGE) && !page.location().contains('?'), "{} {}", page.location(), page.text());
    page.location().rsplit_once('/').unwrap().1.to_owned()
}

/// Chooses who uses single sign-on and how people become members, looking first where that is asked.
pub async fn choose(ada: &Browser, mode: &str, provisioning: &str) -> Page {
    let joining = "/accounts/acme/settings/provisioning";
    let seen = ada.get(joining).await.value("seen");
    let page = ada.post(joining, &[("provisioning", provisioning.to_owned()), ("seen", seen)]).await;
    if page.status != StatusCode::SEE_OTHER {
        return page;
    }
    let form = |seen: String, looked: &str| [("mode", mode.to_owned()), ("seen", seen), ("looked", looked.to_owned())];
    let seen = ada.get(PAGE).await.value("seen");
    let page = ada.post(PAGE, &form(seen.clone(), "")).await;
    if page.status == StatusCode::OK && !page.value("looked").is_empty() {
        return ada.post(PAGE, &form(seen, mode)).await;
    }
    page
}

/// The way to the provider: where the browser is sent.
pub async fn leave(browser: &Browser, id: &str, next: &str) -> String {
    let page = browser.get(&format!("/login/sso/{id}?next={next}")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    page.location().to_owned()
}

/// The path and query of an address.
pub fn path_of(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// The whole way through the provider, and what comes of it.
pub async fn through(browser: &Browser, idp: &Idp, id: &str, next: &str) -> Page {
    let url = leave(browser, id, next).await;
    browser.get(&path_of(&idp.authorize(&url))).await
}

/// Links a member who has a password to who signs in at the provider.
pub async fn link(browser: &Browser, idp: &Idp, id: &str) {
    let page = through(browser, idp, id, "").await;
    let welcome = page.location().to_owned();
    assert!(welcome.starts_with("/welcome/"), "{welcome}: {}", page.text());
    let done = browser.post(&format!("{welcome}/link"), &[]).await;
    assert_eq!(done.location(), "/accounts/acme", "{}", done.text());
}

pub fn person(sub: &str, email: &str, name: &str) -> serde_json::Value {
    json!({ "sub": sub, "email": email, "email_verified": true, "name": name })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_set_up_in_pages() {
    let (house, ada, idp) = with_idp().await;
    assert!(ada.get(PAGE).await.text().contains("No identity provider yet"));
    let form = [("issuer", "http//x".to_owned()), ("scopes", "openid".to_owned()), ("reserved", reserve(&ada).await)];
    let page = ada.post(&format!("{PAGE}/new-oidc"), &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["description", "issuer", "client_id", "client_secret", "scopes"] {
        assert!(!page.fault(field).is_empty(), "{field}");
    }
    let id = add(&ada, &idp).await;
    let page = ada.get(&format!("{PAGE}/{id}")).await;
    assert!(page.text().contains(&format!("{}/oauth2/callback/{id}", house.running.base_url)) && page.text().contains("not as it is now"));
    assert_eq!(page.value("client_secret"), "", "it is never shown");
    let sealed = house.raw.texts("SELECT sealed FROM idps").await;
    assert!(!sealed[0].contains("s3cret"));

    // A secret goes to nobody but whom it was given for.
    let change = |issuer: &str, version: i64| {
        let mut form = oidc_form(&idp);
        form[0].1 = "Example Ltd.".to_owned();
        form[1].1 = issuer.to_owned();
        form[3].1 = String::new();
        form.push(("version", version.to_string()));
        form
    };
    let elsewhere = ada.post(&format!("{PAGE}/{id}/change"), &change("http://elsewhere.example", 0)).await;
    assert!(elsewhere.fault("client_secret").contains("dropped"), "{}", elsewhere.text());
    assert_eq!(ada.post(&format!("{PAGE}/{id}/change"), &change(idp.issuer(), 0)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.raw.texts("SELECT sealed FROM idps").await, sealed);
    let stale = ada.post(&format!("{PAGE}/{id}/change"), &change(idp.issuer(), 0)).await;
    assert!(stale.text().contains("Somebody changed this provider meanwhile"), "{}", stale.text());

    // A test shows what was said, and links whoever says so.
    let out = ada.get(&format!("{PAGE}/{id}/test")).await;
    let back = ada.get(&path_of(&idp.authorize(out.location()))).await;
    assert!(back.location().starts_with(&format!("{PAGE}/{id}/tested/")), "{}", back.text());
    let tested = ada.get(back.location()).await;
    assert!(tested.text().contains("Example Ltd. works") && tested.text().contains("ada-1") && tested.text().contains("Link it to"));
    assert!(!ada.get(&format!("{PAGE}/{id}")).await.text().contains("not as it is now"));
    let action = tested.attributes("form[action^='/welcome/']", "action").remove(0);
    assert_eq!(ada.post(&action, &[]).await.status, StatusCode::SEE_OTHER);
    assert!(ada.get(&format!("{PAGE}/{id}")).await.text().contains("It knows 1 person"));

    assert_eq!(ada.post(&format!("{PAGE}/{id}/disable"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.visitor().get(&format!("/login/sso/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ada.post(&format!("{PAGE}/{id}/enable"), &[]).await.status, StatusCode::SEE_OTHER);
    let ask = ada.get(&format!("{PAGE}/{id}/delete")).await;
    assert!(ask.text().contains("1 person of this account is known by it"));
    assert_eq!(ada.post(&format!("{PAGE}/{id}/delete"), &[]).await.location(), PAGE);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 0);
    let account = house.account_id("acme").await;
    let events = house.events(&account).await;
    let about: Vec<_> = events.iter().filter(|event| event.contains("identity")).map(String::as_str).collect();
    assert_eq!(
        about,
        [
            "identity_provider_created.v0",
            "identity_provider_updated.v0",
            "identity_provider_tested.v0",
            "membership_identity_linked.v0",
            "identity_provider_updated.v0",
            "identity_provider_updated.v0",
            "identity_provider_deleted.v0"
        ]
    );
    let values = house.raw.texts("SELECT COALESCE(before, '') || COALESCE(after, '') FROM events").await.join("\n");
    assert!(!values.contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_linked_once_and_comes_in_by_it_from_then_on() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    let new = house.visitor();
    // The chooser, by the account's name or by where one wanted to go.
    assert!(new.get("/login/sso?account=nobody").await.fault("account").contains("No account of this name"));
    let chooser = new.get("/login/sso?next=/accounts/acme/members").await;
    let way = chooser.attributes("a.button", "href").remove(0);
    assert_eq!(way, format!("/login/sso/{id}?next=/accounts/acme/members"));
    // The provider's word for the address makes nobody of anybody.
    let page = through(&new, &idp, &id, "/accounts/acme/members").await;
    let welcome = page.location().to_owned();
    let page = new.get(&welcome).await;
    assert!(page.status == StatusCode::OK && page.text().contains("people join it by invitation"), "{}", page.text());
    for verb in ["join", "link"] {
        assert_ne!(new.post(&format!("{welcome}/{verb}"), &[("name", "Ada".to_owned())]).await.location(), "/accounts/acme/members");
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM identities").await, 0);
    // Whoever proves themselves once is linked.
    assert_eq!(
        new.post("/login", &[("email", "ada@example.com".into()), ("password", PASSWORD.into()), ("next", welcome.clone())])
            .await
            .location(),
        welcome
    );
    assert!(new.get(&welcome).await.text().contains("link it to ada@example.com"));
    let linked = new.post(&format!("{welcome}/link"), &[]).await;
    assert_eq!(linked.location(), "/accounts/acme/members", "{}", linked.text());
    assert_eq!(new.get("/accounts/acme/members").await.status, StatusCode::OK);
    assert_eq!(new.get(&welcome).await.status, StatusCode::NOT_FOUND, "it is used up");

    let later = house.visitor();
    let page = through(&later, &idp, &id, "/accounts/acme/members").await;
    assert_eq!(page.location(), "/accounts/acme/members", "{}", page.text());
    assert_eq!(later.get("/accounts/acme/members").await.status, StatusCode::OK);
    // Such a session opens this account alone.
    house.account("other").await;
    house.raw.run(format!("INSERT INTO members SELECT 'mem_{}', (SELECT id FROM accounts WHERE slug = 'other'), user_id, developer, team, billing, administrator_since, source, joined_at, disabled_at, access_until, search_name, search_email, last_seen_at, version, name FROM members WHERE search_email = 'ada@example.com'", "2".repeat(27))).await;
    for shut in ["/me", "/me/security", "/accounts", "/accounts/other", "/me/sessions"] {
        let page = later.get(shut).await;
        assert!(
            page.status == StatusCode::FORBIDDEN && page.text().contains("opens that account alone"),
            "{shut}: {} {}",
            page.status,
            page.text()
        );
    }
    // Another person at the provider is somebody else, whatever address it says.
    idp.who(person("eve-2", "ada@example.com", "Ada Lovelace"));
    assert!(through(&house.visitor(), &idp, &id, "").await.location().starts_with("/welcome/"));
    // The same person with another address is the same, and their address stays.
    idp.who(person("ada-1", "changed@example.com", "Somebody Else"));
    let again = house.visitor();
    assert_eq!(through(&again, &idp, &id, "").await.location(), "/accounts/acme");
    assert!(again.get("/accounts/acme/members").await.text().contains("ada@example.com"));
    assert_eq!(house.raw.texts("SELECT said_email FROM identities").await, ["changed@example.com"]);
    let own =
        "SELECT m.id FROM members m JOIN accounts a ON a.id = m.account_id WHERE a.slug = 'acme' AND m.search_email = 'ada@example.com'";
    let member = house.raw.texts(own).await.remove(0);
    let page = ada.get(&format!("/accounts/acme/members/{member}")).await;
    assert!(page.text().contains("The provider says changed@example.com") && page.text().contains("ada-1"), "{}", page.text());
    // Whoever is signed in as somebody else is not signed in over their head.
    let bob = house.signed_in(&house.member("acme", "bob", READER).await).await;
    let page = through(&bob, &idp, &id, "").await;
    assert!(
        page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text().contains("You are signed in as bob@example.com"),
        "{}",
        page.text()
    );
    let own = ada.get("/me/security").await;
    assert_eq!(own.all("#sso .row-main"), ["Example Inc. Acme"], "{}", own.text());
    // What was linked can be taken away, and what was proven by it goes at once.
    assert_eq!(again.get("/accounts/acme").await.status, StatusCode::OK);
    let form = [("subject", "ada-1".to_owned()), ("member", member)];
    assert_eq!(ada.post(&format!("{PAGE}/{id}/unlink"), &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.post(&format!("{PAGE}/{id}/unlink"), &form).await.status, StatusCode::NOT_FOUND);
    assert_eq!(again.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    assert!(through(&house.visitor(), &idp, &id, "").await.location().starts_with("/welcome/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_has_set_out_by_this_browser_and_once() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    link(&ada, &idp, &id).await;
    let lost =
        async |page: Page| assert!(page.status == StatusCode::NOT_FOUND && page.text().contains("Begin once more"), "{}", page.text());
    let browser = house.visitor();
    lost(browser.get(&format!("/oauth2/callback/{id}?state=x&code=y")).await).await;
    lost(browser.get(&format!("/oauth2/callback/{id}")).await).await;
    let back = path_of(&idp.authorize(&leave(&browser, &id, "").await));
    // In the hands of somebody else, also of one who is on the way themselves.
    let other = house.visitor();
    lost(other.get(&back).await).await;
    leave(&other, &id, "").await;
    lost(other.get(&back).await).await;
    assert!(other.cookie().is_none());
    assert_eq!(browser.get(&back).await.location(), "/accounts/acme");
    lost(browser.get(&back).await).await;
    // Too late.
    let slow = house.visitor();
    let back = path_of(&idp.authorize(&leave(&slow, &id, "").await));
    house.wait(Span::minutes(16));
    lost(slow.get(&back).await).await;
    // Nowhere else than here.
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/accounts/other"] {
        let browser = house.visitor();
        assert_eq!(through(&browser, &idp, &id, next).await.location(), "/accounts/acme", "{next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_let_in_just_in_time_once_they_read_their_mail() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    assert_eq!(choose(&ada, "mixed", "just_in_time").await.location(), PAGE);
    idp.who(person("grace-1", "grace@navy.example", "Grace Hopper"));
    let grace = house.visitor();
    let welcome = through(&grace, &idp, &id, "/accounts/acme/api-keys").await.location().to_owned();
    let page = grace.get(&welcome).await;
    assert!(page.text().contains("Send a code to grace@navy.example"), "{}", page.text());
    assert_ne!(grace.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.status, StatusCode::SEE_OTHER);
    // The page is this browser's.
    assert_eq!(house.visitor().get(&welcome).await.status, StatusCode::NOT_FOUND);
    assert!(grace.post(&format!("{welcome}/code"), &[]).await.text().contains("is on its way"));
    let letter = house.letters_to("grace@navy.example").await.remove(0);
    let code = letter.lines().find(|line| line.len() == 9 && line.as_bytes()[4] == b'-').unwrap().to_owned();
    let wrong = grace.post(&format!("{welcome}/confirm"), &[("code", "0000-0000".to_owned())]).await;
    assert!(wrong.fault("code").contains("not the code"), "{}", wrong.text());
    assert_eq!(grace.post(&format!("{welcome}/confirm"), &[("code", code)]).await.location(), welcome);
    let page = grace.get(&welcome).await;
    assert_eq!(page.value("name"), "Grace Hopper");
    let joined = grace.post(&format!("{welcome}/join"), &[("name", "Grace Brewster Hopper".to_owned())]).await;
    assert_eq!(joined.location(), "/accounts/acme/api-keys", "{}", joined.text());
    assert_eq!(grace.get("/accounts/acme/api-keys").await.status, StatusCode::OK);
    let row = house.raw.texts("SELECT developer || ' ' || team || ' ' || billing || ' ' || source || ' ' || name FROM members WHERE search_email = 'grace@navy.example'").await;
    assert_eq!(row, ["read_write invite none idp Grace Brewster Hopper"]);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users WHERE password_hash IS NULL").await, 1);
    // There is no password of theirs to sign in by.
    assert_eq!(house.visitor().sign_in("grace@navy.example", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.visitor().sign_in("grace@navy.example", PASSWORD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(through(&house.visitor(), &idp, &id, "").await.location(), "/accounts/acme");

    // Somebody who has a user already is asked to be that, and nobody else is told so.
    house.account("other").await;
    house.member("other", "carl", Roles::ADMINISTRATOR).await;
    idp.who(person("carl-1", "carl@example.com", "Carl"));
    let carl = house.visitor();
    let welcome = through(&carl, &idp, &id, "").await.location().to_owned();
    assert!(carl.get(&welcome).await.text().contains("Send a code to carl@example.com"));
    carl.post("/login", &[("email", "carl@example.com".into()), ("password", PASSWORD.into())]).await;
    assert!(carl.get(&welcome).await.text().contains("Join Acme"));
    assert_eq!(carl.post(&format!("{welcome}/join"), &[("name", "-".to_owned())]).await.location(), "/accounts/acme");
    assert_eq!(carl.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM user_emails WHERE canonical = 'carl@example.com'").await, 1);
    // Without an address nobody joins.
    idp.who(json!({ "sub": "nobody-1" }));
    let nobody = house.visitor();
    let welcome = through(&nobody, &idp, &id, "").await.location().to_owned();
    assert!(nobody.get(&welcome).await.text().contains("no email address of yours"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_first_arrivals_at_once_one_joins() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    // The account's own domain: no letter is needed.
    let account = house.account_id("acme").await;
    house
        .raw
        .run(format!(
            "INSERT INTO account_domains (account_id, domain, token, asked_at, verified_at) VALUES ('{account}', 'navy.example', 't', 1, 1)"
        ))
        .await;
    idp.who(person("grace-1", "grace@navy.example", "Grace Hopper"));
    let mut arrivals = Vec::new();
    for _ in 0..20 {
        let browser = house.visitor();
        let welcome = through(&browser, &idp, &id, "").await.location().to_owned();
        arrivals.push((browser, welcome));
    }
    let joining = arrivals.iter().map(|(browser, welcome)| async move {
        let form = [("name", "Grace".to_owned())];
        browser.post(&format!("{welcome}/join"), &form).await.status == StatusCode::SEE_OTHER
    });
    let joined = futures_util::future::join_all(joining).await.into_iter().filter(|joined| *joined).count();
    assert_eq!(joined, 1);
    for table in ["members WHERE search_email = 'grace@navy.example'", "identities", "user_emails WHERE canonical = 'grace@navy.example'"] {
        assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
    assert_eq!(through(&house.visitor(), &idp, &id, "").await.location(), "/accounts/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_members_use_it_in_mixed_mode_and_everybody_once_it_is_enforced() {
    let (house, ada, idp) = with_idp().await;
    let early = house.member("acme", "early", Roles::ADMINISTRATOR).await;
    house.wait(Span::minutes(5));
    let id = add(&ada, &idp).await;
    let late = house.member("acme", "late", READER).await;
    house.raw.run(format!("UPDATE members SET joined_at = {} WHERE search_email = '{late}'", house.now().0 + 1)).await;
    let (early, late) = (house.signed_in(&early).await, house.signed_in(&late).await);
    assert_eq!(early.get("/accounts/acme").await.status, StatusCode::OK);
    let sent = late.get("/accounts/acme/members").await;
    assert_eq!(sent.location(), "/login/sso?next=%2Faccounts%2Facme%2Fmembers", "{}", sent.text());
    assert!(late.get(sent.location()).await.text().contains("Sign in to Acme"));
    // Enforcing takes a provider that whoever asks has come in by themselves.
    let page = choose(&ada, "enforced", "invitation").await;
    assert!(page.text().contains("Sign in through a provider of this account yourself first"), "{}", page.text());
    link(&ada, &idp, &id).await;
    let key = house.program_of(&early).await;
    assert_eq!(key.get("/api_keys").await.status, StatusCode::OK);
    let look = ada.post(PAGE, &[("mode", "enforced".to_owned()), ("seen", "mixed".to_owned())]).await;
    let text = look.text();
    assert!(
        text.contains("2 members whom no provider knows") && text.contains("early@example.com") && text.contains("1 API key of a member"),
        "{text}"
    );
    assert_eq!(early.get("/accounts/acme").await.status, StatusCode::OK, "nothing is saved yet");
    assert_eq!(choose(&ada, "enforced", "invitation").await.location(), PAGE);
    assert_eq!(early.get("/accounts/acme").await.location(), "/login/sso?next=%2Faccounts%2Facme");
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(key.get("/api_keys").await.status, StatusCode::FORBIDDEN);
    // What is one's own, and other accounts, stay open.
    assert_eq!(early.get("/me").await.status, StatusCode::OK);
    // By password alone nobody comes in, whatever the address; by the provider everybody whom it knows.
    for path in ["/accounts/acme/members", "/accounts/acme/events", "/accounts/acme/settings"] {
        assert!(early.get(path).await.location().starts_with("/login/sso"), "{path}");
    }
    // The last one stays, and the own one.
    for verb in ["delete", "disable"] {
        let page = ada.post(&format!("{PAGE}/{id}/{verb}"), &[]).await;
        assert!(page.text().contains("the only provider that is switched on"), "{verb}: {}", page.text());
    }
    let second = add(&ada, &idp).await;
    let page = ada.post(&format!("{PAGE}/{id}/delete"), &[]).await;
    assert!(page.text().contains("you came in by this provider"), "{}", page.text());
    assert_eq!(ada.post(&format!("{PAGE}/{second}/delete"), &[]).await.location(), PAGE);
    assert_eq!(choose(&ada, "mixed", "invitation").await.location(), PAGE);
    assert_eq!(early.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(key.get("/api_keys").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_through_a_provider_ends_with_it() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    link(&ada, &idp, &id).await;
    let browser = house.visitor();
    through(&browser, &idp, &id, "").await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
    ada.post(&format!("{PAGE}/{id}/disable"), &[]).await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    ada.post(&format!("{PAGE}/{id}/enable"), &[]).await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
    // A disabled member stays out by whichever way.
    let member = house.member_id("ada@example.com").await;
    house.raw.run(format!("UPDATE members SET disabled_at = 1 WHERE id = '{member}'")).await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    let again = house.visitor();
    through(&again, &idp, &id, "").await;
    assert!(again.get("/accounts/acme").await.text().contains("Your access to Acme is disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_lies_lets_nobody_in_and_is_noted() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    link(&ada, &idp, &id).await;
    for lie in [Lie::WrongNonce, Lie::WrongAudience, Lie::AlgNone, Lie::Expired] {
        idp.lie(lie);
        let browser = house.visitor();
        let page = through(&browser, &idp, &id, "").await;
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text().contains("You are not signed in"),
            "{lie:?}: {}",
            page.text()
        );
        assert!(browser.cookie().is_none(), "{lie:?}");
        let said = page.all("#idp-says").remove(0);
        assert!(ada.get(&format!("{PAGE}/{id}")).await.text().contains(&said), "{lie:?}: {said}");
    }
    let account = house.account_id("acme").await;
    let refused = house.events(&account).await.into_iter().filter(|event| event == "identity_provider_refused.v0").count();
    assert_eq!(refused, 4, "one for each reason");
    idp.lie(Lie::None);
    assert_eq!(through(&house.visitor(), &idp, &id, "").await.location(), "/accounts/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_nothing_of_their_own_is_asked_anew_by_the_provider() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    own_domain(&house, "navy.example").await;
    idp.who(person("grace-1", "grace@navy.example", "Grace Hopper"));
    let grace = house.visitor();
    let welcome = through(&grace, &idp, &id, "").await.location().to_owned();
    grace.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await;
    idp.who(person("ada-1", "ada@example.com", "Ada"));
    link(&ada, &idp, &id).await;
    idp.who(person("grace-1", "grace@navy.example", "Grace Hopper"));
    // Coming in is no fresh proof: the provider may have asked nobody.
    let new = "/accounts/acme/api-keys/new";
    let asked = grace.post(new, &[("description", "Mine".to_owned())]).await;
    assert!(asked.location().starts_with("/prove?next="), "{}", asked.location());
    let prove = grace.get(asked.location()).await;
    let way = prove.attributes("a.button", "href").remove(0);
    assert!(way.starts_with(&format!("/login/sso/{id}?again=yes&next=")), "{way} {}", prove.text());
    let url = grace.get(&way).await.location().to_owned();
    assert!(url.contains("prompt=login"), "{url}");
    // A provider that asked nobody, whatever it was told.
    idp.remember(house.now().minus(Span::hours(1)).0);
    let stale = grace.get(&path_of(&idp.authorize(&url))).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY);
    idp.remember(house.now().0);
    let back = grace.get(&path_of(&idp.authorize(grace.get(&way).await.location()))).await;
    assert!(back.location().starts_with(new), "{} {}", back.location(), back.text());
    let own = house.user_id("grace@navy.example").await;
    let who = house.raw.texts(format!("SELECT principal_name FROM events WHERE type = 'user_proven.v0' AND log = '{own}'")).await;
    assert_eq!(who, ["grace@navy.example"], "it is on record as theirs");
    assert_eq!(grace.post(new, &[("description", "Mine".to_owned())]).await.status, StatusCode::OK);
    house.wait(Span::minutes(11));
    assert!(grace.post(new, &[("description", "Mine".to_owned())]).await.location().starts_with("/prove?next="));
    // It is worth nothing for what is their own, nor for whoever has a password.
    assert_eq!(grace.get("/me").await.status, StatusCode::FORBIDDEN);
    let own = house.visitor();
    idp.who(person("ada-1", "ada@example.com", "Ada"));
    through(&own, &idp, &id, "").await;
    let asked = own.get(&way).await;
    own.get(&path_of(&idp.authorize(asked.location()))).await;
    let asked = own.post(new, &[("description", "Mine".to_owned())]).await;
    assert!(own.get(asked.location()).await.text().contains("have a password of your own"));
}

/// The account has shown that a domain is its own.
pub async fn own_domain(house: &House, domain: &str) {
    let account = house.account_id("acme").await;
    house
        .raw
        .run(format!(
            "INSERT INTO account_domains (account_id, domain, token, asked_at, verified_at) VALUES ('{account}', '{domain}', 't', 1, 1)"
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_accepted_through_the_accounts_provider() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    let token = house.invite(&ada, "grace@navy.example", READER).await;
    let mailed = house.mailed("grace@navy.example").await;
    let path = format!("/invitations/{mailed}");
    let offered = house.visitor().get(&path).await.attributes("ul.providers a", "href");
    assert_eq!(offered, [format!("/login/sso/{id}?next={path}")]);
    // Somebody else of the provider joins by nobody's invitation.
    idp.who(person("eve-1", "eve@navy.example", "Eve"));
    let eve = house.visitor();
    let welcome = through(&eve, &idp, &id, &path).await.location().to_owned();
    assert!(eve.get(&welcome).await.text().contains("people join it by invitation"));
    assert_ne!(eve.post(&format!("{welcome}/join"), &[("name", "Eve".to_owned())]).await.status, StatusCode::SEE_OTHER);
    // Without its link neither does whoever is invited.
    idp.who(person("grace-1", "Grace@Navy.Example", "Grace Hopper"));
    let without = house.visitor();
    let welcome = through(&without, &idp, &id, "").await.location().to_owned();
    assert!(without.get(&welcome).await.text().contains("people join it by invitation"));
    let grace = house.visitor();
    let welcome = through(&grace, &idp, &id, &path).await.location().to_owned();
    let clear = "SELECT COUNT(*) FROM flows WHERE return_to LIKE '%invitations%' OR return_to LIKE '%accounts%'";
    assert_eq!(house.raw.number(clear).await, 0, "nobody finds the link in the database");
    let page = grace.get(&welcome).await;
    assert!(page.text().contains("You are invited") && page.text().contains("Developer read-only"), "{}", page.text());
    let joined = grace.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await;
    assert_eq!(joined.location(), "/accounts/acme", "{}", joined.text());
    assert_eq!(grace.get("/accounts/acme").await.status, StatusCode::OK);
    let row = "SELECT m.developer || ' ' || m.source || ' ' || CASE WHEN e.verified_at IS NULL THEN 'said' ELSE 'proven' END
               FROM members m JOIN user_emails e ON e.user_id = m.user_id WHERE m.search_email = 'grace@navy.example'";
    assert_eq!(house.raw.texts(row).await, ["read_only invitation proven"]);
    assert_eq!(house.visitor().get(&path).await.status, StatusCode::GONE);
    assert_eq!(house.visitor().get(&format!("/invitations/{token}")).await.status, StatusCode::GONE);
    assert_eq!(through(&house.visitor(), &idp, &id, "").await.location(), "/accounts/acme");

    // By a link that was handed over nothing is proven of the address, and nothing is told of who has it.
    house.account("other").await;
    house.member("other", "carl", Roles::ADMINISTRATOR).await;
    let copied = format!("/invitations/{}", house.invite(&ada, "carl@example.com", READER).await);
    idp.who(person("carl-1", "carl@example.com", "Carl"));
    let carl = house.visitor();
    let welcome = through(&carl, &idp, &id, &copied).await.location().to_owned();
    assert!(carl.get(&welcome).await.text().contains("You are invited"));
    assert_eq!(carl.post(&format!("{welcome}/join"), &[("name", "Carl".to_owned())]).await.location(), "/accounts/acme");
    let all = "SELECT CASE WHEN verified_at IS NULL THEN 'said' ELSE 'proven' END FROM user_emails WHERE canonical = 'carl@example.com' ORDER BY 1";
    assert_eq!(house.raw.texts(all).await, ["proven", "said"]);
    assert_eq!(carl.get("/accounts/other").await.status, StatusCode::NOT_FOUND);
}
