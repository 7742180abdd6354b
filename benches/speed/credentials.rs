//! Credentials by the million, written straight into the database in the shape in which Frontdesk writes them: authtokens of bot users.

use std::{fmt::Write, path::Path};

use frontdesk::{
    app,
    protocols::secrets::hash_token,
    rules::{
        credentials::secret::secret,
        ids::{ApiKeyId, AuthtokenId, BotId},
        time::Millis,
    },
};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

/// How many a bot user owns.
const OF_BOT: usize = 100;
/// When the first was made; each is a second younger than the one before.
const BEGAN: i64 = 1_700_000_000_000;

/// What was left to chance, of which each of them has another one.
fn chance(n: usize) -> [u8; 16] {
    u128::from_be_bytes(*b"a speed benchmar").wrapping_mul(2 * n as u128 + 1).to_be_bytes()
}

fn made(n: usize) -> Millis {
    Millis(BEGAN + 1_000 * i64::try_from(n).unwrap())
}

/// The secret of the n-th authtoken.
pub fn token(n: usize) -> String {
    secret(AuthtokenId::new(made(n), chance(n)).as_str(), chance(n + 1))
}

/// The secret of the API key of a bot user.
pub fn api_key() -> String {
    secret(ApiKeyId::new(made(0), chance(0)).as_str(), chance(0))
}

/// So many numbers below a count, in no order, spread all over it.
pub fn some(most: usize, count: usize) -> impl Iterator<Item = usize> {
    // A prime that divides no count of ours: every number comes once before one comes twice.
    (0..most.min(count)).map(move |n| (n * 7_919 + 13) % most.min(count) * (count / most.min(count)))
}

/// Fills the account `acme` with so many authtokens, and with the API key.
pub async fn fill(database: &Path, count: usize) {
    let options = SqliteConnectOptions::new().filename(database).foreign_keys(false).pragma("cache_size", "-1000000");
    let mut db = options.connect().await.unwrap();
    let account: String = sqlx::query_scalar("SELECT id FROM accounts WHERE slug = 'acme'").fetch_one(&mut db).await.unwrap();
    let ada: String = sqlx::query_scalar("SELECT id FROM users").fetch_one(&mut db).await.unwrap();
    let now = app::clock()().0;
    let mut tx = db.begin().await.unwrap();
    for begin in (0..count).step_by(OF_BOT) {
        let bot = BotId::new(made(begin), chance(begin));
        let name = format!("Agents {}", begin / OF_BOT);
        let mut statements = vec![format!(
            "INSERT INTO bot_users (id, account_id, name, search_name, created_at, created_by) VALUES ('{bot}','{account}','{name}','{}',{now},'{ada}')",
            name.to_lowercase()
        )];
        let columns = "id, account_id, kind, bot_id, secret_hash, description, search_description, created_at, created_by";
        let mut rows = String::new();
        for n in begin..count.min(begin + OF_BOT) {
            let (id, hash, comma) = (AuthtokenId::new(made(n), chance(n)), hash_token(&token(n)), if rows.is_empty() { "" } else { "," });
            write!(rows, "{comma}('{id}','{account}','authtoken','{bot}','{hash}','Agent {n}','agent {n}',{},'{ada}')", made(n).0).unwrap();
        }
        if begin == 0 {
            let (id, hash) = (ApiKeyId::new(made(0), chance(0)), hash_token(&api_key()));
            write!(rows, ",('{id}','{account}','api_key','{bot}','{hash}','Gateway','gateway',{now},'{ada}')").unwrap();
        }
        statements.push(format!("INSERT INTO credentials ({columns}) VALUES {rows}"));
        for statement in statements {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    db.close().await.unwrap();
}
