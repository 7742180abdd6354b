//! The reference of the API for people: it says all that there is, and its examples work.

use std::{collections::BTreeSet, process::Command};

use frontdesk::{rules::codes, web};
use reqwest::{Method, StatusCode};
use scraper::{Html, Selector};
use serde_json::Value;

use crate::{
    kit::{House, READER},
    programs::{Program, body_for},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_code_and_object_stands_in_the_reference() {
    let (house, ada) = House::with_ada().await;
    let page = house.visitor().get("/api/reference").await;
    assert_eq!(page.status, StatusCode::OK, "anybody may read it");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let ids: BTreeSet<String> = page.attributes("[id]", "id").into_iter().collect();
    let document = document(&house.program_of(&ada).await).await;
    assert!(document["externalDocs"]["url"].as_str().unwrap().ends_with("/api/reference"));
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            described.insert((method.to_uppercase(), path.clone()));
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.contains(id), "{id}");
            let call = page.all(&format!("section.operation:has(#{id}) .call"));
            assert_eq!(call[0].split_whitespace().collect::<Vec<_>>(), [&method.to_uppercase(), path]);
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(!parameter["description"].as_str().unwrap_or_default().is_empty(), "{id}: {parameter}");
                let is_filter = parameter["name"] == "filter";
                assert!(!is_filter || parameter["description"].as_str().unwrap().contains("`id` (id)"), "{id} says what is filtered by");
            }
            let body = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
            assert!(body.is_none_or(|body| body["example"].is_object()), "{id} has no example: document.rs names one for each body");
        }
    }
    for name in page.all("h3[id^='object-']") {
        let fields = page.all(&format!("section:has(> #object-{name}) tbody tr"));
        assert!(!fields.is_empty() && document["components"]["schemas"][&name].is_object(), "{name}");
    }
    let routes: BTreeSet<_> = web::api_routes().iter().map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
    assert_eq!(described, routes);
    for (code, meaning) in codes::ALL {
        assert!(page.all(&format!("tr#{code}")).iter().any(|row| row.contains(meaning)), "{code}");
    }
    for link in page.attributes("main a[href^='#'], nav a[href^='#']", "href") {
        assert!(ids.contains(&link[1..]), "{link} leads nowhere");
    }
}

async fn document(program: &Program) -> Value {
    Program::send(program.request(Method::GET, "/openapi.json")).await.body
}

/// Each is pasted into a shell, with a key and the id of something that was made for it.
#[tokio::test(flavor = "multi_thread")]
async fn every_example_works_when_it_is_pasted() {
    let (house, ada) = House::with_ada().await;
    let program = house.program_of(&ada).await;
    let page = house.visitor().get("/api/reference").await;
    let paths = page.all("section.operation .call code");
    let methods = page.all("section.operation .call .badge");
    // Line by line, as they are copied.
    let html = Html::parse_document(&page.body);
    let selector = Selector::parse("section.operation pre.example").unwrap();
    let commands: Vec<String> = html.select(&selector).map(|element| element.text().collect()).collect();
    assert!(commands.len() == paths.len() && commands.len() >= web::api_routes().len());
    // And those that say how to begin.
    let begin = Selector::parse("#main pre.example").unwrap();
    let begin: Vec<String> =
        html.select(&begin).map(|element| element.text().collect()).filter(|text: &String| !commands.contains(text)).collect();
    let policy = program.post("/ip_policies", serde_json::json!({})).await.text("id").to_owned();
    let mut ran = 0;
    for command in begin.iter().filter(|text| text.contains("curl ")) {
        let command = command.replace("KEY='the API key'\n", "");
        let script = format!("{} --noproxy '*' -sS -o /dev/null -w '%{{http_code}}'", command.trim());
        let output = Command::new("bash").args(["-c", &script]).env("KEY", program.key()).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "200", "{script}");
        ran += 1;
    }
    assert_eq!(ran, 3, "{begin:?}");
    for (number, ((path, method), command)) in paths.iter().zip(&methods).zip(&commands).enumerate() {
        let number = u8::try_from(number).unwrap();
        let id = id_for(&house, &program, path, number).await;
        assert!(!path.contains("{id}") || command.contains("$ID"), "{command}");
        let ran = Command::new("bash")
            .args(["-c", &format!("{command} --noproxy '*' -sS -o /dev/null -w '%{{http_code}}'")])
            .env("KEY", program.key())
            .env("ID", id)
            .env("IP_POLICY", &policy)
            .output()
            .unwrap();
        let status = String::from_utf8(ran.stdout).unwrap();
        assert!(status.starts_with('2'), "{method} {path}: {status} {}\n{command}", String::from_utf8_lossy(&ran.stderr));
        house.wait(frontdesk::rules::time::Span::minutes(1));
    }
}

/// Something that can be looked at, changed and deleted under a path.
async fn id_for(house: &House, program: &Program, path: &str, number: u8) -> String {
    let list = path.split("/{id}").next().unwrap();
    match list {
        _ if !path.contains("{id}") => String::new(),
        "/members" => {
            let email = house.member("acme", &format!("somebody{number}"), READER).await;
            let found = program.get(&format!("/members?filter=obj.email%20==%20%22{email}%22")).await;
            found.body["members"][0]["id"].as_str().unwrap().to_owned()
        }
        "/invitations" => {
            let made = program.post(list, serde_json::json!({ "email": format!("somebody{number}@example.org") })).await;
            made.text("id").to_owned()
        }
        "/events" => program.get(list).await.body["events"][0]["id"].as_str().unwrap().to_owned(),
        // A surface has one restriction at most.
        "/ip_restrictions" => {
            let found = program.get(list).await.body["ip_restrictions"][0]["id"].as_str().map(str::to_owned);
            let policy = program.post("/ip_policies", serde_json::json!({})).await.text("id").to_owned();
            let new = serde_json::json!({ "type": "endpoints", "ip_policy_ids": [policy] });
            match found {
                Some(id) => id,
                None => program.post(list, new).await.text("id").to_owned(),
            }
        }
        "/ip_policy_rules" => {
            let policy = program.post("/ip_policies", serde_json::json!({})).await.text("id").to_owned();
            let new = serde_json::json!({ "ip_policy_id": policy, "cidr": "10.0.0.0/8", "action": "allow" });
            program.post(list, new).await.text("id").to_owned()
        }
        // No key of those that are examples.
        _ => program.post(list, body_for(list, 100 + number)).await.text("id").to_owned(),
    }
}
