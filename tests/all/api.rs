use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    kit::{House, READER},
    programs::{Program, body_for, ssh_key},
};

const LISTS: [(&str, &str); 5] = [
    ("/bot_users", "bot_users"),
    ("/service_users", "service_users"),
    ("/api_keys", "keys"),
    ("/credentials", "credentials"),
    ("/ssh_credentials", "ssh_credentials"),
];

/// facts/ngrok.md §2.6, step 2.
#[tokio::test(flavor = "multi_thread")]
async fn every_resource_is_made_read_listed_changed_and_deleted() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    for (number, (path, key)) in LISTS.into_iter().enumerate() {
        let made = program.post(path, body_for(path, u8::try_from(number).unwrap())).await;
        assert_eq!(made.status, StatusCode::CREATED, "{path}: {}", made.body);
        let one = format!("{path}/{}", made.text("id"));
        let mut expected = made.body.clone();
        if path == "/api_keys" || path == "/credentials" {
            assert_eq!(made.text("token").len(), 49);
            expected["token"] = Value::Null;
        }
        assert_eq!(program.get(&one).await.body, expected);
        assert_eq!(program.get(made.text("uri")).await.body, expected, "its address leads there");
        assert!(made.text("created_at").ends_with('Z') && made.text("created_at").len() == 20);
        let list = program.get(path).await.body;
        assert!(list[key].as_array().unwrap().contains(&expected) && list["next_page_uri"].is_null(), "{list}");
        assert!(list["uri"].as_str().unwrap().ends_with(path));
        let field = if path.ends_with("users") { "name" } else { "description" };
        let changed = program.patch(&one, json!({ field: "Another", "id": made.text("id") })).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}: {}", changed.body);
        expected[field] = "Another".into();
        assert_eq!((&changed.body, &program.get(&one).await.body), (&expected, &expected), "nothing else has changed");
        let gone = program.delete(&one).await;
        assert_eq!((gone.status, &gone.body), (StatusCode::NO_CONTENT, &Value::Null));
        for again in [program.get(&one).await, program.delete(&one).await, program.patch(&one, json!({ field: "x" })).await] {
            assert_eq!(again.error(), (404, "ERR_FRONTDESK_404"), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_user_has_two_names() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let made = program.post("/service_users", json!({ "name": "Deploy", "active": false })).await;
    let (service, ksuid) = (made.text("id").to_owned(), made.text("id").strip_prefix("service_").unwrap().to_owned());
    assert_eq!(made.body["active"], false);
    let bot = program.get(&format!("/bot_users/{service}")).await;
    assert_eq!(bot.text("id"), format!("bot_{ksuid}"));
    assert_eq!(program.get(&format!("/service_users/bot_{ksuid}")).await.text("id"), service);
    program.patch(&format!("/bot_users/{service}"), json!({ "active": true })).await;
    let key = program.post("/api_keys", json!({ "owner_id": service })).await;
    assert_eq!(key.text("owner_id"), format!("bot_{ksuid}"), "owners have one name");
    for (path, list, id) in
        [("/api_keys", "keys", "owner_id"), ("/bot_users", "bot_users", "id"), ("/service_users", "service_users", "id")]
    {
        for name in ["bot", "service"] {
            let found = program.get(&format!("{path}?filter=obj.{id}%20==%20%22{name}_{ksuid}%22")).await;
            assert_eq!(found.body[list].as_array().unwrap().len(), 1, "{path} {name}: {}", found.body);
        }
    }
    assert_eq!(program.get("/service_users").await.body["service_users"][0]["active"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_newest_first_with_their_filter() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    for number in 0..5 {
        let body = json!({ "description": format!("{} {number}", if number % 2 == 0 { "even" } else { "odd" }) });
        assert_eq!(program.post("/credentials", body).await.status, StatusCode::CREATED);
        house.wait(frontdesk::rules::time::Span::seconds(1));
    }
    let walk = async |first: &str| {
        let (mut next, mut found, mut pages) = (Some(first.to_owned()), Vec::new(), 0);
        while let Some(path) = next {
            let page = program.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
            found.extend(page.body["credentials"].as_array().unwrap().iter().map(|row| row["description"].as_str().unwrap().to_owned()));
            next = page.body["next_page_uri"].as_str().map(str::to_owned);
            pages += 1;
        }
        (found, pages)
    };
    assert_eq!(walk("/credentials?limit=2").await, (["even 4", "odd 3", "even 2", "odd 1", "even 0"].map(String::from).to_vec(), 3));
    assert_eq!(walk("/credentials?limit=5").await.1, 1, "nothing follows");
    let even = "/credentials?limit=2&filter=obj.description.startsWith(%22even%22)";
    assert_eq!(walk(even).await, (["even 4", "even 2", "even 0"].map(String::from).to_vec(), 2));
    let ada_id = house.user_id("ada@example.com").await;
    for (filter, count) in [
        (format!("obj.owner_id == \"{ada_id}\""), 5),
        ("obj.owner_id == \"usr_3MP92WggujNuFkwl8icLusxoDSO\"".into(), 0),
        ("size(obj.acl) > 0".into(), 0),
        ("obj.acl == \"\" && obj.created_at <= timestamp(time.now)".into(), 5),
        ("!(obj.description == \"odd 1\") && obj.metadata == null".into(), 4),
    ] {
        let query = form_urlencoded::byte_serialize(filter.as_bytes()).collect::<String>();
        assert_eq!(walk(&format!("/credentials?filter={query}")).await.0.len(), count, "{filter}");
    }
    let wrong = program.get("/credentials?filter=obj.secret_hash%20%3D%3D%20%22x%22").await;
    assert_eq!(wrong.error(), (400, "ERR_NGROK_250"));
    for (query, code) in
        [("limit=0", "233"), ("limit=x", "244"), ("page=2", "231"), ("limit=1&limit=1", "232"), ("before_id=nonsense", "223")]
    {
        assert_eq!(program.get(&format!("/credentials?{query}")).await.error(), (400, format!("ERR_NGROK_{code}").as_str()), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_has_one_shape() {
    let (house, ada) = House::with_ada().await;
    let (_, key) = house.credential(&ada, "api-keys", "").await;
    let program = house.program(&key);
    let ask = |method: Method, path: &str| program.request(method, path).bearer_auth(&key).header("ngrok-version", "2");
    let raw = |body: &'static str| ask(Method::POST, "/bot_users").header("content-type", "application/json").body(body);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for (request, status, code) in [
        (program.request(Method::GET, "/bot_users").header("ngrok-version", "2"), 401, "ERR_NGROK_200"),
        (ask(Method::GET, "/bot_users").header("authorization", "x"), 401, "ERR_NGROK_200"),
        (program.request(Method::GET, "/bot_users").header("ngrok-version", "2").header("authorization", "Digest x"), 401, "ERR_NGROK_201"),
        (program.request(Method::GET, "/bot_users").bearer_auth(&key), 400, "ERR_NGROK_218"),
        (program.request(Method::GET, "/bot_users").bearer_auth(&key).header("ngrok-version", "1"), 400, "ERR_NGROK_217"),
        (ask(Method::POST, "/bot_users").body("{}"), 400, "ERR_NGROK_216"),
        (ask(Method::POST, "/bot_users").header("content-type", "text/plain").body("{}"), 400, "ERR_NGROK_210"),
        (raw("{"), 400, "ERR_NGROK_213"),
        (raw("[]"), 400, "ERR_NGROK_215"),
        (raw("{\"name\":\"a\",\"name\":\"b\"}"), 400, "ERR_NGROK_213"),
        (raw("{\"name\":\"a\",\"is_admin\":true}"), 400, "ERR_NGROK_214"),
        (raw("{\"name\":1}"), 400, "ERR_NGROK_215"),
        (raw("{\"name\":\"\\ud800\"}"), 400, "ERR_NGROK_213"),
        (raw("{\"name\":\"a\\u0000b\"}"), 400, "ERR_NGROK_215"),
        (raw("{}"), 400, "ERR_NGROK_4109"),
        (ask(Method::POST, "/bot_users").header("content-type", "application/json").body(deep), 400, "ERR_NGROK_215"),
        (ask(Method::POST, "/bot_users").json(&json!({ "name": "x".repeat(256) })), 400, "ERR_NGROK_4110"),
        (ask(Method::POST, "/bot_users").json(&json!({ "name": "x".repeat(1 << 20) })), 413, "ERR_NGROK_212"),
        (ask(Method::GET, "/bot_users").body("{}"), 400, "ERR_NGROK_211"),
        (ask(Method::GET, "/bot_users/ak_3MP92WggujNuFkwl8icLusxoDSO"), 404, "ERR_NGROK_227"),
        (ask(Method::GET, "/bot_users/nonsense"), 404, "ERR_NGROK_223"),
        (ask(Method::GET, "/bot_users/bot_3MP92WggujNuFkwl8icLusxoDSO"), 404, "ERR_FRONTDESK_404"),
        (ask(Method::PUT, "/bot_users"), 405, "ERR_FRONTDESK_405"),
        (ask(Method::GET, "/tunnels"), 404, "ERR_FRONTDESK_405"),
        (ask(Method::POST, "/api_keys").json(&json!({ "acl": [] })), 400, "ERR_NGROK_214"),
        (ask(Method::POST, "/api_keys").json(&json!({ "owner_id": "bot_3MP92WggujNuFkwl8icLusxoDSO" })), 400, "ERR_NGROK_634"),
        (ask(Method::POST, "/api_keys").json(&json!({ "description": "x".repeat(256) })), 400, "ERR_NGROK_604"),
        (ask(Method::POST, "/api_keys").json(&json!({ "metadata": "x".repeat(4097) })), 400, "ERR_NGROK_605"),
        (ask(Method::POST, "/api_keys").json(&json!({ "expires_at": "tomorrow" })), 400, "ERR_NGROK_215"),
        (ask(Method::POST, "/api_keys").json(&json!({ "expires_at": "2020-01-01T00:00:00Z" })), 400, "ERR_FRONTDESK_607"),
        (ask(Method::POST, "/credentials").json(&json!({ "acl": ["nonsense"] })), 400, "ERR_NGROK_600"),
        (ask(Method::POST, "/ssh_credentials").json(&json!({})), 400, "ERR_NGROK_611"),
        (ask(Method::POST, "/ssh_credentials").json(&json!({ "public_key": "x" })), 400, "ERR_NGROK_612"),
    ] {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url());
        let reply = Program::send(reqwest::RequestBuilder::from_parts(reqwest::Client::new(), request)).await;
        assert_eq!(reply.error(), (status, code), "{what}: {}", reply.body);
        assert_eq!(reply.body["status_code"], status, "{what}");
        let operation = reply.body["details"]["operation_id"].as_str().unwrap();
        assert!(operation.starts_with("op_") && operation == reply.header("ngrok-operation-id"), "{what}");
        assert!(!reply.text("msg").is_empty() && reply.header("content-type") == "application/json", "{what}");
    }
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM bot_users").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_say_something_and_change_no_owner() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let made = program.post("/credentials", json!({ "acl": ["bind:*.example.com"], "expires_at": "2099-01-01T00:00:00Z" })).await;
    let one = format!("/credentials/{}", made.text("id"));
    assert_eq!(program.patch(&one, json!({})).await.error(), (400, "ERR_NGROK_606"));
    assert_eq!(program.patch(&one, json!({ "owner_id": "x" })).await.error(), (400, "ERR_NGROK_627"));
    assert_eq!(
        program.patch(&one, json!({ "id": "cr_3MP92WggujNuFkwl8icLusxoDSO", "metadata": "x" })).await.error(),
        (400, "ERR_NGROK_215")
    );
    let kept = program.patch(&one, json!({ "metadata": "x" })).await;
    assert_eq!((&kept.body["acl"], kept.text("expires_at")), (&json!(["bind:*.example.com"]), "2099-01-01T00:00:00Z"));
    let cleared = program.patch(&one, json!({ "acl": [], "expires_at": null })).await;
    assert_eq!((&cleared.body["acl"], &cleared.body["expires_at"], cleared.text("metadata")), (&json!([]), &Value::Null, "x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_twenty_requests_a_minute() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await.alone();
    let of_bot = house.program(&house.credential(&ada, "api-keys", &house.bot(&ada, "Deploy").await).await.1).alone();
    for number in 0..120 {
        let program = if number % 2 == 0 { &program } else { &of_bot };
        assert_eq!(program.get("/account").await.status, StatusCode::OK, "{number}");
    }
    let refused = program.get("/account").await;
    assert_eq!((refused.error(), refused.header("retry-after")), ((429, "ERR_NGROK_226"), "60"));
    assert_eq!(of_bot.get("/account").await.status, StatusCode::TOO_MANY_REQUESTS, "it is the account's");
    house.wait(frontdesk::rules::time::Span::minutes(1));
    assert_eq!(program.get("/account").await.status, StatusCode::OK);
}

/// RBAC-05: what belongs to another account does not exist, in paths, bodies, filters and pages.
#[tokio::test(flavor = "multi_thread")]
async fn other_accounts_do_not_exist() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    house.account("other").await;
    let stranger = house.member("other", "stranger", frontdesk::rules::members::Roles::ADMINISTRATOR).await;
    let stranger = house.signed_in(&stranger).await;
    let page = stranger.post("/accounts/other/api-keys/new", &[]).await;
    let foreign = house.program(&page.all("#value")[0]);
    for (number, (path, key)) in LISTS.into_iter().enumerate() {
        let made = program.post(path, body_for(path, u8::try_from(number).unwrap())).await;
        let one = format!("{path}/{}", made.text("id"));
        let field = if path.ends_with("users") { "name" } else { "description" };
        for reply in [foreign.get(&one).await, foreign.patch(&one, json!({ field: "Mine" })).await, foreign.delete(&one).await] {
            assert_eq!(reply.error(), (404, "ERR_FRONTDESK_404"), "{path}");
        }
        let own = usize::from(path == "/api_keys");
        assert_eq!(foreign.get(path).await.body[key].as_array().unwrap().len(), own, "{path}");
    }
    let bot = program.get("/bot_users").await.body["bot_users"][0]["id"].as_str().unwrap().to_owned();
    for owner in [bot, house.user_id("ada@example.com").await, "ada@example.com".into()] {
        assert_eq!(foreign.post("/api_keys", json!({ "owner_id": owner })).await.error(), (400, "ERR_NGROK_634"));
    }
    // The same SSH key may be two accounts' (product §2.21).
    let key = json!({ "public_key": ssh_key(9) });
    assert_eq!(program.post("/ssh_credentials", key.clone()).await.status, StatusCode::CREATED);
    assert_eq!(program.post("/ssh_credentials", key.clone()).await.error(), (400, "ERR_NGROK_609"));
    assert_eq!(foreign.post("/ssh_credentials", key).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_named_by_address_too() {
    let (house, ada) = House::with_ada().await;
    let bob = house.member("acme", "bob", READER).await;
    let program = house.program_of(&ada).await;
    let made = program.post("/credentials", json!({ "owner_id": "Bob@Example.com" })).await;
    assert_eq!(made.text("owner_id"), house.user_id(&bob).await);
    assert_eq!(program.post("/api_keys", json!({ "owner_id": bob })).await.error(), (403, "ERR_NGROK_635"));
    house.raw.run("UPDATE members SET disabled_at = 1 WHERE search_email = 'bob@example.com'").await;
    assert_eq!(program.post("/credentials", json!({ "owner_id": bob })).await.error(), (400, "ERR_NGROK_636"));
}

/// Scripts of other sites may ask, with keys and never with cookies.
#[tokio::test(flavor = "multi_thread")]
async fn other_sites_are_answered_and_cookies_count_for_nothing() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let asked = program
        .request(Method::OPTIONS, "/bot_users")
        .header("origin", "https://tools.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,ngrok-version")
        .send()
        .await
        .unwrap();
    let header = |name: &str| asked.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    assert_eq!(asked.status(), StatusCode::OK);
    assert_eq!(header("access-control-allow-origin"), "https://tools.example");
    assert!(header("access-control-allow-methods").contains("PATCH") && header("access-control-max-age") == "600");
    assert_eq!(header("access-control-allow-headers"), "authorization,ngrok-version");
    let by_cookie = ada.get("/api/account").await;
    assert_eq!((by_cookie.status, by_cookie.body.contains("ERR_NGROK_200")), (StatusCode::UNAUTHORIZED, true));
    assert_eq!(by_cookie.header("set-cookie"), "");
}

/// What the door refuses, before anything is known of who asks, has the API's shape under its paths.
#[tokio::test(flavor = "multi_thread")]
async fn the_door_speaks_as_the_api_does() {
    let (house, ada) = House::with_ada_and(|config| config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    let program = house.program_of(&ada).await;
    for (name, value, expected) in
        [("host", "elsewhere.example", (421, "ERR_FRONTDESK_421")), ("x-forwarded-for", "nowhere", (400, "ERR_NGROK_215"))]
    {
        let reply = Program::send(program.request(Method::GET, "/account").bearer_auth(program.key()).header(name, value)).await;
        assert_eq!(reply.error(), expected);
        assert_eq!(reply.body["details"]["operation_id"], reply.header("ngrok-operation-id"));
        for path in ["/login", "/api/reference"] {
            let page = ada.send(Method::GET, path, None, &[(name, value)]).await;
            assert!(page.status.as_u16() == expected.0 && page.header("content-type").starts_with("text/html"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_every_route_and_shape() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let document = Program::send(program.request(Method::GET, "/openapi.json")).await.body;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for route in frontdesk::web::api_routes() {
        let described = &document["paths"][route.path][route.method.to_lowercase()];
        assert!(described["responses"]["401"].is_object(), "{} {}", route.method, route.path);
        assert!(!described["summary"].as_str().unwrap_or_default().is_empty(), "{} {}", route.method, route.path);
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    let known = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name: String = reference.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(known.contains_key(&name), "{name}");
    }
    let root = program.get("/").await;
    for (name, uri) in root.body["subresource_uris"].as_object().unwrap() {
        assert_eq!(program.get(uri.as_str().unwrap()).await.status, StatusCode::OK, "{name}");
    }
}

/// Fifty at once, on whichever database, keep every constraint, and each has its event in the name of whose key it was.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_keep_every_constraint() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Deploy").await;
    let keys: Vec<_> = futures_util::future::join_all((0..3).map(|_| house.program_of(&ada))).await;
    let program = |number: usize| &keys[number % keys.len()];
    let same = futures_util::future::join_all((0..50).map(|n| program(n).post("/bot_users", json!({ "name": "One" })))).await;
    assert_eq!(same.iter().filter(|reply| reply.status == StatusCode::CREATED).count(), 1);
    assert!(same.iter().filter(|reply| reply.status != StatusCode::CREATED).all(|reply| reply.error() == (400, "ERR_NGROK_4112")));
    house.wait(frontdesk::rules::time::Span::minutes(1));
    let body = |n: usize| json!({ "owner_id": bot, "description": format!("{n}") });
    let made = futures_util::future::join_all((0..50).map(|n| program(n).post("/api_keys", body(n)))).await;
    assert!(made.iter().all(|reply| reply.status == StatusCode::CREATED));
    let gone = futures_util::future::join_all(made.iter().enumerate().map(async |(n, reply)| {
        let path = format!("/api_keys/{}", reply.text("id"));
        if n % 2 == 0 { program(n).delete(&path).await } else { program(n).patch(&path, json!({ "description": "Another" })).await }
    }))
    .await;
    assert!(gone.iter().all(|reply| reply.status.is_success()), "{:?}", gone.iter().map(crate::programs::Reply::error).collect::<Vec<_>>());
    let living = format!("SELECT COUNT(*) FROM credentials WHERE bot_id = '{bot}' AND revoked_at IS NULL AND secret_hash IS NOT NULL");
    assert_eq!(house.raw.number(&*living).await, 25);
    let by_keys = "SELECT COUNT(*) FROM events WHERE source = 'api' AND credential_id IS NOT NULL AND principal LIKE 'usr_%'";
    assert_eq!(house.raw.number(by_keys).await, 1 + 50 + 50);
    // Rotated at once, each has one that follows it; and one that fifty rotate has one too.
    let ids = house.raw.texts(format!("SELECT id FROM credentials WHERE bot_id = '{bot}' AND revoked_at IS NULL")).await;
    let rotate = async |id: &String| ada.post(&format!("/accounts/acme/api-keys/{id}/rotate"), &[("ends", "now".into())]).await.status;
    let done = futures_util::future::join_all(ids.iter().map(rotate)).await;
    assert!(done.iter().all(|status| *status == StatusCode::OK), "{done:?}");
    let again = house.raw.texts(format!("SELECT id FROM credentials WHERE bot_id = '{bot}' AND revoked_at IS NULL")).await;
    assert!(again.len() == 25 && again.iter().all(|id| !ids.contains(id)));
    let done = futures_util::future::join_all((0..50).map(|_| rotate(&again[0]))).await;
    assert_eq!(done.iter().filter(|status| **status == StatusCode::OK).count(), 1, "{done:?}");
    assert_eq!(house.raw.number(&*living).await, 25);
    assert!(crate::events::broken_links(&house.raw).await.is_empty());
}

/// "May start an agent": one question for authtokens, API keys and SSH keys, and one answer for whatever is not of the account.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_checked_for_the_companys_own_services() {
    let (house, ada) = House::with_ada().await;
    let bot = house.bot(&ada, "Gateway").await;
    let gateway = house.program(&house.credential(&ada, "api-keys", &bot).await.1);
    let program = house.program_of(&ada).await;
    let made = program.post("/credentials", json!({ "acl": ["bind:*.example.com"], "owner_id": bot })).await;
    let (id, token) = (made.text("id").to_owned(), made.text("token").to_owned());
    let check = async |question: Value| gateway.post("/check", question).await;
    let good = check(json!({ "token": token, "address": "198.51.100.7", "bind": "bind:app.example.com" })).await;
    assert_eq!(good.status, StatusCode::OK, "{}", good.body);
    assert_eq!(
        (good.text("credential_id"), good.text("kind"), good.text("principal_id"), good.text("principal_name")),
        (id.as_str(), "authtoken", bot.as_str(), "Gateway")
    );
    assert_eq!((&good.body["active"], &good.body["bind_allowed"], &good.body["reason"]), (&json!(true), &json!(true), &Value::Null));
    assert_eq!(good.text("account_id"), house.account_id("acme").await);
    assert!(good.body["permissions"].as_array().unwrap().contains(&json!("ManageIpPolicies")));
    let narrower = check(json!({ "token": token, "bind": "bind:app.example.org" })).await;
    assert_eq!((&narrower.body["active"], &narrower.body["bind_allowed"]), (&json!(true), &json!(false)));
    // Its use is noted from where it was shown: once a minute, and at once where that is somewhere new.
    let visits = "SELECT address || ' ' || principal || ' ' || credential_id FROM visits WHERE surface = 'agent' ORDER BY address";
    assert_eq!(house.raw.texts(visits).await, ["127.0.0.1", "198.51.100.7"].map(|from| format!("{from} {bot} {id}")));

    let ssh = program.post("/ssh_credentials", json!({ "public_key": ssh_key(1) })).await;
    let by_key = check(json!({ "fingerprint": ssh.text("fingerprint") })).await;
    assert_eq!((by_key.text("credential_id"), &by_key.body["bind_allowed"]), (ssh.text("id"), &Value::Null));

    // Asked as RFC 7662 has it.
    let introspect = async |token: &str| {
        let request = gateway.request(Method::POST, "/introspect").form(&[("token", token), ("token_type_hint", "access_token")]);
        Program::send(request.bearer_auth(gateway.key())).await
    };
    let found = introspect(&token).await;
    assert_eq!((&found.body["active"], found.text("sub"), found.text("client_id")), (&json!(true), bot.as_str(), id.as_str()));
    assert!(found.text("scope").split(' ').any(|scope| scope == "UseApi"));
    let ask = async |form: &[(&str, &str)]| {
        Program::send(gateway.request(Method::POST, "/introspect").form(form).bearer_auth(gateway.key())).await
    };
    let found = ask(&[("token", ssh.text("fingerprint")), ("address", "198.51.100.9"), ("bind", "bind:a.example.com")]).await;
    assert_eq!((found.text("client_id"), &found.body["bind_allowed"]), (ssh.text("id"), &json!(true)));
    let asked = gateway.request(Method::POST, "/introspect?bind=bind:x.example.com").form(&[("token", &token)]).bearer_auth(gateway.key());
    assert_eq!(Program::send(asked).await.error(), (400, "ERR_NGROK_231"));
    for wrong in [&[("token", &*token), ("token", &*token)][..], &[("token", &*token), ("address", "nowhere")], &[("token_type_hint", "x")]]
    {
        assert_eq!(ask(wrong).await.error(), (400, "ERR_NGROK_215"));
    }

    // What is not good says why to its own account alone.
    program.patch(&format!("/bot_users/{bot}"), json!({ "active": false })).await;
    let own = house.program_of(&ada).await;
    let resting = own.post("/check", json!({ "token": token })).await;
    assert_eq!(
        (&resting.body["active"], resting.text("reason"), resting.text("error_code")),
        (&json!(false), "bot_inactive", "ERR_FRONTDESK_602")
    );
    assert!(ada.get(&format!("/accounts/acme/authtokens/{id}")).await.text().contains("is inactive"));
    assert_eq!(gateway.post("/check", json!({ "token": token })).await.error(), (403, "ERR_FRONTDESK_602"));
    program.patch(&format!("/bot_users/{bot}"), json!({ "active": true })).await;
    house.account("other").await;
    let stranger = house.member("other", "stranger", frontdesk::rules::members::Roles::ADMINISTRATOR).await;
    let stranger = house.signed_in(&stranger).await;
    let foreign = house.program(&stranger.post("/accounts/other/api-keys/new", &[]).await.all("#value")[0]);
    let nothing = foreign.post("/check", json!({ "token": "nonsense" })).await.body;
    for question in [json!({ "token": token }), json!({ "fingerprint": ssh.text("fingerprint") }), json!({ "fingerprint": "SHA256:x" })] {
        assert_eq!(foreign.post("/check", question).await.body, nothing);
    }
    assert_eq!((&nothing["active"], &nothing["reason"]), (&json!(false), &json!("unknown")));
    let foreign_form = foreign.request(Method::POST, "/introspect").form(&[("token", &token)]).bearer_auth(foreign.key());
    assert_eq!(Program::send(foreign_form).await.body, json!({ "active": false }));
    for (question, code) in [
        (json!({}), "ERR_NGROK_215"),
        (json!({ "token": "x", "fingerprint": "y" }), "ERR_NGROK_215"),
        (json!({ "token": "x", "address": "nowhere" }), "ERR_NGROK_215"),
        (json!({ "token": "x", "bind": "*" }), "ERR_NGROK_600"),
    ] {
        assert_eq!(gateway.post("/check", question).await.error(), (400, code));
    }
    // It is asked all day long, and no pace is kept.
    for _ in 0..130 {
        assert_eq!(gateway.post("/check", json!({ "token": token })).await.status, StatusCode::OK);
    }
}
