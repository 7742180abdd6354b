//! How statements find what they look for: not by reading whole tables, which nobody notices before a hundred thousand people
//! are in one.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk::{app, config::Found};
use sqlx::{AssertSqlSafe, Row, sqlite::SqlitePool};

/// Where a whole table may be read, and why.
const WHOLE: &[(&str, &str)] = &[
    // One row.
    ("", "instance"),
    // What the statement itself has picked out.
    ("entries.rs", "r"),
    // Who came from where, which the statement has just counted.
    ("visits.rs", "v"),
    // The letters that wait, and no others: the index holds only those.
    ("", "outbox USING INDEX outbox_due"),
    // Once in a while, beside all requests.
    ("attempts.rs", "sessions"),
    // Whether there is one, and no more: as many are looked at as belong to accounts that have switched all their providers off.
    ("own_domains.rs", "d USING INDEX account_domains_due"),
    // Once in an account's life.
    ("accounts/end.rs", "flows USING INDEX flows_of_user"),
    // At the host, which lists all of them.
    ("rescue.rs", "accounts USING INDEX sqlite_autoindex_accounts_2"),
    // Before there is anything, whether there is anything.
    ("instance.rs", "users USING COVERING INDEX sqlite_autoindex_users_1"),
    ("instance.rs", "accounts USING COVERING INDEX sqlite_autoindex_accounts_2"),
    ("instance.rs", "events USING COVERING INDEX sqlite_autoindex_events_1"),
];

/// The texts that macros without arguments stand for, by their names.
fn macros() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (_, text) in crate::house::files("src/store", "rs") {
        for definition in crate::house::code(&text).split("macro_rules! ").skip(1) {
            let (name, rest) = definition.split_once(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
            let body = rest.trim_start_matches(['{', ' ', '\n']).strip_prefix("() => {").map(str::trim_start);
            if let Some((literal, _)) = body.and_then(|body| body.strip_prefix('"')).and_then(|body| body.split_once('"')) {
                assert!(found.insert(name.to_owned(), literal.to_owned()).is_none(), "two macros are called {name}");
            }
        }
    }
    found
}

/// The same text with every `concat!` of literals and such macros put together.
fn assembled(text: &str, macros: &BTreeMap<String, String>) -> String {
    let mut whole = String::new();
    let mut parts = text.split("concat!(");
    whole.push_str(parts.next().unwrap());
    for part in parts {
        let (mut rest, mut literal) = (part.trim_start(), String::new());
        // Up to the end of the call; one with arguments that only its caller knows stays as it is.
        let is_known = loop {
            if let Some(behind) = rest.strip_prefix('"') {
                let (piece, behind) = behind.split_once('"').unwrap();
                literal.push_str(piece);
                rest = behind.trim_start();
            } else if let Some((name, behind)) = rest.split_once("!()").filter(|(name, _)| macros.contains_key(*name)) {
                literal.push_str(&macros[name]);
                rest = behind.trim_start();
            } else {
                break false;
            }
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            if rest.starts_with(')') {
                break true;
            }
        };
        if is_known {
            whole.push_str(&format!("(\"{literal}\"{rest}"));
        } else {
            whole.push_str("concat!(");
            whole.push_str(part);
        }
    }
    whole
}

/// The texts of statements in the store, each with its file. Backups are about whole tables and left out, and so are texts that
/// are put together of several, which the benchmark looks at.
fn statements() -> BTreeSet<(String, String)> {
    let (mut found, macros) = (BTreeSet::new(), macros());
    for (path, text) in crate::house::files("src/store", "rs") {
        let path = path.strip_prefix("src/store/").unwrap().to_owned();
        if path.starts_with("backup/") || path == "connect.rs" {
            continue;
        }
        for literal in assembled(&crate::house::code(&text), &macros).split('"').skip(1).step_by(2) {
            let verbs = ["SELECT ", "UPDATE ", "DELETE FROM "];
            if verbs.iter().any(|verb| literal.trim_start().starts_with(verb)) && path != "members/page.rs" {
                found.insert((path.clone(), literal.replace("\\u{10FFFF}", "\u{10FFFF}")));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_of_a_request_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Found::defaults().check().unwrap();
    config.data_dir = folder.path().join("data");
    app::open(&config).await.unwrap().close().await;
    let db = SqlitePool::connect(&format!("sqlite:{}", folder.path().join("data/frontdesk.db").display())).await.unwrap();
    let statements = statements();
    assert!(statements.len() > 100, "{}", statements.len());
    let (mut whole, mut used) = (Vec::new(), BTreeSet::new());
    for (path, text) in statements {
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"))).fetch_all(&db).await;
        for step in plan.unwrap_or_else(|error| panic!("{path}: {error}: {text}")) {
            let step: String = step.get("detail");
            let Some(table) = step.strip_prefix("SCAN ").filter(|table| *table != "CONSTANT ROW" && !table.starts_with("(subquery")) else {
                continue;
            };
            match WHOLE.iter().find(|(file, known)| table == *known && (file.is_empty() || path == *file)) {
                Some(known) => drop(used.insert(*known)),
                None => whole.push(format!("{path} reads all of {table}: {text}")),
            }
        }
    }
    db.close().await;
    assert_eq!(whole, [] as [String; 0]);
    assert_eq!(used.len(), WHOLE.len(), "an exception that nothing needs any longer: {used:?}");
}
