//! Frontdesk as a process of its own, set up by Ada, with somebody to take its letters.

use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::{
    child::{Server, own_address, program, serve},
    client::Client,
    kit::{PASSWORD, Page, new_database},
};

/// Where letters lead, whatever the address that requests come to.
pub const BASE_URL: &str = "http://desk.example.test:8080";
pub const INVITATIONS: &str = "/accounts/acme/invitations";

pub struct Desk {
    _server: Server,
    pub ada: Client,
    /// Where it listens.
    pub address: String,
    _folder: TempDir,
}

impl Desk {
    pub async fn open(smtp_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = new_database().await;
        // Known beforehand, as the line on the console names the base URL alone.
        let address = format!("{}:3000", own_address());
        let mut command = program(folder.path());
        command.env("DATABASE_URL", &url).env("FRONTDESK_SMTP_URL", smtp_url);
        command.args(["--listen", &address, "--base-url", BASE_URL, "--log-level", "error"]);
        command.args(["--password-memory-kib", "64", "--password-iterations", "1"]);
        let server = serve(&mut command);
        let mut ada = Client::new(&format!("http://{address}"));
        let token = server.token();
        let fields = [
            ("token", token.as_str()),
            ("account", "Acme"),
            ("name", "Ada Lovelace"),
            ("email", "ada@example.com"),
            ("password", PASSWORD),
        ];
        let page = ada.post("/setup", &fields).await.unwrap();
        assert_eq!(page.location(), "/accounts/acme", "{}", page.text());
        Self { _server: server, ada, address, _folder: folder }
    }

    /// Invites somebody, who is told by letter; and no link is shown to whoever invites.
    pub async fn invite(&mut self, email: &str) -> Page {
        let fields = [("email", email), ("developer", "read_write"), ("team", "read_only"), ("billing", "none")];
        let page = self.ada.post(&format!("{INVITATIONS}/new"), &fields).await.unwrap();
        assert_eq!(page.status, 303, "{}", page.text());
        page
    }

    /// What the list of invitations says, once it says something in particular.
    pub async fn list_that_says(&mut self, words: &str, patience: Duration) -> String {
        let began = Instant::now();
        loop {
            let text = self.ada.get(INVITATIONS).await.unwrap().text();
            if text.contains(words) {
                return text;
            }
            assert!(began.elapsed() < patience, "{words:?} is not in {text}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
