//! Every release's database becomes this one's: fixtures of all of them, opened by today's program.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row};

use crate::kit::Raw;

/// Every row of every table, each column as text or nothing: what must not change unless somebody changes it.
pub type Everything = BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>;

/// Reads all of it. What tells which migrations were run is left out.
pub async fn everything(raw: &Raw) -> Everything {
    let tables = match raw {
        Raw::Sqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'",
        Raw::Postgres(_) => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'"
        }
    };
    let mut all = Everything::new();
    for table in raw.texts(tables).await {
        let columns = match raw {
            Raw::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
            Raw::Postgres(_) => format!(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
        };
        let columns = raw.texts(columns).await;
        let as_text: Vec<_> = columns.iter().map(|column| format!("CAST(\"{column}\" AS TEXT)")).collect();
        let select = AssertSqlSafe(format!("SELECT {} FROM {table}", as_text.join(", ")));
        let named = |values: Vec<Option<String>>| columns.iter().cloned().zip(values).collect::<BTreeMap<_, _>>();
        let count = columns.len();
        let mut rows: Vec<_> = match raw {
            Raw::Sqlite(pool) => sqlx::query(select)
                .fetch_all(pool)
                .await
                .unwrap()
                .iter()
                .map(|row| named((0..count).map(|n| row.get(n)).collect()))
                .collect(),
            Raw::Postgres(pool) => sqlx::query(select)
                .fetch_all(pool)
                .await
                .unwrap()
                .iter()
                .map(|row| named((0..count).map(|n| row.get(n)).collect()))
                .collect(),
        };
        rows.sort();
        all.insert(table, rows);
    }
    all
}
