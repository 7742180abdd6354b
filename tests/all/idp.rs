//! A provider of OpenID Connect that lies when it is told to. It speaks plain HTTP on this machine, signs with keys that it makes when it
//! starts, and takes one client, [`CLIENT_ID`] with [`CLIENT_SECRET`].

mod answers;
mod lies;
mod signing;
mod trouble;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::to_bytes,
    extract::Request,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use url::Url;

use self::answers::json_answer;
pub use self::{
    lies::{Door, Lie, Trouble},
    signing::Algorithm,
};

/// The client that it knows.
pub const CLIENT_ID: &str = "front desk";
/// The client's secret, with signs that have to be escaped twice over (RFC 6749 §2.3.1).
pub const CLIENT_SECRET: &str = "s3cret:/+&=% ü";

/// What a code stands for.
struct Grant {
    redirect_uri: String,
    challenge: String,
    nonce: String,
    claims: Map<String, Value>,
    auth_time: Option<i64>,
}

struct Desk {
    claims: Map<String, Value>,
    userinfo: Map<String, Value>,
    lie: Lie,
    algorithm: Algorithm,
    post_only: bool,
    /// When the person last proved who they are, in seconds.
    session: Option<i64>,
    grants: HashMap<String, Grant>,
    /// The subject behind each access token.
    tokens: HashMap<String, Value>,
    counts: BTreeMap<Door, usize>,
}

/// A provider that runs until the test ends.
#[derive(Clone)]
pub struct Idp {
    issuer: String,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    desk: Arc<Mutex<Desk>>,
    sent: Arc<AtomicU64>,
}

impl Idp {
    /// Starts with a person who has everything that one can wish for. `clock` gives milliseconds since 1970.
    pub async fn start(clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let idp = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            clock: Arc::new(clock),
            desk: Arc::new(Mutex::new(Desk {
                claims: Map::new(),
                userinfo: Map::new(),
                lie: Lie::None,
                algorithm: Algorithm::Es256,
                post_only: false,
                session: None,
                grants: HashMap::new(),
                tokens: HashMap::new(),
                counts: BTreeMap::new(),
            })),
            sent: Arc::default(),
        };
        idp.who(json!({ "sub": "ada-1", "email": "ada@example.com", "email_verified": true, "name": "Ada Lovelace" }));
        let one = idp.clone();
        let app = axum::Router::new().fallback(move |request: Request| {
            let one = one.clone();
            async move { one.answer(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        idp
    }

    /// Its name.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who signs in next: the claims of the ID token beside those about the token itself, whatever they are.
    pub fn who(&self, claims: Value) {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        self.desk.lock().unwrap().claims = claims;
    }

    /// What the userinfo endpoint knows besides `sub`.
    pub fn userinfo(&self, claims: Value) {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        self.desk.lock().unwrap().userinfo = claims;
    }

    /// What it lies about from now on.
    pub fn lie(&self, lie: Lie) {
        self.desk.lock().unwrap().lie = lie;
    }

    /// How it signs from now on.
    pub fn sign_with(&self, algorithm: Algorithm) {
        self.desk.lock().unwrap().algorithm = algorithm;
    }

    /// Takes the client's secret in the body alone.
    pub fn post_only(&self) {
        self.desk.lock().unwrap().post_only = true;
    }

    /// Remembers that the person signed in at that moment, in milliseconds since 1970, and does not ask again, whatever it is told.
    pub fn remember(&self, at: i64) {
        self.desk.lock().unwrap().session = Some(at / 1000);
    }

    /// How often it was asked at that door.
    pub fn count(&self, door: Door) -> usize {
        self.desk.lock().unwrap().counts.get(&door).copied().unwrap_or_default()
    }

    /// How many bytes of endless answers were taken from it.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Is the browser: looks at the address that it is sent to, signs the person in, and says where it goes then.
    pub fn authorize(&self, url: &str) -> String {
        self.sign_in(&Url::parse(url).unwrap()).unwrap()
    }

    fn sign_in(&self, url: &Url) -> Result<String, String> {
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let query: HashMap<&str, &str> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if query.len() != pairs.len() {
            return Err("a parameter is there twice (RFC 6749 §3.1)".to_owned());
        }
        let get = |name: &str| query.get(name).filter(|value| !value.is_empty()).copied().ok_or_else(|| format!("{name} is missing"));
        let is = |name: &str, value: &str| if get(name)? == value { Ok(()) } else { Err(format!("{name} is not {value}")) };
        if !url.as_str().starts_with(&format!("{}/authorize?", self.issuer)) {
            return Err("that is not my door".to_owned());
        }
        is("response_type", "code")?;
        is("client_id", CLIENT_ID)?;
        is("code_challenge_method", "S256")?;
        if !get("scope")?.split(' ').any(|scope| scope == "openid") {
            return Err("openid is not asked for".to_owned());
        }
        if get("code_challenge")?.len() != 43 || get("nonce")?.len() < 16 || get("state")?.len() < 8 {
            return Err("it is too short".to_owned());
        }
        let mut desk = self.desk.lock().unwrap();
        *desk.counts.entry(Door::Authorize).or_default() += 1;
        let now = (self.clock)() / 1000;
        let is_asked = query.contains_key("max_age") || desk.session.is_some();
        let grant = Grant {
            redirect_uri: get("redirect_uri")?.to_owned(),
            challenge: get("code_challenge")?.to_owned(),
            nonce: get("nonce")?.to_owned(),
            claims: desk.claims.clone(),
            auth_time: is_asked.then(|| desk.session.unwrap_or(now)),
        };
        let code = format!("code-{}", desk.grants.len() + desk.counts[&Door::Authorize]);
        let mut back = Url::parse(&grant.redirect_uri).map_err(|error| error.to_string())?;
        back.query_pairs_mut().append_pair("code", &code).append_pair("state", get("state")?);
        match desk.lie {
            Lie::StripIss => {}
            Lie::WrongIss => drop(back.query_pairs_mut().append_pair("iss", "https://evil.example.com")),
            _ => drop(back.query_pairs_mut().append_pair("iss", &self.issuer)),
        }
        desk.grants.insert(code, grant);
        Ok(back.into())
    }

    async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let door = match path.trim_start_matches("/elsewhere") {
            "/.well-known/openid-configuration" => Door::Discovery,
            "/authorize" => Door::Authorize,
            "/token" => Door::Token,
            "/jwks" => Door::Keys,
            "/userinfo" => Door::Userinfo,
            _ => return StatusCode::NOT_FOUND.into_response(),
        };
        let lie = self.desk.lock().unwrap().lie;
        if door != Door::Authorize {
            *self.desk.lock().unwrap().counts.entry(door).or_default() += 1;
        }
        if let Lie::At(there, trouble) = lie
            && there == door
            && !path.starts_with("/elsewhere")
        {
            return self.trouble(trouble, &path).await;
        }
        if lie == Lie::Sluggish {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        match door {
            Door::Discovery => json_answer(200, &self.document(lie)),
            Door::Authorize => match self.sign_in(&Url::parse(&format!("{}{}", self.issuer, request.uri())).unwrap()) {
                Ok(back) => (StatusCode::FOUND, [(header::LOCATION, back)]).into_response(),
                Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
            },
            Door::Token => {
                let (parts, body) = request.into_parts();
                assert_eq!(parts.method, Method::POST);
                let body = to_bytes(body, 1 << 16).await.unwrap();
                let basic = parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
                match self.token(lie, basic.as_deref(), &body) {
                    Ok(tokens) => json_answer(200, &tokens),
                    Err(error) => json_answer(if error == "invalid_client" { 401 } else { 400 }, &json!({ "error": error })),
                }
            }
            Door::Keys => json_answer(200, &self.keys(lie)),
            Door::Userinfo => {
                let bearer = request.headers().get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
                self.about(lie, bearer.as_deref())
            }
        }
    }
}
