//! The kit's other half: programs with keys, and what they need to exist.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use reqwest::{
    Client, Method, StatusCode,
    header::{self, HeaderMap},
};
use serde_json::{Value, json};

use crate::kit::{Browser, House};

/// A program that has a key.
pub struct Program {
    client: Client,
    base: String,
    key: String,
    /// The second process, and whose turn it is.
    also: Option<(String, Arc<AtomicUsize>)>,
    /// How the second process is called.
    host: Option<String>,
}

/// What the API answered.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The status, and the code of the error.
    pub fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error_code"].as_str().unwrap_or("no code"))
    }

    /// A field of the body, as text.
    pub fn text(&self, field: &str) -> &str {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field}: {}", self.body))
    }

    /// A header, as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Program {
    /// One that asks a program at an address.
    pub fn at(base: &str, key: &str) -> Self {
        Self { client: Client::builder().no_proxy().build().unwrap(), base: base.to_owned(), key: key.to_owned(), also: None, host: None }
    }

    /// Asks for something, with a body or without.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut address = self.address(path);
        let also = self.also.as_ref().filter(|(_, turns)| turns.fetch_add(1, Ordering::Relaxed) % 2 == 1);
        if let Some((also, _)) = also {
            address = address.replacen(&self.base, also, 1);
        }
        let mut request = self.client.request(method, address).bearer_auth(&self.key).header("ngrok-version", "2");
        if let Some(host) = self.host.as_ref().filter(|_| also.is_some()) {
            request = request.header(header::HOST, host);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::send(request).await
    }

    /// Where a path stands; whole addresses stay as they are.
    pub fn address(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}/api{path}", self.base) }
    }

    /// The same, which asks the first process only: paces are each process's own.
    pub fn alone(mut self) -> Self {
        self.also = None;
        self
    }

    /// The key that it has.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// A request that is put together elsewhere.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.address(path))
    }

    pub async fn send(request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")) };
        Reply { status, headers, body }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.ask(Method::DELETE, path, None).await
    }
}

impl House {
    /// A program with this key.
    pub fn program(&self, key: &str) -> Program {
        let client = Client::builder().no_proxy().build().unwrap();
        let (also, host) = self.second();
        Program { client, base: format!("http://{}", self.running.address), key: key.to_owned(), also, host }
    }

    /// Makes a bot user in `acme`; answers its id.
    pub async fn bot(&self, by: &Browser, name: &str) -> String {
        let page = by.post("/accounts/acme/bot-users/new", &[("name", name.to_owned())]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
        page.location().rsplit('/').next().unwrap().to_owned()
    }

    /// Makes a credential in `acme` by its page, for somebody or for oneself; answers its id and its secret.
    pub async fn credential(&self, by: &Browser, path: &str, owner: &str) -> (String, String) {
        let form = [("description", "Made by a test".to_owned()), ("owner", owner.to_owned())];
        let page = by.post(&format!("/accounts/acme/{path}/new"), &form).await;
        assert_eq!(page.status, StatusCode::OK, "{} {}", page.location(), page.text());
        let secret = page.all("#value").remove(0);
        (page.attributes(".actions a.button", "href").remove(0).rsplit('/').next().unwrap().to_owned(), secret)
    }

    /// A program with a key of its own, made by somebody for themselves.
    pub async fn program_of(&self, by: &Browser) -> Program {
        let (_, key) = self.credential(by, "api-keys", "").await;
        self.program(&key)
    }
}

/// A public key that nobody has the private half of, another one for each number.
pub fn ssh_key(number: u8) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut blob = Vec::new();
    for part in [b"ssh-ed25519".as_slice(), &[number; 32]] {
        blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend(part);
    }
    format!("ssh-ed25519 {} key {number}", STANDARD.encode(blob))
}

/// The body that makes one of what stands under a path.
pub fn body_for(path: &str, number: u8) -> Value {
    match path {
        "/bot_users" | "/service_users" => json!({ "name": format!("Bot {number}") }),
        "/ssh_credentials" => json!({ "public_key": ssh_key(number) }),
        _ => json!({ "description": format!("Number {number}") }),
    }
}
