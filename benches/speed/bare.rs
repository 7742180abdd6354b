//! The bare lookup: one prepared statement that finds a credential by its hash, and nothing else. Behind the least of a server, to
//! which one posts a secret as to Frontdesk; and without any, in one thread of this process.

use std::sync::{Arc, Mutex};

#[expect(clippy::disallowed_types, reason = "nobody needs a permit here")]
use axum::extract::State;
use axum::{
    Router,
    body::Bytes,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use frontdesk::protocols::secrets::hash_token;
use serde::{Deserialize, Serialize};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::credentials::{some, token};

/// The word by which this program is started as the bare lookup.
pub const WORD: &str = "bare";

/// How many lookups in one thread are timed in one go.
const ALONE: usize = 10_000;

struct Bare {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteConnection>>,
    hashes: Vec<String>,
}

#[derive(Deserialize)]
struct Question {
    token: String,
}

#[derive(Serialize, sqlx::FromRow)]
struct Credential {
    id: String,
    kind: String,
    account_id: String,
    bot_id: Option<String>,
}

/// Serves on the database that is named, with secrets of so many credentials of how many.
pub fn serve(arguments: &[String]) {
    let [database, most, count] = arguments else { panic!("a database, how many to look up, and how many there are") };
    let (most, count) = (most.parse().unwrap(), count.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(database).read_only(true);
        let hashes = some(most, count).map(|n| hash_token(&token(n))).collect();
        let bare = Arc::new(Bare { options, idle: Mutex::default(), hashes });
        let router = Router::new().route("/api/check", post(check)).route("/alone", get(alone)).with_state(bare);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}

impl Bare {
    async fn connection(&self) -> SqliteConnection {
        let kept = self.idle.lock().unwrap().pop();
        match kept {
            Some(connection) => connection,
            None => self.options.connect().await.unwrap(),
        }
    }
}

async fn look_up(connection: &mut SqliteConnection, hash: &str) -> Option<Credential> {
    let text = "SELECT id, kind, account_id, bot_id FROM credentials WHERE secret_hash = $1";
    sqlx::query_as(text).bind(hash).fetch_optional(connection).await.unwrap()
}

#[expect(clippy::disallowed_types, reason = "nobody needs a permit here")]
async fn check(State(bare): State<Arc<Bare>>, body: Bytes) -> Response {
    let question: Question = serde_json::from_slice(&body).unwrap();
    let mut connection = bare.connection().await;
    let found = look_up(&mut connection, &hash_token(&question.token)).await;
    bare.idle.lock().unwrap().push(connection);
    let Some(found) = found else { return StatusCode::NOT_FOUND.into_response() };
    ([(header::CONTENT_TYPE, "application/json")], serde_json::to_string(&found).unwrap()).into_response()
}

/// Answers how many lookups a second one thread does that is asked by nobody else.
#[expect(clippy::disallowed_types, reason = "nobody needs a permit here")]
async fn alone(State(bare): State<Arc<Bare>>) -> String {
    let mut connection = bare.connection().await;
    let began = std::time::Instant::now();
    for hash in bare.hashes.iter().cycle().take(ALONE) {
        assert!(look_up(&mut connection, hash).await.is_some());
    }
    let rate = ALONE as f64 / began.elapsed().as_secs_f64();
    bare.idle.lock().unwrap().push(connection);
    rate.to_string()
}
