//! Migrations, killed in the middle: the schema is that of one version or of another, never between, and the second start
//! finishes.

use std::{
    collections::BTreeSet,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use sqlx::migrate::Migrator;

use crate::{
    desk::Desk,
    kit::{Raw, new_database, on_postgres},
    say,
    traps::dies_at,
};

/// Everything that makes up the schema.
async fn schema(raw: &Raw) -> BTreeSet<String> {
    let sql = match raw {
        Raw::Sqlite(_) => "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
        Raw::Postgres(_) => {
            "SELECT 'column ' || table_name || '.' || column_name || ' ' || COALESCE(domain_name, data_type) || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL SELECT 'index ' || indexname || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        }
    };
    raw.texts(sql).await.into_iter().collect()
}

async fn migrations() -> Migrator {
    Migrator::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations")).await.unwrap()
}

/// Brings a database to a version, as an older program would have; 0 leaves it empty.
async fn bring_to(raw: &Raw, version: i64) {
    match raw {
        Raw::Sqlite(pool) if version > 0 => migrations().await.run_to(version, pool).await.unwrap(),
        Raw::Postgres(pool) => {
            sqlx::raw_sql("CREATE DOMAIN text_c AS text COLLATE \"C\"").execute(pool).await.unwrap();
            if version > 0 {
                migrations().await.run_to(version, pool).await.unwrap();
            }
        }
        Raw::Sqlite(_) => {}
    }
}

async fn desk_at(folder: &Path, name: &str, version: i64) -> Desk {
    let desk = Desk::new(&folder.join(name).join("data"), &new_database().await);
    std::fs::create_dir_all(&desk.data).unwrap();
    if !on_postgres() {
        std::fs::write(desk.data.join("frontdesk.db"), "").unwrap();
    }
    let raw = desk.raw().await;
    bring_to(&raw, version).await;
    raw.close().await;
    desk
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_killed_leaves_one_version_or_another() {
    let folder = tempfile::tempdir().unwrap();
    let versions: Vec<i64> = migrations().await.iter().map(|migration| migration.version).collect();
    let newest = *versions.last().unwrap();
    // What each version looks like when nothing goes wrong.
    let mut known = Vec::new();
    for version in &versions {
        let desk = desk_at(folder.path(), &format!("known{version}"), *version).await;
        let raw = desk.raw().await;
        known.push(schema(&raw).await);
        raw.close().await;
    }
    let is_known = |now: &BTreeSet<String>, applied: usize| match applied {
        // Nothing but the table in which migrations are noted, or not even that.
        0 => now.iter().all(|part| part.contains("_sqlx_migrations")),
        applied => *now == known[applied - 1],
    };
    let (mut kills, mut between, mut unfinished, mut number) = (0, 0, 0, 0);
    let mut look = async |desk: &Desk| {
        let raw = desk.raw().await;
        let now = schema(&raw).await;
        let is_there = now.iter().any(|part| part.contains("_sqlx_migrations"));
        let applied = if is_there { raw.number("SELECT COUNT(*) FROM _sqlx_migrations WHERE success").await } else { 0 };
        raw.close().await;
        between += u32::from(!is_known(&now, usize::try_from(applied).unwrap()));
        // The second start finishes.
        let done = desk.run(&["migrate"]);
        let raw = desk.raw().await;
        unfinished += u32::from(done.is_err() || schema(&raw).await != *known.last().unwrap());
        raw.close().await;
    };
    // From nothing, and from each version that a program has had before.
    let starts: Vec<i64> = std::iter::once(0).chain(versions.iter().copied().filter(|version| *version < newest)).collect();
    for start in starts {
        if on_postgres() {
            let desk = desk_at(folder.path(), &format!("timed{start}"), start).await;
            let began = Instant::now();
            desk.run(&["migrate"]).unwrap();
            let whole = began.elapsed();
            for n in 0..12 {
                number += 1;
                let desk = desk_at(folder.path(), &format!("place{number}"), start).await;
                let mut child = desk.command().arg("migrate").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
                tokio::time::sleep(whole * (n + 1) / 13).await;
                child.kill().unwrap();
                child.wait().unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
                kills += 1;
                look(&desk).await;
            }
            continue;
        }
        for at in 1.. {
            number += 1;
            let desk = desk_at(folder.path(), &format!("place{number}"), start).await;
            if !dies_at(&desk, &["migrate"], "fsync,fdatasync", at) {
                break;
            }
            kills += 1;
            look(&desk).await;
        }
    }
    say(&format!("REL-13 migrations_killed={kills} between={between} unfinished={unfinished}"));
    assert_eq!((between, unfinished), (0, 0));
    assert!(kills >= 10, "{kills}");
}
