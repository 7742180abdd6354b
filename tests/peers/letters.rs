//! Letters that arrive: how they read, where they lead, and that nobody else decides where they lead.

use std::time::{Duration, UNIX_EPOCH};

use reqwest::StatusCode;

use crate::{
    client::Client,
    desk::{BASE_URL, Desk, INVITATIONS},
    receiver::{Receiver, header, recipient},
};

const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_arrives_and_lets_in() {
    let mut receiver = Receiver::new(Some(["desk", "p@ss word/1"]));
    receiver.start();
    let mut desk = Desk::open(&receiver.url(Some(["desk", "p%40ss%20word%2F1"]))).await;
    desk.invite("grace@example.com").await;
    let (letters, took) = receiver.wait_for(1, SOON).await;
    println!("the first letter took {took:?}");
    let letter = &letters[0];

    assert_eq!(recipient(letter), "grace@example.com");
    assert_eq!(letter["mail_from"], "frontdesk@desk.example.test");
    assert_eq!(letter["user"], "desk");
    assert_eq!(header(letter, "from"), "Frontdesk <frontdesk@desk.example.test>");
    assert_eq!(header(letter, "to"), "grace@example.com");
    assert_eq!(header(letter, "subject"), "Ada Lovelace invites you to join Acme");
    assert_eq!(header(letter, "auto-submitted"), "auto-generated");
    let id = header(letter, "message-id");
    assert!(id.starts_with("<let_") && id.ends_with("@desk.example.test>"), "{id}");
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!((letter["date"].as_f64().unwrap() - now).abs() < 60.0, "{letter}");

    assert_eq!(letter["type"], "multipart/alternative");
    assert_eq!(letter["order"], serde_json::json!(["text/plain", "text/html"]), "whoever can show both shows the last");
    assert_eq!(letter["defects"], serde_json::json!([]));
    assert!(letter["longest_line"].as_u64().unwrap() <= 998, "RFC 5322, section 2.1.1");
    let text = letter["text"].as_str().unwrap();
    let link = links(text).into_iter().find(|link| link.contains("/invitations/")).expect(text);
    assert!(links(letter["html"].as_str().unwrap()).contains(&link), "both parts lead to the same place");
    for part in ["text", "html"] {
        let part = letter[part].as_str().unwrap();
        assert!(part.contains("Acme") && part.contains("Ada Lovelace") && part.contains("grace@example.com"), "{part}");
        assert!(links(part).iter().all(|link| link.starts_with(BASE_URL)), "{part}");
    }

    let path = link.strip_prefix(BASE_URL).unwrap();
    let mut grace = Client::new(&format!("http://{}", desk.address));
    assert_eq!(grace.get(path).await.unwrap().status, StatusCode::OK);
    let done = grace.post(&format!("{path}/sign-up"), &[("name", "Grace"), ("password", crate::kit::PASSWORD)]).await.unwrap();
    assert_eq!(done.location(), crate::kit::OFFER, "{}", done.text());
    assert_eq!(grace.get("/accounts/acme").await.unwrap().status, StatusCode::OK);
    assert_eq!(receiver.letters().len(), 1);
}

/// All links in a text or page.
fn links(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\'');
    text.match_indices("http").map(|(at, _)| text[at..].split(ends).next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_decides_where_letters_lead() {
    let receiver = Receiver::running("accept");
    let mut desk = Desk::open(&receiver.url(None)).await;
    let form = |email: &str| format!("email={email}&developer=read_only&team=read_only&billing=none");
    // Another name is refused, and nobody gets a letter.
    let refused = desk.ada.post_with(&format!("{INVITATIONS}/new"), &form("one%40example.com"), &[("host", "evil.example")]).await.unwrap();
    assert_eq!(refused.status, StatusCode::MISDIRECTED_REQUEST);
    // What proxies say about names is not asked for.
    let says = [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https"), ("forwarded", "host=evil.example;proto=https")];
    let done = desk.ada.post_with(&format!("{INVITATIONS}/new"), &form("two%40example.com"), &says).await.unwrap();
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let (letters, _) = receiver.wait_for(1, SOON).await;
    assert_eq!(recipient(&letters[0]), "two@example.com");
    for part in ["text", "html"] {
        let part = letters[0][part].as_str().unwrap();
        assert!(!part.contains("evil") && links(part).iter().all(|link| link.starts_with(BASE_URL)), "{part}");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(receiver.letters().len(), 1);
}

/// Names may hold what headers, lines and HTML are made of.
#[tokio::test(flavor = "multi_thread")]
async fn names_stay_names() {
    let receiver = Receiver::running("accept");
    let mut desk = Desk::open(&receiver.url(None)).await;
    let name = "Müller <b>& Söhne</b>, \"Acme\" 株式会社 .";
    let renamed = desk.ada.post("/accounts/acme/settings", &[("name", name), ("slug", "acme"), ("version", "0")]).await.unwrap();
    assert_eq!(renamed.status, StatusCode::SEE_OTHER, "{}", renamed.text());
    let own = desk.ada.post("/me", &[("name", "Ada =?utf-8?q?evil?= (x)"), ("theme", "auto")]).await.unwrap();
    assert_eq!(own.status, StatusCode::SEE_OTHER, "{}", own.text());
    desk.invite("linus@example.com").await;
    let (letters, _) = receiver.wait_for(1, SOON).await;
    let letter = &letters[0];
    // But for a blank in what would be decoded.
    assert_eq!(header(letter, "subject"), format!("Ada = ?utf-8?q?evil?= (x) invites you to join {name}"));
    assert_eq!(letter["defects"], serde_json::json!([]));
    let (text, html) = (letter["text"].as_str().unwrap(), letter["html"].as_str().unwrap());
    assert!(text.contains(name) && text.contains("Ada =?utf-8?q?evil?= (x)"), "{text}");
    assert!(!html.contains("<b>&"), "{html}");
    let shown = scraper::Html::parse_document(html).root_element().text().collect::<String>();
    assert!(shown.contains(name), "{shown}");
}
