//! What the API says and does about people: members, invitations, and what happened.

use frontdesk::rules::{
    members::{Developer, Roles, Team},
    time::{Millis, Span},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    kit::{House, READER, sign_up_form},
    programs::{Program, Reply},
};

const DEVELOPER: Roles = Roles { developer: Developer::ReadWrite, ..READER };
const MANAGER: Roles = Roles { team: Team::Manager, ..DEVELOPER };

/// A member of `acme` with a key of their own: the program, and their ids as a member and as a user.
async fn with_key(house: &House, name: &str, roles: Roles) -> (Program, String, String) {
    let email = house.member("acme", name, roles).await;
    let program = house.program_of(&house.signed_in(&email).await).await;
    (program, house.member_id(&email).await, house.user_id(&email).await)
}

/// The codes of those that were refused.
fn codes(replies: &[Reply]) -> Vec<(u16, &str)> {
    replies.iter().map(Reply::error).collect()
}

fn list<'a>(reply: &'a Reply, key: &str) -> &'a Vec<Value> {
    reply.body[key].as_array().unwrap_or_else(|| panic!("no {key}: {}", reply.body))
}

/// Reads a list to its end, and says how many pages it had.
async fn whole(program: &Program, path: &str, key: &str) -> (Vec<Value>, usize) {
    let (mut all, mut pages, mut next) = (Vec::new(), 0, path.to_owned());
    loop {
        let page = program.get(&next).await;
        all.extend(list(&page, key).clone());
        pages += 1;
        match page.body["next_page_uri"].as_str() {
            Some(uri) => uri.clone_into(&mut next),
            None => return (all, pages),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_looked_at_and_given_roles() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let bob = house.member_id(&house.member("acme", "bob", READER).await).await;
    house.member("acme", "carl", DEVELOPER).await;
    let (all, pages) = whole(&program, "/members?limit=2", "members").await;
    assert_eq!((all.len(), pages), (3, 2));
    let one = program.get(&format!("/members/{bob}")).await;
    assert!(all.contains(&one.body) && one.text("email") == "bob@example.com" && one.text("uri").ends_with(&format!("/api/members/{bob}")));
    let roles = |reply: &Reply| ["developer", "team", "billing", "administrator"].map(|role| reply.body[role].clone());
    assert_eq!(roles(&one), [json!("read_only"), json!("read_only"), json!("none"), json!(false)]);
    for (filter, names) in [
        ("obj.email == \"bob@example.com\"", vec!["bob"]),
        ("obj.administrator", vec!["Ada Lovelace"]),
        ("obj.developer == \"read_write\" && !obj.administrator", vec!["carl"]),
        ("obj.disabled", vec![]),
    ] {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = program.get(&format!("/members?filter={query}")).await;
        let found: Vec<_> = list(&found, "members").iter().map(|member| member["name"].as_str().unwrap()).collect();
        assert_eq!(found, names, "{filter}");
    }
    // What is not said stays; what is not there is said; and saying nothing is no update.
    let path = format!("/members/{bob}");
    let changed = program.patch(&path, json!({ "developer": "read_write" })).await;
    assert_eq!(roles(&changed), [json!("read_write"), json!("read_only"), json!("none"), json!(false)]);
    assert_eq!(program.patch(&path, json!({ "team": "manager" })).await.body["developer"], "read_write");
    let wrong = [
        program.patch(&path, json!({ "team": "captain" })).await,
        program.patch(&path, json!({})).await,
        program.patch(&path, json!({ "name": "Bob" })).await,
        program.patch("/members/mem_3MP92WggujNuFkwl8icLusxoDSO", json!({ "team": "invite" })).await,
        program.get(&format!("/members/{}", one.text("user_id"))).await,
    ];
    let expected =
        [(400, "ERR_NGROK_215"), (400, "ERR_NGROK_606"), (400, "ERR_NGROK_214"), (404, "ERR_FRONTDESK_404"), (404, "ERR_NGROK_227")];
    assert_eq!(codes(&wrong), expected);
    // A guest until a moment, and for good again.
    let until = house.now().plus(Span::days(3)).rfc3339();
    let access = format!("{path}/access");
    assert_eq!(program.post(&access, json!({ "until": until })).await.text("access_until"), until);
    assert_eq!(program.post(&access, json!({ "until": null })).await.body["access_until"], Value::Null);
    // The page's form says days: saving the day again moves nothing.
    program.post(&access, json!({ "until": until })).await;
    let page = format!("/accounts/acme/members/{bob}");
    let day = ada.get(&page).await.value("until");
    ada.post(&format!("{page}/access"), &[("until", day)]).await;
    assert_eq!(program.get(&path).await.text("access_until"), until);
    program.post(&access, json!({ "until": null })).await;
    let wrong = [program.post(&access, json!({})).await, program.post(&access, json!({ "until": "2020-01-01T00:00:00Z" })).await];
    assert_eq!(codes(&wrong), [(400, "ERR_NGROK_215"), (400, "ERR_FRONTDESK_615")]);
    let account = house.account_id("acme").await;
    let by_key =
        format!("SELECT COUNT(*) FROM events WHERE log = '{account}' AND type = 'membership_updated.v0' AND credential_id LIKE 'ak_%'");
    assert_eq!(house.raw.number(by_key).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_kept_out_let_in_and_removed() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let email = house.member("acme", "bob", MANAGER).await;
    let (member, browser) = (house.member_id(&email).await, house.signed_in(&email).await);
    let of_bob = house.program_of(&browser).await;
    house.invite(&browser, "one@example.com", READER).await;
    assert_eq!(browser.get("/accounts/acme").await.status, StatusCode::OK);
    let path = format!("/members/{member}");
    let ended = program.ask(reqwest::Method::POST, &format!("{path}/end_sessions"), None).await;
    assert_eq!(ended.body, json!({ "sessions": 1 }));
    let ask = async |path: String| program.ask(reqwest::Method::POST, &path, None).await;
    assert_eq!(ask(format!("{path}/disable?take_over_invitations=true")).await.body["disabled"], true);
    assert_eq!(of_bob.get("/account").await.error(), (403, "ERR_NGROK_1228"));
    let open = program.get("/invitations?filter=obj.state%20==%20%22open%22").await;
    assert_eq!(list(&open, "invitations")[0]["inviter_id"], house.user_id("ada@example.com").await, "taken over");
    assert_eq!(ask(format!("{path}/enable")).await.body["disabled"], false);
    assert_eq!(of_bob.get("/account").await.status, StatusCode::OK);
    let wrong = [
        ask(format!("{path}/disable?take_over=true")).await,
        ask(format!("{path}/disable?take_over_invitations=maybe")).await,
        ask(format!("{path}/disable?take_over_invitations=true&take_over_invitations=true")).await,
    ];
    assert_eq!(codes(&wrong), [(400, "ERR_NGROK_231"), (400, "ERR_NGROK_215"), (400, "ERR_NGROK_232")]);
    let gone = program.delete(&path).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(of_bob.get("/account").await.error(), (401, "ERR_NGROK_203"), "with all their credentials");
    assert_eq!(program.get(&path).await.error(), (404, "ERR_FRONTDESK_404"));
}

/// The rules about administrators and about what is above oneself are the same as in pages, and each has its code.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_does_more_by_a_key_than_by_a_page() {
    let (house, ada) = House::with_ada().await;
    let administrator = house.program_of(&ada).await;
    let ada = house.member_id("ada@example.com").await;
    let (manager, own, _) = with_key(&house, "manager", MANAGER).await;
    let reader = house.member_id(&house.member("acme", "reader", READER).await).await;
    let ask = async |program: &Program, path: String| program.ask(reqwest::Method::POST, &path, None).await;
    let refused = [
        manager.patch(&format!("/members/{ada}"), json!({ "administrator": false })).await,
        ask(&manager, format!("/members/{ada}/disable")).await,
        manager.delete(&format!("/members/{ada}")).await,
        manager.patch(&format!("/members/{reader}"), json!({ "billing": "access" })).await,
        manager.patch(&format!("/members/{reader}"), json!({ "administrator": true })).await,
        manager.delete(&format!("/members/{own}")).await,
        manager.post("/invitations", json!({ "email": "new@example.com", "administrator": true })).await,
        manager.post("/invitations", json!({ "email": "new@example.com", "billing": "access" })).await,
        administrator.patch(&format!("/members/{ada}"), json!({ "administrator": false })).await,
    ];
    let expected = [
        (403, "ERR_NGROK_6606"),
        (403, "ERR_NGROK_6621"),
        (403, "ERR_NGROK_6604"),
        (403, "ERR_NGROK_6616"),
        (403, "ERR_NGROK_6605"),
        (400, "ERR_FRONTDESK_613"),
        (403, "ERR_NGROK_4410"),
        (403, "ERR_NGROK_4412"),
        (400, "ERR_NGROK_6602"),
    ];
    assert_eq!(codes(&refused), expected);
    // Developers see who is there, and nothing more; bot users not even that.
    let (developer, ..) = with_key(&house, "developer", DEVELOPER).await;
    assert_eq!(list(&developer.get("/members").await, "members").len(), 4);
    let bot = house.bot(&house.signed_in("ada@example.com").await, "Deploy").await;
    let bot = house.program(&house.credential(&house.signed_in("ada@example.com").await, "api-keys", &bot).await.1);
    for (path, code) in [("/members", "ERR_NGROK_1216"), ("/invitations", "ERR_NGROK_1215"), ("/events", "ERR_NGROK_1216")] {
        assert_eq!(bot.get(path).await.error(), (403, code), "{path}");
        if path != "/members" {
            assert_eq!(developer.get(path).await.error(), (403, code), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_invited_and_join() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let made = program.post("/invitations", json!({ "email": "Bob@Example.com", "team": "invite", "developer": "read_write" })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!((made.text("email"), made.text("state")), ("bob@example.com", "open"));
    let path = format!("/invitations/{}", made.text("id"));
    let link = made.text("link").rsplit('/').next().unwrap().to_owned();
    assert_eq!(program.get(&path).await.body["link"], Value::Null, "it is shown once");
    assert_eq!(program.patch(&path, json!({ "team": "manager" })).await.body["team"], "manager");
    let again = program.ask(reqwest::Method::POST, &format!("{path}/resend"), None).await;
    let newer = again.text("link").rsplit('/').next().unwrap().to_owned();
    assert_ne!(newer, link);
    let joined = house.visitor().post(&format!("/invitations/{newer}/sign-up"), &sign_up_form("Bob")).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text());
    assert_eq!(program.get(&path).await.text("state"), "accepted");
    let wrong = [
        program.post("/invitations", json!({ "email": "bob@example.com" })).await,
        program.post("/invitations", json!({ "email": "nowhere" })).await,
        program.post("/invitations", json!({})).await,
        program.delete(&path).await,
        program.patch(&path, json!({ "team": "invite" })).await,
        program.ask(reqwest::Method::POST, &format!("{path}/resend"), None).await,
    ];
    let closed = (400, "ERR_FRONTDESK_611");
    assert_eq!(codes(&wrong), [(400, "ERR_NGROK_6601"), (400, "ERR_NGROK_4405"), (400, "ERR_NGROK_4400"), closed, closed, closed]);
    // One that is taken back leads nowhere; one that is open is not made twice.
    let made = program.post("/invitations", json!({ "email": "carl@example.com" })).await;
    assert_eq!(program.post("/invitations", json!({ "email": "carl@example.com" })).await.error(), (400, "ERR_NGROK_1231"));
    assert_eq!(program.delete(&format!("/invitations/{}", made.text("id"))).await.status, StatusCode::NO_CONTENT);
    let link = made.text("link").rsplit('/').next().unwrap();
    assert!(house.visitor().get(&format!("/invitations/{link}")).await.text().contains("was taken back"));
    let (all, pages) = whole(&program, "/invitations?limit=1", "invitations").await;
    assert_eq!((all.len(), pages), (2, 2));
    let found = program.get("/invitations?filter=obj.email%20==%20%22carl@example.com%22").await;
    assert_eq!(list(&found, "invitations").len(), 1);
}

/// One that expired and whose address was invited anew is closed for good: its link would lead nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_replaced_is_not_sent_again() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let old = program.post("/invitations", json!({ "email": "bob@example.com" })).await;
    house.wait(Span::days(8));
    assert_eq!(program.get(&format!("/invitations/{}", old.text("id"))).await.text("state"), "expired");
    program.post("/invitations", json!({ "email": "bob@example.com" })).await;
    let again = program.ask(reqwest::Method::POST, &format!("/invitations/{}/resend", old.text("id")), None).await;
    assert_eq!(again.error(), (400, "ERR_FRONTDESK_611"));
    let ada = house.signed_in("ada@example.com").await;
    let page = ada.get(&format!("/accounts/acme/invitations/{}", old.text("id"))).await;
    assert!(page.text().contains("closed for good") && !page.body.contains("/resend"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_count_for_programs_too() {
    let (house, ada) = House::with_ada_and(|config| config.seats = 2).await;
    let program = house.program_of(&ada).await;
    assert_eq!(program.post("/invitations", json!({ "email": "one@example.com" })).await.status, StatusCode::CREATED);
    assert_eq!(program.post("/invitations", json!({ "email": "two@example.com" })).await.error(), (400, "ERR_NGROK_4402"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_read_in_order_and_by_filter() {
    let (house, ada) = House::with_ada().await;
    let (key, secret) = house.credential(&ada, "api-keys", "").await;
    let program = house.program(&secret);
    for number in 0..5 {
        program.post("/bot_users", json!({ "name": format!("Bot {number}") })).await;
    }
    let account = house.account_id("acme").await;
    let ids = house.raw.texts(format!("SELECT id FROM events WHERE log = '{account}' ORDER BY seq DESC")).await;
    let (all, pages) = whole(&program, "/events?limit=2", "events").await;
    assert_eq!(all.iter().map(|event| event["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    assert_eq!(pages, ids.len().div_ceil(2));
    let newest = program.get(&format!("/events/{}", ids[0])).await;
    assert_eq!((newest.text("type"), newest.text("credential_id"), newest.text("source")), ("bot_user_created.v0", &*key, "api"));
    assert_eq!(newest.text("principal_name"), "ada@example.com");
    assert_eq!(newest.body["subjects"][0]["name"], "Bot 4");
    assert_eq!(newest.body["after"], json!({ "name": "Bot 4", "active": true }));
    assert_eq!(newest.text("previous_hash"), all[1]["hash"]);
    for (filter, count) in [
        (format!("obj.credential_id == \"{key}\""), 5),
        ("obj.type == \"bot_user_created.v0\" && obj.subject_id != \"\"".to_owned(), 5),
        (format!("obj.subject_id == \"{key}\""), 1),
        ("obj.type == \"nothing.v0\"".to_owned(), 0),
        ("obj.outcome == \"refused\"".to_owned(), 0),
    ] {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        assert_eq!(whole(&program, &format!("/events?limit=2&filter={query}"), "events").await.0.len(), count, "{filter}");
    }
    // Bounds in time, and what nobody reads, in which case nothing is done.
    let now = house.now().rfc3339();
    for (filter, count) in
        [(format!("obj.occurred_at >= timestamp(\"{now}\")"), ids.len()), (format!("obj.occurred_at < timestamp(\"{now}\")"), 0)]
    {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        assert_eq!(whole(&program, &format!("/events?limit=2&filter={query}"), "events").await.0.len(), count, "{filter}");
    }
    // Clocks are set back: what happened while one was wrong is found at the moment that it says, and so is all before it.
    let moment = Millis::parse(&now).unwrap();
    house.wait(Span::minutes(-90));
    let early = program.post("/bot_users", json!({ "name": "Early" })).await.text("id").to_owned();
    house.wait(Span::minutes(90));
    for (filter, subjects) in [
        (format!("obj.occurred_at < timestamp(\"{now}\")"), vec![early.clone()]),
        (
            format!("obj.occurred_at >= timestamp(\"{now}\") && obj.credential_id == \"{key}\" && obj.subject_name == \"Bot 4\""),
            vec![newest.text("subject_id").to_owned()],
        ),
        (format!("obj.occurred_at > timestamp(\"{}\")", moment.plus(Span::minutes(1)).rfc3339()), vec![]),
    ] {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = whole(&program, &format!("/events?limit=2&filter={query}"), "events").await.0;
        assert_eq!(found.iter().map(|event| event["subject_id"].as_str().unwrap()).collect::<Vec<_>>(), subjects, "{filter}");
    }
    assert_eq!(program.post("/bot_users?active=false", json!({ "name": "Bot 9" })).await.error(), (400, "ERR_NGROK_231"));
    assert_eq!(program.get("/account?verbose=true").await.error(), (400, "ERR_NGROK_231"));
    // What a page keeps from somebody, its history keeps too.
    ada.post("/accounts/acme/billing", &[("contact", "Max".into()), ("version", "0".into())]).await;
    let (manager, ..) = with_key(&house, "manager", MANAGER).await;
    for (reader, sees) in [(&program, true), (&manager, false)] {
        let found = reader.get("/events?filter=obj.type%20==%20%22billing_updated.v0%22").await;
        let event = &list(&found, "events")[0];
        assert_eq!(event["after"].is_object(), sees, "{event}");
        assert_eq!(reader.get(event["uri"].as_str().unwrap()).await.body["before"].is_object(), sees);
    }
    let wrong = [program.get("/events?before_id=ev_3MP92WggujNuFkwl8icLusxoDSO").await, program.get("/events?before_id=x").await];
    assert_eq!(codes(&wrong), [(400, "ERR_NGROK_223"), (400, "ERR_NGROK_223")]);
    // Another account's are not there, not even as a place to begin at.
    house.account("other").await;
    let stranger = house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    let page = house.signed_in(&stranger).await.post("/accounts/other/api-keys/new", &[]).await;
    let foreign = house.program(&page.all("#value")[0]);
    assert_eq!(foreign.get(&format!("/events/{}", ids[0])).await.error(), (404, "ERR_FRONTDESK_404"));
    assert_eq!(foreign.get(&format!("/events?before_id={}", ids[0])).await.error(), (400, "ERR_NGROK_223"));
    let member = house.member_id("ada@example.com").await;
    for reply in [foreign.get(&format!("/members/{member}")).await, foreign.delete(&format!("/members/{member}")).await] {
        assert_eq!(reply.error(), (404, "ERR_FRONTDESK_404"));
    }
}
