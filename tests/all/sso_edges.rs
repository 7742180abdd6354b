//! Single sign-on where something changes while somebody is on the way, where something else is demanded besides, and the way back in.

use frontdesk::rules::{members::Roles, time::Span};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    idp::Idp,
    kit::{Browser, House, PASSWORD, READER},
    rescue::{for_ada, link as rescue_link},
    sso::{PAGE, add, choose, leave, link, own_domain, path_of, person, through, with_idp},
};

/// The page for whoever is new, reached as this person.
async fn arrive(house: &House, idp: &Idp, id: &str, who: Value) -> (Browser, String) {
    idp.who(who);
    let browser = house.visitor();
    let welcome = through(&browser, idp, id, "").await.location().to_owned();
    assert!(welcome.starts_with("/welcome/"), "{welcome}");
    (browser, welcome)
}

async fn just_in_time() -> (House, Browser, Idp, String) {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    own_domain(&house, "navy.example").await;
    (house, ada, idp, id)
}

/// Grace, who has joined so and has no password.
async fn grace(house: &House, idp: &Idp, id: &str) -> Browser {
    let (grace, welcome) = arrive(house, idp, id, person("grace-1", "grace@navy.example", "Grace")).await;
    assert_eq!(grace.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.location(), "/accounts/acme");
    grace
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_switched_off_meanwhile_lets_nobody_in() {
    let (house, ada, idp, id) = just_in_time().await;
    link_ada(&ada, &idp, &id).await;
    let switch = async |on: &str| ada.post(&format!("{PAGE}/{id}/{on}"), &[]).await;
    let known = house.visitor();
    let back = path_of(&idp.authorize(&leave(&known, &id, "").await));
    let (new, welcome) = arrive(&house, &idp, &id, person("grace-1", "grace@navy.example", "Grace")).await;
    switch("disable").await;
    assert_eq!(known.get(&back).await.status, StatusCode::NOT_FOUND);
    assert!(known.cookie().is_none_or(|cookie| !cookie.contains("frontdesk-session")), "{:?}", known.cookie());
    assert_eq!(new.get(&welcome).await.status, StatusCode::NOT_FOUND);
    assert_eq!(new.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members").await, 1);
    // What was begun goes on once it is on again; what was used up does not.
    switch("enable").await;
    assert_eq!(known.get(&back).await.status, StatusCode::NOT_FOUND);
    assert_eq!(new.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.location(), "/accounts/acme");
}

async fn link_ada(ada: &Browser, idp: &Idp, id: &str) {
    idp.who(person("ada-1", "ada@example.com", "Ada"));
    link(ada, idp, id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_is_asked_again_when_it_is_done() {
    let (house, ada, idp, id) = just_in_time().await;
    let joins = async |browser: &Browser, welcome: &str| browser.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await;
    let (browser, welcome) = arrive(&house, &idp, &id, person("grace-1", "grace@navy.example", "Grace")).await;
    choose(&ada, "mixed", "invitation").await;
    assert!(joins(&browser, &welcome).await.text().contains("people join it by invitation"));
    choose(&ada, "mixed", "just_in_time").await;
    // Neither the domain nor where somebody comes from is passed over.
    let domains = "/accounts/acme/settings/email-domains";
    let seen = ada.get(domains).await.value("seen");
    let only = [("mode", "allow".to_owned()), ("allowed", "other.example".to_owned()), ("denied", String::new()), ("seen", seen)];
    assert_eq!(ada.post(domains, &only).await.location(), domains);
    assert!(joins(&browser, &welcome).await.text().contains("does not let in addresses of this domain"));
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members").await, 1);
    let seen = ada.get(domains).await.value("seen");
    let all = [("mode", "any".to_owned()), ("allowed", String::new()), ("denied", String::new()), ("seen", seen)];
    assert_eq!(ada.post(domains, &all).await.location(), domains, "{:?}", ada.get(domains).await.attributes("input[name=mode]", "value"));
    assert_eq!(joins(&browser, &welcome).await.location(), "/accounts/acme");
    // Whoever was taken out comes back by a proof of their own, and by no other.
    house
        .raw
        .run("DELETE FROM entries WHERE account_id IN (SELECT account_id FROM members WHERE search_email = 'grace@navy.example')")
        .await;
    let member = house.member_id("grace@navy.example").await;
    let remove = ada.post(&format!("/accounts/acme/members/{member}/remove"), &[]).await;
    assert_eq!(remove.status, StatusCode::SEE_OTHER, "{}", remove.text());
    let (browser, welcome) = arrive(&house, &idp, &id, person("grace-1", "grace@navy.example", "Grace")).await;
    assert!(browser.get(&welcome).await.text().contains("There is a user with this address already"));
    assert_ne!(joins(&browser, &welcome).await.location(), "/accounts/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_as_many_seats_for_them_as_for_others() {
    let (house, ada, idp) = crate::sso::with_idp_and(|config| config.seats = 1).await;
    let id = add(&ada, &idp).await;
    choose(&ada, "mixed", "just_in_time").await;
    own_domain(&house, "navy.example").await;
    let (browser, welcome) = arrive(&house, &idp, &id, person("grace-1", "grace@navy.example", "Grace")).await;
    assert!(browser.get(&welcome).await.text().contains("no free seat"));
    assert_ne!(browser.post(&format!("{welcome}/join"), &[("name", "Grace".to_owned())]).await.location(), "/accounts/acme");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members").await, 1);
}

/// SSO-02.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_swap_their_addresses_stay_who_they_are() {
    let (house, ada, idp, id) = just_in_time().await;
    link_ada(&ada, &idp, &id).await;
    grace(&house, &idp, &id).await;
    for (subject, says, is) in [("ada-1", "grace@navy.example", "ada@example.com"), ("grace-1", "ada@example.com", "grace@navy.example")] {
        idp.who(person(subject, says, "Somebody"));
        let browser = house.visitor();
        assert_eq!(through(&browser, &idp, &id, "").await.location(), "/accounts/acme");
        let user = house.user_id(is).await;
        let by = house.raw.texts(format!("SELECT said_email FROM identities WHERE user_id = '{user}'")).await;
        assert_eq!(by, [says], "it is noted, and shown to administrators");
        assert!(browser.get("/accounts/acme").await.status == StatusCode::OK);
        let member = house.member_id(is).await;
        let page = ada.get(&format!("/accounts/acme/members/{member}")).await;
        assert!(page.text().contains(&format!("The provider says {says}")), "{}", page.text());
        assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM user_emails WHERE user_id = '{user}' AND canonical = '{is}'")).await, 1);
    }
}

/// SSO-03: of what is neither true nor false nothing is taken for a promise.
#[tokio::test(flavor = "multi_thread")]
async fn only_true_is_true() {
    let (house, _ada, idp, id) = just_in_time().await;
    for (number, (word, vouched)) in
        [(json!(true), true), (json!("true"), false), (json!("false"), false), (json!(0), false), (json!(1), false), (json!([true]), false)]
            .into_iter()
            .enumerate()
    {
        let claims = json!({ "sub": format!("g-{number}"), "email": "grace@navy.example", "email_verified": word });
        let (browser, welcome) = arrive(&house, &idp, &id, claims).await;
        let is_asked = browser.get(&welcome).await.text().contains("Send a code to");
        assert_eq!(!is_asked, vouched, "{word}");
    }
}

/// SSO-12.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_password_gets_none_where_everybody_comes_by_a_provider() {
    let (house, ada, idp, id) = just_in_time().await;
    link_ada(&ada, &idp, &id).await;
    let grace = grace(&house, &idp, &id).await;
    let form = [("password", PASSWORD.to_owned()), ("new", "another long pass phrase 7".to_owned())];
    assert_eq!(grace.post("/me/security/password", &form).await.status, StatusCode::FORBIDDEN, "what is one's own takes an own proof");
    assert_eq!(choose(&ada, "enforced", "just_in_time").await.location(), PAGE);
    let ask = async || {
        let page = house.visitor().post("/password/forgot", &[("email", "grace@navy.example".to_owned())]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        house.letters_to("grace@navy.example").await.pop().unwrap()
    };
    let letter = ask().await;
    assert!(
        letter.contains("You have none: you come into Acme through its identity provider") && !letter.contains("/password/reset/"),
        "{letter}"
    );
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM users WHERE password_hash IS NULL").await, 1);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM flows WHERE kind = 'password_reset' AND user_id IS NOT NULL").await, 0);
    // In mixed mode there may be one.
    house.wait(Span::hours(2));
    choose(&ada, "mixed", "just_in_time").await;
    house.raw.run("UPDATE account_settings SET value = 'mixed' WHERE name = 'sso'").await;
    assert!(ask().await.contains("/password/reset/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_demanded_besides_unless_the_account_excepts_its_providers() {
    let (house, ada, idp, id) = just_in_time().await;
    let grace = grace(&house, &idp, &id).await;
    let demand = async |word: &str| {
        house.raw.run("DELETE FROM account_settings WHERE name = 'mfa'").await;
        let account = house.account_id("acme").await;
        house
            .raw
            .run(format!(
                "INSERT INTO account_settings (account_id, name, value, set_by, set_at) VALUES ('{account}', 'mfa', '{word}', 'x', 1)"
            ))
            .await;
    };
    demand("required_except_sso").await;
    assert_eq!(grace.get("/accounts/acme").await.status, StatusCode::OK);
    assert!(
        ada.get("/accounts/acme").await.location().starts_with("/me/security/factor"),
        "{}",
        ada.get("/accounts/acme").await.location()
    );
    demand("required").await;
    assert_ne!(grace.get("/accounts/acme").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcing_takes_a_provider_and_leaves_addresses_and_other_accounts_as_they_are() {
    let (house, ada, idp) = with_idp().await;
    let refused = choose(&ada, "enforced", "invitation").await;
    assert!(refused.text().contains("Add an identity provider first"), "{}", refused.text());
    let id = add(&ada, &idp).await;
    link_ada(&ada, &idp, &id).await;
    house.account("other").await;
    house.raw.run("UPDATE user_emails SET verified_at = 1").await;
    let bob = house.member("acme", "bob", READER).await;
    let other = house.account_id("other").await;
    let user = house.user_id(&bob).await;
    house
        .raw
        .run(format!(
            "INSERT INTO members (id, account_id, user_id, developer, team, billing, source, name, search_name, search_email, joined_at, version)
             SELECT 'mem_other', '{other}', '{user}', developer, team, billing, source, name, search_name, search_email, joined_at, version
             FROM members WHERE user_id = '{user}'"
        ))
        .await;
    assert_eq!(choose(&ada, "enforced", "invitation").await.location(), PAGE);
    let bob = house.signed_in(&bob).await;
    assert_eq!(bob.get("/accounts/acme").await.location(), "/login/sso?next=%2Faccounts%2Facme");
    assert_eq!(bob.get("/accounts/other").await.status, StatusCode::OK, "what Acme demands says nothing there");
    let frozen = bob.post("/me/email", &[("email", "new@example.com".to_owned()), ("password", PASSWORD.to_owned())]).await;
    assert!(frozen.fault("email").contains("Acme lets people in through its identity provider alone"), "{}", frozen.text());
    // Of two, the one by which whoever asks has come in is not switched off by them either.
    let second = add(&ada, &idp).await;
    assert!(ada.post(&format!("{PAGE}/{id}/disable"), &[]).await.text().contains("you came in by this provider"));
    assert_eq!(ada.post(&format!("{PAGE}/{second}/disable"), &[]).await.location(), format!("{PAGE}/{second}"));
}

/// Whoever is signed in joins as themselves by their own address, whatever letter they hold.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_letter_confirms_no_address_of_ones_own() {
    let (house, ada, idp, id) = just_in_time().await;
    house.account("other").await;
    let eve = house.member("other", "eve", Roles::ADMINISTRATOR).await;
    house.raw.run(format!("UPDATE user_emails SET verified_at = NULL WHERE canonical = '{eve}'")).await;
    house.invite(&ada, "grace@navy.example", READER).await;
    let mailed = house.mailed("grace@navy.example").await;
    let eve = house.signed_in(&eve).await;
    idp.who(person("eve-1", "grace@navy.example", "Eve"));
    let welcome = through(&eve, &idp, &id, &format!("/invitations/{mailed}")).await.location().to_owned();
    let page = eve.get(&welcome).await;
    assert!(page.text().contains("Nobody has checked that your own address is yours"), "{}", page.text());
    eve.post(&format!("{welcome}/join"), &[]).await;
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members m JOIN accounts a ON a.id = m.account_id WHERE a.slug = 'acme'").await, 1);
}

/// The provider is away, and everybody has to come by it: whoever runs the server lets them in (REL-07).
#[tokio::test(flavor = "multi_thread")]
async fn the_host_lets_people_in_where_the_provider_is_away() {
    let (house, ada, idp) = with_idp().await;
    let id = add(&ada, &idp).await;
    link_ada(&ada, &idp, &id).await;
    let late = house.member("acme", "late", Roles::ADMINISTRATOR).await;
    house.raw.run(format!("UPDATE members SET joined_at = {} WHERE search_email = '{late}'", house.now().0 + 1)).await;
    let wish = |person: &str| frontdesk::rules::rescue::Draft { person: person.to_owned(), mixed_sso: true, ..for_ada() };
    // Nobody is rescued from what does not keep them out.
    assert!(crate::rescue::command(&house, &wish("ada@example.com")).await.unwrap_err().contains("Leave out --mixed-sso"));
    assert_eq!(choose(&ada, "enforced", "invitation").await.location(), PAGE);
    let by_password = house.signed_in("ada@example.com").await;
    assert_eq!(by_password.get("/accounts/acme").await.location(), "/login/sso?next=%2Faccounts%2Facme");
    rescue_link(&house, &wish("ada@example.com")).await;
    assert_eq!(by_password.get("/accounts/acme").await.status, StatusCode::OK);
    let account = house.account_id("acme").await;
    let event = house
        .raw
        .texts(format!("SELECT after FROM events WHERE log = '{account}' AND type = 'account_sso_updated.v0' ORDER BY seq DESC LIMIT 1"))
        .await;
    assert_eq!(event, ["{\"mode\":\"mixed\"}"]);
    // Whoever came later than the first provider has to use one in mixed mode too, until the host says otherwise.
    let late_by_password = house.signed_in(&late).await;
    assert_eq!(late_by_password.get("/accounts/acme").await.location(), "/login/sso?next=%2Faccounts%2Facme");
    house.wait(Span::minutes(1));
    rescue_link(&house, &wish(&late)).await;
    assert_eq!(late_by_password.get("/accounts/acme").await.status, StatusCode::OK);
    let event = house
        .raw
        .texts(format!("SELECT after FROM events WHERE log = '{account}' AND type = 'account_sso_updated.v0' ORDER BY seq DESC LIMIT 1"))
        .await;
    assert!(event[0].contains("everybody who is a member now"), "{event:?}");
    let letter = house.letters_to("ada@example.com").await.pop();
    assert!(letter.is_none_or(|letter| letter.contains("before single sign-on")));
    // Whoever comes after that uses one.
    house.wait(Span::minutes(1));
    let new = house.member("acme", "new", READER).await;
    house.raw.run(format!("UPDATE members SET joined_at = {} WHERE search_email = '{new}'", house.now().0)).await;
    assert_eq!(house.signed_in(&new).await.get("/accounts/acme").await.location(), "/login/sso?next=%2Faccounts%2Facme");
}
