//! Members by the hundred thousand, written straight into the database in the shape in which Frontdesk writes them.

use std::{fmt::Write, path::Path};

use frontdesk::{
    app,
    rules::{
        chain,
        ids::{MemberId, UserId},
        members::{fold, search_words},
        time::Millis,
    },
};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

const FIRST: [&str; 16] =
    ["Ada", "Björn", "Chiara", "Dmitri", "Elif", "Fatima", "Goran", "Hana", "Ines", "Jürgen", "Kwame", "Léa", "Mei", "Noor", "Olu", "Zoë"];
const LAST: [&str; 12] =
    ["Abbott", "Bergström", "Costa", "Dubois", "Eriksen", "Fischer", "Gupta", "Hughes", "Ivanov", "Jensen", "Kowalski", "Zimmer"];

/// The name of the n-th member: some names are common, and each has a second surname that nobody else has.
pub fn name(n: usize) -> String {
    let (first, last) = (FIRST[n % FIRST.len()], LAST[n / FIRST.len() % LAST.len()]);
    format!("{first} {last}-{}", rare(n))
}

/// The same as somebody would type it into a search.
pub fn plain_name(n: usize) -> String {
    fold(&name(n))
}

/// A word of letters for a number.
pub fn rare(mut n: usize) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu"];
    let mut word = String::new();
    for _ in 0..5 {
        word.push_str(SYLLABLES[n % 10]);
        n /= 10;
    }
    word
}

/// The address of the n-th member.
pub fn email(n: usize) -> String {
    format!("{}.{n}@example.com", rare(n))
}

/// Fills the account `acme` up to `count` members; everybody has the password of its first.
pub async fn fill(database: &Path, count: usize) {
    let options = SqliteConnectOptions::new().filename(database).foreign_keys(false).pragma("cache_size", "-400000");
    let mut db = options.connect().await.unwrap();
    let account: String = sqlx::query_scalar("SELECT id FROM accounts WHERE slug = 'acme'").fetch_one(&mut db).await.unwrap();
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM users").fetch_one(&mut db).await.unwrap();
    let now = app::clock()().0;
    let mut tx = db.begin().await.unwrap();
    for begin in (1..count).step_by(500) {
        let (mut users, mut emails, mut members, mut words) = (String::new(), String::new(), String::new(), String::new());
        for n in begin..count.min(begin + 500) {
            let (name, email, joined) = (name(n), email(n), Millis(now - 60_000 * i64::try_from(n).unwrap()));
            let (user, member) = (UserId::new(joined, app::dice()()), MemberId::new(joined, app::dice()()));
            let comma = if users.is_empty() { "" } else { "," };
            let joined = joined.0;
            write!(users, "{comma}('{user}','{name}','{hash}',{joined},{joined},'{}')", chain::START).unwrap();
            write!(emails, "{comma}('{user}','{email}','{email}',{joined},'invitation')").unwrap();
            let team = if n % 10 == 0 { ("read_write", "manager") } else { ("read_only", "read_only") };
            write!(
                members,
                "{comma}('{member}','{account}','{user}','{}','{}','none','invitation',{joined},'{name}','{}','{email}',{})",
                team.0,
                team.1,
                fold(&name),
                now - 3_600_000
            )
            .unwrap();
            for word in search_words(&name, &email) {
                let comma = if words.is_empty() { "" } else { "," };
                write!(words, "{comma}('{account}','{word}','{member}')").unwrap();
            }
        }
        for statement in [
            format!("INSERT INTO users (id, name, password_hash, password_set_at, created_at, event_hash) VALUES {users}"),
            format!("INSERT INTO user_emails (user_id, address, canonical, verified_at, source) VALUES {emails}"),
            format!(
                "INSERT INTO members (id, account_id, user_id, developer, team, billing, source, joined_at, name, search_name, search_email, last_seen_at) VALUES {members}"
            ),
            format!("INSERT INTO member_words (account_id, word, member_id) VALUES {words}"),
        ] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *tx).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    db.close().await.unwrap();
}
