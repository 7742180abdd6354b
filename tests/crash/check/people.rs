//! People and their sessions are what the events say, no more and no less.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Wrong, log::Happened};
use crate::{kit::Raw, rows::texts};

pub async fn look(raw: &Raw, happened: &[Happened], findings: &mut Findings) {
    users(raw, happened, findings).await;
    sessions(raw, happened, findings).await;
}

async fn users(raw: &Raw, happened: &[Happened], findings: &mut Findings) {
    let mut told = BTreeMap::<&str, &str>::new();
    for event in happened {
        match event.kind.as_str() {
            "user_created.v0" => drop(told.insert(&event.log, event.says("name"))),
            "user_updated.v0" if event.after["name"].is_string() => drop(told.insert(&event.log, event.says("name"))),
            _ => {}
        }
    }
    for [id, name, address] in texts(raw, ["u.id", "u.name", "e.address"], "FROM users u LEFT JOIN user_emails e ON e.user_id = u.id").await
    {
        match told.remove(id.as_str()) {
            Some(should_be) => findings.compare(Wrong::WithoutEvent, &format!("the name of {id}"), &name.as_str(), &should_be),
            None => findings.add(Wrong::WithoutEvent, format!("the user {id}, {name}")),
        }
        if address.is_empty() {
            findings.add(Wrong::HalfDone, format!("the user {id}, {name}, without an address"));
        }
    }
    for (user, name) in told {
        findings.add(Wrong::Lost, format!("the user {user}, {name}"));
    }
}

async fn sessions(raw: &Raw, happened: &[Happened], findings: &mut Findings) {
    let of = |kinds: &[&str]| -> BTreeSet<String> {
        let events = happened.iter().filter(|event| kinds.contains(&event.kind.as_str()));
        events.map(|event| event.id("session").to_owned()).collect()
    };
    let (mut begun, mut ended) = (of(&["user_login_succeeded.v0"]), of(&["session_ended.v0", "user_logged_out.v0"]));
    for [id, ended_at, proof] in
        texts(raw, ["s.id", "s.ended_at", "p.kind"], "FROM sessions s LEFT JOIN session_proofs p ON p.session_id = s.id").await
    {
        if !begun.remove(&id) {
            findings.add(Wrong::WithoutEvent, format!("the session {id}"));
        }
        if proof.is_empty() {
            findings.add(Wrong::HalfDone, format!("the session {id} proves nothing"));
        }
        findings.compare(Wrong::WithoutEvent, &format!("whether the session {id} has ended"), &!ended_at.is_empty(), &ended.remove(&id));
    }
    for session in begun.iter().chain(&ended) {
        findings.add(Wrong::Lost, format!("the session {session}"));
    }
    let mut entered = BTreeSet::new();
    for event in happened.iter().filter(|event| event.kind == "account_entered.v0") {
        if !entered.insert([event.session.clone(), event.log.clone()]) {
            findings.add(Wrong::HalfDone, format!("{} entered {} twice", event.session, event.log));
        }
    }
    for entry in texts(raw, ["session_id", "account_id"], "FROM entries").await {
        if !entered.remove(&entry) {
            findings.add(Wrong::WithoutEvent, format!("the entry {entry:?}"));
        }
    }
    for entry in entered {
        findings.add(Wrong::Lost, format!("the entry {entry:?}"));
    }
}
