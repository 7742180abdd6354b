//! What only the database itself can tell.

use std::collections::BTreeMap;

use frontdesk::{
    app,
    config::Found,
    store::{Db, DbOptions, SqliteDurability},
};
use sqlx::Row;

use crate::kit::{House, Raw, new_database, on_postgres};

/// Table and column, with nullability, alike on both databases.
async fn schema(raw: &Raw) -> BTreeMap<String, bool> {
    match raw {
        Raw::Sqlite(pool) => {
            let rows = sqlx::query("SELECT m.name AS t, p.name AS c, p.\"notnull\" AS n, p.pk AS k FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'").fetch_all(pool).await.unwrap();
            rows.iter()
                .map(|row| (format!("{}.{}", row.get::<String, _>("t"), row.get::<String, _>("c")), row.get::<i64, _>("n") == 1))
                .collect()
        }
        Raw::Postgres(pool) => {
            let rows = sqlx::query("SELECT table_name::text AS t, column_name::text AS c, is_nullable::text AS n FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'").fetch_all(pool).await.unwrap();
            rows.iter()
                .map(|row| (format!("{}.{}", row.get::<String, _>("t"), row.get::<String, _>("c")), row.get::<String, _>("n") == "NO"))
                .collect()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_same_schema() {
    let house = House::new().await;
    let here = schema(&house.raw).await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = Found::defaults().check().unwrap();
    config.data_dir = folder.path().join("data");
    app::open(&config).await.unwrap().close().await;
    let sqlite = schema(&Raw::open(&config).await).await;
    assert!(sqlite.len() > 100, "{}", sqlite.len());
    assert_eq!(here, sqlite);
}

#[tokio::test(flavor = "multi_thread")]
async fn text_sorts_by_bytes_whatever_the_locale() {
    let (house, _ada) = House::with_ada().await;
    for slug in ["b", "A", "a", "-a", "B", "é", "z", "_"] {
        house.account(slug).await;
    }
    let slugs = house.raw.texts("SELECT slug FROM accounts WHERE name <> 'Acme' ORDER BY slug").await;
    assert_eq!(slugs, ["-a", "A", "B", "_", "a", "b", "z", "é"]);
    assert_eq!(house.raw.texts("SELECT slug FROM accounts WHERE slug > '_' AND slug < 'b' ORDER BY slug").await, ["a", "acme"]);
    if let (Raw::Postgres(pool), Ok(wanted)) = (&house.raw, std::env::var("FRONTDESK_TEST_ICU")) {
        let locale: Option<String> =
            sqlx::query_scalar("SELECT daticulocale FROM pg_database WHERE datname = current_database()").fetch_one(pool).await.unwrap();
        assert_eq!(locale, Some(wanted), "this run proves something only in a database with that locale");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_may_migrate_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = DbOptions {
        url: new_database().await,
        default_file: folder.path().join("frontdesk.db"),
        durability: SqliteDurability::Full,
        connections: 2,
    };
    // On SQLite one process at a time owns the file while it is made.
    let first = Db::open(&options).await.unwrap();
    let mut all = vec![tokio::spawn(async move { first.migrate().await })];
    for _ in 0..9 {
        let options = options.clone();
        all.push(tokio::spawn(async move { Db::open(&options).await?.migrate().await }));
    }
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert!(Db::open(&options).await.unwrap().is_ready().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_refused() {
    let house = House::new().await;
    house.raw.run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) SELECT 9999, 'later', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1").await;
    let error = app::start(&house.config, app::clock(), app::dice()).await.err().unwrap().to_string();
    assert!(error.contains("migrated by a newer Frontdesk (it has migration 9999"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_busy_and_not_broken() {
    if on_postgres() {
        return locked_on_postgres().await;
    }
    let (house, ada) = House::with_ada().await;
    let Raw::Sqlite(pool) = &house.raw else { unreachable!() };
    let tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let page = ada.post("/me", &[("name", "Ada King".into()), ("theme", "auto".into())]).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, "2"), "{}", page.text());
    tx.rollback().await.unwrap();
    assert_eq!(ada.post("/me", &[("name", "Ada King".into()), ("theme", "auto".into())]).await.status.as_u16(), 303);
}

async fn locked_on_postgres() {
    let (house, ada) = House::with_ada().await;
    let Raw::Postgres(pool) = &house.raw else { unreachable!() };
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("SELECT id FROM users FOR UPDATE").execute(&mut *tx).await.unwrap();
    let page = ada.post("/me", &[("name", "Ada King".into()), ("theme", "auto".into())]).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, "2"), "{}", page.text());
    tx.rollback().await.unwrap();
    assert_eq!(ada.post("/me", &[("name", "Ada King".into()), ("theme", "auto".into())]).await.status.as_u16(), 303);
}
