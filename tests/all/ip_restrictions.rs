//! From where an account is reached: warned of first, tried before it is done, guarded, and undone where nobody confirms it.

use std::net::Ipv4Addr;

use frontdesk::rules::{
    members::{Developer, Roles},
    time::Span,
};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    kit::{Browser, House, Page, READER},
    programs::Program,
};

const DEVELOPER: Roles = Roles { developer: Developer::ReadWrite, ..READER };
const PAGE: &str = "/accounts/acme/ip-restrictions";
/// Another address of this machine, from which nobody comes who is allowed.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Nobody is asked again who they are: what is looked at here takes longer than a proof lasts.
async fn house() -> (House, Browser) {
    House::with_ada_and(|config| config.fresh_proof = Span::days(30)).await
}

/// The same session, in a browser at the other address.
fn elsewhere(house: &House, browser: &Browser) -> Browser {
    let other = house.visitor_from(ELSEWHERE.into());
    other.set_cookie(browser.cookie());
    other
}

/// Sends a form to the end: once to look at what it means, and again.
async fn through(browser: &Browser, path: &str, fields: &[(&str, String)]) -> (Page, Page) {
    let review = browser.post(path, fields).await;
    assert_eq!(review.status, StatusCode::OK, "{path}: {} {}", review.location(), review.text());
    assert!(review.text().contains("Nothing is changed yet"), "{}", review.text());
    let mut fields: Vec<_> = fields.to_vec();
    fields.push(("reviewed", review.value("reviewed")));
    (review, browser.post(path, &fields).await)
}

/// The number of what waits to be confirmed, as the page's forms carry it.
async fn version(browser: &Browser) -> String {
    browser.get(PAGE).await.attributes("form[action$=undo] [name=version]", "value").join(" ")
}

/// Makes a policy with rules that allow these; answers its id.
async fn policy(browser: &Browser, networks: &[&str]) -> String {
    let made = browser.post("/accounts/acme/ip-policies/new", &[("description", "Offices".into())]).await;
    let path = made.location().to_owned();
    for network in networks {
        let added = browser.post(&format!("{path}/rules"), &[("networks", (*network).into()), ("action", "allow".into())]).await;
        assert_eq!(added.location(), path, "{}", added.text());
    }
    path.rsplit('/').next().unwrap().to_owned()
}

async fn restrict(browser: &Browser, surface: &str, policy: &str, mode: &str) -> (Page, Page) {
    let fields = [(policy, "on".to_owned()), ("mode", mode.to_owned()), ("description", String::new())];
    through(browser, &format!("{PAGE}/{surface}"), &fields).await
}

async fn count(house: &House, kind: &str) -> usize {
    let account = house.account_id("acme").await;
    house.events(&account).await.iter().filter(|other| other.as_str() == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn warned_first_then_refused_and_undone_unless_confirmed() {
    let (house, ada) = house().await;
    let other = elsewhere(&house, &ada);
    let office = policy(&ada, &["127.0.0.2/32"]).await;
    let (review, done) = restrict(&ada, "dashboard", &office, "warning").await;
    let row = review.all("tbody tr").join(" ");
    assert!(row.contains("ada@example.com 127.0.0.1 Let in Warned no rule allows it"), "{row}");
    assert_eq!(done.location(), PAGE, "{}", done.text());
    // The page works, and says what will be. It is noted once, however often one comes.
    for _ in 0..3 {
        let page = ada.get("/accounts/acme").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.all(".banner").join(" ").contains("your network address 127.0.0.1 will be refused"), "{:?}", page.all(".banner"));
    }
    assert_eq!(count(&house, "ip_restriction_warned.v0").await, 1);
    assert!(other.get("/accounts/acme").await.all(".banner").is_empty(), "from there nobody is warned");
    assert!(ada.get("/accounts/acme").await.text().contains("1 visit came from where an IP restriction will refuse it"));
    let page = ada.get(PAGE).await;
    assert_eq!(page.all("section:has(#warned) tbody tr").len(), 1, "{}", page.text());
    assert!(page.text().contains("1 in 30 days, 1 new") && page.text().contains("Your address would be refused"));
    assert!(!ada.get("/accounts/acme").await.text().contains("1 visit came"), "somebody has looked");
    // Another day is another visit.
    for hours in [11, 11] {
        house.wait(Span::hours(hours));
        assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    }
    let days = house.raw.number("SELECT COUNT(DISTINCT day) FROM visits WHERE warned_at IS NOT NULL").await;
    assert!(days > 1 && i64::try_from(count(&house, "ip_restriction_warned.v0").await).unwrap() == days, "{days}");

    // Nobody locks themselves out.
    let fields = [(office.as_str(), "on".to_owned()), ("mode", "enforced".to_owned())];
    let refused = ada.post(&format!("{PAGE}/dashboard"), &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.all(".summary").join(" ").contains("you come from 127.0.0.1") && refused.text().contains("allows 127.0.0.1/32"),
        "{}",
        refused.text()
    );
    let rules = format!("/accounts/acme/ip-policies/{office}/rules");
    let (review, _) = through(&ada, &rules, &[("networks", "127.0.0.1/32 Ada".into()), ("action", "allow".into())]).await;
    assert!(review.text().contains("Warned Let in the rule for 127.0.0.1/32 says allow"), "{}", review.text());
    let first = house.raw.texts("SELECT id FROM ip_policy_rules WHERE network = '127.0.0.2/32'").await.remove(0);
    through(&ada, &format!("/accounts/acme/ip-rules/{first}/delete"), &[]).await;

    // Enforced, it refuses in a living session, and says whom to ask.
    let (_, done) = restrict(&ada, "dashboard", &office, "enforced").await;
    assert_eq!(done.location(), PAGE);
    let page = ada.get(PAGE).await;
    assert!(page.text().contains("A change awaits its confirmation") && page.text().contains("Dashboard: other addresses are refused."));
    // Wherever one is, it is said that it waits.
    assert!(ada.get("/accounts/acme/members").await.all(".banner").join(" ").contains("A change of IP restrictions is undone on"));
    let page = other.get("/accounts/acme/members").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("Acme does not allow access from your network address, 127.0.0.2"), "{}", page.text());
    assert!(page.text().contains("Ada Lovelace (ada@example.com)"));
    assert_eq!(other.post("/accounts/acme/settings/security", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(count(&house, "account_entry_refused.v0").await, 1, "again is no news");
    assert_eq!(other.get("/me").await.status, StatusCode::OK, "what is their own stays theirs");
    let last = house.raw.texts("SELECT address FROM events WHERE type = 'account_entry_refused.v0'").await;
    assert_eq!(last, ["127.0.0.2"]);

    // Nobody has confirmed it: from the moment on everything is as before, on every face.
    house.wait(Span::minutes(10));
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(count(&house, "ip_restriction_change_undone.v0").await, 0, "the gate waits for nobody");
    let page = ada.get(PAGE).await;
    assert!(page.text().contains("Dashboard Warns") && !page.text().contains("awaits its confirmation"), "{}", page.text());
    assert_eq!(count(&house, "ip_restriction_change_undone.v0").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_confirmed_stands_and_what_joins_goes_together() {
    let (house, ada) = house().await;
    let other = elsewhere(&house, &ada);
    let office = policy(&ada, &["127.0.0.1/32"]).await;
    restrict(&ada, "dashboard", &office, "enforced").await;
    let stale = version(&ada).await;
    // A later edit joins the change that waits, and whoever looked before it confirms nothing.
    let (review, _) = through(
        &ada,
        &format!("/accounts/acme/ip-policies/{office}/rules"),
        &[("networks", "127.0.0.2/32".into()), ("action", "allow".into())],
    )
    .await;
    assert!(review.text().contains("is undone after ten minutes"), "{}", review.text());
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::OK);
    let page = ada.post(&format!("{PAGE}/confirm"), &[("version", stale.clone())]).await;
    assert!(page.text().contains("Somebody has changed more since"), "{}", page.text());
    let page = ada.post(&format!("{PAGE}/undo"), &[("version", stale)]).await;
    assert!(page.text().contains("Somebody has changed more since"), "nobody undoes what they have not seen: {}", page.text());
    // Undone, both are gone.
    let seen = version(&ada).await;
    assert_eq!(ada.post(&format!("{PAGE}/undo"), &[("version", seen)]).await.location(), PAGE);
    assert_eq!(ada.get(PAGE).await.all(".surfaces .badge"), ["Open", "Open", "Open", "Open"]);
    assert_eq!(ada.get(&format!("/accounts/acme/ip-policies/{office}")).await.all("tbody tr").len(), 1);
    // Confirmed, it stands.
    restrict(&ada, "dashboard", &office, "enforced").await;
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    let seen = version(&ada).await;
    assert_eq!(ada.post(&format!("{PAGE}/confirm"), &[("version", seen.clone())]).await.location(), PAGE);
    house.wait(Span::hours(1));
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    assert!(ada.post(&format!("{PAGE}/confirm"), &[("version", seen)]).await.text().contains("No change awaits"));
    // Lifting it lets everybody in for good: nothing is left that could lock anybody out.
    through(&ada, &format!("{PAGE}/dashboard/delete"), &[]).await;
    house.wait(Span::hours(1));
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::OK);
    let kinds = house.events(&house.account_id("acme").await).await;
    for kind in
        ["ip_restriction_created.v0", "ip_restriction_deleted.v0", "ip_restriction_change_confirmed.v0", "ip_restriction_change_undone.v0"]
    {
        assert!(kinds.iter().any(|other| other == kind), "{kind}: {kinds:?}");
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM ip_provisional").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_held_to_their_own_surfaces() {
    let (house, ada) = house().await;
    let office = policy(&ada, &["127.0.0.2/32", "2001:db8::/32"]).await;
    let own = house.program_of(&ada).await;
    let bot = house.bot(&ada, "Deploy").await;
    let (_, key) = house.credential(&ada, "api-keys", &bot).await;
    let (_, authtoken) = house.credential(&ada, "authtokens", "").await;
    let check = async |address: &str, surface: Option<&str>| {
        let mut question = json!({ "token": authtoken, "address": address });
        if let Some(surface) = surface {
            question["surface"] = surface.into();
        }
        own.post("/check", question).await.body
    };
    restrict(&ada, "agent", &office, "warning").await;
    let warned = check("192.0.2.1", None).await;
    assert_eq!((&warned["active"], &warned["address_warned"]), (&json!(true), &json!(true)), "{warned}");
    assert_eq!(check("::ffff:127.0.0.2", None).await["address_warned"], json!(false));
    restrict(&ada, "agent", &office, "enforced").await;
    restrict(&ada, "endpoints", &office, "enforced").await;
    for (address, surface, code) in [
        ("192.0.2.1", None, Some("ERR_NGROK_115")),
        ("192.0.2.1", Some("endpoints"), Some("ERR_NGROK_3205")),
        ("192.0.2.1", Some("api"), None),
        ("2001:db8::7", Some("endpoints"), None),
        ("::127.0.0.2", None, Some("ERR_NGROK_115")),
    ] {
        let said = check(address, surface).await;
        assert_eq!(said["error_code"].as_str(), code, "{address} {surface:?}: {said}");
    }
    assert_eq!(own.post("/check", json!({ "token": authtoken, "surface": "dashboard" })).await.error(), (400, "ERR_NGROK_215"));
    // Of the API itself: a program sees it on its next request, whoever owns its key.
    let programs = [&own, &house.program(&key)];
    restrict(&ada, "api", &office, "warning").await;
    for program in programs {
        assert_eq!(program.get("/bot_users").await.status, StatusCode::OK);
    }
    restrict(&ada, "api", &office, "enforced").await;
    for program in programs {
        assert_eq!(program.get("/bot_users").await.error(), (403, "ERR_NGROK_220"));
    }
    assert!(ada.get("/accounts/acme/members").await.status == StatusCode::OK, "browsers come by another door");
    house.wait(Span::minutes(10));
    assert_eq!(own.get("/bot_users").await.status, StatusCode::OK, "nobody has confirmed it");
    let warned = house.raw.texts("SELECT after FROM events WHERE type = 'ip_restriction_warned.v0' ORDER BY seq").await;
    assert!(warned.iter().any(|one| one.contains("192.0.2.1")) && warned.iter().any(|one| one.contains("\"api\"")), "{warned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_guarded_and_waits_for_the_pages() {
    let (house, ada) = house().await;
    let own = house.program_of(&ada).await;
    let policy = own.post("/ip_policies", json!({ "description": "Far away" })).await.text("id").to_owned();
    let rule = own.post("/ip_policy_rules", json!({ "ip_policy_id": policy, "cidr": "192.0.2.0/24", "action": "allow" })).await;
    assert_eq!(rule.status, StatusCode::CREATED);
    let restriction = |surface: &str, enforced: bool| json!({ "type": surface, "ip_policy_ids": [policy], "enforced": enforced });
    for surface in ["api", "dashboard"] {
        let refused = own.post("/ip_restrictions", restriction(surface, true)).await;
        assert_eq!(refused.error(), (400, "ERR_FRONTDESK_616"), "{}", refused.body);
        assert!(refused.text("msg").contains("127.0.0.1/32"), "{}", refused.body);
    }
    let made = own.post("/ip_restrictions", restriction("dashboard", false)).await;
    let path = format!("/ip_restrictions/{}", made.text("id"));
    assert_eq!(own.patch(&path, json!({ "enforced": true })).await.error(), (400, "ERR_FRONTDESK_616"));
    own.post("/ip_policy_rules", json!({ "ip_policy_id": policy, "cidr": "127.0.0.0/24", "action": "allow" })).await;
    let enforced = own.patch(&path, json!({ "enforced": true })).await;
    assert_eq!((enforced.status, &enforced.body["enforced"]), (StatusCode::OK, &json!(true)));
    assert_eq!(enforced.body["ip_policies"][0]["id"], json!(policy), "its policies stay");
    house.wait(Span::hours(1));
    assert_eq!(own.get(&path).await.body["enforced"], json!(true), "final");
    // What would shut the door behind all administrators is refused rule by rule, too.
    let deny = json!({ "ip_policy_id": policy, "cidr": "127.0.0.1/32", "action": "deny" });
    assert_eq!(own.post("/ip_policy_rules", deny).await.error(), (400, "ERR_FRONTDESK_616"));
    assert_eq!(own.get("/ip_policy_rules").await.body["ip_policy_rules"].as_array().unwrap().len(), 2, "nothing is half done");
    // While the pages wait for a confirmation, nothing comes in between.
    through(
        &ada,
        &format!("/accounts/acme/ip-policies/{policy}/rules"),
        &[("networks", "198.51.100.0/24".into()), ("action", "deny".into())],
    )
    .await;
    assert_eq!(own.delete(&path).await.error(), (400, "ERR_FRONTDESK_617"));
    let unused = own.post("/ip_policies", json!({})).await.text("id").to_owned();
    assert_eq!(
        own.post("/ip_policy_rules", json!({ "ip_policy_id": unused, "cidr": "::/0", "action": "deny" })).await.status,
        StatusCode::CREATED
    );
    house.wait(Span::minutes(10));
    assert_eq!(own.get("/ip_policy_rules").await.body["ip_policy_rules"].as_array().unwrap().len(), 3, "undone, and what is unused stays");
    assert_eq!(own.delete(&path).await.status, StatusCode::NO_CONTENT);
}

/// A developer with a key, and in a browser.
async fn developer(house: &House) -> (Browser, Program) {
    let email = house.member("acme", "dev", DEVELOPER).await;
    let browser = house.signed_in(&email).await;
    let program = house.program_of(&browser).await;
    (browser, program)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_decides_about_something_is_for_administrators() {
    let (house, ada) = house().await;
    let (dev, program) = developer(&house).await;
    let own = policy(&dev, &["127.0.0.1/32", "192.0.2.0/24"]).await;
    let path = format!("/accounts/acme/ip-policies/{own}");
    assert_eq!(
        dev.post(&format!("{PAGE}/dashboard"), &[(own.as_str(), "on".into()), ("mode", "warning".into())]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(program.post("/ip_restrictions", json!({ "type": "api", "ip_policy_ids": [own] })).await.error(), (403, "ERR_NGROK_1220"));
    restrict(&ada, "dashboard", &own, "warning").await;
    let rule = house.raw.texts("SELECT id FROM ip_policy_rules ORDER BY network").await.remove(0);
    for (path, fields) in [
        (format!("{path}/rules"), vec![("networks", "10.0.0.0/8".to_owned()), ("action", "allow".to_owned())]),
        (format!("{path}/change"), vec![("description", "Mine".to_owned())]),
        (format!("/accounts/acme/ip-rules/{rule}/change"), vec![("network", "10.0.0.0/8".to_owned())]),
        (format!("/accounts/acme/ip-rules/{rule}/delete"), vec![]),
    ] {
        let page = dev.post(&path, &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}: {}", page.text());
        assert!(page.text().contains("to be an administrator"), "{}", page.text());
    }
    for (path, body) in [
        (format!("/ip_policies/{own}"), json!({ "description": "x" })),
        (format!("/ip_policy_rules/{rule}"), json!({ "cidr": "10.0.0.0/8" })),
    ] {
        assert_eq!(program.patch(&path, body).await.error(), (403, "ERR_NGROK_1220"), "{path}");
    }
    assert_eq!(program.delete(&format!("/ip_policies/{own}")).await.error(), (400, "ERR_NGROK_1420"));
    let page = dev.get(&path).await;
    assert!(
        page.text().contains("administrators alone change it") && page.all("form").iter().all(|form| !form.contains("Add rules")),
        "{}",
        page.text()
    );
    assert!(dev.get(PAGE).await.status == StatusCode::OK, "they may look");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_from_elsewhere() {
    let (house, ada) = house().await;
    let link = format!("/invitations/{}", house.invite(&ada, "new@example.com", READER).await);
    let office = policy(&ada, &["127.0.0.1/32"]).await;
    restrict(&ada, "dashboard", &office, "enforced").await;
    let outside = house.visitor_from(ELSEWHERE.into());
    let page = outside.get(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("You come from 127.0.0.2"), "{}", page.text());
    let page = outside.post(&format!("{link}/sign-up"), &crate::kit::sign_up_form("New")).await;
    assert!(page.status.is_client_error(), "{}", page.status);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM members").await, 1);
    assert_eq!(house.visitor().get(&link).await.status, StatusCode::OK, "the link stays good");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_lets_restrictions_only_warn() {
    let (house, ada) = house().await;
    let office = policy(&ada, &["127.0.0.1/32"]).await;
    let draft = |relax_ip: bool| frontdesk::rules::rescue::Draft {
        account: "acme".into(),
        person: "ada@example.com".into(),
        reason: "Moved offices".into(),
        relax_ip,
        mixed_sso: false,
        ..frontdesk::rules::rescue::Draft::default()
    };
    let rescue = async |draft| {
        let now = house.now();
        let config = frontdesk::config::Config { base_url: house.running.base_url.clone(), ..house.config.clone() };
        frontdesk::app::rescue(&config, &draft, std::sync::Arc::new(move || now), frontdesk::app::dice()).await
    };
    let error = rescue(draft(true)).await.unwrap_err().to_string();
    assert!(error.contains("Leave out --relax-ip"), "{error}");
    restrict(&ada, "dashboard", &office, "enforced").await;
    let other = elsewhere(&house, &ada);
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    let said = rescue(draft(true)).await.unwrap();
    assert!(said.contains("1 IP restriction that refused warns from now on"), "{said}");
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::OK);
    house.wait(Span::hours(1));
    assert!(other.get(PAGE).await.text().contains("Dashboard Warns"));
    assert_eq!(count(&house, "ip_restrictions_relaxed.v0").await, 1);
    // What nobody has confirmed in time and nobody has looked at since is undone first, and on record.
    restrict(&ada, "dashboard", &office, "enforced").await;
    let seen = version(&ada).await;
    ada.post(&format!("{PAGE}/confirm"), &[("version", seen)]).await;
    let fields = [("networks", "192.0.2.0/24".into()), ("action", "allow".into())];
    through(&ada, &format!("/accounts/acme/ip-policies/{office}/rules"), &fields).await;
    house.wait(Span::minutes(10));
    assert!(rescue(draft(true)).await.is_ok());
    let kinds = house.events(&house.account_id("acme").await).await;
    let last: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("ip_restriction")).rev().take(2).map(String::as_str).collect();
    assert_eq!(last, ["ip_restrictions_relaxed.v0", "ip_restriction_change_undone.v0"], "{kinds:?}");
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM ip_policy_rules").await, 1);
}

/// What is said of a policy or a restriction while a change waits goes with it, which is said; programs wait, and what decides about
/// nothing is anybody's.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_while_a_change_waits_joins_it() {
    let (house, ada) = house().await;
    let (office, other) = (policy(&ada, &["127.0.0.1/32"]).await, policy(&ada, &["192.0.2.0/24"]).await);
    restrict(&ada, "dashboard", &office, "enforced").await;
    let id = house.raw.texts("SELECT id FROM ip_restrictions").await.remove(0);
    let own = house.program_of(&ada).await;
    for (path, body) in [
        (format!("/ip_restrictions/{id}"), json!({ "description": "Said meanwhile" })),
        (format!("/ip_policies/{office}"), json!({ "description": "Said meanwhile" })),
    ] {
        assert_eq!(own.patch(&path, body).await.error(), (400, "ERR_FRONTDESK_617"), "{path}");
    }
    assert_eq!(own.patch(&format!("/ip_policies/{other}"), json!({ "description": "Spare" })).await.status, StatusCode::OK);
    let path = format!("/accounts/acme/ip-policies/{office}");
    let done = ada.post(&format!("{path}/change"), &[("description", "Headquarters".into()), ("metadata", String::new())]).await;
    assert_eq!(done.location(), path);
    assert!(ada.get(&path).await.all(".toast").join(" ").contains("It is undone in 10 minutes unless you confirm it"));
    house.wait(Span::minutes(10));
    assert!(!ada.get(&path).await.text().contains("Headquarters"));
    assert!(ada.get(&format!("/accounts/acme/ip-policies/{other}")).await.text().contains("Spare"));
}

/// Between the look and the deed nobody slips a rule in, whoever may: by the number of what was looked at.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_at_is_what_is_done() {
    let (house, ada) = house().await;
    let (_, program) = developer(&house).await;
    let office = policy(&ada, &["127.0.0.1/32"]).await;
    let path = format!("{PAGE}/dashboard");
    let mut fields = vec![(office.as_str(), "on".to_owned()), ("mode", "enforced".to_owned()), ("description", String::new())];
    let review = ada.post(&path, &fields).await;
    let slipped = json!({ "ip_policy_id": office, "cidr": "0.0.0.0/0", "action": "allow" });
    assert_eq!(program.post("/ip_policy_rules", slipped).await.status, StatusCode::CREATED);
    fields.push(("reviewed", review.value("reviewed")));
    let again = ada.post(&path, &fields).await;
    assert!(again.text().contains("Nothing is changed yet"), "{} {}", again.location(), again.text());
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM ip_restrictions").await, 0);
}

/// Where no rule says any more who alone passes, that is said before it is done, and as long as it is so.
#[tokio::test(flavor = "multi_thread")]
async fn opening_a_surface_to_all_is_said() {
    let (house, ada) = house().await;
    let office = policy(&ada, &["127.0.0.1/32"]).await;
    let deny = [("networks", "192.0.2.0/24".to_owned()), ("action", "deny".to_owned())];
    ada.post(&format!("/accounts/acme/ip-policies/{office}/rules"), &deny).await;
    let (review, _) = restrict(&ada, "api", &office, "enforced").await;
    let says = "No rule says which addresses alone pass";
    assert!(!review.text().contains("whoever they are") && !ada.get(PAGE).await.text().contains(says));
    assert!(ada.get(PAGE).await.text().contains("that you see this page says nothing of them"), "{}", ada.get(PAGE).await.text());
    let rule = house.raw.texts("SELECT id FROM ip_policy_rules WHERE action = 'allow'").await.remove(0);
    let (review, _) = through(&ada, &format!("/accounts/acme/ip-rules/{rule}/delete"), &[]).await;
    assert!(review.text().contains("API: no rule says any more which addresses alone pass"), "{}", review.text());
    assert!(ada.get(PAGE).await.text().contains(says));
    // A rule's network is mended, as in a list, and said to be.
    let rule = house.raw.texts("SELECT id FROM ip_policy_rules").await.remove(0);
    let (review, _) = through(&ada, &format!("/accounts/acme/ip-rules/{rule}/change"), &[("network", "198.51.100.7/24".into())]).await;
    assert!(review.text().contains("Let the rule be for 198.51.100.0/24?"), "{}", review.text());
    let page = ada.get(&format!("/accounts/acme/ip-policies/{office}")).await;
    assert!(page.text().contains("198.51.100.7/24 is taken as 198.51.100.0/24"), "{}", page.text());
}

/// A key that is refused all the time hides nobody who shows it elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_key_is_on_record_beside_the_program_that_has_it() {
    let (house, ada) = house().await;
    let office = policy(&ada, &["192.0.2.0/24"]).await;
    let (_, authtoken) = house.credential(&ada, "authtokens", "").await;
    let own = house.program_of(&ada).await;
    restrict(&ada, "agent", &office, "enforced").await;
    for address in ["198.51.100.1", "198.51.100.2", "203.0.113.1", "198.51.100.1", "203.0.113.1"] {
        let said = own.post("/check", json!({ "token": authtoken, "address": address })).await.body;
        assert_eq!(said["error_code"], json!("ERR_NGROK_115"), "{said}");
    }
    let refused =
        house.raw.texts("SELECT after FROM events WHERE type LIKE 'credential_refused%' OR type LIKE '%_refused.v0' ORDER BY seq").await;
    assert!(refused.len() == 2 && refused[0].contains("198.51.100.1") && refused[1].contains("203.0.113.1"), "{refused:?}");
}

/// What waits for its confirmation waits through a restart, and is undone at its moment by whoever runs then.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_the_deadline() {
    let (house, ada) = house().await;
    let office = policy(&ada, &["127.0.0.1/32"]).await;
    restrict(&ada, "dashboard", &office, "enforced").await;
    let cookie = ada.cookie();
    let house = House::on(house.stop().await).await;
    let [ada, other] = [house.visitor(), house.visitor_from(ELSEWHERE.into())];
    for browser in [&ada, &other] {
        browser.set_cookie(cookie.clone());
    }
    assert_eq!(ada.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::FORBIDDEN);
    house.wait(Span::minutes(10));
    assert_eq!(other.get("/accounts/acme").await.status, StatusCode::OK);
    assert_eq!(other.get(PAGE).await.all(".surfaces .badge"), ["Open", "Open", "Open", "Open"]);
}
