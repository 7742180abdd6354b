//! Single sign-on through real identity providers, in a real browser, at the program itself: what administrators do to set it up, and all ways
//! by which people come in or do not. Pictures go to `target/pictures`.

mod journeys;
mod two;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use frontdesk::rules::members::Roles;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    child::{Server, program, serve},
    chromium::{Chromium, Scripts},
    client::Client,
    idps::Idp,
    kit::{PASSWORD, invitation_form, new_database},
    proxies::free_port,
};

const SETTINGS: &str = "/accounts/acme/settings/sso";
/// Where people want to go.
const DEEP: &str = "/accounts/acme/events";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Oidc,
    Saml,
}

/// A provider that an account has, and its id there.
struct Provider {
    protocol: Protocol,
    idp: Idp,
    id: String,
}

/// Frontdesk as a process, the browser in front of it, and its administrator as a program besides.
struct Front {
    _server: Server,
    folder: TempDir,
    base: String,
    browser: Chromium,
    ada: Client,
}

/// Who can log in at a provider: whoever has a name here, under it.
fn people() -> Value {
    let person = |login: &str, name: &str| {
        let email = format!("{login}@example.com");
        json!({ "login": login, "sub": format!("{login}-1"), "name_id": format!("{login}-1"), "email": email, "email_verified": true, "name": name })
    };
    json!([person("ada", "Ada Lovelace"), person("bob", "Bob"), person("carol", "Carol"), person("grace", "Grace Hopper")])
}

impl Front {
    /// Set up by the printed link, in the browser, by Ada.
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // By a name that is another site than the provider by SAML, which is at 127.0.0.1.
        let port = free_port().port();
        let base = format!("http://localhost:{port}");
        let mut command = program(folder.path());
        command.env("DATABASE_URL", new_database().await).env("FRONTDESK_PRIVATE_IDPS", "allowed");
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--base-url", &base, "--log-level", "error"]);
        command.args(["--password-memory-kib", "64", "--password-iterations", "1"]);
        let server = serve(&mut command);
        let ada = Client::new(&base);
        let browser = Chromium::start(Scripts::On).await;
        browser.open(&format!("{base}/setup?token={}", server.token())).await;
        for (field, text) in [("account", "Acme"), ("name", "Ada Lovelace"), ("email", "ada@example.com"), ("password", PASSWORD)] {
            browser.type_into(field, text).await;
        }
        browser.press("Create the account").await;
        assert_eq!(browser.path().await, "/accounts/acme");
        let mut front = Self { _server: server, folder, ada, base, browser };
        front.ada = front.signed_in("ada").await;
        front
    }

    /// A program that has signed in by password.
    async fn signed_in(&self, name: &str) -> Client {
        let mut client = Client::new(&self.base);
        let fields = [("email", &*format!("{name}@example.com")), ("password", PASSWORD)];
        let page = client.post("/login", &fields).await.unwrap();
        assert_eq!(page.status, 303, "{}", page.text());
        client
    }

    /// Somebody joins by invitation, with a password.
    async fn join(&mut self, name: &str, roles: Roles) {
        let form = invitation_form(&format!("{name}@example.com"), roles);
        let fields: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = self.ada.post("/accounts/acme/invitations/new", &fields).await.unwrap();
        let link = page.attributes("#link", "value").remove(0);
        let path = link.strip_prefix(&self.base).unwrap();
        let fields = [("name", name), ("password", PASSWORD)];
        let joined = Client::new(&self.base).post(&format!("{path}/sign-up"), &fields).await.unwrap();
        assert_eq!(joined.status, 303, "{}", joined.text());
    }

    /// An API key of somebody.
    async fn key_of(&self, name: &str) -> String {
        let page = self.signed_in(name).await.post("/accounts/acme/api-keys/new", &[("description", "A key")]).await.unwrap();
        page.all("#value").remove(0)
    }

    /// What the API answers to a key.
    async fn asked_by(&self, key: &str) -> u16 {
        let request = reqwest::Client::new().get(format!("{}/api/api_keys", self.base)).bearer_auth(key);
        request.header("ngrok-version", "2").send().await.unwrap().status().as_u16()
    }

    /// Opens a page of ours.
    async fn visit(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.base)).await;
    }

    /// Becomes another browser: nothing is known of it, neither here nor at a provider.
    async fn as_somebody_new(&self) {
        self.visit("/login").await;
        self.browser.sign_out_everywhere().await;
    }

    /// Waits until the browser is there.
    async fn arrives(&self, path: &str) {
        let began = Instant::now();
        while self.browser.path().await != path {
            let (here, says) = (self.browser.path().await, self.browser.texts("main").await);
            assert!(began.elapsed() < Duration::from_secs(10), "at {here} in place of {path}: {says:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page says this.
    async fn says(&self, words: &str) {
        let began = Instant::now();
        loop {
            // Between two pages there is none.
            let text = self.browser.texts("body").await.join(" ");
            if text.contains(words) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{words:?} is not in {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Signs in by password, as somebody new.
    async fn by_password(&self, name: &str, next: &str) {
        self.as_somebody_new().await;
        self.visit(&format!("/login?next={next}")).await;
        self.prove(name).await;
    }

    /// Fills in the page for signing in.
    async fn prove(&self, name: &str) {
        self.browser.type_into("email", &format!("{name}@example.com")).await;
        self.browser.type_into("password", PASSWORD).await;
        self.browser.press("Sign in").await;
    }

    /// Logs in at a provider's own page.
    async fn log_in(&self, login: &str) {
        self.browser.wait_for("input[name=login]").await;
        self.browser.focus("input[name=login]").await;
        self.browser.write(login).await;
        self.browser.press("Log in").await;
    }

    /// As somebody new, opens a page, is asked to sign in, chooses the provider and logs in there.
    async fn set_out(&self, provider: &Provider, login: &str, next: &str) {
        self.as_somebody_new().await;
        self.visit(next).await;
        self.browser.follow("main a[href^='/login/sso?next=']").await;
        self.choose(provider, login).await;
    }

    /// Chooses the provider where it is asked, and logs in there.
    async fn choose(&self, provider: &Provider, login: &str) {
        self.browser.follow(&format!(".providers a[href*='{}']", provider.id)).await;
        self.log_in(login).await;
    }

    /// Our metadata at this path, in a file that a provider can read.
    async fn tell_of_us(&self, path: &str) -> PathBuf {
        let metadata = Client::new(&self.base).get(path).await.unwrap();
        let file = self.folder.path().join("sp.xml");
        std::fs::write(&file, metadata.body).unwrap();
        file
    }

    /// The code in the letter to somebody.
    async fn code_for(&self, email: &str) -> String {
        let began = Instant::now();
        loop {
            let files = std::fs::read_dir(self.folder.path().join("data/mail")).into_iter().flatten();
            let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
            let letters = files.map(|path: PathBuf| std::fs::read_to_string(path).unwrap());
            let mut letters = letters.filter(|letter| letter.contains(&format!("To: {email}")));
            let code =
                letters.find_map(|letter| letter.lines().find(|line| line.len() == 9 && line.as_bytes()[4] == b'-').map(str::to_owned));
            if let Some(code) = code {
                return code;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "no letter with a code has come to {email}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Adds a provider by its page, with what the page says of us told to it.
    async fn add(&mut self, protocol: Protocol, description: &str) -> Provider {
        let browser = &self.browser;
        let values = async || browser.texts("[aria-labelledby=ours] > .properties dd code").await;
        self.visit(SETTINGS).await;
        let idp = if protocol == Protocol::Oidc {
            let mut idp = Idp::oidc(&people());
            browser.follow("a[href$='/new-oidc']").await;
            browser.look("peer-sso-new-oidc").await;
            let client = json!({ "client_id": "desk", "client_secret": "s".repeat(40), "redirect_uris": values().await });
            idp.tell(&json!({ "clients": [client] }));
            browser.type_into("issuer", idp.says("issuer")).await;
            browser.type_into("client_id", "desk").await;
            browser.type_into("client_secret", &"s".repeat(40)).await;
            idp
        } else {
            let mut idp = Idp::saml(&people());
            browser.follow("a[href$='/new-saml']").await;
            browser.look("peer-sso-new-saml").await;
            // It reads what we say of ourselves.
            let ours = values().await.pop().unwrap();
            let file = self.tell_of_us(ours.strip_prefix(&self.base).unwrap()).await;
            idp.tell(&json!({ "sp_metadata_file": file }));
            browser.type_into("metadata_url", idp.says("metadata")).await;
            idp
        };
        browser.type_into("description", description).await;
        browser.press("Add provider").await;
        self.says("The provider is there").await;
        let id = browser.path().await.rsplit_once('/').unwrap().1.to_owned();
        Provider { protocol, idp, id }
    }
}
