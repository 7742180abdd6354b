//! The golden table of the API: every path and method × everybody's key (RBAC-01). What is not in it fails, and so does what answers
//! otherwise. `UPDATE_GOLDEN=1` writes it.

use frontdesk::{
    rules::members::{Developer, Roles},
    web::{self, Route},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    access::{KEPT, put_back},
    events::broken_links,
    kit::{Browser, House, READER, cast},
    programs::{Program, Reply, ssh_key},
};

/// What exists in the account: what paths name.
struct Things {
    event: String,
    /// A member and an offer as most are.
    member: String,
    invitation: String,
    /// Those that only administrators may touch.
    administrator: String,
    offer: String,
    bot: String,
    authtoken: String,
    api_key: String,
    ssh_key: String,
    ip_policy: String,
    ip_rule: String,
    ip_restriction: String,
}

impl Things {
    fn path(&self, route: &Route, is_high: bool) -> String {
        let id = match route.path.split('/').nth(1).unwrap_or_default() {
            "events" => &self.event,
            "members" if is_high => &self.administrator,
            "invitations" if is_high => &self.offer,
            "members" => &self.member,
            "invitations" => &self.invitation,
            "bot_users" | "service_users" => &self.bot,
            "credentials" => &self.authtoken,
            "api_keys" => &self.api_key,
            "ssh_credentials" => &self.ssh_key,
            "ip_policies" => &self.ip_policy,
            "ip_policy_rules" => &self.ip_rule,
            "ip_restrictions" => &self.ip_restriction,
            _ => return route.path.to_owned(),
        };
        route.path.replace("{id}", id)
    }
}

/// What an administrator would send there, and have it done.
fn body_that_works(route: &Route, things: &Things) -> Option<Value> {
    let (method, path) = (route.method, route.path);
    Some(match path.split('/').nth(1).unwrap_or_default() {
        _ if !["POST", "PATCH"].contains(&method) => return None,
        _ if ["/disable", "/enable", "/end_sessions", "/resend"].iter().any(|deed| path.ends_with(deed)) => return None,
        "bot_users" | "service_users" => json!({ "name": "Another" }),
        "ip_policies" if path.ends_with("/rules") => json!({ "rules": [{ "cidr": "192.0.2.0/24", "action": "allow" }] }),
        "ip_policy_rules" if method == "POST" => json!({ "ip_policy_id": things.ip_policy, "cidr": "192.0.2.0/24", "action": "deny" }),
        "ip_restrictions" if method == "POST" => json!({ "type": "endpoints", "ip_policy_ids": [things.ip_policy] }),
        "ssh_credentials" if method == "POST" => json!({ "public_key": ssh_key(9) }),
        "credentials" | "api_keys" | "ssh_credentials" | "ip_policies" | "ip_policy_rules" | "ip_restrictions" => {
            json!({ "description": "Another" })
        }
        "members" if path.ends_with("/access") => json!({ "until": "2099-01-01T00:00:00Z" }),
        "members" | "invitations" if method == "PATCH" => json!({ "team": "invite", "developer": "read_write" }),
        "invitations" => json!({ "email": "more@example.com" }),
        "introspect" => return None,
        "check" => json!({ "token": "nothing" }),
        other => panic!("say what body works for {other}"),
    })
}

/// An answer in one word: the code, where it is refused.
fn word(reply: &Reply) -> String {
    match reply.status {
        StatusCode::OK => "done".into(),
        StatusCode::CREATED => "made".into(),
        StatusCode::NO_CONTENT => "gone".into(),
        StatusCode::NOT_FOUND => "none".into(),
        status => format!("{} {}", status.as_u16(), reply.error().1.replace("ERR_NGROK_", "n").replace("ERR_FRONTDESK_", "f")),
    }
}

/// What changes nothing where there is nothing to change: somebody who is not disabled is not enabled, and who has no session in the
/// account has none that ends.
const QUIET: [&str; 2] = ["/members/{id}/enable", "/members/{id}/end_sessions"];

/// Everybody's key, made while they could have one: what they are now counts.
async fn keys(house: &House, cast: &[(&'static str, Browser)]) -> Vec<(&'static str, Program)> {
    let ada = &cast[0].1;
    let mut keys = vec![("administrator", house.program_of(ada).await)];
    let now = "UPDATE members SET developer = 'read_write', disabled_at = NULL WHERE user_id = ";
    for (name, _) in cast.iter().filter(|(name, _)| !["administrator", "stranger", "nobody"].contains(name)) {
        let user = house.user_id(&format!("{name}@example.com")).await;
        let kept = house
            .raw
            .texts(format!("SELECT developer || COALESCE(CAST(disabled_at AS TEXT), '') FROM members WHERE user_id = '{user}'"))
            .await;
        house.raw.run(format!("{now}'{user}'")).await;
        let (_, secret) = house.credential(ada, "api-keys", &user).await;
        if *name == "disabled" {
            house.raw.run(format!("UPDATE members SET disabled_at = 1 WHERE user_id = '{user}'")).await;
        } else if kept[0].starts_with(Developer::ReadOnly.word()) {
            house.raw.run(format!("UPDATE members SET developer = 'read_only' WHERE user_id = '{user}'")).await;
        }
        keys.push((name, house.program(&secret)));
    }
    for (name, rests) in [("bot", false), ("inactive_bot", true)] {
        let bot = house.bot(ada, name).await;
        let (_, secret) = house.credential(ada, "api-keys", &bot).await;
        if rests {
            ada.post(&format!("/accounts/acme/bot-users/{bot}/deactivate"), &[]).await;
        }
        keys.push((name, house.program(&secret)));
    }
    let stranger = &cast.iter().find(|(name, _)| *name == "stranger").unwrap().1;
    let page = stranger.post("/accounts/other/api-keys/new", &[]).await;
    keys.push(("stranger", house.program(&page.all("#value")[0])));
    let (_, authtoken) = house.credential(ada, "authtokens", "").await;
    keys.push(("authtoken", house.program(&authtoken)));
    keys.push(("nobody", house.program("nothing")));
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_table_of_the_api_holds() {
    let (house, ada) = House::with_ada_and(|config| config.api_rate = 100_000).await;
    let cast = cast(&house, ada).await;
    let ada = &cast[0].1;
    let target = house.member("acme", "target", READER).await;
    let high = house.member("acme", "high", Roles::ADMINISTRATOR).await;
    house.invite(ada, "invited@example.com", READER).await;
    house.invite(ada, "offered@example.com", Roles::ADMINISTRATOR).await;
    let invitation = async |email: &str| house.raw.texts(format!("SELECT id FROM invitations WHERE canonical = '{email}'")).await.remove(0);
    let bot = house.bot(ada, "Target").await;
    let form = [("public_key", ssh_key(1)), ("owner", bot.clone())];
    let ssh = ada.post("/accounts/acme/ssh-keys/new", &form).await;
    let account = house.account_id("acme").await;
    let program = house.program_of(ada).await;
    let made = async |path: &str, body: Value| program.post(path, body).await.text("id").to_owned();
    let (ip_policy, used) = (made("/ip_policies", json!({})).await, made("/ip_policies", json!({})).await);
    let ip_rule = made("/ip_policy_rules", json!({ "ip_policy_id": ip_policy, "cidr": "10.0.0.0/8", "action": "allow" })).await;
    let ip_restriction = made("/ip_restrictions", json!({ "type": "agent", "ip_policy_ids": [used] })).await;
    let ssh_key = ssh.location().rsplit('/').next().unwrap().to_owned();
    let things = Things {
        ip_policy,
        ip_rule,
        ip_restriction,
        ssh_key,
        event: house.raw.texts(format!("SELECT id FROM events WHERE log = '{account}' ORDER BY seq")).await.remove(0),
        member: house.member_id(&target).await,
        invitation: invitation("invited@example.com").await,
        administrator: house.member_id(&high).await,
        offer: invitation("offered@example.com").await,
        authtoken: house.credential(ada, "authtokens", &bot).await.0,
        api_key: house.credential(ada, "api-keys", &bot).await.0,
        bot,
    };
    let keys = keys(&house, &cast).await;
    for table in KEPT {
        house.raw.run(format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
    let mut routes = web::api_routes();
    routes.sort_by_key(|route| (route.path, route.method));
    assert!(routes.len() > 30, "{}", routes.len());
    let mut table = format!("{:<46}", "");
    for (name, _) in &keys {
        table.push_str(&format!("{name:<15}"));
    }
    let count = format!("SELECT COUNT(*) FROM events WHERE log = '{account}'");
    let is_of_people = |route: &&Route| ["/members/{", "/invitations/{"].iter().any(|path| route.path.starts_with(path));
    let rows = routes.iter().map(|route| (route, false)).chain(routes.iter().filter(is_of_people).map(|route| (route, true)));
    for (route, is_high) in rows {
        let named = if is_high { route.path.replace("{id}", "{administrator}") } else { route.path.to_owned() };
        table = format!("{}\n{:<7}{:<39}", table.trim_end(), route.method, named);
        for (name, program) in &keys {
            let before = house.raw.number(&*count).await;
            let method: Method = route.method.parse().unwrap();
            let request = program.request(method, &things.path(route, is_high)).bearer_auth(program.key()).header("ngrok-version", "2");
            let request = match body_that_works(route, &things) {
                _ if route.path == "/introspect" => request.form(&[("token", "nothing")]),
                Some(body) => request.json(&body),
                None => request,
            };
            let reply = Program::send(request).await;
            assert!(!reply.status.is_server_error(), "{name} {} {}: {}", route.method, named, reply.body);
            table.push_str(&format!("{:<15}", word(&reply)));
            // LOG-06: what changes something leaves its event, and what only looks leaves none. Refusals are on record once an hour.
            let events = house.raw.number(&*count).await - before;
            let is_change = route.method != "GET" && !["/check", "/introspect"].contains(&route.path) && *name != "stranger";
            if reply.status.is_success() && !QUIET.contains(&route.path) {
                // The end of each credential that goes with a bot user is one of its own.
                let more = if route.method == "DELETE" && route.path.contains("_users/") { 3 } else { 0 };
                assert_eq!(events, i64::from(is_change) * (1 + more), "{name} {} {named}", route.method);
            }
            if route.method != "GET" {
                put_back(&house).await;
            }
        }
    }
    let table = format!("{}\n", table.trim_end());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/access_by_key.golden");
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        std::fs::write(golden, &table).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap_or_default();
    assert_eq!(table, expected, "if this is meant, run with UPDATE_GOLDEN=1 and read the change:\n{table}");

    // LOG-06 for the API: what was done and what was refused is on record, and the chain holds.
    assert!(broken_links(&house.raw).await.is_empty());
    let log = format!("FROM events WHERE log = '{account}' AND source = 'api'");
    assert_eq!(house.raw.number(format!("SELECT COUNT(*) {log} AND credential_id IS NULL")).await, 0);
    for kind in ["permission_refused.v0", "credential_refused.v0", "membership_deleted.v0", "invitation_revoked.v0", "bot_user_deleted.v0"]
    {
        assert!(house.raw.number(format!("SELECT COUNT(*) {log} AND type = '{kind}'")).await > 0, "{kind}");
    }
}
