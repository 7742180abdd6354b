//! Secrets stay with whoever was given them: after every flow that makes one, none of them stands in the log, however much that says, in
//! the database, in events, in metrics, or on a page that is looked at later.

use std::{io::Read, process::Stdio, time::Duration};

use frontdesk::{config::Found, protocols::totp::Authenticator};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    child::{own_address, program, serve, terminate},
    kit::{Browser, PASSWORD, READER, Raw, invitation_form, new_database, sign_up_form},
    programs::Program,
    upgrades::everything,
};

const NEW_PASSWORD: &str = "four entirely new words";
const WRONG_PASSWORD: &str = "a wrong password of mine";

/// Every secret, and what it is.
#[derive(Default)]
struct Book(Vec<(&'static str, String)>);

impl Book {
    fn keep(&mut self, what: &'static str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        assert!(secret.len() >= 16, "{what}: {secret} may stand somewhere by chance");
        self.0.push((what, secret.clone()));
        secret
    }

    /// Those that stand in a text.
    fn found_in(&self, text: &str) -> Vec<&'static str> {
        self.0.iter().filter(|(_, secret)| text.contains(secret.as_str())).map(|(what, _)| *what).collect()
    }
}

fn cookie(browser: &Browser) -> String {
    browser.cookie().unwrap().split_once('=').unwrap().1.to_owned()
}

/// The path of a link under `under` in some letter, once there is one.
async fn mailed(folder: &std::path::Path, under: &str) -> String {
    for _ in 0..100 {
        for letter in std::fs::read_dir(folder).into_iter().flatten() {
            let text = std::fs::read_to_string(letter.unwrap().path()).unwrap().replace("=\r\n", "").replace("=3D", "=");
            if let Some((_, rest)) = text.split_once(under) {
                return format!("{under}{}", rest.split(|c: char| c.is_whitespace() || c == '"').next().unwrap());
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no letter with {under}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_stands_where_anybody_else_looks() {
    let folder = tempfile::tempdir().unwrap();
    let metrics = format!("{}:9100", own_address());
    let mut config = Found::defaults().check().unwrap();
    config.data_dir = folder.path().join("data");
    config.database_url = new_database().await;
    let mut command = program(folder.path());
    command.env("DATABASE_URL", &config.database_url).args(["--listen", "127.0.0.1:0", "--log-level", "trace", "--data-dir"]);
    command.arg(&config.data_dir).args(["--metrics-listen", &metrics, "--password-memory-kib", "64", "--password-iterations", "1"]);
    let mut server = serve(command.stderr(Stdio::piped()));
    let mut stderr = server.child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut log = String::new();
        stderr.read_to_string(&mut log).unwrap();
        log
    });
    let mut book = Book::default();
    let (ada, base) = (Browser::at(&server.base), server.base.clone());
    let typed = |fields: &[(&'static str, &str)]| fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>();

    // Set-up, signing in, and the cookies of both.
    let token = book.keep("the link for set-up", server.token());
    book.keep("a password", PASSWORD);
    let fields = [("token", &*token), ("account", "Acme"), ("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    assert_eq!(ada.post("/setup", &typed(&fields)).await.location(), "/accounts/acme");
    book.keep("a cookie", cookie(&ada));
    let elsewhere = Browser::at(&base);
    elsewhere.sign_in("ada@example.com", PASSWORD).await;
    book.keep("another cookie", cookie(&elsewhere));
    book.keep("a wrong password", WRONG_PASSWORD);
    Browser::at(&base).sign_in("ada@example.com", WRONG_PASSWORD).await;

    // Invitations, by link and by letter.
    let mail = config.data_dir.join("mail");
    let invited = ada.post("/accounts/acme/invitations/new", &invitation_form("bob@example.com", READER)).await;
    let link = invited.attributes("#link", "value").remove(0);
    let path = link.strip_prefix(&base).unwrap().to_owned();
    book.keep("an invitation's link", path.rsplit('/').next().unwrap());
    let path = mailed(&mail, "/invitations/").await;
    book.keep("an invitation's link in a letter", path.rsplit('/').next().unwrap());
    let bob = Browser::at(&base);
    bob.get(&path).await;
    bob.post(&format!("{path}/sign-up"), &sign_up_form("Bob")).await;

    // Forgotten passwords, and changed ones.
    Browser::at(&base).post("/password/forgot", &typed(&[("email", "bob@example.com")])).await;
    let reset = mailed(&mail, "/password/reset").await;
    book.keep("a link to reset a password", reset.rsplit(['/', '=']).next().unwrap());
    book.keep("a new password", NEW_PASSWORD);
    let page = Browser::at(&base).post(&reset, &typed(&[("password", NEW_PASSWORD)])).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());

    // A second factor, its recovery codes, and the half of a sign-in.
    ada.post("/me/security/factor", &[]).await;
    let secret = ada.get("/me/security/factor").await.all("#secret").remove(0);
    let authenticator = Authenticator::read(&secret, "").unwrap();
    book.keep("an authenticator's secret", authenticator.secret());
    let page = ada.post("/me/security/factor/confirm", &typed(&[("code", &authenticator.code(frontdesk::app::clock()()))])).await;
    for code in page.all("#codes code") {
        book.keep("a recovery code", code);
    }
    book.keep("a cookie after it", cookie(&ada));
    let half = Browser::at(&base);
    half.sign_in("ada@example.com", PASSWORD).await;
    let recovery = book.0.iter().find(|(what, _)| *what == "a recovery code").unwrap().1.clone();
    half.post("/login/mfa", &typed(&[("code", &recovery), ("next", "/accounts")])).await;
    book.keep("a cookie by a recovery code", cookie(&half));

    // Credentials: made, rotated, shown again, checked, and shown wrong.
    let bot = ada.post("/accounts/acme/bot-users/new", &typed(&[("name", "Deploy")])).await;
    let bot = bot.location().rsplit('/').next().unwrap().to_owned();
    let mut ids = Vec::new();
    for kind in ["api-keys", "authtokens"] {
        let page = ada.post(&format!("/accounts/acme/{kind}/new"), &typed(&[("owner", &bot)])).await;
        book.keep("a credential", page.all("#value").remove(0));
        let path = page.attributes(".actions a.button", "href").remove(0);
        let page = ada.post(&format!("{path}/rotate"), &typed(&[("ends", "now")])).await;
        book.keep("a rotated credential", page.all("#value").remove(0));
        ids.push(page.attributes(".actions a.button", "href").remove(0));
    }
    let page = ada.post("/accounts/acme/authtokens/own", &[]).await;
    book.keep("a default authtoken", page.all("#value").remove(0));
    let key = ada.post("/accounts/acme/api-keys/new", &[]).await.all("#value").remove(0);
    let program = Program::at(&base, &book.keep("an API key", key.clone()));
    let made = program.post("/api_keys", json!({})).await;
    let other = book.keep("an API key made by one", made.text("token"));
    let credentials: Vec<_> = book.0.iter().filter(|(what, _)| what.contains("credential") || what.contains("API key")).cloned().collect();
    for (_, secret) in &credentials {
        assert_eq!(program.post("/check", json!({ "token": secret })).await.status, StatusCode::OK);
        Program::send(program.request(Method::POST, "/introspect").form(&[("token", secret)]).bearer_auth(&key)).await;
        // Where none belongs: in paths, queries, names, filters, and in the wrong header.
        program.get(&format!("/api_keys/{secret}")).await;
        program.get(&format!("/members?filter=obj.name%20==%20%22{secret}%22")).await;
        program.get(&format!("/account?key={secret}")).await;
        program.post("/bot_users", json!({ "nam": secret })).await;
        Program::send(program.request(Method::GET, "/account").header("ngrok-version", secret)).await;
        Program::at(&base, &format!("{secret}x")).get("/account").await;
        ada.get(&format!("/accounts/acme/api-keys/{secret}")).await;
        ada.get(&format!("/login?next=/{secret}")).await;
    }
    program.delete(&format!("/api_keys/{}", made.text("id"))).await;
    assert_eq!(Program::at(&base, &other).get("/account").await.status, StatusCode::UNAUTHORIZED);

    // Pages that are looked at later, the log of events by both faces, and what is measured.
    let mut pages =
        vec!["/accounts/acme/events".to_owned(), "/accounts/acme/invitations".into(), "/me/sessions".into(), "/me/security".into()];
    pages.extend(ids);
    for path in pages {
        let page = ada.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert_eq!(book.found_in(&page.body), [""; 0], "{path}");
    }
    let mut next = "/events".to_owned();
    loop {
        let page = program.get(&next).await;
        assert_eq!(book.found_in(&page.body.to_string()), [""; 0], "events");
        let Some(uri) = page.body["next_page_uri"].as_str() else { break };
        uri.clone_into(&mut next);
    }
    let measured = reqwest::get(format!("http://{metrics}/metrics")).await.unwrap().text().await.unwrap();
    assert!(measured.contains("frontdesk_requests_total"));
    assert_eq!(book.found_in(&measured), [""; 0], "metrics");
    // The last letters leave, and take their links with them.
    let raw = Raw::open(&config).await;
    for _ in 0..100 {
        if raw.number("SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND failed_at IS NULL").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (table, rows) in everything(&raw).await {
        for row in rows {
            for (column, value) in row {
                assert_eq!(book.found_in(&value.unwrap_or_default()), [""; 0], "{table}.{column}");
            }
        }
    }
    raw.close().await;
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
    let log = log.join().unwrap();
    assert!(log.contains("TRACE") && log.lines().count() > 500, "it says everything: {}", log.lines().count());
    for line in log.lines() {
        assert_eq!(book.found_in(line), [""; 0], "{line}");
    }
}
