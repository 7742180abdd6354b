//! What has to be true of the data after every kill: nothing acknowledged is lost, nothing is half done, nothing happened
//! without its event and its letter, every log's chain holds, and the file is sound.

mod accounts;
mod invitations;
mod log;
mod people;

use std::{collections::BTreeMap, path::Path};

use crate::{
    book::Book,
    check::log::Happened,
    kit::Raw,
    rows::{close, open, texts},
};

/// What is wrong, by what kind of wrong it is.
#[derive(Default)]
pub struct Findings(BTreeMap<Wrong, Vec<String>>);

/// The kinds of wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// It was acknowledged, and is not there.
    Lost,
    /// One part of it is there, and another is not.
    HalfDone,
    /// It is there, and no event tells of it.
    WithoutEvent,
    /// It is there, and its letter is not.
    WithoutLetter,
    /// The chain of a log, or the file itself, is broken.
    Broken,
}

impl Findings {
    pub fn add(&mut self, wrong: Wrong, what: impl Into<String>) {
        self.0.entry(wrong).or_default().push(what.into());
    }

    /// Compares what is with what should be, and tells of every difference.
    pub fn compare<T: PartialEq + std::fmt::Debug>(&mut self, wrong: Wrong, what: &str, is: &T, should_be: &T) {
        if is != should_be {
            self.add(wrong, format!("{what}: {is:?} instead of {should_be:?}"));
        }
    }

    pub fn count(&self, wrong: Wrong) -> usize {
        self.0.get(&wrong).map_or(0, Vec::len)
    }

    /// The first few of each kind, in words.
    pub fn words(&self) -> String {
        let first = |(wrong, all): (&Wrong, &Vec<String>)| format!("{wrong:?}, {}: {}", all.len(), all[..all.len().min(5)].join("\n  "));
        self.0.iter().map(first).collect::<Vec<_>>().join("\n")
    }

    pub fn take(&mut self, other: Self) {
        for (wrong, mut all) in other.0 {
            self.0.entry(wrong).or_default().append(&mut all);
        }
    }
}

/// Looks at everything.
pub async fn look(url: &str, data: &Path, book: &Book) -> Findings {
    let raw = open(url, data, "ro").await;
    let mut findings = Findings::default();
    is_sound(&raw, &mut findings).await;
    let happened = log::read(&raw, &mut findings).await;
    is_kept(book, &happened, &mut findings);
    people::look(&raw, &happened, &mut findings).await;
    accounts::look(&raw, &happened, &mut findings).await;
    invitations::look(&raw, data, &happened, &mut findings).await;
    close(raw).await;
    findings
}

/// What SQLite itself says about its file. PostgreSQL checks its pages whenever it reads them.
async fn is_sound(raw: &Raw, findings: &mut Findings) {
    if let Raw::Sqlite(_) = raw {
        for [says] in texts(raw, ["integrity_check"], "FROM pragma_integrity_check").await {
            findings.compare(Wrong::Broken, "integrity_check", &says.as_str(), &"ok");
        }
        for row in texts(raw, ["\"table\"", "rowid", "parent"], "FROM pragma_foreign_key_check").await {
            findings.add(Wrong::Broken, format!("foreign_key_check: {row:?}"));
        }
    }
}

/// Every change that was acknowledged has left its events, all of them, and they tell of what was changed. That the rows
/// say the same as the events is checked for all rows, whoever changed them.
fn is_kept(book: &Book, happened: &[Happened], findings: &mut Findings) {
    let mut by_request = BTreeMap::<&str, Vec<&Happened>>::new();
    for event in happened {
        by_request.entry(&event.request).or_default().push(event);
    }
    for done in &book.acknowledged {
        let left = by_request.get(done.request.as_str()).map_or(&[][..], |events| events.as_slice());
        let missing = |kind: &&&str| !left.iter().any(|event| event.kind == **kind && event.tells_of(&done.about));
        match done.deed.events().iter().filter(missing).count() {
            0 => {}
            all if all == done.deed.events().len() => findings.add(Wrong::Lost, format!("{done:?}")),
            _ => findings.add(Wrong::HalfDone, format!("{done:?}: {left:?}")),
        }
    }
}
