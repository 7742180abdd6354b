//! How statements find what they look for: not by reading whole tables, which nobody notices before a hundred thousand people
//! are in one.

use std::collections::BTreeSet;

use frontdesk::{app, config::Found};
use sqlx::{AssertSqlSafe, Row, sqlite::SqlitePool};

/// Where a whole table may be read, and why.
const WHOLE: &[(&str, &str)] = &[
    // One row.
    ("", "instance"),
    // What the statement itself has picked out.
    ("entries.rs", "r"),
    // The letters that wait, and no others: the index holds only those.
    ("", "outbox USING INDEX outbox_due"),
    // Once in a while, beside all requests.
    ("attempts.rs", "sessions"),
    // Once in an account's life.
    ("accounts/end.rs", "session_proofs"),
    ("accounts/end.rs", "flows USING INDEX flows_of_user"),
    // At the host, which lists all of them.
    ("rescue.rs", "accounts USING INDEX sqlite_autoindex_accounts_2"),
    // Before there is anything, whether there is anything.
    ("instance.rs", "users USING COVERING INDEX sqlite_autoindex_users_1"),
    ("instance.rs", "accounts USING COVERING INDEX sqlite_autoindex_accounts_2"),
    ("instance.rs", "events USING COVERING INDEX sqlite_autoindex_events_1"),
];

/// A file in which `concat!(name!(), "…")` is one text, with what the macro `name` of the same file stands for.
fn assembled(text: &str) -> String {
    let mut whole = text.to_owned();
    for definition in text.split("macro_rules! ").skip(1) {
        let (name, rest) = definition.split_once([' ', '{']).unwrap();
        if let Some((_, rest)) = rest.split_once("() => {\n").filter(|(head, _)| head.trim() == "{") {
            let literal = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
            let Some((literal, _)) = literal else { continue };
            for gap in [" ", "\n            "] {
                whole = whole.replace(&format!("concat!({name}!(),{gap}\""), &format!("(\"{literal}"));
            }
        }
    }
    whole
}

/// The texts of statements in the store, each with its file. Backups are about whole tables and left out, and so are texts that
/// are put together of several, which the benchmark looks at.
fn statements() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (path, text) in crate::house::files("src/store", "rs") {
        let path = path.strip_prefix("src/store/").unwrap().to_owned();
        if path.starts_with("backup/") || path == "connect.rs" {
            continue;
        }
        for literal in crate::house::code(&assembled(&text)).split('"').skip(1).step_by(2) {
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
