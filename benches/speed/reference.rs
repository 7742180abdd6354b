//! The reference: the least that could answer the members page. Bare axum and askama; one statement for the session and one,
//! along an index, for fifty members, on one connection; the same rows by the same rules, and around them the same bytes as
//! Frontdesk's page. No accounts, no permissions, no rules about sessions, no log.

use std::{path::Path, sync::Arc};

use argon2::{Argon2, PasswordHasher};
use askama::Template;
#[expect(clippy::disallowed_types, reason = "nobody needs a permit here")]
use axum::extract::State;
use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use frontdesk::{
    app,
    protocols::secrets::hash_token,
    rules::{
        members::{Billing, Developer, Roles, Team},
        time::Millis,
        zones::Zone,
    },
};
use sqlx::{
    FromRow, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tower_http::compression::CompressionLayer;

/// The word by which this program is started as the reference.
pub const WORD: &str = "reference";

#[derive(FromRow)]
struct Member {
    id: String,
    name: String,
    email: String,
    developer: String,
    team: String,
    billing: String,
    administrator_since: Option<i64>,
    joined_at: Millis,
    disabled_at: Option<i64>,
    access_until: Option<Millis>,
    last_seen_at: Option<Millis>,
}

impl Member {
    fn roles(&self) -> Roles {
        Roles {
            developer: Developer::parse(&self.developer).unwrap(),
            team: Team::parse(&self.team).unwrap(),
            billing: Billing::parse(&self.billing).unwrap(),
            administrator: self.administrator_since.is_some(),
        }
    }
}

/// The rows of the table, word for word those of `templates/members/list.html`, between what stands around them.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{{ before|safe }}
    {% for member in members %}
    <tr>
      <td><a href="/accounts/acme/members/{{ member.id }}">{{ member.name }}</a></td>
      <td>{{ member.email }}</td>
      <td><time datetime="{{ member.joined_at.rfc3339() }}" title="{{ member.joined_at.exact(zone) }}">{{ member.joined_at.relative(*now, zone) }}</time></td>
      <td>{{ member.roles().summary() }}</td>
      <td>{% if member.disabled_at.is_some() %}<span class="badge danger">{{ check|safe }} Disabled</span>{% else if let Some(until) = member.access_until %}<span class="badge">Guest until {{ until.exact(zone) }}</span>{% else %}<span class="badge success">{{ check|safe }} Active</span>{% endif %}</td>
      <td>{% if let Some(at) = member.last_seen_at %}<time datetime="{{ at.rfc3339() }}" title="{{ at.exact(zone) }}">{{ at.relative(*now, zone) }}</time>{% else %}<span class="says">never</span>{% endif %}</td>
    </tr>
    {% endfor %}
  {{ after|safe }}"#
)]
struct Page<'a> {
    before: &'a str,
    after: &'a str,
    check: &'a str,
    members: Vec<Member>,
    now: Millis,
    zone: Zone,
}

struct Reference {
    pool: SqlitePool,
    bare: SqlitePool,
    account: String,
    before: String,
    after: String,
    check: String,
}

/// Serves on the database and with the page that are named.
pub fn serve(arguments: &[String]) {
    let [database, page] = arguments else { panic!("a database and a page") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(database).journal_mode(SqliteJournalMode::Wal);
        let options = options.synchronous(SqliteSynchronous::Full);
        let pool = SqlitePoolOptions::new().max_connections(8).test_before_acquire(false);
        let pool = pool.connect_with(options.clone().read_only(true).row_buffer_size(128)).await.unwrap();
        let account = sqlx::query_scalar("SELECT id FROM accounts WHERE slug = 'acme'").fetch_one(&pool).await.unwrap();
        let bare = options.filename(Path::new(database).with_extension("bare")).create_if_missing(true);
        let bare = SqlitePoolOptions::new().max_connections(1).connect_with(bare).await.unwrap();
        sqlx::query("CREATE TABLE IF NOT EXISTS bare (id BIGINT, word TEXT)").execute(&bare).await.unwrap();
        let page = std::fs::read_to_string(page).unwrap();
        let (before, rest) = page.split_once("<tbody>").unwrap();
        let (rows, after) = rest.split_once("</tbody>").unwrap();
        let check = rows.split_once("badge success\">").unwrap().1.split_once("</svg>").unwrap().0.to_owned() + "</svg>";
        let (before, after) = (format!("{before}<tbody>"), format!("</tbody>{after}"));
        let reference = Arc::new(Reference { pool, bare, account, before, after, check });
        let router = Router::new()
            .route("/accounts/acme/members", get(members))
            .route("/bare", get(bare_sign_in))
            .layer(CompressionLayer::new().gzip(true))
            .layer(middleware::map_response(protect))
            .with_state(reference);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}

#[expect(clippy::disallowed_types, reason = "nobody needs a permit here")]
async fn members(State(reference): State<Arc<Reference>>, headers: HeaderMap) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let token = cookie.split_once('=').map_or("", |(_, token)| token);
    let mut connection = reference.pool.acquire().await.unwrap();
    let session: Option<(String, i64, Option<i64>)> =
        sqlx::query_as("SELECT user_id, last_seen_at, ended_at FROM sessions WHERE token_hash = $1")
            .bind(hash_token(token))
            .fetch_optional(&mut *connection)
            .await
            .unwrap();
    if session.is_none() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let members = sqlx::query_as(
        "SELECT m.id, u.name, m.search_email AS email, m.developer, m.team, m.billing, m.administrator_since, m.joined_at, m.disabled_at,
                m.access_until, m.last_seen_at
         FROM members m JOIN users u ON u.id = m.user_id WHERE m.account_id = $1 ORDER BY m.search_name, m.id LIMIT 50",
    )
    .bind(&reference.account)
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    drop(connection);
    let Reference { before, after, check, .. } = &*reference;
    let page = Page { before, after, check, members, now: app::clock()(), zone: Zone::utc() };
    Html(page.render().unwrap()).into_response()
}

/// Answers how many microseconds signing in takes at the very least: one hash, and two commits of one row.
#[expect(clippy::disallowed_types, reason = "nobody needs a permit here")]
async fn bare_sign_in(State(reference): State<Arc<Reference>>) -> String {
    let began = std::time::Instant::now();
    tokio::task::spawn_blocking(|| Argon2::default().hash_password(b"four random words here").unwrap().to_string()).await.unwrap();
    for id in 0..2 {
        sqlx::query("INSERT INTO bare (id, word) VALUES ($1, 'word')").bind(id).execute(&reference.bare).await.unwrap();
    }
    began.elapsed().as_micros().to_string()
}

/// As many headers as Frontdesk's answers have.
async fn protect(mut response: Response) -> Response {
    const HEADERS: [(&str, &str); 10] = [
        ("content-security-policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ("cache-control", "no-store"),
        ("vary", "HX-Request, HX-Request-Type"),
        ("x-request-id", "op_000000000000000000000000000"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}
