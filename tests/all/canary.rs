//! Text stays text: a canary in everything that people can name, looked at on every page and in letters.

use std::collections::BTreeSet;

use frontdesk::rules::members::Roles;
use reqwest::{Method, StatusCode};
use scraper::{Html, Selector};

use crate::kit::{House, PASSWORD, invitation_form, sign_up_form};

/// Breaks out of attributes and elements, and brings an element, a handler and an order to htmx of its own.
const CANARY: &str = r#""'><img id=canary src=x onerror=alert(1) hx-get=/canary><script>canary</script>"#;

/// What must not have become part of the page.
fn hatched(html: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let selector = Selector::parse("#canary, img, script:not([src]), [onerror], [hx-get='/canary'], [style]").unwrap();
    document.select(&selector).map(|element| element.html()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_stays_text_on_every_page_and_in_letters() {
    let house = House::new().await;
    let ada = house.visitor();
    let mut form = house.setup_form();
    (form[1].1, form[2].1, form[3].1) = (CANARY.into(), CANARY.into(), "o'onerror=x{{canary}}@example.com".into());
    let page = ada.post("/setup", &form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    let root = page.location().to_owned();
    // What a program calls itself, and what is typed wrong.
    let body = crate::kit::form(&[("email", form[3].1.clone()), ("password", PASSWORD.into())]);
    ada.send(Method::POST, "/login", Some(body), &[("sec-fetch-site", "same-origin"), ("user-agent", CANARY)]).await;
    let email = "b'onerror=x{{canary}}@example.com";
    let page = ada.post(&format!("{root}/invitations/new"), &invitation_form(email, Roles::ADMINISTRATOR)).await;
    let link = page.attributes("#link", "value").remove(0);
    assert!(hatched(&page.body).is_empty(), "{:?}", hatched(&page.body));
    for (path, field) in
        [(format!("{root}/invitations/new"), "email"), (format!("{root}/settings"), "name"), ("/login".to_owned(), "email")]
    {
        let page = ada.post(&path, &[(field, CANARY.into())]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(page.body.contains("canary") && hatched(&page.body).is_empty(), "{path}: {:?}", hatched(&page.body));
    }
    let bob = house.visitor();
    let path = link.strip_prefix(&house.running.base_url).unwrap().to_owned();
    let page = bob.get(&path).await;
    assert!(page.text().contains("<script>canary</script>") && hatched(&page.body).is_empty());
    let page =
        bob.post(&format!("{path}/sign-up"), &[("name", CANARY.into()), ("password", CANARY.into()), ("canary", CANARY.into())]).await;
    assert!(hatched(&page.body).is_empty());
    let page = bob.post(&format!("{path}/sign-up"), &sign_up_form(CANARY)).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());

    // A bot user, and a credential of each kind, with it in every field, which come back from wrong forms and stand on pages.
    let made = ada.post(&format!("{root}/bot-users/new"), &[("name", CANARY.into())]).await;
    let bot = made.location().rsplit('/').next().unwrap().to_owned();
    let key = format!("{} {CANARY}", crate::programs::ssh_key(1).rsplit_once(" key").unwrap().0);
    for (kind, public_key) in [("api-keys", ""), ("authtokens", ""), ("ssh-keys", key.as_str())] {
        let form = |expires: &str| {
            [
                ("description", CANARY.to_owned()),
                ("metadata", CANARY.to_owned()),
                ("owner", bot.clone()),
                ("public_key", public_key.to_owned()),
                ("expires", expires.to_owned()),
            ]
        };
        let wrong = ada.post(&format!("{root}/{kind}/new"), &form(CANARY)).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let page = ada.post(&format!("{root}/{kind}/new"), &form("")).await;
        assert!([StatusCode::OK, StatusCode::SEE_OTHER].contains(&page.status), "{kind}: {}", page.text());
        for page in [wrong, page] {
            assert!(hatched(&page.body).is_empty(), "{kind}: {:?}", hatched(&page.body));
        }
    }
    for path in ["bot-users", "api-keys", "authtokens", "ssh-keys"] {
        let query: String = form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
        for field in ["q", "owner", "state", "before"] {
            let page = ada.get(&format!("{root}/{path}?{field}={query}")).await;
            assert!(page.status == StatusCode::OK && hatched(&page.body).is_empty(), "{path} {field}: {:?}", hatched(&page.body));
        }
    }
    let program = house.program(&ada.post(&format!("{root}/api-keys/new"), &[]).await.all("#value")[0]);
    for reply in [program.get("/bot_users").await, program.post("/credentials", serde_json::json!({ "acl": [CANARY] })).await] {
        assert!(reply.header("content-type") == "application/json" && reply.header("x-content-type-options") == "nosniff");
    }

    assert!(house.deliver().await);
    for letter in std::fs::read_dir(house.config.data_dir.join("mail")).unwrap() {
        let text = std::fs::read_to_string(letter.unwrap().path()).unwrap();
        let html = text.split_once("Content-Type: text/html").unwrap().1.replace("=\r\n", "").replace("=3D", "=");
        let html = html[html.find("<!doctype").unwrap()..].to_owned();
        assert!(html.contains("canary"), "{html}");
        let selector = Selector::parse("#canary, img, script, [onerror], [hx-get]").unwrap();
        assert_eq!(Html::parse_document(&html).select(&selector).count(), 0, "{html}");
    }

    let (mut to_see, mut seen, mut canaries) = (vec![root, path, "/me/sessions".into(), "/me".into()], BTreeSet::new(), 0);
    while let Some(path) = to_see.pop() {
        if seen.len() > 300 || !seen.insert(path.clone()) {
            continue;
        }
        let page = ada.get(&path).await;
        canaries += usize::from(page.body.contains("canary"));
        assert!(hatched(&page.body).is_empty(), "{path}: {:?}", hatched(&page.body));
        to_see.extend(page.attributes("a[href^='/']", "href").into_iter().map(|href| href.split('#').next().unwrap().to_owned()));
    }
    assert!(seen.len() > 20 && canaries > 20, "{canaries} of {}", seen.len());
}
