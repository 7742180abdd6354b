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
    /// One that sends its letters there, and says that it stands at [`BASE_URL`].
    pub async fn open(smtp_url: &str) -> Self {
        Self::open_with(&["--smtp-url", smtp_url, "--base-url", BASE_URL]).await
    }

    /// One that is told all this besides.
    pub async fn open_with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = new_database().await;
        // Known beforehand, as the line on the console names the base URL alone.
        let address = format!("{}:3000", own_address());
        let mut command = program(folder.path());
        command.env("DATABASE_URL", &url);
        command.args(["--listen", &address, "--log-level", "error"]).args(arguments);
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

    /// Somebody who has joined, made an API key, and is disabled since; answers the key. Letters are files here.
    pub async fn key_of_disabled(&mut self) -> String {
        let mut bob = self.join("bob", "read_write").await;
        let made = bob.post("/accounts/acme/api-keys/new", &[("description", "Bob's")]).await.unwrap();
        let list = self.ada.get("/accounts/acme/members?q=bob").await.unwrap();
        let member = list.attributes("tbody a", "href").remove(0);
        let done = self.ada.post(&format!("{member}/disable"), &[]).await.unwrap();
        assert_eq!(done.status, 303, "{}", done.text());
        made.all("#value").remove(0)
    }

    /// Somebody joins, with this Developer role.
    pub async fn join(&mut self, name: &str, developer: &str) -> Client {
        let email = format!("{name}@example.com");
        let fields = [("email", &*email), ("developer", developer), ("team", "read_only"), ("billing", "none")];
        let page = self.ada.post(&format!("{INVITATIONS}/new"), &fields).await.unwrap();
        let link = page.attributes("#link", "value").remove(0);
        let path = &link[link.find("/invitations/").unwrap()..];
        let mut browser = Client::new(&format!("http://{}", self.address));
        let joined = browser.post(&format!("{path}/sign-up"), &[("name", name), ("password", PASSWORD)]).await.unwrap();
        assert_eq!(joined.status, 303, "{}", joined.text());
        browser
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
