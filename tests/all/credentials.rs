use frontdesk::rules::{
    members::{Developer, Roles},
    time::Span,
};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    kit::{Browser, House, Page, READER, UNTOUCHED},
    programs::ssh_key,
    upgrades::everything,
};

const DEVELOPER: Roles = Roles { developer: Developer::ReadWrite, ..READER };

async fn made_by(browser: &Browser, path: &str, fields: &[(&'static str, String)]) -> Page {
    browser.post(&format!("/accounts/acme/{path}/new"), fields).await
}

/// Whether the database holds a text anywhere.
async fn is_kept(house: &House, text: &str) -> bool {
    everything(&house.raw).await.values().flatten().any(|row| row.values().flatten().any(|value| value.contains(text)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_and_only_its_hash_is_kept() {
    let (house, ada) = House::with_ada().await;
    for path in ["api-keys", "authtokens"] {
        let (id, secret) = house.credential(&ada, path, "").await;
        assert_eq!(secret.len(), 49);
        assert!(secret.starts_with(id.rsplit('_').next().unwrap()), "it names its row");
        let page = ada.get(&format!("/accounts/acme/{path}/{id}")).await;
        assert!(page.status == StatusCode::OK && !page.body.contains(&secret));
        assert!(!ada.get(&format!("/accounts/acme/{path}")).await.body.contains(&secret));
        assert!(!is_kept(&house, &secret).await, "{path}");
        assert!(!is_kept(&house, &secret[28..]).await, "nor the half that is secret");
    }
    let events = house.events(&house.account_id("acme").await).await;
    assert_eq!(events.iter().filter(|kind| ["api_key_created.v0", "tunnel_credential_created.v0"].contains(&kind.as_str())).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_named_and_what_was_typed_stays() {
    let (house, ada) = House::with_ada().await;
    let form = [
        ("description", "x".repeat(256)),
        ("metadata", "x".repeat(4097)),
        ("acl", "bind:ok.example.com\nnonsense".into()),
        ("expires", "2020-01-01".into()),
        ("public_key", "-----BEGIN OPENSSH PRIVATE KEY-----".into()),
    ];
    let page = made_by(&ada, "ssh-keys", &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (field, says) in [
        ("description", "255 bytes"),
        ("metadata", "4096 bytes"),
        ("acl", "“nonsense”"),
        ("expires", "in the future"),
        ("public_key", "private key"),
    ] {
        assert!(page.fault(field).contains(says), "{field}: {}", page.fault(field));
    }
    assert_eq!(page.all("#acl"), ["bind:ok.example.com nonsense"]);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ssh_key_is_one_in_its_account() {
    let (_house, ada) = House::with_ada().await;
    let key = ssh_key(1);
    let done = made_by(&ada, "ssh-keys", &[("public_key", key.clone()), ("acl", "bind:*.example.com".into())]).await;
    let page = ada.get(done.location()).await;
    assert!(page.text().contains("SHA256:") && page.text().contains("every name below example.com"), "{}", page.text());
    let again = made_by(&ada, "ssh-keys", &[("public_key", key.replace("key 1", "another comment"))]).await;
    assert!(again.fault("public_key").contains("already"), "{}", again.text());
    assert_eq!(made_by(&ada, "ssh-keys", &[("public_key", ssh_key(2))]).await.status, StatusCode::SEE_OTHER);
    // Once it is deleted, it can come back.
    ada.post(&format!("{}/delete", done.location()), &[]).await;
    assert_eq!(made_by(&ada, "ssh-keys", &[("public_key", key)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_are_chosen_by_administrators_and_stay() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", DEVELOPER).await;
    let reader = house.member("acme", "reader", READER).await;
    let (bob_id, reader_id) = (house.user_id(&bob).await, house.user_id(&reader).await);
    let (bob, reader) = (house.signed_in(&bob).await, house.signed_in(&reader).await);
    let bot = house.bot(&ada, "Deploy").await;
    // A developer makes some for nobody else, and a reader none at all.
    for owner in [bot.as_str(), &house.user_id("ada@example.com").await] {
        let page = made_by(&bob, "authtokens", &[("owner", owner.to_owned())]).await;
        assert!(page.fault("owner").contains("Only administrators"), "{}", page.text());
    }
    assert_eq!(made_by(&reader, "authtokens", &[]).await.status, StatusCode::FORBIDDEN);
    house.credential(&bob, "authtokens", "").await;
    // An administrator does, but no API key for whoever may not use the API.
    let (id, _) = house.credential(&ada, "authtokens", &reader_id).await;
    let page = made_by(&ada, "api-keys", &[("owner", reader_id)]).await;
    assert!(page.fault("owner").contains("Developer read-write"), "{}", page.text());
    let (of_bob, _) = house.credential(&ada, "api-keys", &bob_id).await;
    // Who does not own one does not change it; who owns one does; administrators do.
    let another = [("description", "Another")];
    let page = change(&bob, &format!("authtokens/{id}"), &another).await;
    assert!(page.text().contains("Only its owner and administrators change it."), "{}", page.text());
    assert_eq!(change(&bob, &format!("api-keys/{of_bob}"), &another).await.status, StatusCode::SEE_OTHER);
    assert_eq!(change(&ada, &format!("authtokens/{id}"), &another).await.status, StatusCode::SEE_OTHER);
    // No form has a field for it.
    let moved = change(&ada, &format!("authtokens/{id}"), &[("owner", &bob_id)]).await;
    assert_eq!(moved.status, StatusCode::SEE_OTHER);
    assert_eq!(house.raw.number(format!("SELECT COUNT(*) FROM credentials WHERE id = '{id}' AND user_id = '{bob_id}'")).await, 0);
    let of_mine = bob.get("/accounts/acme/api-keys?owner=me").await.all("tbody td:first-child");
    assert_eq!(of_mine, ["Another"]);
}

/// Saves the form of a credential's page, over what stands there.
async fn change(by: &Browser, of: &str, fields: &[(&'static str, &str)]) -> Page {
    let path = format!("/accounts/acme/{of}");
    let version = by.get(&path).await.attributes("input[name=version]", "value").pop().unwrap_or_else(|| "0".into());
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
    by.post(&format!("{path}/change"), &fields.chain([("version", version)]).collect::<Vec<_>>()).await
}

/// Two who change one see each other, and saying the last day again moves no end that a program has set.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_undoes_no_other_one() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let ends = format!("{}T12:34:56Z", &house.now().plus(Span::days(30)).rfc3339()[..10]);
    let made = program.post("/credentials", json!({ "description": "ci", "acl": ["bind:a.example.com"], "expires_at": ends })).await;
    let (id, path) = (made.text("id"), format!("/accounts/acme/authtokens/{}", made.text("id")));
    let form = ada.get(&path).await;
    let typed = |version: &str| {
        let field = |name: &str| form.attributes(&format!("[name={name}]"), "value").pop().unwrap_or_default();
        vec![
            ("description", "CI of the web shop".to_owned()),
            ("acl", "bind:a.example.com".into()),
            ("expires", field("expires")),
            ("metadata", String::new()),
            ("version", version.to_owned()),
        ]
    };
    assert_eq!(ada.post(&format!("{path}/change"), &typed("0")).await.status, StatusCode::SEE_OTHER);
    let now = program.get(&format!("/credentials/{id}")).await;
    assert_eq!((now.text("description"), now.text("expires_at")), ("CI of the web shop", made.text("expires_at")));
    // Somebody narrows it while the form is open: what was typed comes back, and the rules that were narrowed stand.
    program.patch(&format!("/credentials/{id}"), json!({ "acl": ["bind:b.example.com"] })).await;
    let page = ada.post(&format!("{path}/change"), &typed("1")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text().contains("Somebody changed it meanwhile") && page.text().contains("bind:b.example.com"), "{}", page.text());
    let again = page.attributes("input[name=version]", "value").remove(0);
    assert_eq!(ada.post(&format!("{path}/change"), &typed(&again)).await.status, StatusCode::SEE_OTHER);
    // What has ended stays so, though the form says its day again; and rotating revives nothing.
    house.raw.run(format!("UPDATE credentials SET expires_at = 1000 WHERE id = '{id}'")).await;
    assert_eq!(
        change(&ada, &format!("authtokens/{id}"), &[("description", "Old"), ("expires", "1970-01-01")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(house.raw.number(format!("SELECT expires_at FROM credentials WHERE id = '{id}'")).await, 1000);
    let page = ada.post(&format!("{path}/rotate"), &[("ends", "now".into()), ("until", String::new())]).await;
    assert!(page.text().contains("It has ended"), "{}", page.text());
    assert_eq!(page.attributes("input[name=ends][checked]", "value"), ["now"], "what was chosen stays");
}

/// Owners are members too, by the address that people know.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_named_by_address() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", DEVELOPER).await;
    let user = house.user_id(&bob).await;
    let form = ada.get(&format!("/accounts/acme/api-keys/new?owner={user}")).await;
    assert_eq!(form.attributes("#member", "value"), std::slice::from_ref(&bob));
    let page = made_by(&ada, "api-keys", &[("member", bob.clone())]).await;
    assert_eq!(house.program(&page.all("#value")[0]).get("/account").await.text("principal_name"), bob);
    assert!(page.attributes("a[download]", "href")[0].ends_with(&page.all("#value")[0]));
    for (fields, says) in [
        (vec![("member", "nobody@example.com".to_owned())], "no such owner"),
        (vec![("member", bob.clone()), ("owner", user)], "Name one owner"),
    ] {
        let page = made_by(&ada, "api-keys", &fields).await;
        assert!(page.fault("member").contains(says), "{}", page.text());
    }
    // Whoever may not choose has no such field, and sending it helps nothing.
    let bob = house.signed_in(&bob).await;
    assert!(bob.get("/accounts/acme/api-keys/new").await.all("#member").is_empty());
    assert!(made_by(&bob, "api-keys", &[("member", "ada@example.com".into())]).await.text().contains("Only administrators"));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_work_until_the_old_one_ends() {
    let (house, ada) = House::with_ada().await;
    let (id, old) = house.credential(&ada, "api-keys", "").await;
    let old = house.program(&old);
    let path = format!("/accounts/acme/api-keys/{id}/rotate");
    let page = ada.post(&path, &[("ends", "day".into()), ("until", "2020-01-01".into())]).await;
    assert!(page.fault("until").contains("in the future"), "{}", page.text());
    let day = house.now().plus(Span::days(3)).rfc3339()[..10].to_owned();
    let page = ada.post(&path, &[("ends", "day".into()), ("until", day)]).await;
    let new = house.program(&page.all("#value")[0]);
    let newest = page.attributes(".actions a.button", "href").remove(0);
    for program in [&old, &new] {
        assert_eq!(program.get("/account").await.status, StatusCode::OK);
    }
    house.wait(Span::days(4));
    assert_eq!(old.get("/account").await.error(), (401, "ERR_FRONTDESK_601"));
    assert_eq!(new.get("/account").await.status, StatusCode::OK);
    let ada = house.signed_in("ada@example.com").await;
    ada.post(&format!("{newest}/rotate"), &[("ends", "now".into())]).await;
    assert_eq!(new.get("/account").await.error(), (401, "ERR_NGROK_203"));
    let list = ada.get("/accounts/acme/api-keys").await;
    assert!(list.text().contains("Expired"), "{}", list.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_authtoken_is_made_when_it_is_looked_at_and_shown_again() {
    let (house, ada) = House::with_ada().await;
    let reader = house.member("acme", "reader", READER).await;
    let reader = house.signed_in(&reader).await;
    let own = "/accounts/acme/authtokens/own";
    assert!(reader.get(own).await.text().contains("You have not looked at it yet."));
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials").await, 0, "looking at the page makes none");
    let secret = reader.post(own, &[]).await.all("#value").remove(0);
    assert_eq!(reader.post(own, &[]).await.all("#value"), std::slice::from_ref(&secret));
    assert!(!is_kept(&house, &secret).await, "sealed");
    // It is asked for anew after a while.
    house.wait(Span::minutes(11));
    assert_eq!(reader.post(own, &[]).await.location(), "/prove?next=%2Faccounts%2Facme%2Fauthtokens%2Fown");
    reader.post("/prove", &[("password", crate::kit::PASSWORD.into())]).await;
    let id = house.raw.texts("SELECT id FROM credentials").await.remove(0);
    let ada = {
        drop(ada);
        house.signed_in("ada@example.com").await
    };
    // Its owner does not delete it; what it was limited to, rotating does not widen, and what has ended stays ended.
    let page = reader.post(&format!("/accounts/acme/authtokens/{id}/delete"), &[]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let limit = [("description", "Narrow"), ("acl", "bind:a.example.com"), ("expires", "2099-01-01")];
    assert_eq!(change(&ada, &format!("authtokens/{id}"), &limit).await.status, StatusCode::SEE_OTHER);
    // Rotated, the old one goes on for a while; at once, it does not.
    let new = reader.post(&format!("{own}/rotate"), &[("ends", "later".into())]).await.all("#value").remove(0);
    assert_ne!(new, secret);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials WHERE revoked_at IS NULL").await, 2);
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials WHERE expires_at IS NOT NULL AND sealed IS NULL").await, 1);
    let limits = "SELECT COUNT(*) FROM credentials WHERE acl LIKE '%bind:a.example.com%' AND expires_at IS NOT NULL";
    assert_eq!(house.raw.number(limits).await, 2, "both");
    reader.post(&format!("{own}/rotate"), &[("ends", "now".into())]).await;
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM credentials WHERE revoked_at IS NOT NULL").await, 1);
    let account = house.account_id("acme").await;
    let newest = house.raw.texts("SELECT id FROM credentials WHERE default_since IS NOT NULL").await.remove(0);
    house.raw.run(format!("UPDATE credentials SET expires_at = 1 WHERE id = '{newest}'")).await;
    for ends in ["later", "now"] {
        let page = reader.post(&format!("{own}/rotate"), &[("ends", ends.into())]).await;
        assert!(page.text().contains("It has ended"), "{}", page.text());
    }
    // One that leaked is ended by an administrator, and its owner gets another.
    assert_eq!(ada.post(&format!("/accounts/acme/authtokens/{newest}/delete"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(reader.post(own, &[]).await.all("#value").len(), 1);
    let shown = house.events(&account).await.iter().filter(|kind| *kind == "tunnel_credential_shown.v0").count();
    assert_eq!(shown, 1);
}

/// What was revoked and is used all the same is seen by those who manage the account: once an hour, and with the same answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_secret_that_is_used_is_on_record() {
    let (house, ada) = House::with_ada().await;
    let gateway = house.program_of(&ada).await;
    let email = house.member("acme", "bob", DEVELOPER).await;
    let bob = house.signed_in(&email).await;
    let (key, secret) = house.credential(&bob, "api-keys", "").await;
    let (_, authtoken) = house.credential(&bob, "authtokens", "").await;
    let program = house.program(&secret);
    assert_eq!(program.get("/account").await.status, StatusCode::OK);
    ada.post(&format!("/accounts/acme/members/{}/remove", house.member_id(&email).await), &[]).await;
    let refused = "SELECT COUNT(*) FROM events WHERE type = 'credential_refused.v0'";
    for _ in 0..3 {
        assert_eq!(program.get("/account").await.error(), (401, "ERR_NGROK_203"));
    }
    assert_eq!(house.raw.number(refused).await, 1);
    let page = ada.get("/accounts/acme/events?type=credential_refused.v0").await;
    assert!(page.text().contains("Somebody used a credential that was refused"), "{}", page.text());
    assert!(ada.get(&format!("/accounts/acme/events?target={key}")).await.text().contains("refused"));
    // The company's own services hear why; those of others hear nothing, and leave no trace here.
    let verdict = gateway.post("/check", json!({ "token": authtoken, "address": "192.0.2.7" })).await;
    assert_eq!((&verdict.body["active"], verdict.text("reason")), (&false.into(), "revoked"));
    house.account("other").await;
    let stranger = house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    let page = house.signed_in(&stranger).await.post("/accounts/other/api-keys/new", &[]).await;
    let foreign = house.program(&page.all("#value")[0]);
    house.wait(Span::hours(2));
    assert_eq!(foreign.post("/check", json!({ "token": authtoken })).await.text("reason"), "unknown");
    assert_eq!(house.raw.number(refused).await, 2);
    assert_eq!(house.raw.number(format!("{refused} AND address = '127.0.0.1' AND principal LIKE 'usr_%'")).await, 1);
    assert!(crate::events::broken_links(&house.raw).await.is_empty());
}

/// RBAC-10 and product §2.13: a key allows what its owner may now.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_worth_what_its_owner_is_worth_now() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", Roles::ADMINISTRATOR).await;
    let user = house.user_id(&bob).await;
    let bob = house.signed_in(&bob).await;
    let program = house.program_of(&bob).await;
    let create = async || program.post("/bot_users", json!({ "name": "Made by a key" })).await;
    let made = create().await;
    assert_eq!(made.status, StatusCode::CREATED);
    program.delete(&format!("/bot_users/{}", made.text("id"))).await;
    let set = async |set: &str| house.raw.run(format!("UPDATE members SET {set} WHERE user_id = '{user}'")).await;
    set("administrator_since = NULL").await;
    assert_eq!(create().await.error(), (403, "ERR_NGROK_4111"));
    set("developer = 'read_only', team = 'read_only'").await;
    assert_eq!(program.get("/account").await.error(), (403, "ERR_NGROK_635"));
    set("developer = 'read_write', disabled_at = 1").await;
    assert_eq!(program.get("/account").await.error(), (403, "ERR_NGROK_1228"));
    set("disabled_at = NULL, access_until = 1").await;
    assert_eq!(program.get("/account").await.error(), (403, "ERR_FRONTDESK_603"));
    set("access_until = NULL").await;
    assert_eq!(program.get("/account").await.status, StatusCode::OK, "the same key works again");
    // Taken out and back in, the old one is dead for good.
    let member = house.member_id("bob@example.com").await;
    ada.post(&format!("/accounts/acme/members/{member}/remove"), &[]).await;
    assert_eq!(program.get("/account").await.error(), (401, "ERR_NGROK_203"));
    house.member("acme", "bob", DEVELOPER).await;
    assert_eq!(program.get("/account").await.error(), (401, "ERR_NGROK_203"));
}

/// Keys of members owe what the account demands of them; those of bot users do not.
#[tokio::test(flavor = "multi_thread")]
async fn a_demanded_factor_is_owed_by_keys_of_people() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Deploy").await;
    let own = house.program_of(&ada).await;
    let of_bot = house.program(&house.credential(&ada, "api-keys", &bot).await.1);
    house.raw.run("INSERT INTO account_settings SELECT id, 'mfa', 'required', 'somebody', 0 FROM accounts WHERE slug = 'acme'").await;
    assert_eq!(own.get("/account").await.error(), (403, "ERR_FRONTDESK_604"));
    assert_eq!(of_bot.get("/account").await.status, StatusCode::OK);
    house.raw.run("DELETE FROM account_settings").await;
    crate::mfa::set_up(&house, &ada).await;
    let form = [("mfa", "required".to_owned()), ("seen", UNTOUCHED.to_owned())];
    assert_eq!(ada.post("/accounts/acme/settings/security", &form).await.status, StatusCode::SEE_OTHER);
    assert_eq!(own.get("/account").await.status, StatusCode::OK, "she has one");
}

#[tokio::test(flavor = "multi_thread")]
async fn use_is_noted_once_a_minute_and_what_is_not_used_is_marked() {
    let (house, ada) = House::with_ada().await;
    let (id, key) = house.credential(&ada, "api-keys", "").await;
    house.credential(&ada, "authtokens", "").await;
    let program = house.program(&key);
    let visits = async || house.raw.number("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM visits WHERE surface = 'api'").await;
    for _ in 0..3 {
        program.get("/account").await;
    }
    assert_eq!(visits().await, 1);
    house.wait(Span::minutes(1));
    program.get("/account").await;
    assert_eq!(visits().await, 2);
    assert_eq!(house.raw.texts("SELECT credential_id FROM visits WHERE surface = 'api'").await, std::slice::from_ref(&id));
    let page = ada.get(&format!("/accounts/acme/api-keys/{id}")).await;
    assert!(page.text().contains("from 127.0.0.1"), "{}", page.text());
    house.wait(Span::days(91));
    let ada = house.signed_in("ada@example.com").await;
    assert!(ada.get("/accounts/acme/api-keys").await.text().contains("Not used for long"));
    assert!(ada.get("/accounts/acme/authtokens").await.text().contains("Never used"));
}

/// The wrong thing in the place of a key is told apart, and a log never holds one.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_key_says_what_it_is() {
    let (house, ada) = House::with_ada().await;
    let (id, key) = house.credential(&ada, "api-keys", "").await;
    let (_, authtoken) = house.credential(&ada, "authtokens", "").await;
    let mut mistyped = key.clone();
    mistyped.replace_range(30..31, if &key[30..31] == "x" { "y" } else { "x" });
    let unknown = frontdesk::rules::credentials::secret::secret("ak_3MP92WggujNuFkwl8icLusxoDSO", [7; 16]);
    for (key, code) in [
        (authtoken.as_str(), "ERR_NGROK_206"),
        (&id, "ERR_NGROK_208"),
        (&mistyped, "ERR_NGROK_202"),
        ("nonsense", "ERR_NGROK_202"),
        (&unknown, "ERR_NGROK_203"),
    ] {
        assert_eq!(house.program(key).get("/account").await.error(), (401, code), "{key}");
    }
    ada.post(&format!("/accounts/acme/api-keys/{id}/delete"), &[]).await;
    assert_eq!(house.program(&key).get("/account").await.error(), (401, "ERR_NGROK_203"));
}

/// API-02, and what 001-39 says: a bot user's key makes no credential, not even its own.
#[tokio::test(flavor = "multi_thread")]
async fn bot_users_make_no_credentials() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Deploy").await;
    let program = house.program(&house.credential(&ada, "api-keys", &bot).await.1);
    for path in ["/api_keys", "/credentials", "/ssh_credentials"] {
        assert_eq!(program.post(path, crate::programs::body_for(path, 1)).await.error(), (403, "ERR_NGROK_1219"), "{path}");
        assert_eq!(program.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(program.post("/bot_users", json!({ "name": "Another" })).await.error(), (403, "ERR_NGROK_4111"));
    assert_eq!(program.get("/bot_users").await.status, StatusCode::OK);
}

/// `frontdesk scan`: what was pasted somewhere is found, and what works of it is named without being repeated.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_lie_around_are_found_and_judged() {
    let (house, ada) = House::with_ada().await;
    let (live, key) = house.credential(&ada, "api-keys", "").await;
    let (revoked, old) = house.credential(&ada, "authtokens", "").await;
    ada.post(&format!("/accounts/acme/authtokens/{revoked}/delete"), &[]).await;
    let foreign = frontdesk::rules::credentials::secret::secret("ak_3MP92WggujNuFkwl8icLusxoDSO", [7; 16]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("deep")).unwrap();
    std::fs::write(folder.path().join("deep/.env"), format!("# ä\nKEY={key}\n")).unwrap();
    std::fs::write(folder.path().join("log"), [b"\xff\xfe ", old.as_bytes(), b" ", foreign.as_bytes()].concat()).unwrap();
    let scan = async |path: &str| {
        let clock = frontdesk::app::clock();
        frontdesk::app::scan(&house.config, path, clock, frontdesk::app::dice()).await.unwrap_or_else(|error| panic!("{error}"))
    };
    let found = scan(folder.path().to_str().unwrap()).await;
    assert_eq!(found.live, 1);
    assert!(found.says.contains(&format!("deep/.env:2:5: API key {live} of ada@example.com in Acme: it works.")), "{}", found.says);
    assert!(found.says.contains(&format!("{revoked}, which is revoked")) && found.says.contains("none of this database"), "{}", found.says);
    assert!(found.says.ends_with("Found: 3. Working: 1.") && !found.says.contains(&key) && !found.says.contains(&old));
    // A key whose owner may not use the API opens nothing now, and comes to life with their next role.
    house.raw.run("UPDATE members SET administrator_since = NULL, developer = 'read_only', team = 'read_only'").await;
    let found = scan(folder.path().to_str().unwrap()).await;
    assert!(found.live == 0 && found.says.contains(&live), "{}", found.says);
    assert_eq!(scan(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).await.says, "No secret of Frontdesk was found.");
}

/// No key outlives itself by what it makes, and nobody makes work faster than the account's pace, whatever they may.
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_makes_nothing_that_does_not() {
    let (house, ada) = House::with_ada().await;
    let own = house.program_of(&ada).await;
    let made = own.post("/api_keys", json!({ "expires_at": "2099-01-01T00:00:00Z" })).await;
    let ending = house.program(made.text("token"));
    for body in [json!({}), json!({ "expires_at": null }), json!({ "expires_at": "2199-01-01T00:00:00Z" })] {
        assert_eq!(ending.post("/api_keys", body).await.text("expires_at"), "2099-01-01T00:00:00Z");
    }
    let itself = format!("/api_keys/{}", made.text("id"));
    assert_eq!(ending.patch(&itself, json!({ "expires_at": null })).await.text("expires_at"), "2099-01-01T00:00:00Z");
    assert_eq!(own.patch(&itself, json!({ "expires_at": null })).await.body["expires_at"], serde_json::Value::Null);

    let bot = house.bot(&ada, "Deploy").await;
    let program = house.program(&house.credential(&ada, "api-keys", &bot).await.1).alone();
    house.wait(Span::minutes(1));
    let refused = futures_util::future::join_all((0..150).map(|_| program.post("/bot_users", json!({ "name": "x" })))).await;
    assert_eq!(refused.iter().filter(|reply| reply.error() == (403, "ERR_NGROK_4111")).count(), 120);
    assert_eq!(refused.iter().filter(|reply| reply.error() == (429, "ERR_NGROK_226")).count(), 30);
}

/// Product §2.4: what somebody made for others is named when they go.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_leaves_a_list_of_what_to_rotate() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", Roles::ADMINISTRATOR).await;
    let browser = house.signed_in(&bob).await;
    let bot = house.bot(&browser, "Deploy").await;
    house.credential(&browser, "api-keys", &bot).await;
    house.credential(&browser, "api-keys", "").await;
    let member = house.member_id(&bob).await;
    let ask = ada.get(&format!("/accounts/acme/members/{member}/remove")).await;
    assert_eq!(ask.all(".rows small"), ["API key of Deploy"]);
    let id = ask.attributes(".rows a", "href").remove(0);
    assert!(ada.get(&id).await.text().contains("by bob"), "and its page says who made it");
    // Whoever may not is on record.
    let carl = house.member("acme", "carl", DEVELOPER).await;
    let carl = house.signed_in(&carl).await;
    let mine = [("description", "Mine".into()), ("version", "0".into())];
    assert!(carl.post(&format!("{id}/change"), &mine).await.text().contains("Only its owner"));
    assert_eq!(carl.get(&format!("{id}/delete")).await.location(), id);
    let refused = house.events(&house.account_id("acme").await).await.pop().unwrap();
    assert_eq!(refused, "permission_refused.v0");
}
