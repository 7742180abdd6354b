use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use reqwest::{StatusCode, redirect::Policy};

use crate::{
    child::{Server, program, terminate},
    events::broken_links,
    kit::Raw,
};

/// The demonstration as whoever tries it out sees it: people to sign in as, months of events in whole chains, and nothing left
/// behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_has_lived_for_months_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // Whatever is configured of databases and mail is none of its business, nor what is demanded of real people.
    let mut command = program(folder.path());
    command.env("TMPDIR", folder.path()).env("DATABASE_URL", "postgres://127.0.0.1:1/none").env("FRONTDESK_SMTP_URL", "smtp://127.0.0.1:1");
    command.env("FRONTDESK_MFA", "required").env("FRONTDESK_SEATS", "1").env("FRONTDESK_SESSION_IDLE", "10m");
    let child = command.args(["demo", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut server = Server { child, line: String::new(), base: String::new() };
    let mut said = String::new();
    for line in BufReader::new(server.child.stdout.take().unwrap()).lines() {
        said.push_str(&format!("{}\n", line.unwrap()));
        if said.contains("Ctrl-C") {
            break;
        }
    }
    let base = said.split_whitespace().find(|word| word.starts_with("http")).expect(&said).to_owned();
    let password = said.split("with the password: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let people: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert_eq!(people.len(), 6, "{said}");
    for email in people {
        // No server of this process may have done so yet.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let form = crate::kit::form(&[("email", email.to_owned()), ("password", password.clone())]);
        let request = client.post(format!("{base}/login")).header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{email}");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = client.get(format!("{base}/accounts/difference-engines")).header("cookie", cookie).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{email}");
    }
    let root = said.split("Letters are files in ").nth(1).unwrap().lines().next().unwrap();
    let root = std::path::Path::new(root).parent().unwrap().to_owned();
    let file = root.join("frontdesk.db");
    let raw = Raw::Sqlite(sqlx::SqlitePool::connect(&format!("sqlite:{}?mode=ro", file.display())).await.unwrap());
    let events = raw.number("SELECT COUNT(*) FROM events").await;
    let kinds = raw.number("SELECT COUNT(DISTINCT type) FROM events").await;
    let days = raw.number("SELECT COUNT(DISTINCT at / 86400000) FROM events").await;
    assert!(events > 800 && kinds >= 20 && days > 80, "{events} events of {kinds} kinds on {days} days");
    let resting = "SELECT COUNT(*) FROM bot_users b JOIN credentials k ON k.bot_id = b.id WHERE b.inactive_at IS NOT NULL AND k.refused_why = 'bot_inactive'";
    assert_eq!(raw.number(resting).await, 1, "an old job still tries");
    assert_eq!(broken_links(&raw).await, [] as [String; 0]);
    if let Raw::Sqlite(pool) = &raw {
        pool.close().await;
    }
    terminate(&server);
    assert!(server.child.wait().unwrap().success());
    assert!(!root.exists(), "everything is gone");
}
