//! The golden table: every route × everybody in the cast. A route that is not in it fails, and so does one that answers
//! otherwise. Read a change of `access.golden` like code: it says who may do what. `UPDATE_GOLDEN=1` writes it.
//!
//! It has two parts: what the roles may do, and what somebody gets to see whom a state keeps out, whatever their role. Of states
//! two stand with the roles: disabled, and a guest whose time is over.

use frontdesk::{
    rules::{
        members::Roles,
        time::{Millis, Span},
    },
    web::{self, Route},
};
use reqwest::StatusCode;

use crate::{
    kit::{Browser, House, PASSWORD, Page, UNTOUCHED, cast},
    mfa::set_up,
    programs::ssh_key,
    rescue::rescued,
    upgrades::{Everything, everything},
};

/// What stands for the parameters: things that exist, in the account that everybody is measured against.
fn path_of(route: &str, things: &Things) -> String {
    let id = match route {
        route if route.contains("/events/") => &things.event,
        route if route.contains("/members/") => &things.member,
        route if route.contains("/invitations/") => &things.invitation,
        route if route.contains("/bot-users/") => &things.bot,
        route if route.contains("/authtokens/") => &things.authtoken,
        route if route.contains("/api-keys/") => &things.api_key,
        route if route.contains("/ssh-keys/") => &things.ssh_key,
        route if route.contains("/ip-policies/") => &things.ip_policy,
        route if route.contains("/ip-rules/") => &things.ip_rule,
        route if route.contains("/sso/{id}") => &things.idp,
        _ => "ses_3MP92WggujNuFkwl8icLusxoDSO",
    };
    route.replace("{slug}", "acme").replace("{id}", id).replace("{token}", &things.token).replace("{surface}", "agent")
}

/// See [`path_of`].
#[derive(Default)]
struct Things {
    event: String,
    member: String,
    invitation: String,
    token: String,
    bot: String,
    authtoken: String,
    api_key: String,
    ssh_key: String,
    ip_policy: String,
    ip_rule: String,
    idp: String,
}

impl Things {
    /// A bot user, and one of each credential that it owns; an IP policy with a rule, which restricts nothing; and an identity provider.
    async fn of_bot(house: &House, ada: &Browser) -> Self {
        let bot = house.bot(ada, "Target").await;
        let (authtoken, _) = house.credential(ada, "authtokens", &bot).await;
        let (api_key, _) = house.credential(ada, "api-keys", &bot).await;
        let form = [("public_key", ssh_key(1)), ("owner", bot.clone())];
        let done = ada.post("/accounts/acme/ssh-keys/new", &form).await;
        let ssh_key = done.location().rsplit('/').next().unwrap().to_owned();
        let policy = ada.post("/accounts/acme/ip-policies/new", &[("description", "Target".into())]).await.location().to_owned();
        ada.post(&format!("{policy}/rules"), &[("networks", "10.0.0.0/8".into()), ("action", "allow".into())]).await;
        let ip_policy = policy.rsplit('/').next().unwrap().to_owned();
        let ip_rule = house.raw.texts("SELECT id FROM ip_policy_rules").await.remove(0);
        // Switched off: while it is on, whoever is here later would have to use it.
        let new = "/accounts/acme/settings/sso/new-oidc";
        let mut form = form_that_works(new);
        form.push(("reserved", ada.get(new).await.location().split_once("reserved=").unwrap().1.to_owned()));
        let provider = ada.post(new, &form).await.location().to_owned();
        ada.post(&format!("{provider}/disable"), &[]).await;
        let idp = provider.rsplit('/').next().unwrap().to_owned();
        Self { bot, authtoken, api_key, ssh_key, ip_policy, ip_rule, idp, ..Self::default() }
    }
}

/// Somebody in a column of the table.
struct Asker {
    name: &'static str,
    browser: Browser,
    /// What the account demands while they ask.
    demand: Option<(&'static str, &'static str)>,
    /// What puts them into their state, before each request.
    sets: Vec<String>,
}

impl Asker {
    /// Sends an empty form there, or this one; the cookie is the same afterwards, whatever this costs them.
    async fn ask(&self, house: &House, route: &Route, things: &Things, form: &[(&str, String)]) -> Page {
        for set in &self.sets {
            house.raw.run(set).await;
        }
        if let Some((name, value)) = self.demand {
            let values = format!("SELECT id, '{name}', '{value}', 'somebody', 0 FROM accounts WHERE slug = 'acme'");
            house.raw.run(format!("INSERT INTO account_settings (account_id, name, value, set_by, set_at) {values}")).await;
        }
        let (path, cookie) = (path_of(route.path, things), self.browser.cookie());
        let page = if route.method == "GET" { self.browser.get(&path).await } else { self.browser.post(&path, form).await };
        self.browser.set_cookie(cookie);
        house.raw.run("DELETE FROM account_settings").await;
        assert!(!page.status.is_server_error(), "{} {} {path}: {}", self.name, route.method, page.text());
        page
    }
}

/// Administrators of `acme`, none of whom is in a state to come in.
async fn states(house: &House) -> Vec<Asker> {
    let mut askers = Vec::new();
    let [hour, minutes] = [Span::hours(1), Span::minutes(6)].map(|span| house.now().minus(span));
    let sessions = |set: &str| format!("UPDATE sessions SET {set} WHERE user_id = $user");
    let entries =
        |Millis(at)| format!("UPDATE entries SET last_seen_at = {at} WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $user)");
    for (name, demand, set) in [
        ("must_enrol", Some(("mfa", "required")), sessions("ended_at = NULL")),
        ("must_renew", Some(("session_lifetime", "3600000")), sessions(&format!("created_at = {}", hour.0))),
        ("idle_here", Some(("session_idle", "300000")), entries(minutes)),
        ("idle", None, sessions("last_seen_at = 1, ended_at = NULL, ended_why = NULL")),
        ("ended", None, sessions("ended_at = 1, ended_why = 'ended_by_owner'")),
    ] {
        let email = house.member("acme", name, Roles::ADMINISTRATOR).await;
        let browser = house.signed_in(&email).await;
        assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK, "{name}");
        let sets = vec![set.replace("$user", &format!("'{}'", house.user_id(&email).await))];
        askers.push(Asker { name, browser, demand, sets });
    }
    let rescued = Asker { name: "rescued", browser: rescued(house).await, demand: None, sets: vec![] };
    let email = house.member("acme", "half", Roles::ADMINISTRATOR).await;
    set_up(house, &house.signed_in(&email).await).await;
    let browser = house.visitor();
    assert_eq!(browser.sign_in(&email, PASSWORD).await.location(), "/login/mfa");
    let of_half = "FROM flows WHERE kind = 'half_sign_in'";
    house.raw.run(format!("CREATE TABLE kept_half AS SELECT * {of_half}")).await;
    let sets = vec![format!("DELETE {of_half}"), "INSERT INTO flows SELECT * FROM kept_half".to_owned()];
    let half = Asker { name: "half_signed_in", browser, demand: None, sets };
    [half].into_iter().chain(askers).chain([rescued]).collect()
}

/// An answer in one word.
fn word(route: &Route, status: StatusCode, location: &str) -> String {
    match status {
        StatusCode::OK => "page".into(),
        StatusCode::SEE_OTHER if location == "/login?why=signed_out" => "signed-out".into(),
        StatusCode::SEE_OTHER if location.starts_with("/login") => "sign-in".into(),
        StatusCode::SEE_OTHER if location.starts_with("/me/security/factor") && !route.path.starts_with("/me/") => "enrol".into(),
        StatusCode::SEE_OTHER if location.starts_with("/prove") => "prove".into(),
        StatusCode::SEE_OTHER => "done".into(),
        StatusCode::UNPROCESSABLE_ENTITY => "faults".into(),
        StatusCode::FORBIDDEN => "refused".into(),
        StatusCode::NOT_FOUND => "none".into(),
        other => other.as_u16().to_string(),
    }
}

/// The tables that deeds of the table change, and that are put back for the next one.
pub const KEPT: [&str; 11] = [
    "idps",
    "members",
    "member_words",
    "invitations",
    "invitation_tokens",
    "bot_users",
    "credentials",
    "ip_policies",
    "ip_policy_rules",
    "ip_restrictions",
    "ip_restriction_policies",
];

pub async fn put_back(house: &House) {
    for table in ["sessions", "entries"] {
        house.raw.run(format!("UPDATE {table} SET ended_at = NULL, ended_why = NULL")).await;
    }
    let last_first = ["idps", "ip_restriction_policies", "ip_restrictions", "ip_policy_rules", "ip_policies"];
    for table in ["member_words", "members", "invitation_tokens", "invitations", "credentials", "bot_users"].into_iter().chain(last_first) {
        house.raw.run(format!("DELETE FROM {table}")).await;
    }
    for table in KEPT {
        house.raw.run(format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_table_holds() {
    let (house, ada) = House::with_ada().await;
    ada.get("/accounts/acme").await;
    let account = house.account_id("acme").await;
    let event = house.raw.texts(format!("SELECT id FROM events WHERE log = '{account}' ORDER BY seq")).await.remove(0);
    let roles = cast(&house, ada).await;

    // An administrator whom nobody else may touch, so that the deeds leave everything as it is for the next one.
    let target = house.member("acme", "target", Roles::ADMINISTRATOR).await;
    let member = house.member_id(&target).await;
    // And an invitation that only administrators may touch, to somebody who is none of them.
    let token = house.invite(&roles[0].1, "invited@example.com", Roles::ADMINISTRATOR).await;
    let invitation = house.raw.texts("SELECT id FROM invitations").await.remove(0);
    let things = Things { event, member, invitation, token, ..Things::of_bot(&house, &roles[0].1).await };
    let roles = roles.into_iter().map(|(name, browser)| Asker { name, browser, demand: None, sets: vec![] }).collect();
    let states = states(&house).await;
    for table in KEPT {
        house.raw.run(format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
    let mut routes = web::routes();
    routes.sort_by_key(|route| (route.path, route.method));
    let mut table = String::new();
    for askers in [roles, states] {
        table.push_str(&format!("{:<56}", ""));
        for asker in &askers {
            table.push_str(&format!("{:<15}", asker.name));
        }
        for route in &routes {
            table = format!("{}\n{:<6}{:<50}", table.trim_end(), route.method, route.path);
            for asker in &askers {
                let page = asker.ask(&house, route, &things, &[]).await;
                table.push_str(&format!("{:<15}", word(route, page.status, page.location())));
                if route.method == "POST" {
                    put_back(&house).await;
                }
            }
        }
        table = format!("{}\n\n", table.trim_end());
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
    let key = ssh_key(2);
    let fields: &[(&'static str, &str)] = match route.rsplit('/').next().unwrap() {
        "new-oidc" => &[
            ("description", "Another"),
            ("issuer", "https://127.0.0.1:1"),
            ("client_id", "frontdesk"),
            ("client_secret", "secret"),
            ("scopes", "openid email"),
        ],
        "domains" | "check" | "close" | "open" => &[("domain", "another.example")],
        "remove" if route.contains("/domains/") => &[("domain", "another.example")],
        "new-saml" | "upload" | "change-saml" => &[("description", "Another")],
        "unlink" => &[("subject", "none")],
        "trust" => &[("certificate", "none")],
        "untrust" => &[("fingerprint", "none")],
        "change" if route.contains("/sso/") => &[
            ("description", "Changed"),
            ("issuer", "https://127.0.0.1:1"),
            ("client_id", "frontdesk"),
            ("scopes", "openid email"),
            ("version", "1"),
        ],
        "delete" if route.contains("/sso/") => &[],
        "sso" => &[("mode", "mixed"), ("seen", "mixed")],
        "provisioning" => &[("provisioning", "invitation"), ("seen", "invitation")],
        "new" if route.contains("/bot-users/") => &[("name", "Another")],
        "new" if route.contains("/ssh-keys/") => &[("public_key", &key)],
        "new" if !route.contains("/invitations/") => &[("description", "Another")],
        "delete" if route.contains("/bot-users/") => &[("name", "Target")],
        "delete" if route.contains("/ip-") => &[],
        "change" if route.contains("/ip-policies/") => &[("description", "Another")],
        "change" if route.contains("/ip-rules/") => &[("network", "198.51.100.0/24")],
        "rules" => &[("networks", "192.0.2.0/24"), ("action", "allow")],
        "{surface}" => &[("mode", "warning")],
        "confirm" | "undo" => &[("version", "0")],
        "delete" if route.contains("{id}") => &[],
        "rename" => &[("name", "Another")],
        "change" => &[("description", "Another"), ("version", "0")],
        "rotate" => &[("ends", "now")],
        "settings" => &[("name", "Mine"), ("slug", "acme"), ("version", "0")],
        "billing" => &[("contact", "Mine"), ("version", "0")],
        "delete" => &[("name", "Acme"), ("password", PASSWORD)],
        "roles" => &[("developer", "read_write"), ("team", "manager"), ("billing", "access"), ("version", "0")],
        "access" => &[("until", "2027-01-01")],
        "email-domains" => &[("mode", "deny"), ("denied", "example.net"), ("seen", "any  ")],
        "security" => &[("session_idle", "30"), ("seen", UNTOUCHED)],
        "reset-factor" => &[("reason", "They asked")],
        "new" => &[
            ("email", "more@example.com"),
            ("developer", "read_write"),
            ("team", "manager"),
            ("billing", "access"),
            ("administrator", "yes"),
        ],
        "deactivate" | "activate" | "own" | "resend" | "link" | "revoke" | "let-in-again" | "disable" | "enable" | "end-sessions"
        | "remove" | "sign" | "unsign" => &[],
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
    let token = house.invite(&cast[0].1, "invited@example.com", Roles::ADMINISTRATOR).await;
    let invitation = house.raw.texts("SELECT id FROM invitations").await.remove(0);
    let before = house.raw.texts("SELECT CAST(version AS TEXT) || COALESCE(closed_why, '') FROM invitations").await;
    let things = Things { member: administrator.clone(), invitation, token, ..Things::of_bot(&house, &cast[0].1).await };
    let changes: Vec<_> = web::routes().into_iter().filter(|route| route.method == "POST" && route.path.contains("{slug}")).collect();
    assert!(!changes.is_empty());
    for route in changes {
        for (name, browser) in cast.iter().filter(|(name, _)| *name != "administrator") {
            // Leaving is everybody's, and so is the own authtoken; billing is billing's, and developers make credentials of their own.
            // All of it is tried elsewhere.
            let makes_own = ["authtokens/new", "api-keys/new", "ssh-keys/new"].iter().any(|path| route.path.ends_with(path));
            // So they do IP policies that restrict nothing.
            let makes_own = makes_own || ["/ip-policies/", "/ip-rules/"].iter().any(|path| route.path.contains(path));
            if route.path.ends_with("/leave")
                || route.path.contains("/authtokens/own")
                || (route.path.ends_with("/billing") && *name == "billing")
                || (makes_own && ["manager", "inviter", "developer", "guest"].contains(name))
            {
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
        "bot_user_created.v0",
        "tunnel_credential_created.v0",
        "api_key_created.v0",
        "ssh_public_key_created.v0",
        "invitation_created.v0",
        "ip_policy_created.v0",
        "ip_policy_rule_created.v0",
        "identity_provider_created.v0",
        "identity_provider_updated.v0",
        "account_created.v0",
        "membership_created.v0",
        "account_entered.v0",
        "permission_refused.v0",
        "account_entry_refused.v0",
    ];
    assert!(events.iter().all(|event| harmless.contains(&event.as_str())), "{events:?}");
}

/// Whoever is in no state to come in changes nothing, with forms that would work: nothing of the account, and where they are not
/// even signed in, nothing at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_state_changes_anything() {
    let (house, ada) = House::with_ada().await;
    let token = house.invite(&ada, "invited@example.com", Roles::ADMINISTRATOR).await;
    let invitation = house.raw.texts("SELECT id FROM invitations").await.remove(0);
    let target = house.member("acme", "target", Roles::ADMINISTRATOR).await;
    let things = Things { member: house.member_id(&target).await, invitation, token, ..Things::of_bot(&house, &ada).await };
    let states = states(&house).await;
    let before = settled(&house).await;
    let mut asked = 0;
    for route in web::routes().iter().filter(|route| route.method == "POST") {
        let is_of_account = route.path.contains("{slug}");
        for asker in &states {
            // In no account, they are who they are.
            let is_somebody = ["must_enrol", "must_renew", "idle_here"].contains(&asker.name);
            // The way back in leads here, and here alone.
            let is_open = asker.name == "rescued" && route.path.ends_with("/settings/security");
            if is_open || is_anybodys(route) || (is_somebody && !is_of_account) {
                continue;
            }
            let page = asker.ask(&house, route, &things, &form_of(route.path)).await;
            let word = word(route, page.status, page.location());
            assert!(["sign-in", "enrol", "refused"].contains(&word.as_str()), "{} {}: {word}", asker.name, route.path);
            asked += 1;
        }
    }
    assert!(asked > 150, "{asked}");
    for (table, rows) in settled(&house).await {
        assert_eq!(Some(&rows), before.get(&table), "{table}");
    }
}

/// What anyone may send, signed in or not.
fn is_anybodys(route: &Route) -> bool {
    let ways_in = ["/login", "/logout", "/password/", "/signup", "/setup", "/rescue/", "/unlock/", "/me/idle", "/welcome/"];
    ways_in.iter().any(|way| route.path.starts_with(way)) || route.path.ends_with("/sign-up")
}

/// All that somebody may have changed, and of what is on record only what was done.
async fn settled(house: &House) -> Everything {
    let mut all = everything(&house.raw).await;
    // When somebody was seen, what waits to be typed again, and how often something was tried.
    for table in ["attempts", "cookies", "entries", "event_subjects", "flows", "sessions"] {
        all.remove(table).expect(table);
    }
    for (table, rows) in &mut all {
        // Refusals are on record as well, and move the head of their log.
        rows.retain(|row| table != "events" || row["outcome"].as_deref() == Some("done"));
        for column in ["version", "event_seq", "event_hash"] {
            let is_head = ["accounts", "users", "instance"].contains(&table.as_str());
            rows.iter_mut().filter(|_| is_head).for_each(|row| drop(row.remove(column)));
        }
        // Letters leave in their own time; that there are no others counts.
        rows.iter_mut().filter(|_| table == "outbox").for_each(|row| row.retain(|column, _| column == "id"));
        rows.sort();
    }
    all
}

/// The same as [`form_that_works`], also for what is somebody's own, and nothing where a route takes nothing in particular.
fn form_of(route: &str) -> Vec<(&'static str, String)> {
    let fields: &[(&'static str, &str)] = match route {
        "/accounts/new" => &[("name", "Another")],
        "/me" => &[("name", "Another"), ("theme", "dark")],
        "/me/theme" => &[("theme", "dark")],
        "/me/email" => &[("email", "another@example.com"), ("password", PASSWORD)],
        "/me/security/password" => &[("current", PASSWORD), ("password", "four entirely new words")],
        "/prove" => &[("password", PASSWORD)],
        "/invitations/{token}/accept" => &[("agrees", "yes")],
        route if route.contains("{slug}") && !route.ends_with("/leave") => return form_that_works(route),
        _ => &[],
    };
    fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}
