//! Accounts and members are what the events say, no more and no less.

use std::collections::BTreeMap;

use frontdesk::rules::members::{fold, search_words};
use serde_json::{Value, json};

use super::{Findings, Wrong, log::Happened};
use crate::{kit::Raw, rows::texts};

pub async fn look(raw: &Raw, happened: &[Happened], findings: &mut Findings) {
    accounts(raw, happened, findings).await;
    members(raw, happened, findings).await;
    words(raw, findings).await;
}

async fn accounts(raw: &Raw, happened: &[Happened], findings: &mut Findings) {
    for [id, name, version] in texts(raw, ["id", "name", "details_version"], "FROM accounts").await {
        let own = || happened.iter().filter(|event| event.log == id);
        let named: Vec<_> = own().filter(|event| ["account_created.v0", "account_updated.v0"].contains(&event.kind.as_str())).collect();
        let should_be = (named.last().map_or("", |event| event.says("name")), (named.len().saturating_sub(1)).to_string());
        findings.compare(Wrong::WithoutEvent, &format!("the account {id}"), &(name.as_str(), version), &should_be);
    }
}

/// A membership as events tell of it.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    account: String,
    user: String,
    roles: Value,
    is_disabled: bool,
    version: u64,
}

async fn members(raw: &Raw, happened: &[Happened], findings: &mut Findings) {
    let mut told = BTreeMap::<&str, Member>::new();
    for event in happened.iter().filter(|event| event.kind.starts_with("membership_")) {
        let id = event.id("member");
        match event.kind.as_str() {
            "membership_created.v0" => {
                let user = event.id("user").to_owned();
                let member =
                    Member { account: event.log.clone(), user, roles: event.after["roles"].clone(), is_disabled: false, version: 0 };
                if told.insert(id, member).is_some() {
                    findings.add(Wrong::HalfDone, format!("the member {id} came in twice"));
                }
            }
            "membership_deleted.v0" if told.remove(id).is_some() => {}
            kind => {
                let Some(member) = told.get_mut(id) else {
                    findings.add(Wrong::WithoutEvent, format!("{kind} of {id}, who never came in"));
                    continue;
                };
                match kind {
                    "membership_updated.v0" => member.roles = event.after["roles"].clone(),
                    "membership_disabled.v0" => member.is_disabled = true,
                    "membership_enabled.v0" => member.is_disabled = false,
                    _ => continue,
                }
                member.version += 1;
            }
        }
    }
    let columns = ["id", "account_id", "user_id", "developer", "team", "billing", "administrator_since", "disabled_at", "version"];
    for [id, account, user, developer, team, billing, administrator, disabled, version] in texts(raw, columns, "FROM members").await {
        let roles = json!({ "developer": developer, "team": team, "billing": billing, "administrator": !administrator.is_empty() });
        let is = Member { account, user, roles, is_disabled: !disabled.is_empty(), version: version.parse().unwrap() };
        match told.remove(id.as_str()) {
            Some(should_be) => findings.compare(Wrong::WithoutEvent, &format!("the member {id}"), &is, &should_be),
            None => findings.add(Wrong::WithoutEvent, format!("the member {id}: {is:?}")),
        }
    }
    for (id, member) in told {
        findings.add(Wrong::Lost, format!("the member {id}: {member:?}"));
    }
}

/// The copies by which members are sorted and found say the same as what they were copied from.
async fn words(raw: &Raw, findings: &mut Findings) {
    let mut found = BTreeMap::<String, Vec<String>>::new();
    for [member, word] in texts(raw, ["member_id", "word"], "FROM member_words").await {
        found.entry(member).or_default().push(word);
    }
    let members =
        texts(raw, ["m.id", "u.name", "m.name", "m.search_name", "m.search_email"], "FROM members m JOIN users u ON u.id = m.user_id");
    for [id, name, shown, search_name, email] in members.await {
        findings.compare(Wrong::HalfDone, &format!("the name shown of {id}"), &shown, &name);
        findings.compare(Wrong::HalfDone, &format!("the sorting name of {id}"), &search_name, &fold(&name));
        let mut words = found.remove(&id).unwrap_or_default();
        words.sort();
        findings.compare(Wrong::HalfDone, &format!("the words of {id}"), &words, &search_words(&name, &email));
    }
    for (member, words) in found {
        findings.add(Wrong::HalfDone, format!("{words:?} of {member}, who is gone"));
    }
}
