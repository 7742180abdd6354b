//! Looking at the data: is the file sound, does every change have its event, do the chains hold, is nothing lost.

use std::collections::{BTreeMap, BTreeSet};

use frontdesk::rules::chain::{START, link};
use sqlx::{AssertSqlSafe, Row};

use crate::kit::Raw;

/// Everything that is wrong; `acknowledged` are addresses whose invitation must be there.
pub async fn wrongs(raw: &Raw, acknowledged: &[String]) -> Vec<String> {
    let mut wrongs = Vec::new();
    if let Raw::Sqlite(_) = raw {
        let says = raw.texts("SELECT integrity_check FROM pragma_integrity_check").await;
        if says != ["ok"] {
            wrongs.push(format!("integrity: {says:?}"));
        }
        let broken = raw.number("SELECT COUNT(*) FROM pragma_foreign_key_check").await;
        if broken > 0 {
            wrongs.push(format!("{broken} rows name rows that are not there"));
        }
    }
    let invited: BTreeSet<_> = raw.texts("SELECT canonical FROM invitations").await.into_iter().collect();
    let lost: Vec<_> = acknowledged.iter().filter(|address| !invited.contains(*address)).collect();
    if !lost.is_empty() {
        wrongs.push(format!("lost: {lost:?}"));
    }
    let told = raw
        .texts("SELECT s.label FROM events e JOIN event_subjects s ON s.event_id = e.id WHERE e.type = 'invitation_created.v0' AND s.kind = 'invitation'")
        .await;
    let told: BTreeSet<_> = told.into_iter().collect();
    if told != invited {
        wrongs.push(format!("changes without event, or the other way round: {:?}", told.symmetric_difference(&invited)));
    }
    let letters = raw.number("SELECT COUNT(*) FROM invitations i WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = i.letter_id)").await;
    if letters > 0 {
        wrongs.push(format!("{letters} invitations without letter"));
    }
    wrongs.extend(broken_links(raw).await);
    wrongs
}

/// The columns that an event's hash covers, in its order, and the two hashes.
const FIELDS: &str = "log, CAST(e.seq AS TEXT), id, CAST(at AS TEXT), type, source, principal, principal_name, credential_id, session_id, address, request_id, outcome, before, after, prev_hash, hash";

async fn rows(raw: &Raw, sql: String) -> Vec<Vec<Option<String>>> {
    fn read<R: Row>(row: &R) -> Vec<Option<String>>
    where
        usize: sqlx::ColumnIndex<R>,
        for<'a> Option<String>: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
    {
        (0..row.len()).map(|n| row.get(n)).collect()
    }
    match raw {
        Raw::Sqlite(pool) => sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap().iter().map(read).collect(),
        Raw::Postgres(pool) => sqlx::query(AssertSqlSafe(sql)).fetch_all(pool).await.unwrap().iter().map(read).collect(),
    }
}

async fn broken_links(raw: &Raw) -> Vec<String> {
    let mut subjects = BTreeMap::<Option<String>, Vec<Option<String>>>::new();
    for mut row in rows(raw, "SELECT event_id, kind, subject_id, label FROM event_subjects ORDER BY event_id, position".into()).await {
        let event = row.remove(0);
        subjects.entry(event).or_default().extend(row);
    }
    let (mut broken, mut previous) = (Vec::new(), (None, String::new()));
    for row in rows(raw, format!("SELECT {FIELDS} FROM events e ORDER BY e.log, e.seq")).await {
        let about = subjects.get(&row[2]).cloned().unwrap_or_default();
        let fields: Vec<_> = row[..15].iter().chain(&about).map(Option::as_deref).collect();
        let expected = if previous.0 == row[0] { previous.1 } else { START.to_owned() };
        let (before, own) = (row[15].clone().unwrap(), row[16].clone().unwrap());
        if before != expected || link(&before, &fields) != own {
            broken.push(format!("the chain of {:?} is broken at {:?}", row[0], row[1]));
        }
        previous = (row[0].clone(), own);
    }
    broken
}
