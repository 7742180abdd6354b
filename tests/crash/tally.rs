//! What all kills together have come to: printed, and judged.

use std::{io::Write, time::Duration};

use crate::{
    book::Book,
    check::{Findings, Wrong},
    kit::on_postgres,
};

#[derive(Default)]
pub struct Tally {
    seed: u64,
    pub book: Book,
    pub findings: Findings,
    /// Kills in all.
    pub kills: u64,
    /// Those at a chosen call.
    pub at_call: u64,
    /// Those of the database.
    pub of_database: u64,
    /// How long the program took each time from its start until it was ready.
    pub ready_again: Vec<Duration>,
    /// How long it took from the database's return until it was ready without being started again.
    pub recovered: Vec<Duration>,
}

impl Tally {
    pub fn new(seed: u64) -> Self {
        say(&format!("seed={seed}"));
        Self { seed, ..Self::default() }
    }

    /// Whether every kind of change has been acknowledged at least once.
    pub fn has_seen_all(&self) -> bool {
        self.book.by_deed().iter().all(|(_, count)| *count > 0)
    }

    /// Prints the counts, and fails where one is not what was promised.
    pub fn judge(&self, kills: u64) {
        let longest = |times: &[Duration]| times.iter().max().map_or(0, Duration::as_millis);
        let count = |wrong| self.findings.count(wrong);
        let special = if on_postgres() {
            format!("({} of PostgreSQL itself)", self.of_database)
        } else {
            format!("({} at calls to the disk)", self.at_call)
        };
        let recovered = if on_postgres() { format!(" recovered_ms_max={}", longest(&self.recovered)) } else { String::new() };
        say(&format!(
            "kills={} {special} acknowledged={} lost={} half_done={} without_event={} without_letter={} broken={} ready_again_ms_max={}{recovered}",
            self.kills,
            self.book.acknowledged.len(),
            count(Wrong::Lost),
            count(Wrong::HalfDone),
            count(Wrong::WithoutEvent),
            count(Wrong::WithoutLetter),
            count(Wrong::Broken),
            longest(&self.ready_again),
        ));
        let by_deed: Vec<_> = self.book.by_deed().iter().map(|(deed, count)| format!("{deed:?} {count}")).collect();
        say(&format!("acknowledged: {}; refused {}, unanswered {}", by_deed.join(", "), self.book.refused, self.book.open));

        let words = self.findings.words();
        assert!(words.is_empty(), "seed {}\n{words}", self.seed);
        assert!(self.book.surprises.is_empty(), "seed {}\n{}", self.seed, self.book.surprises.join("\n"));
        assert_eq!(self.kills, kills);
        if kills >= 20 {
            // A run in which some kind of change was never acknowledged has proven nothing about it.
            assert!(self.has_seen_all());
            assert!(if on_postgres() { self.of_database } else { self.at_call } > 0);
        }
        assert!(self.ready_again.iter().chain(&self.recovered).all(|time| *time < Duration::from_secs(15)));
    }
}

/// Prints a line that is seen even where tests keep silent while they succeed.
fn say(words: &str) {
    let database = if on_postgres() { "PostgreSQL" } else { "SQLite" };
    std::io::stderr().write_all(format!("crash: {database} {words}\n").as_bytes()).unwrap();
}
