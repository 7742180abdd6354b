//! Invitations, their links and their letters are what the events say, no more and no less.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Value, json};

use super::{Findings, Wrong, log::Happened};
use crate::{kit::Raw, rows::texts};

/// An invitation as events tell of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Invitation {
    account: String,
    email: String,
    roles: Value,
    closed: String,
    version: u64,
}

/// What belongs to an invitation besides.
#[derive(Debug, Default)]
struct Beside {
    /// How many letters were written.
    letters: usize,
    /// How many links were made to be handed over.
    copies: usize,
    /// Who joined by it.
    joined: String,
}

pub async fn look(raw: &Raw, data: &Path, happened: &[Happened], findings: &mut Findings) {
    let told = tell(happened, findings);
    together(happened, findings);
    let beside: BTreeMap<_, _> = told.iter().map(|(id, (_, beside))| (*id, beside)).collect();
    links(raw, &beside, findings).await;
    letters(raw, data, &beside, findings).await;
    joined(raw, &beside, findings).await;
    rows(raw, told, findings).await;
}

fn tell<'a>(happened: &'a [Happened], findings: &mut Findings) -> BTreeMap<&'a str, (Invitation, Beside)> {
    let mut told = BTreeMap::<&str, (Invitation, Beside)>::new();
    let about_invitations = happened.iter().filter(|event| event.kind.starts_with("invitation_"));
    // One event may tell of several: whoever goes leaves all of theirs.
    for (event, id) in about_invitations.flat_map(|event| event.ids("invitation").map(move |id| (event, id))) {
        if event.kind == "invitation_created.v0" {
            let (account, email, roles) = (event.log.clone(), event.says("email").to_owned(), event.after["roles"].clone());
            let invitation = Invitation { account, email, roles, ..Invitation::default() };
            if told.insert(id, (invitation, Beside { letters: 1, copies: 1, joined: String::new() })).is_some() {
                findings.add(Wrong::HalfDone, format!("the invitation {id} was sent first twice"));
            }
            continue;
        }
        let Some((invitation, beside)) = told.get_mut(id) else {
            findings.add(Wrong::WithoutEvent, format!("{} of {id}, which was never sent", event.kind));
            continue;
        };
        match event.kind.as_str() {
            "invitation_resent.v0" => {
                beside.letters += 1;
                beside.copies += 1;
            }
            "invitation_updated.v0" if event.after["roles"].is_object() => invitation.roles = event.after["roles"].clone(),
            "invitation_updated.v0" => {}
            "invitation_refused.v0" => continue,
            closing => {
                if !invitation.closed.is_empty() {
                    findings.add(Wrong::HalfDone, format!("{closing} of {id}, which was {}", invitation.closed));
                }
                let word = closing.trim_start_matches("invitation_").trim_end_matches(".v0");
                invitation.closed = if word == "closed" { event.says("why").to_owned() } else { word.to_owned() };
                if word == "accepted" {
                    event.id("user").clone_into(&mut beside.joined);
                }
            }
        }
        invitation.version += 1;
    }
    told
}

/// Accepting and joining are one request, and neither is anywhere without the other.
fn together(happened: &[Happened], findings: &mut Findings) {
    let requests = |is: &dyn Fn(&Happened) -> bool| -> BTreeSet<[&str; 3]> {
        let events = happened.iter().filter(|event| is(event));
        events.map(|event| [event.request.as_str(), event.log.as_str(), event.id("user")]).collect()
    };
    let accepted = requests(&|event| event.kind == "invitation_accepted.v0");
    let joined = requests(&|event| event.kind == "membership_created.v0" && event.says("source") == "invitation");
    for request in accepted.symmetric_difference(&joined) {
        findings.add(Wrong::HalfDone, format!("accepted or joined, but not both: {request:?}"));
    }
}

async fn rows(raw: &Raw, mut told: BTreeMap<&str, (Invitation, Beside)>, findings: &mut Findings) {
    let mut open = BTreeSet::new();
    let columns =
        ["id", "account_id", "canonical", "developer", "team", "billing", "administrator", "closed_at", "closed_why", "version", "uses"];
    for [id, account, email, developer, team, billing, administrator, closed_at, closed, version, uses] in
        texts(raw, columns, "FROM invitations").await
    {
        let roles = json!({ "developer": developer, "team": team, "billing": billing, "administrator": administrator == "yes" });
        if closed_at.is_empty() && !open.insert((account.clone(), email.clone())) {
            findings.add(Wrong::HalfDone, format!("{email} has two open invitations"));
        }
        findings.compare(Wrong::HalfDone, &format!("when and why {id} was closed"), &closed_at.is_empty(), &closed.is_empty());
        findings.compare(Wrong::HalfDone, &format!("the uses of {id}"), &uses, &u8::from(closed == "accepted").to_string());
        let is = Invitation { account, email, roles, closed, version: version.parse().unwrap() };
        match told.remove(id.as_str()) {
            Some((should_be, _)) => findings.compare(Wrong::WithoutEvent, &format!("the invitation {id}"), &is, &should_be),
            None => findings.add(Wrong::WithoutEvent, format!("the invitation {id}: {is:?}")),
        }
    }
    for (id, (invitation, _)) in told {
        findings.add(Wrong::Lost, format!("the invitation {id}: {invitation:?}"));
    }
}

/// Each letter has brought a link to be mailed, and each page one to be handed over; of each only the newest works.
async fn links(raw: &Raw, told: &BTreeMap<&str, &Beside>, findings: &mut Findings) {
    let mut found = BTreeMap::<[String; 2], [usize; 2]>::new();
    for [invitation, purpose, ended_at] in texts(raw, ["invitation_id", "purpose", "ended_at"], "FROM invitation_tokens").await {
        let counts = found.entry([invitation, purpose]).or_default();
        counts[0] += 1;
        counts[1] += usize::from(ended_at.is_empty());
    }
    for (id, beside) in told {
        for (purpose, made) in [("mail", beside.letters), ("copy", beside.copies)] {
            let [all, working] = found.remove(&[(*id).to_owned(), purpose.to_owned()]).unwrap_or_default();
            findings.compare(Wrong::HalfDone, &format!("the {purpose} links of {id}"), &all, &made);
            if working > 1 {
                findings.add(Wrong::HalfDone, format!("{working} {purpose} links of {id} work"));
            }
        }
    }
    for of in found.keys() {
        findings.add(Wrong::HalfDone, format!("links of {of:?}, which is not there"));
    }
}

/// Each letter that should have been written has been; and whatever counts as sent is a file.
async fn letters(raw: &Raw, data: &Path, told: &BTreeMap<&str, &Beside>, findings: &mut Findings) {
    let mut found = BTreeMap::<String, usize>::new();
    for [id, about, body, sent_at, failed_at] in texts(raw, ["id", "subject_id", "body", "sent_at", "failed_at"], "FROM outbox").await {
        *found.entry(about).or_default() += 1;
        let is_done = !sent_at.is_empty() || !failed_at.is_empty();
        findings.compare(Wrong::HalfDone, &format!("whether what {id} says is forgotten"), &body.is_empty(), &is_done);
        if !sent_at.is_empty() && !data.join(format!("mail/{id}.eml")).exists() {
            findings.add(Wrong::Lost, format!("the letter {id}, which counts as sent"));
        }
    }
    for (id, beside) in told {
        let is = found.remove(*id).unwrap_or_default();
        findings.compare(Wrong::WithoutLetter, &format!("the letters about {id}"), &is, &beside.letters);
    }
    for about in found.keys() {
        findings.add(Wrong::HalfDone, format!("letters about {about}, which is not there"));
    }
    for [id, letter] in
        texts(raw, ["i.id", "i.letter_id"], "FROM invitations i LEFT JOIN outbox o ON o.id = i.letter_id WHERE o.id IS NULL").await
    {
        findings.add(Wrong::WithoutLetter, format!("{id} names the letter {letter}"));
    }
}

/// Whoever accepted is a user with that address, and the use is noted.
async fn joined(raw: &Raw, told: &BTreeMap<&str, &Beside>, findings: &mut Findings) {
    let mut expected: BTreeSet<[String; 2]> =
        told.iter().filter(|(_, beside)| !beside.joined.is_empty()).map(|(id, beside)| [(*id).to_owned(), beside.joined.clone()]).collect();
    let uses = texts(
        raw,
        ["u.invitation_id", "u.user_id", "e.canonical"],
        "FROM invitation_uses u JOIN invitations i ON i.id = u.invitation_id
         LEFT JOIN user_emails e ON e.user_id = u.user_id AND e.canonical = i.canonical",
    );
    for [invitation, user, email] in uses.await {
        if !expected.remove(&[invitation.clone(), user.clone()]) {
            findings.add(Wrong::WithoutEvent, format!("{user} joined by {invitation}"));
        }
        if email.is_empty() {
            findings.add(Wrong::HalfDone, format!("{user} joined by {invitation}, and has not its address"));
        }
    }
    for use_of in expected {
        findings.add(Wrong::Lost, format!("the use {use_of:?}"));
    }
}
