//! The kit: a Frontdesk on a database of its own, a clock that can be turned, browsers, and a team.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering},
    },
};

use frontdesk::{
    app::{self, Running},
    config::{Config, Found},
    rules::{
        ids::{AccountId, MemberId, UserId},
        members::{Billing, Developer, Roles, Team, search_words},
        time::{Millis, Span},
    },
};
use reqwest::{Client, Method, StatusCode, header};
use scraper::{Html, Selector};
use sqlx::{PgPool, SqlitePool, postgres::PgPoolOptions, sqlite::SqlitePoolOptions};
use tempfile::TempDir;

/// Everybody's password.
pub const PASSWORD: &str = "four random words here";
/// When tests begin: 2026-11-21T12:00:00Z, at the start of every window.
pub const START: i64 = 1_795_262_400_000;

/// A running Frontdesk with a database of its own.
pub struct House {
    pub running: Running,
    /// A second one on the same database, where the whole suite is to run through two of them in turns.
    also: Option<Running>,
    turns: Arc<AtomicUsize>,
    pub config: Config,
    pub raw: Raw,
    clock: Arc<AtomicI64>,
    folder: Arc<TempDir>,
}

/// The database behind the program's back.
pub enum Raw {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Whether this run is on PostgreSQL.
pub fn on_postgres() -> bool {
    std::env::var("FRONTDESK_TEST_POSTGRES").is_ok()
}

/// The URL of a new, empty database; empty for SQLite in the data folder.
pub async fn new_database() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("FRONTDESK_TEST_POSTGRES") else { return String::new() };
    let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let maintenance = PgPoolOptions::new().max_connections(1).connect(&format!("{server}/postgres")).await.unwrap();
    // An en-US locale sorts and compares otherwise than by bytes: the schema must not care.
    let locale = match std::env::var("FRONTDESK_TEST_ICU") {
        Ok(locale) => format!(" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE '{locale}'"),
        Err(_) => String::new(),
    };
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}{locale}"))).execute(&maintenance).await.unwrap();
    maintenance.close().await;
    format!("{server}/{name}")
}

impl Raw {
    pub async fn open(config: &Config) -> Self {
        if config.database_url.starts_with("postgres") {
            return Self::Postgres(PgPoolOptions::new().max_connections(2).connect(&config.database_url).await.unwrap());
        }
        let file = format!("sqlite:{}", config.data_dir.join("frontdesk.db").display());
        let url = if config.database_url.is_empty() { file } else { config.database_url.clone() };
        Self::Sqlite(SqlitePoolOptions::new().max_connections(2).connect(&url).await.unwrap())
    }

    /// A SQLite file that is there.
    pub async fn open_file(file: &std::path::Path) -> Self {
        Self::Sqlite(SqlitePoolOptions::new().max_connections(2).connect(&format!("sqlite:{}", file.display())).await.unwrap())
    }

    /// A SQLite file that is not there yet.
    pub async fn new_file(file: &std::path::Path) -> Self {
        std::fs::write(file, "").unwrap();
        Self::open_file(file).await
    }

    /// Ends the connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs a statement.
    pub async fn run(&self, sql: impl Into<String>) {
        let sql = sqlx::AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
            Self::Postgres(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
        }
    }

    /// The first column of every row, as text.
    pub async fn texts(&self, sql: impl Into<String>) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
        }
    }

    /// One number.
    pub async fn number(&self, sql: impl Into<String>) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.into());
        match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
        }
    }
}

impl House {
    /// A Frontdesk that waits for set-up.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, configured otherwise.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let mut config = Found::defaults().check().unwrap();
        config.listen = "127.0.0.1:0".parse().unwrap();
        config.data_dir = folder.path().join("data");
        config.database_url = new_database().await;
        config.database_connections = 4;
        config.password_cost.memory_kib = 64;
        config.password_cost.iterations = 1;
        change(&mut config);
        Self::start(config, Arc::new(AtomicI64::new(START)), folder).await
    }

    /// On what is there already.
    pub async fn on(config: Config) -> Self {
        Self::start(config, Arc::new(AtomicI64::new(START)), Arc::new(tempfile::tempdir().unwrap())).await
    }

    /// Stops it, and leaves its data where they are for as long as the process lives.
    pub async fn stop(self) -> Config {
        self.raw.close().await;
        self.running.stop().await;
        if let Some(also) = self.also {
            also.stop().await;
        }
        std::mem::forget(self.folder);
        self.config
    }

    async fn start(config: Config, clock: Arc<AtomicI64>, folder: Arc<TempDir>) -> Self {
        let start = async |config: &Config| {
            let hands = clock.clone();
            app::start(config, Arc::new(move || Millis(hands.load(Ordering::SeqCst))), app::dice()).await.unwrap()
        };
        let running = start(&config).await;
        let also = if std::env::var("FRONTDESK_TEST_TWO").is_ok() {
            // Visitors find both under one name, as they would behind a proxy.
            let shared = Config { base_url: running.base_url.clone(), ..config.clone() };
            Some(start(&shared).await)
        } else {
            None
        };
        let raw = Raw::open(&config).await;
        Self { running, also, turns: Arc::default(), config, raw, clock, folder }
    }

    /// How many processes there are; each makes a link for set-up.
    pub fn processes(&self) -> usize {
        1 + usize::from(self.also.is_some())
    }

    /// Delivers all letters that are due; `false` when there is nobody to take them.
    pub async fn deliver(&self) -> bool {
        let delivered = self.running.deliver().await.unwrap();
        // What the other process was about to deliver, it has delivered then.
        match &self.also {
            Some(also) => also.deliver().await.unwrap() && delivered,
            None => delivered,
        }
    }

    /// How many statements were run and how many passwords hashed so far.
    pub fn costs(&self) -> (u64, u64) {
        let (statements, hashes) = self.running.costs();
        let (more, still_more) = self.also.as_ref().map_or((0, 0), Running::costs);
        (statements + more, hashes + still_more)
    }

    /// Another process on the same database and key, configured otherwise.
    pub async fn beside(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        Self::start(config, self.clock.clone(), self.folder.clone()).await
    }

    /// Set up, with its first administrator signed in.
    pub async fn with_ada() -> (Self, Browser) {
        Self::with_ada_and(|_| {}).await
    }

    /// The same, configured otherwise.
    pub async fn with_ada_and(change: impl FnOnce(&mut Config)) -> (Self, Browser) {
        let house = Self::with(change).await;
        let ada = house.visitor();
        let page = ada.post("/setup", &house.setup_form()).await;
        assert_eq!(page.location(), "/accounts/acme", "{}", page.text());
        (house, ada)
    }

    /// The fields of a set-up that works.
    pub fn setup_form(&self) -> Vec<(&'static str, String)> {
        vec![
            ("token", self.token()),
            ("account", "Acme".into()),
            ("name", "Ada Lovelace".into()),
            ("email", "ada@example.com".into()),
            ("password", PASSWORD.into()),
        ]
    }

    /// The token of the link on the console.
    pub fn token(&self) -> String {
        let latest = self.also.as_ref().unwrap_or(&self.running);
        let link = latest.setup_link.as_ref().expect("set-up is not done");
        link.split_once("token=").unwrap().1.to_owned()
    }

    /// Somebody with a browser of their own.
    pub fn visitor(&self) -> Browser {
        self.visitor_from(Ipv4Addr::LOCALHOST.into())
    }

    /// The same, from another address of this machine.
    pub fn visitor_from(&self, address: IpAddr) -> Browser {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).local_address(address).build().unwrap();
        let base = format!("http://{}", self.running.address);
        let (also, host) = self.second();
        Browser { client, base, also, host, cookie: Mutex::new(None), known_by: Mutex::new(None), away: Mutex::new(None) }
    }

    /// Where the second process is, whose turn it is, and by which name it is asked: where they have a name, they go by their
    /// addresses besides.
    pub fn second(&self) -> (Option<(String, Arc<AtomicUsize>)>, Option<String>) {
        let also = self.also.as_ref().map(|also| (format!("http://{}", also.address), self.turns.clone()));
        (also, self.config.base_url.is_empty().then(|| self.running.address.to_string()))
    }

    /// Turns the clock.
    pub fn wait(&self, span: Span) {
        self.clock.fetch_add(span.0, Ordering::SeqCst);
    }

    /// Tells the time wherever it is turned to, in milliseconds since 1970.
    pub fn clock(&self) -> impl Fn() -> i64 + Send + Sync + 'static {
        let clock = self.clock.clone();
        move || clock.load(Ordering::SeqCst)
    }

    /// The time.
    pub fn now(&self) -> Millis {
        Millis(self.clock.load(Ordering::SeqCst))
    }

    /// The types of all events since the beginning of a log, oldest first: `instance`, an account's or a user's id.
    pub async fn events(&self, log: &str) -> Vec<String> {
        self.raw.texts(format!("SELECT type FROM events WHERE log = '{log}' ORDER BY seq")).await
    }

    pub async fn account_id(&self, slug: &str) -> String {
        self.raw.texts(format!("SELECT id FROM accounts WHERE slug = '{slug}'")).await.remove(0)
    }

    pub async fn user_id(&self, email: &str) -> String {
        self.raw.texts(format!("SELECT user_id FROM user_emails WHERE canonical = '{email}'")).await.remove(0)
    }

    pub async fn member_id(&self, email: &str) -> String {
        self.raw.texts(format!("SELECT id FROM members WHERE search_email = '{email}'")).await.remove(0)
    }

    /// Makes another account, behind the program's back.
    pub async fn account(&self, slug: &str) -> String {
        let id = AccountId::new(self.now(), app::dice()()).to_string();
        self.raw
            .run(format!(
                "INSERT INTO accounts (id, slug, name, created_at, event_hash) VALUES ('{id}', '{slug}', '{slug}', {START}, '{}')",
                frontdesk::rules::chain::START
            ))
            .await;
        id
    }

    /// Makes a user with everybody's password and a membership, behind the program's back.
    pub async fn member(&self, slug: &str, name: &str, roles: Roles) -> String {
        let email = format!("{name}@example.com");
        if self.raw.number(format!("SELECT COUNT(*) FROM user_emails WHERE canonical = '{email}'")).await == 0 {
            let id = UserId::new(self.now(), app::dice()());
            self.raw
                .run(format!(
                    "INSERT INTO users (id, name, password_hash, created_at, event_hash)
                     SELECT '{id}', '{name}', password_hash, {START}, '{}' FROM users WHERE name = 'Ada Lovelace'",
                    frontdesk::rules::chain::START
                ))
                .await;
            self.raw.run(format!("INSERT INTO user_emails VALUES ('{id}', '{email}', '{email}', {START}, 'setup')")).await;
        }
        let (user, account) = (self.user_id(&email).await, self.account_id(slug).await);
        let member = MemberId::new(self.now(), app::dice()());
        let administrator = if roles.administrator { START.to_string() } else { "NULL".into() };
        self.raw
            .run(format!(
                "INSERT INTO members (id, account_id, user_id, developer, team, billing, administrator_since, source, joined_at, name, search_name, search_email)
                 VALUES ('{member}', '{account}', '{user}', '{}', '{}', '{}', {administrator}, 'setup', {START}, '{name}', '{name}', '{email}')",
                roles.developer.word(), roles.team.word(), roles.billing.word()
            ))
            .await;
        for word in search_words(name, &email) {
            self.raw.run(format!("INSERT INTO member_words VALUES ('{account}', '{word}', '{member}')")).await;
        }
        email
    }

    /// Invites somebody to `acme`; answers the secret of the link to hand over.
    pub async fn invite(&self, by: &Browser, email: &str, roles: Roles) -> String {
        let page = by.post("/accounts/acme/invitations/new", &invitation_form(email, roles)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        page.attributes("#link", "value").remove(0).rsplit_once('/').unwrap().1.to_owned()
    }

    /// The secret of the link in the letter about the open invitation to an address, read where letters are files.
    pub async fn mailed(&self, email: &str) -> String {
        assert!(self.deliver().await);
        let letter = self
            .raw
            .texts(format!("SELECT i.letter_id FROM invitations i WHERE i.canonical = '{email}' AND i.closed_at IS NULL"))
            .await
            .remove(0);
        let text = std::fs::read_to_string(self.config.data_dir.join(format!("mail/{letter}.eml"))).unwrap();
        secret_in(&text)
    }

    /// The letters that have gone to an address, oldest first, read where letters are files.
    pub async fn letters_to(&self, email: &str) -> Vec<String> {
        assert!(self.deliver().await);
        // Ids sort by the second: what is written after this is sorted after it.
        self.wait(Span::seconds(1));
        let ids = self.raw.texts(format!("SELECT id FROM outbox WHERE recipient = '{email}' AND sent_as = 'file' ORDER BY id")).await;
        ids.into_iter().map(|id| unfolded(&std::fs::read_to_string(self.config.data_dir.join(format!("mail/{id}.eml"))).unwrap())).collect()
    }

    /// The path of the link in the last letter to an address.
    pub async fn link_to(&self, email: &str) -> String {
        let letter = self.letters_to(email).await.pop().expect("no letter");
        let after = letter.split_once(&self.running.base_url).expect(&letter).1;
        after.chars().take_while(|c| c.is_ascii_graphic() && !"<\"".contains(*c)).collect()
    }

    /// Somebody signed in.
    pub async fn signed_in(&self, email: &str) -> Browser {
        let browser = self.visitor();
        let page = browser.sign_in(email, PASSWORD).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
        browser
    }
}

/// The fields of an invitation.
pub fn invitation_form(email: &str, roles: Roles) -> Vec<(&'static str, String)> {
    let mut form = vec![
        ("email", email.to_owned()),
        ("developer", roles.developer.word().to_owned()),
        ("team", roles.team.word().to_owned()),
        ("billing", roles.billing.word().to_owned()),
    ];
    if roles.administrator {
        form.push(("administrator", "yes".to_owned()));
    }
    form
}

/// The fields of the account's settings.
pub fn settings_form(name: &str, version: i64) -> Vec<(&'static str, String)> {
    vec![("name", name.to_owned()), ("slug", "acme".to_owned()), ("version", version.to_string())]
}

/// What an account's security settings show to have stood there while nothing is set.
pub const UNTOUCHED: &str = "- - - - - -";

/// Where somebody new is led who has joined `acme`: a second factor is offered first.
pub const OFFER: &str = "/me/security/factor?next=%2Faccounts%2Facme";

/// The fields of somebody new who accepts.
pub fn sign_up_form(name: &str) -> Vec<(&'static str, String)> {
    vec![("name", name.to_owned()), ("password", PASSWORD.to_owned())]
}

/// A letter's text without the folds of its encoding, so that sentences can be found in it.
fn unfolded(letter: &str) -> String {
    letter.replace("=\r\n", "").replace("=E2=80=9C", "\u{201c}").replace("=E2=80=9D", "\u{201d}")
}

/// The secret of the link in a letter.
pub fn secret_in(letter: &str) -> String {
    // Long lines are folded with "=" at their ends.
    let whole = letter.replace("=\r\n", "");
    let after = whole.split_once("/invitations/").expect(letter).1;
    after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect()
}

/// Read-only everywhere.
pub const READER: Roles = Roles { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };

/// Everybody whom the golden table knows, each signed in, and the account they stand before: `acme`.
pub async fn cast(house: &House, ada: Browser) -> Vec<(&'static str, Browser)> {
    let mut cast = vec![("administrator", ada)];
    for (name, roles) in [
        ("manager", Roles { team: Team::Manager, developer: Developer::ReadWrite, ..READER }),
        ("inviter", Roles { team: Team::Invite, developer: Developer::ReadWrite, ..READER }),
        ("developer", Roles { developer: Developer::ReadWrite, ..READER }),
        ("reader", READER),
        ("billing", Roles { billing: Billing::Access, ..READER }),
        ("guest", Roles { team: Team::Manager, developer: Developer::ReadWrite, ..READER }),
        ("late_guest", Roles::ADMINISTRATOR),
        ("disabled", Roles::ADMINISTRATOR),
    ] {
        let email = house.member("acme", name, roles).await;
        cast.push((name, house.signed_in(&email).await));
    }
    let (guest, late, disabled) = (
        house.user_id("guest@example.com").await,
        house.user_id("late_guest@example.com").await,
        house.user_id("disabled@example.com").await,
    );
    house.raw.run(format!("UPDATE members SET access_until = {} WHERE user_id = '{guest}'", START + Span::days(1).0)).await;
    house.raw.run(format!("UPDATE members SET access_until = {START} WHERE user_id = '{late}'")).await;
    house.raw.run(format!("UPDATE members SET disabled_at = {START} WHERE user_id = '{disabled}'")).await;
    house.account("other").await;
    let stranger = house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    cast.push(("stranger", house.signed_in(&stranger).await));
    cast.push(("nobody", house.visitor()));
    cast
}

/// A browser: keeps its cookies, says where its requests come from, follows no redirect by itself.
pub struct Browser {
    pub client: Client,
    pub base: String,
    /// The second process, and whose turn it is.
    also: Option<(String, Arc<AtomicUsize>)>,
    /// How the second process is called.
    host: Option<String>,
    pub cookie: Mutex<Option<String>>,
    /// The cookie that it is known by, once somebody has signed in with it.
    pub known_by: Mutex<Option<String>>,
    /// The cookie that it is known by once it has gone to an identity provider.
    pub away: Mutex<Option<String>>,
}

impl Browser {
    /// One that asks a program at an address.
    pub fn at(base: &str) -> Self {
        Self::at_from(base, Ipv4Addr::UNSPECIFIED.into())
    }

    /// The same, from an address of this machine.
    pub fn at_from(base: &str, address: IpAddr) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).local_address(address).build().unwrap();
        Self {
            client,
            base: base.to_owned(),
            also: None,
            host: None,
            cookie: Mutex::new(None),
            known_by: Mutex::new(None),
            away: Mutex::new(None),
        }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[("sec-fetch-site", "same-origin")]).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, String)]) -> Page {
        let body = form(fields);
        self.send(Method::POST, path, Some(body), &[("sec-fetch-site", "same-origin")]).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Page {
        self.post("/login", &[("email", email.into()), ("password", password.into())]).await
    }

    /// A request in every detail.
    pub async fn send(&self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Page {
        let base = match &self.also {
            Some((also, turns)) if turns.fetch_add(1, Ordering::Relaxed) % 2 == 1 => also,
            _ => &self.base,
        };
        let mut request = self.client.request(method, format!("{base}{path}"));
        if let Some(host) = self.host.as_ref().filter(|_| base != &self.base && headers.iter().all(|(name, _)| *name != "host")) {
            request = request.header(header::HOST, host);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let kept: Vec<_> =
            [self.cookie(), self.known_by.lock().unwrap().clone(), self.away.lock().unwrap().clone()].into_iter().flatten().collect();
        if !kept.is_empty() {
            request = request.header(header::COOKIE, kept.join("; "));
        }
        let response = request.send().await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let place = match pair.split('=').next().unwrap() {
                name if name.ends_with("-browser") => &self.known_by,
                name if name.ends_with("-away") => &self.away,
                _ => &self.cookie,
            };
            *place.lock().unwrap() = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Page { status, headers, body: response.text().await.unwrap() }
    }

    /// Takes over the cookie of another browser.
    pub fn set_cookie(&self, cookie: Option<String>) {
        *self.cookie.lock().unwrap() = cookie;
    }

    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }
}

/// Fields as a browser sends them.
pub fn form(fields: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields.iter().map(|(name, value)| (name, value))).finish()
}

/// An answer.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub body: String,
}

impl Page {
    /// Where it redirects to; empty where it does not.
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of every element that a selector finds, white space folded.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let fold = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Html::parse_document(&self.body)
            .select(&Selector::parse(selector).unwrap())
            .map(|element| fold(element.text().collect::<Vec<_>>().join(" ")))
            .collect()
    }

    /// The attribute of every element that a selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        Html::parse_document(&self.body)
            .select(&Selector::parse(selector).unwrap())
            .filter_map(|element| element.value().attr(name).map(str::to_owned))
            .collect()
    }

    /// The page's text.
    pub fn text(&self) -> String {
        self.all("body").join(" ")
    }

    /// What the form says about a field.
    pub fn fault(&self, field: &str) -> String {
        self.all(&format!("#{field}-says .fault")).join(" ")
    }

    /// What the form still holds in a field.
    pub fn value(&self, field: &str) -> String {
        self.attributes(&format!("[name={field}]"), "value").join(" ")
    }
}
