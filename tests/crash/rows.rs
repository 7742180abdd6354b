//! Reading the database behind the program's back: every column as text.

use sqlx::{AssertSqlSafe, Row, postgres::PgPoolOptions, sqlite::SqlitePoolOptions};

use crate::kit::Raw;

/// Opens the database; `mode` is `ro` or `rw`.
pub async fn open(url: &str, data: &std::path::Path, mode: &str) -> Raw {
    if url.is_empty() {
        let url = format!("sqlite:{}?mode={mode}", data.join("frontdesk.db").display());
        return Raw::Sqlite(SqlitePoolOptions::new().max_connections(1).connect(&url).await.unwrap());
    }
    Raw::Postgres(PgPoolOptions::new().max_connections(1).connect(url).await.unwrap())
}

/// Rows of these columns; the rest of the statement says of what.
pub async fn rows<const N: usize>(raw: &Raw, columns: [&str; N], rest: &str) -> Vec<[Option<String>; N]> {
    let columns: Vec<_> = columns.iter().map(|column| format!("CAST({column} AS TEXT)")).collect();
    let sql = AssertSqlSafe(format!("SELECT {} {rest}", columns.join(", ")));
    match raw {
        Raw::Sqlite(pool) => {
            sqlx::query(sql).fetch_all(pool).await.unwrap().iter().map(|row| std::array::from_fn(|n| row.get(n))).collect()
        }
        Raw::Postgres(pool) => {
            sqlx::query(sql).fetch_all(pool).await.unwrap().iter().map(|row| std::array::from_fn(|n| row.get(n))).collect()
        }
    }
}

/// The same where it does not matter whether something is missing or empty.
pub async fn texts<const N: usize>(raw: &Raw, columns: [&str; N], rest: &str) -> Vec<[String; N]> {
    rows(raw, columns, rest).await.into_iter().map(|row| row.map(Option::unwrap_or_default)).collect()
}

/// Ends the connection.
pub async fn close(raw: Raw) {
    match raw {
        Raw::Sqlite(pool) => pool.close().await,
        Raw::Postgres(pool) => pool.close().await,
    }
}
