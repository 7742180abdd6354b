//! The golden table: every route × everybody in the cast. A route that is not in it fails, and so does one that answers
//! otherwise. Read a change of `access.golden` like code: it says who may do what. `UPDATE_GOLDEN=1` writes it.

use frontdesk::web;
use reqwest::StatusCode;

use crate::kit::{House, cast};

/// What stands for the parameters: things that exist, in the account that everybody is measured against.
fn path_of(route: &str, things: &Things) -> String {
    let id = match route {
        route if route.contains("/events/") => &things.event,
        route if route.contains("/members/") => &things.member,
        route if route.contains("/invitations/") => &things.invitation,
        _ => "ses_3MP92WggujNuFkwl8icLusxoDSO",
    };
    route.replace("{slug}", "acme").replace("{id}", id).replace("{token}", &things.token)
}

/// See [`path_of`].
#[derive(Default)]
struct Things {
    event: String,
    member: String,
    invitation: String,
    token: String,
}

/// An answer in one word.
fn word(status: StatusCode, location: &str) -> String {
    match status {
        StatusCode::OK => "page".into(),
        StatusCode::SEE_OTHER if location == "/login?why=signed_out" => "signed-out".into(),
        StatusCode::SEE_OTHER if location.starts_with("/login") => "sign-in".into(),
        StatusCode::SEE_OTHER => "done".into(),
        StatusCode::UNPROCESSABLE_ENTITY => "faults".into(),
        StatusCode::FORBIDDEN => "refused".into(),
        StatusCode::NOT_FOUND => "none".into(),
        other => other.as_u16().to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_table_holds() {
    let (house, ada) = House::with_ada().await;
    ada.get("/accounts/acme").await;
    let account = house.account_id("acme").await;
    let event = house.raw.texts(format!("SELECT id FROM events WHERE log = '{account}' ORDER BY seq")).await.remove(0);
    let cast = cast(&house, ada).await;

    // An administrator whom nobody else may touch, so that the deeds leave everything as it is for the next one.
    let target = house.member("acme", "target", frontdesk::rules::members::Roles::ADMINISTRATOR).await;
    let member = house.member_id(&target).await;
    // And an invitation that only administrators may touch, to somebody who is none of them.
    let token = house.invite(&cast[0].1, "invited@example.com", frontdesk::rules::members::Roles::ADMINISTRATOR).await;
    let invitation = house.raw.texts("SELECT id FROM invitations").await.remove(0);
    let things = Things { event, member, invitation, token };
    let keep = ["members", "member_words", "invitations", "invitation_tokens"]
        .map(|table| format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"));
    for keep in keep {
        house.raw.run(keep).await;
    }
    let mut routes = web::routes();
    routes.sort_by_key(|route| (route.path, route.method));
    let mut table = format!("{:<6}{:<46}", "", "");
    for (name, _) in &cast {
        table.push_str(&format!("{name:<15}"));
    }
    for route in routes {
        let path = path_of(route.path, &things);
        table = format!("{}\n{:<6}{:<46}", table.trim_end(), route.method, route.path);
        for (name, browser) in &cast {
            // Each tries with a cookie of their own that this request may cost them.
            let cookie = browser.cookie();
            let page = if route.method == "GET" { browser.get(&path).await } else { browser.post(&path, &[]).await };
            assert!(!page.status.is_server_error(), "{name} {} {path}: {}", route.method, page.text());
            table.push_str(&format!("{:<15}", word(page.status, page.location())));
            *browser.cookie.lock().unwrap() = cookie;
            if route.method == "POST" {
                house.raw.run("UPDATE sessions SET ended_at = NULL, ended_why = NULL").await;
                house.raw.run("UPDATE entries SET ended_at = NULL, ended_why = NULL").await;
                house.raw.run("DELETE FROM member_words").await;
                house.raw.run("DELETE FROM members").await;
                house.raw.run("INSERT INTO members SELECT * FROM kept_members").await;
                house.raw.run("INSERT INTO member_words SELECT * FROM kept_member_words").await;
                house.raw.run("DELETE FROM invitation_tokens").await;
                house.raw.run("DELETE FROM invitations").await;
                house.raw.run("INSERT INTO invitations SELECT * FROM kept_invitations").await;
                house.raw.run("INSERT INTO invitation_tokens SELECT * FROM kept_invitation_tokens").await;
            }
        }
    }
    let table = format!("{}\n", table.trim_end());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/access.golden");
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(golden, &table).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(table, expected, "if this is meant, run with UPDATE_GOLDEN=1 and read the change:\n{table}");
}

/// What an administrator would send there, and have it done.
fn form_that_works(route: &str) -> Vec<(&'static str, String)> {
    let fields: &[(&'static str, &str)] = match route.rsplit('/').next().unwrap() {
        "settings" => &[("name", "Mine"), ("slug", "acme"), ("version", "0")],
        "billing" => &[("contact", "Mine"), ("version", "0")],
        "delete" => &[("name", "Acme"), ("password", crate::kit::PASSWORD)],
        "roles" => &[("developer", "read_write"), ("team", "manager"), ("billing", "access"), ("version", "0")],
        "access" => &[("until", "2027-01-01")],
        "security" => &[("session_idle", "30"), ("seen", "- - - - -")],
        "reset-factor" => &[("reason", "They asked")],
        "new" => &[
            ("email", "more@example.com"),
            ("developer", "read_write"),
            ("team", "manager"),
            ("billing", "access"),
            ("administrator", "yes"),
        ],
        "resend" | "link" | "revoke" | "let-in-again" | "disable" | "enable" | "end-sessions" | "remove" => &[],
        other => panic!("say what form works for {other}"),
    };
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// Every POST says who may, and none of them changes anything for who may not: the log of the account stays as it is, but
/// for refusals.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_changes_nothing() {
    let (house, ada) = House::with_ada().await;
    let cast = cast(&house, ada).await;
    let account = house.account_id("acme").await;
    let administrator = house.member_id("ada@example.com").await;
    let token = house.invite(&cast[0].1, "invited@example.com", frontdesk::rules::members::Roles::ADMINISTRATOR).await;
    let invitation = house.raw.texts("SELECT id FROM invitations").await.remove(0);
    let before = house.raw.texts("SELECT CAST(version AS TEXT) || COALESCE(closed_why, '') FROM invitations").await;
    let things = Things { event: String::new(), member: administrator.clone(), invitation, token };
    let changes: Vec<_> = web::routes().into_iter().filter(|route| route.method == "POST" && route.path.contains("{slug}")).collect();
    assert!(!changes.is_empty());
    for route in changes {
        for (name, browser) in cast.iter().filter(|(name, _)| *name != "administrator") {
            // Leaving is everybody's, billing is billing's, and both are tried elsewhere.
            if route.path.ends_with("/leave") || (route.path.ends_with("/billing") && *name == "billing") {
                continue;
            }
            let form = form_that_works(route.path);
            let page = browser.post(&path_of(route.path, &things), &form).await;
            let refused = [
                StatusCode::FORBIDDEN,
                StatusCode::NOT_FOUND,
                StatusCode::SEE_OTHER,
                StatusCode::BAD_REQUEST,
                StatusCode::UNPROCESSABLE_ENTITY,
            ];
            assert!(refused.contains(&page.status), "{name} {}", route.path);
        }
    }
    assert_eq!(house.raw.texts(format!("SELECT name FROM accounts WHERE id = '{account}'")).await, ["Acme"]);
    assert_eq!(
        house
            .raw
            .number(format!(
                "SELECT COUNT(*) FROM members WHERE id = '{administrator}' AND administrator_since IS NOT NULL AND disabled_at IS NULL"
            ))
            .await,
        1
    );
    assert_eq!(house.raw.texts("SELECT CAST(version AS TEXT) || COALESCE(closed_why, '') FROM invitations").await, before);
    let events = house.events(&account).await;
    let harmless = [
        "invitation_created.v0",
        "account_created.v0",
        "membership_created.v0",
        "account_entered.v0",
        "permission_refused.v0",
        "account_entry_refused.v0",
    ];
    assert!(events.iter().all(|event| harmless.contains(&event.as_str())), "{events:?}");
}

/// Whoever is in no state to come in gets one answer, whatever they ask of the account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_road_leads_in_past_the_gate() {
    let (house, ada) = House::with_ada().await;
    crate::mfa::set_up(&house, &ada).await;
    let half = house.visitor();
    assert_eq!(half.sign_in("ada@example.com", crate::kit::PASSWORD).await.location(), "/login/mfa");
    let manager = frontdesk::rules::members::Roles::ADMINISTRATOR;
    let mut people = vec![("half signed in", half, StatusCode::SEE_OTHER, "/login")];
    for (state, set, status, location) in [
        ("disabled", "UPDATE members SET disabled_at = 1 WHERE search_email = 'disabled@example.com'", StatusCode::FORBIDDEN, ""),
        ("over", "UPDATE members SET access_until = 1 WHERE search_email = 'over@example.com'", StatusCode::FORBIDDEN, ""),
        (
            "ended",
            "UPDATE sessions SET ended_at = 1, ended_why = 'ended_by_owner' WHERE user_id = (SELECT user_id FROM members WHERE search_email = 'ended@example.com')",
            StatusCode::SEE_OTHER,
            "/login?why=ended_by_owner",
        ),
        (
            "idle",
            "UPDATE sessions SET last_seen_at = 1 WHERE user_id = (SELECT user_id FROM members WHERE search_email = 'idle@example.com')",
            StatusCode::SEE_OTHER,
            "/login?why=idle",
        ),
    ] {
        let email = house.member("acme", state, manager).await;
        let browser = house.signed_in(&email).await;
        assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK, "{state}");
        house.raw.run(set).await;
        people.push((state, browser, status, location));
    }
    let id = |kind: &str| format!("{kind}_3MP92WggujNuFkwl8icLusxoDSO");
    let member = house.member_id("over@example.com").await;
    let things = Things { member, event: id("ev"), invitation: id("inv"), token: String::new() };
    let before = house.raw.number("SELECT COUNT(*) FROM events WHERE outcome = 'done'").await;
    for route in web::routes().iter().filter(|route| route.path.starts_with("/accounts/{slug}")) {
        let path = path_of(route.path, &things);
        for (state, browser, status, location) in &people {
            let page = if route.method == "GET" { browser.get(&path).await } else { browser.post(&path, &form_of(route.path)).await };
            assert_eq!(page.status, *status, "{state}: {} {path}: {}", route.method, page.text());
            assert!(page.location().starts_with(location), "{state}: {} {path}: {}", route.method, page.location());
        }
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM events WHERE outcome = 'done'").await, before);
}

/// The same as [`form_that_works`], and nothing where a route takes nothing in particular.
fn form_of(route: &str) -> Vec<(&'static str, String)> {
    if route.ends_with("leave") { vec![] } else { form_that_works(route) }
}
