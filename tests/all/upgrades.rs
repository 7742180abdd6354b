//! Every release's database becomes this one's: fixtures of all of them, opened by today's program.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use frontdesk::{
    app,
    config::{Config, Found},
    rules::{
        events::Kind,
        members::{Developer, Roles, Team},
        time::Span,
    },
};
use reqwest::StatusCode;
use sqlx::{AssertSqlSafe, Row};

use crate::kit::{House, READER, Raw, new_database, on_postgres, sign_up_form};

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

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Which kind of fixture this run is about.
fn kind() -> &'static str {
    if on_postgres() { "postgres" } else { "sqlite" }
}

/// Puts a fixture into a new database.
async fn load(version: &str) -> Config {
    let script = std::fs::read_to_string(fixtures().join(format!("{version}.{}.sql", kind()))).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = Found::defaults().check().unwrap();
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.data_dir = folder.keep().join("data");
    config.database_url = new_database().await;
    config.password_cost.memory_kib = 64;
    config.password_cost.iterations = 1;
    std::fs::create_dir(&config.data_dir).unwrap();
    std::fs::copy(fixtures().join(format!("{version}.{}.key", kind())), config.data_dir.join("instance.key")).unwrap();
    let raw = if on_postgres() { Raw::open(&config).await } else { Raw::new_file(&config.data_dir.join("frontdesk.db")).await };
    match &raw {
        Raw::Sqlite(pool) => drop(sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await.unwrap()),
        Raw::Postgres(pool) => drop(sqlx::raw_sql(AssertSqlSafe(script)).execute(pool).await.unwrap()),
    }
    raw.close().await;
    config
}

/// What a fixture holds that is no longer there, or is something else; what came in addition does not count.
fn missing(before: &Everything, after: &Everything) -> Vec<String> {
    let mut missing = Vec::new();
    for (table, rows) in before {
        let Some(now) = after.get(table) else {
            missing.push(format!("the table {table}"));
            continue;
        };
        if rows.len() != now.len() {
            missing.push(format!("{table}: {} rows are {} now", rows.len(), now.len()));
            continue;
        }
        // Compared by the columns that were there; a migration that changes what they mean says so here.
        let Some(columns) = rows.first().map(|row| row.keys().cloned().collect::<Vec<_>>()) else { continue };
        let mut same: Vec<BTreeMap<_, _>> =
            now.iter().map(|row| columns.iter().map(|column| (column.clone(), row.get(column).cloned().flatten())).collect()).collect();
        same.sort();
        for (old, new) in rows.iter().zip(&same).filter(|(old, new)| old != new) {
            missing.push(format!("{table}: {old:?} is {new:?} now"));
        }
    }
    missing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_release_becomes_this_one() {
    let ending = format!(".{}.sql", kind());
    let names = std::fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut versions: Vec<_> = names.filter_map(|name| name.strip_suffix(&ending).map(str::to_owned)).collect();
    versions.sort();
    assert!(!versions.is_empty(), "there is at least one release");
    for version in versions {
        let config = load(&version).await;
        let raw = Raw::open(&config).await;
        let before = everything(&raw).await;
        raw.close().await;
        app::open(&config).await.unwrap().close().await;
        let raw = Raw::open(&config).await;
        let after = everything(&raw).await;
        raw.close().await;
        assert_eq!(missing(&before, &after), Vec::<String>::new(), "{version}");
        // Not by looks alone: it is lived in.
        let house = House::on(config).await;
        assert!(crate::events::broken_links(&house.raw).await.is_empty(), "{version}");
        let ada = house.signed_in("ada@example.com").await;
        for path in ["", "/members", "/invitations", "/events", "/settings"] {
            let page = ada.get(&format!("/accounts/acme{path}")).await;
            assert_eq!(page.status, StatusCode::OK, "{version} {path}: {}", page.text());
        }
        assert!(ada.get("/accounts/acme/members?q=zo").await.text().contains("Zoë O'Neil"), "{version}");
        house.invite(&ada, "somebody@example.com", READER).await;
        assert!(crate::events::broken_links(&house.raw).await.is_empty(), "{version}");
        let rows: usize = before.values().map(Vec::len).sum();
        println!("{version}: {rows} rows of {} tables are the same in this version", before.len());
    }
}

/// A team in which everything that this version knows has happened.
async fn lively() -> House {
    let (house, ada) = House::with_ada().await;
    let form = |fields: &[(&'static str, &str)]| fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>();
    let done = |page: crate::kit::Page| assert!([StatusCode::OK, StatusCode::SEE_OTHER].contains(&page.status), "{}", page.text());
    done(ada.get("/accounts/acme").await);
    let details = [
        ("name", "Acme & Söhne"),
        ("slug", "acme"),
        ("company", "Acme GmbH"),
        ("address", "Hauptstr. 1\nBerlin"),
        ("website", "acme.example"),
        ("time_zone", "Europe/Berlin"),
        ("currency", "EUR"),
        ("version", "0"),
    ];
    done(ada.post("/accounts/acme/settings", &form(&details)).await);
    let invoices = [
        ("contact", "Max"),
        ("recipients", "invoices@acme.example"),
        ("address", "Hauptstr. 1"),
        ("tax_id", "DE1"),
        ("currency", ""),
        ("version", "0"),
    ];
    done(ada.post("/accounts/acme/billing", &form(&invoices)).await);
    // A second account, which had another slug; and a third one, which is gone.
    done(ada.post("/accounts/new", &form(&[("name", "Second"), ("slug", "first")])).await);
    done(ada.post("/accounts/first/settings", &form(&[("name", "Second"), ("slug", "second"), ("version", "0")])).await);
    done(ada.post("/accounts/new", &form(&[("name", "Gone"), ("slug", "gone")])).await);
    done(ada.post("/accounts/gone/delete", &form(&[("name", "Gone"), ("password", crate::kit::PASSWORD)])).await);
    // Who joins, by the letter and by the link that is handed over.
    let manager = Roles { developer: Developer::ReadWrite, team: Team::Manager, ..READER };
    let mut browsers = BTreeMap::new();
    for (email, name, roles) in
        [("max@example.com", "Max", manager), ("zoe@example.com", "Zoë O'Neil", READER), ("ivy@example.com", "Ivy; DROP TABLE", READER)]
    {
        let link = house.invite(&ada, email, roles).await;
        let link = if email == "max@example.com" { house.mailed(email).await } else { link };
        let browser = house.visitor();
        done(browser.post(&format!("/invitations/{link}/sign-up"), &sign_up_form(name)).await);
        done(browser.get("/accounts/acme").await);
        browsers.insert(email, browser);
    }
    // Passwords and addresses: changed, and asked for.
    let max = &browsers["max@example.com"];
    done(max.post("/me/security/password", &form(&[("current", crate::kit::PASSWORD), ("password", "four entirely new words")])).await);
    done(max.post("/me/email", &form(&[("email", "max@example.org"), ("password", "four entirely new words")])).await);
    let link = house.link_to("max@example.org").await;
    done(max.post(&link, &[]).await);
    done(max.post("/me/email", &form(&[("email", "max@example.net"), ("password", "four entirely new words")])).await);
    done(browsers["zoe@example.com"].post("/me/email/confirm", &[]).await);
    for email in ["ada@example.com", "nobody@example.com"] {
        done(house.visitor().post("/password/forgot", &form(&[("email", email)])).await);
    }
    for (name, roles) in [("leaver", READER), ("removed", READER), ("disabled", manager), ("guest", READER)] {
        let email = house.member("acme", name, roles).await;
        done(house.signed_in(&email).await.get("/accounts/acme").await);
    }
    done(house.signed_in("leaver@example.com").await.post("/accounts/acme/leave", &[]).await);
    for (name, deed, fields) in [
        ("removed", "remove", form(&[])),
        ("disabled", "disable", form(&[])),
        ("guest", "access", form(&[("until", "2027-01-01")])),
        ("guest", "end-sessions", form(&[])),
        ("zoe", "roles", form(&[("developer", "read_write"), ("team", "invite"), ("billing", "none"), ("version", "0")])),
        ("ivy", "disable", form(&[])),
        ("ivy", "enable", form(&[])),
    ] {
        let id = house.member_id(&format!("{name}@example.com")).await;
        done(ada.post(&format!("/accounts/acme/members/{id}/{deed}"), &fields).await);
    }
    // Invitations in each of their states.
    for name in ["open", "resent", "revoked", "declined", "expired"] {
        let link = house.invite(&browsers["zoe@example.com"], &format!("{name}@example.com"), READER).await;
        let id = house.raw.texts(format!("SELECT id FROM invitations WHERE canonical = '{name}@example.com'")).await.remove(0);
        match name {
            "resent" => done(ada.post(&format!("/accounts/acme/invitations/{id}/resend"), &[]).await),
            "revoked" => done(ada.post(&format!("/accounts/acme/invitations/{id}/revoke"), &[]).await),
            "declined" => drop(house.visitor().post(&format!("/invitations/{link}/decline"), &[]).await),
            "expired" => {
                house.wait(Span::days(8));
                let ada = house.signed_in("ada@example.com").await;
                house.invite(&ada, "expired@example.com", READER).await;
            }
            _ => {}
        }
    }
    house.account("other").await;
    house.member("other", "stranger", Roles::ADMINISTRATOR).await;
    done(house.signed_in("stranger@example.com").await.post("/logout", &[]).await);
    // Last of all, as whoever is made by hand is made from her.
    let ada = house.signed_in("ada@example.com").await;
    done(ada.post("/me", &form(&[("name", "Ada King"), ("theme", "dark"), ("time_zone", "Asia/Tokyo")])).await);
    // Refusals, and what is counted.
    let eve = house.visitor();
    for _ in 0..12 {
        eve.sign_in("ada@example.com", "four wrong words here").await;
    }
    eve.sign_in("nobody@example.com", "four wrong words here").await;
    house.signed_in("ivy@example.com").await.get("/accounts/acme/events").await;
    house
}

/// A SQLite database as text that a person and git can read.
async fn dump_sqlite(pool: &sqlx::SqlitePool) -> String {
    let parts: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'index', rowid",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut text = "PRAGMA foreign_keys = OFF;\nBEGIN;\n".to_owned();
    for (kind, name, sql) in &parts {
        text += &format!("{sql};\n");
        if kind != "table" {
            continue;
        }
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(name).fetch_all(pool).await.unwrap();
        let names = columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>();
        let quoted = names.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ', ' || ");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT {quoted} FROM \"{name}\" ORDER BY rowid"))).fetch_all(pool).await.unwrap();
        for row in rows {
            text += &format!("INSERT INTO \"{name}\" ({}) VALUES ({row});\n", names.join(", "));
        }
    }
    text + "COMMIT;\n"
}

/// A PostgreSQL database as text; without the lines that speak to `psql` alone, or that only newer servers understand.
fn dump_postgres(url: &str) -> String {
    let output = Command::new("pg_dump").args(["--no-owner", "--no-privileges", "--inserts"]).arg(url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let of_others = |line: &&str| {
        !["\\restrict", "\\unrestrict", "SET transaction_timeout", "-- Dumped", "--"].iter().any(|start| line.starts_with(start))
    };
    text.lines().filter(of_others).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n") + "\n"
}

/// Makes the fixture of this version: see `tests/fixtures/README.md`.
#[ignore = "makes files, once for each release"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn make_a_fixture() {
    let version = env!("CARGO_PKG_VERSION");
    let (script, key) = (fixtures().join(format!("{version}.{}.sql", kind())), fixtures().join(format!("{version}.{}.key", kind())));
    assert!(!script.exists(), "{} is there already, and what a release has made is never made again", script.display());
    let house = lively().await;
    let raw = &house.raw;
    let happened = raw.texts("SELECT DISTINCT type FROM events").await;
    let never: Vec<_> = Kind::ALL.iter().map(|kind| kind.word()).filter(|word| !happened.iter().any(|kind| kind == word)).collect();
    println!("{version} knows, and this has not: {never:?}");
    let text = match raw {
        Raw::Sqlite(pool) => dump_sqlite(pool).await,
        Raw::Postgres(_) => dump_postgres(&house.config.database_url),
    };
    let head = format!("-- Frontdesk {version}: a database that it has made, and that every later version has to understand.\n");
    std::fs::write(script, head + &text).unwrap();
    std::fs::copy(house.config.data_dir.join("instance.key"), key).unwrap();
}
