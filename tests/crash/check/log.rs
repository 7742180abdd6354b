//! The logs: read whole, and every chain followed from its first event to the head that its owner's row names.

use std::collections::BTreeMap;

use frontdesk::rules::chain::{START, link};
use serde_json::Value;

use super::{Findings, Wrong};
use crate::{
    kit::Raw,
    rows::{rows, texts},
};

/// An event.
#[derive(Clone, Debug, Default)]
pub struct Happened {
    pub log: String,
    pub kind: String,
    pub request: String,
    pub session: String,
    pub after: Value,
    /// Kind, id and label of each thing that it is about.
    pub subjects: Vec<[String; 3]>,
}

impl Happened {
    /// Whether it is about something called so, or the values after it say so.
    pub fn tells_of(&self, about: &str) -> bool {
        let says = |value: &Value| value.as_str() == Some(about);
        self.subjects.iter().any(|[_, id, label]| id == about || label == about)
            || self.after.as_object().is_some_and(|fields| fields.values().any(says))
    }

    /// The id of the first thing of a kind that it is about.
    pub fn id(&self, kind: &str) -> &str {
        self.subjects.iter().find(|[of, ..]| of == kind).map_or("", |[_, id, _]| id)
    }

    /// The ids of all things of a kind that it is about.
    pub fn ids<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.subjects.iter().filter(move |[of, ..]| of == kind).map(|[_, id, _]| id.as_str())
    }

    /// A text among the values after it.
    pub fn says(&self, name: &str) -> &str {
        self.after[name].as_str().unwrap_or_default()
    }
}

/// Every event, log by log, oldest first; and what is wrong with the chains.
pub async fn read(raw: &Raw, findings: &mut Findings) -> Vec<Happened> {
    let mut subjects = BTreeMap::<String, Vec<[String; 3]>>::new();
    for [event, kind, id, label] in
        texts(raw, ["event_id", "kind", "subject_id", "label"], "FROM event_subjects ORDER BY event_id, position").await
    {
        subjects.entry(event).or_default().push([kind, id, label]);
    }
    // In the order in which the hash covers them, and behind them the two hashes.
    let columns = [
        "log",
        "seq",
        "id",
        "at",
        "type",
        "source",
        "principal",
        "principal_name",
        "credential_id",
        "session_id",
        "address",
        "request_id",
        "outcome",
        "before",
        "after",
        "prev_hash",
        "hash",
    ];
    let mut heads = BTreeMap::<String, (i64, String)>::new();
    let mut happened = Vec::new();
    for row in rows(raw, columns, "FROM events ORDER BY log, events.seq").await {
        let mut fields = row.to_vec();
        let (hash, previous) = (fields.pop().flatten().unwrap(), fields.pop().flatten().unwrap());
        let text = |n: usize| row[n].clone().unwrap_or_default();
        let about = subjects.remove(&text(2)).unwrap_or_default();
        let own = about.iter().flatten().map(|text| Some(text.as_str()));
        let fields: Vec<_> = fields.iter().map(Option::as_deref).chain(own).collect();
        let head = heads.entry(text(0)).or_insert((0, START.to_owned()));
        if text(1) != (head.0 + 1).to_string() || previous != head.1 || hash != link(&previous, &fields) {
            findings.add(Wrong::Broken, format!("the chain at {fields:?}, behind {head:?}"));
        }
        *head = (head.0 + 1, hash);
        happened.push(Happened {
            log: text(0),
            kind: text(4),
            request: text(11),
            session: text(9),
            after: serde_json::from_str(&text(14)).unwrap_or_default(),
            subjects: about,
        });
    }
    for (event, about) in subjects {
        findings.add(Wrong::HalfDone, format!("{about:?} without their event {event}"));
    }
    for owner in ["instance", "users", "accounts"] {
        for [id, seq, hash] in texts(raw, ["id", "event_seq", "event_hash"], &format!("FROM {owner}")).await {
            let (last, at) = heads.remove(&id).unwrap_or((0, START.to_owned()));
            findings.compare(Wrong::Broken, &format!("the head of {id}"), &(seq, hash), &(last.to_string(), at));
        }
    }
    for log in heads.keys() {
        findings.add(Wrong::Broken, format!("the log {log} is nobody's"));
    }
    happened
}
