//! IP policies and their rules: how networks are written, lists that are pasted, and what clients of the tunnel service expect.

use reqwest::StatusCode;
use serde_json::json;

use crate::kit::{Browser, House, Page};

async fn made(browser: &Browser, description: &str) -> String {
    let page = browser.post("/accounts/acme/ip-policies/new", &[("description", description.into())]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    page.location().to_owned()
}

async fn add(browser: &Browser, policy: &str, networks: &str, action: &str) -> Page {
    browser.post(&format!("{policy}/rules"), &[("networks", networks.into()), ("action", action.into())]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_taken_whole_after_a_look_at_each_line() {
    let (house, ada) = House::with_ada().await;
    let policy = made(&ada, "Offices").await;
    assert_eq!(add(&ada, &policy, "10.0.0.0/8 Home", "allow").await.location(), policy, "one good line needs no look");
    let list = "# Berlin\n192.0.2.0/24 Berlin\n192.0.2.9\n10.0.0.0/8\n2001:db8::1/64 lab\n";
    let review = add(&ada, &policy, list, "allow").await;
    assert_eq!(review.status, StatusCode::OK, "{}", review.location());
    assert_eq!(
        review.all("section:has(#lines) tbody tr"),
        [
            "2 192.0.2.0/24 192.0.2.0/24 is good. Berlin",
            "3 192.0.2.9 Taken as 192.0.2.9/32.",
            "4 10.0.0.0/8 10.0.0.0/8 is there already, in the policy or a line above.",
            "5 2001:db8::1/64 Taken as 2001:db8::/64. lab",
        ]
    );
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM ip_policy_rules").await, 1, "nothing is done yet");
    // The own address is written below what stands there, and nothing is done by that.
    let fields = [("networks", "192.0.2.0/24 Berlin".into()), ("action", "deny".into()), ("own", "yes".into())];
    let page = ada.post(&format!("{policy}/rules"), &fields).await;
    assert_eq!((page.status, page.all("#networks").remove(0).as_str()), (StatusCode::OK, "192.0.2.0/24 Berlin 127.0.0.1/32"));
    assert_eq!(house.raw.number("SELECT COUNT(*) FROM ip_policy_rules").await, 1);
    assert!(
        ada.post("/accounts/acme/ip-policies/new", &[("description", " ".into())]).await.fault("description").contains("which networks")
    );
    let fields = [("networks", list.into()), ("action", "allow".into()), ("reviewed", review.value("reviewed"))];
    assert_eq!(ada.post(&format!("{policy}/rules"), &fields).await.location(), policy);
    let rows = ada.get(&policy).await.all("tbody tr td:first-child");
    assert_eq!(rows.len(), 4, "{rows:?}");
    // All or nothing: what was typed stays.
    let wrong = add(&ada, &policy, "203.0.113.0/24\nnowhere\n10.0.0.0/8%1", "deny").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.fault("networks").starts_with("2 lines cannot be taken") && wrong.fault("networks").contains("Line 2"),
        "{}",
        wrong.fault("networks")
    );
    assert!(wrong.all("textarea#networks")[0].contains("203.0.113.0/24 nowhere"));
    assert_eq!(wrong.all("section:has(#lines) tbody th"), ["1", "2", "3"], "each line says what it is");
    for (networks, action, field, says) in [
        ("", "allow", "networks", "Enter a network"),
        ("10.0.0.0/8", "allow", "networks", "has all of these rules already"),
        ("10.0.0.0/8", "deny", "networks", "says allow: delete that one first"),
        ("198.51.100.0/24", "", "action", "Choose what becomes"),
        ("198.51.100.0/24 \u{202e}x", "allow", "networks", "invisible"),
    ] {
        let page = add(&ada, &policy, networks, action).await;
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY && page.fault(field).contains(says),
            "{networks} {action}: {}",
            page.fault(field)
        );
    }
    let event = house.raw.texts("SELECT after FROM events WHERE type = 'ip_policy_rule_created.v0' ORDER BY seq DESC").await.remove(0);
    assert!(event.contains("2001:db8::/64") && event.contains("192.0.2.9/32"), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_changed_and_goes() {
    let (house, ada) = House::with_ada().await;
    let policy = made(&ada, "Offices").await;
    add(&ada, &policy, "192.0.2.0/24", "allow").await;
    house.wait(frontdesk::rules::time::Span::seconds(1));
    add(&ada, &policy, "10.0.0.0/8", "deny").await;
    let rule = ada.get(&policy).await.attributes("tbody a", "href").remove(1);
    for (network, says) in [
        ("", "This is not a network"),
        ("192.0.2.0/33", "This is not a network"),
        ("10.0.0.0/8", "has a rule for 10.0.0.0/8 already"),
        ("fe80::1%eth0/64", "Leave out what begins with %"),
    ] {
        let page = ada.post(&format!("{rule}/change"), &[("network", network.into()), ("description", String::new())]).await;
        assert!(page.fault("network").contains(says), "{network}: {}", page.text());
    }
    let changed = ada.post(&format!("{rule}/change"), &[("network", "198.51.100.0/24".into()), ("description", "Gate".into())]).await;
    assert_eq!(changed.location(), policy, "{}", changed.text());
    for (network, taken) in [("192.0.2.1/24", "192.0.2.0/24"), ("192.0.2.1", "192.0.2.1/32")] {
        ada.post(&format!("{rule}/change"), &[("network", network.into()), ("description", "Gate".into())]).await;
        assert!(ada.get(&policy).await.text().contains(&format!("{network} is taken as {taken}")));
    }
    assert_eq!(ada.post(&format!("{rule}/delete"), &[]).await.location(), policy);
    assert_eq!(ada.get(&rule).await.status, StatusCode::NOT_FOUND);
    let ask = ada.get(&format!("{policy}/delete")).await;
    assert!(ask.text().contains("Its rule goes with it"), "{}", ask.text());
    assert_eq!(ada.post(&format!("{policy}/delete"), &[]).await.location(), "/accounts/acme/ip-policies");
    let kinds = house.events(&house.account_id("acme").await).await;
    let kinds: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("ip_")).map(String::as_str).collect();
    assert_eq!(
        kinds,
        [
            "ip_policy_created.v0",
            "ip_policy_rule_created.v0",
            "ip_policy_rule_created.v0",
            "ip_policy_rule_updated.v0",
            "ip_policy_rule_updated.v0",
            "ip_policy_rule_updated.v0",
            "ip_policy_rule_deleted.v0",
            "ip_policy_deleted.v0"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_hear_what_is_wrong_by_its_code() {
    let (house, ada) = House::with_ada().await;
    let own = house.program_of(&ada).await;
    let policy = own.post("/ip_policies", json!({ "description": "Offices", "metadata": "{}" })).await;
    assert_eq!((policy.status, policy.text("metadata")), (StatusCode::CREATED, "{}"));
    let id = policy.text("id").to_owned();
    let rule = |cidr: &str, action: &str| json!({ "ip_policy_id": id, "cidr": cidr, "action": action });
    let first = own.post("/ip_policy_rules", rule("192.0.2.0/24", "allow")).await;
    assert_eq!((first.text("cidr"), first.text("action"), &first.body["ip_policy"]["id"]), ("192.0.2.0/24", "allow", &json!(id)));
    for (body, code) in [
        (json!({}), 1405),
        (json!({ "ip_policy_id": id }), 1405),
        (rule("nowhere", "allow"), 1406),
        (rule("192.0.2.1", "allow"), 1413),
        (rule("192.0.2.1/24", "allow"), 1409),
        (rule("192.0.2.0/24", "deny"), 1408),
        (rule("::ffff:192.0.2.0/120", "allow"), 1408),
        (rule("10.0.0.0/8", "maybe"), 1422),
        (json!({ "ip_policy_id": "x", "cidr": "10.0.0.0/8", "action": "allow" }), 1414),
        (json!({ "ip_policy_id": id, "cidr": "10.0.0.0/8", "action": "allow", "description": "x".repeat(256) }), 1421),
    ] {
        let reply = own.post("/ip_policy_rules", body.clone()).await;
        assert_eq!(reply.error(), (400, format!("ERR_NGROK_{code}").as_str()), "{body}: {}", reply.body);
    }
    let unknown = json!({ "ip_policy_id": "ipp_3MP92WggujNuFkwl8icLusxoDSO", "cidr": "10.0.0.0/8", "action": "allow" });
    assert_eq!(own.post("/ip_policy_rules", unknown).await.error(), (404, "ERR_NGROK_1402"));
    let path = format!("/ip_policy_rules/{}", first.text("id"));
    assert_eq!(own.patch(&path, json!({})).await.error(), (400, "ERR_NGROK_1401"));
    assert_eq!(own.patch(&path, json!({ "action": "deny" })).await.error(), (400, "ERR_NGROK_214"), "what it does never changes");
    assert_eq!(own.patch(&path, json!({ "cidr": "198.51.100.0/24" })).await.text("cidr"), "198.51.100.0/24");
    assert_eq!(own.patch(&format!("/ip_policies/{id}"), json!({})).await.error(), (400, "ERR_NGROK_1400"));
    assert_eq!(
        own.patch(&format!("/ip_policies/{id}"), json!({ "description": "New" })).await.text("metadata"),
        "{}",
        "what is missing stays"
    );
    // Many at once: all of them, or none.
    let many = |cidrs: &[&str]| json!({ "rules": cidrs.iter().map(|cidr| json!({ "cidr": cidr, "action": "allow" })).collect::<Vec<_>>() });
    let bulk = format!("/ip_policies/{id}/rules");
    assert_eq!(own.post(&bulk, many(&["10.0.0.0/8", "198.51.100.0/24"])).await.error(), (400, "ERR_NGROK_1408"));
    assert_eq!(own.post(&bulk, many(&["10.0.0.0/8", "x"])).await.error(), (400, "ERR_NGROK_1406"));
    assert_eq!(own.post(&bulk, many(&[])).await.error(), (400, "ERR_NGROK_1405"));
    assert_eq!(own.get("/ip_policy_rules").await.body["ip_policy_rules"].as_array().unwrap().len(), 1);
    let made = own.post(&bulk, many(&["10.0.0.0/8", "2001:db8::/32"])).await;
    assert_eq!((made.status, made.body["ip_policy_rules"].as_array().unwrap().len()), (StatusCode::CREATED, 2), "{}", made.body);
    for (filter, count) in [
        ("obj.action == \"allow\"".to_owned(), 3),
        ("obj.cidr == \"10.0.0.0/8\"".to_owned(), 1),
        (format!("obj.ip_policy == \"{id}\""), 3),
        ("obj.ip_policy == \"ipp_3MP92WggujNuFkwl8icLusxoDSO\"".to_owned(), 0),
    ] {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = own.get(&format!("/ip_policy_rules?filter={query}")).await;
        assert_eq!(found.body["ip_policy_rules"].as_array().unwrap().len(), count, "{filter}");
    }
    // Restrictions: one for each type, with policies that there are.
    let restriction = |kind: &str, ids: &[&str]| json!({ "type": kind, "ip_policy_ids": ids });
    assert_eq!(own.post("/ip_restrictions", restriction("door", &[&id])).await.error(), (400, "ERR_NGROK_1803"));
    assert_eq!(own.post("/ip_restrictions", restriction("agent", &[])).await.error(), (400, "ERR_NGROK_1804"));
    assert_eq!(
        own.post("/ip_restrictions", restriction("agent", &["ipp_3MP92WggujNuFkwl8icLusxoDSO"])).await.error(),
        (400, "ERR_NGROK_1801")
    );
    assert_eq!(own.post("/ip_restrictions", restriction("agent", &["x"])).await.error(), (400, "ERR_NGROK_1414"));
    let made = own.post("/ip_restrictions", restriction("agent", &[&id, &id])).await;
    assert_eq!((made.status, &made.body["enforced"], made.text("type")), (StatusCode::CREATED, &json!(false), "agent"));
    assert_eq!(made.body["ip_policies"].as_array().unwrap().len(), 1);
    assert_eq!(own.post("/ip_restrictions", restriction("agent", &[&id])).await.error(), (400, "ERR_NGROK_1802"));
    assert_eq!(own.delete(&format!("/ip_policies/{id}")).await.error(), (400, "ERR_NGROK_1420"));
    let of_dashboard = own.post("/ip_restrictions", restriction("dashboard", &[&id])).await;
    assert_eq!(of_dashboard.status, StatusCode::CREATED, "{}", of_dashboard.body);
    let rules = own.get("/ip_policy_rules").await.body["ip_policy_rules"].clone();
    let paths: Vec<String> =
        rules.as_array().unwrap().iter().map(|rule| format!("/ip_policy_rules/{}", rule["id"].as_str().unwrap())).collect();
    assert_eq!(own.delete(&paths[0]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(own.delete(&paths[1]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(own.delete(&paths[2]).await.error(), (400, "ERR_NGROK_1419"));
    assert_eq!(own.delete(&paths[0]).await.error(), (404, "ERR_NGROK_1404"));
}
