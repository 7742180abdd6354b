//! Who is in the demonstration: people of the history of computing, in a company of theirs.

use crate::rules::members::{Billing, Developer, Roles, Team};

/// The company.
pub(super) const COMPANY: &str = "Difference Engines";

const LEAST: Roles = Roles::LEAST;
const WRITER: Roles = Roles { developer: Developer::ReadWrite, ..LEAST };

/// Somebody in the story.
pub(super) struct Person {
    pub(super) name: &'static str,
    /// The part of their address before the @.
    pub(super) local: &'static str,
    pub(super) roles: Roles,
    /// On which day of the story they are invited.
    pub(super) day: i64,
    /// How many days of ten they come in.
    pub(super) diligence: u64,
}

const fn person(name: &'static str, local: &'static str, roles: Roles, day: i64, diligence: u64) -> Person {
    Person { name, local, roles, day, diligence }
}

/// Everybody, the founder first.
pub(super) const PEOPLE: [Person; 14] = [
    person("Ada Lovelace", "ada", Roles::ADMINISTRATOR, 0, 8),
    person("Charles Babbage", "charles", Roles::ADMINISTRATOR, 1, 5),
    person("Grace Hopper", "grace", Roles { team: Team::Manager, ..WRITER }, 2, 9),
    person("Alan Turing", "alan", WRITER, 4, 8),
    person("Katherine Johnson", "katherine", Roles { team: Team::Invite, ..WRITER }, 6, 9),
    person("Jean Bartik", "jean", WRITER, 9, 7),
    person("Konrad Zuse", "konrad", WRITER, 15, 6),
    person("Mary Somerville", "mary", Roles { billing: Billing::Access, ..LEAST }, 20, 4),
    person("George Boole", "george", LEAST, 30, 3),
    person("Emmy Noether", "emmy", LEAST, 38, 5),
    person("Claude Shannon", "claude", WRITER, 45, 6),
    person("Hedy Lamarr", "hedy", LEAST, 60, 4),
    person("Edsger Dijkstra", "edsger", WRITER, 75, 7),
    person("Sophie Germain", "sophie", WRITER, 90, 6),
];

/// The address of somebody in the story.
pub(super) fn email(local: &str) -> String {
    format!("{local}@engines.example")
}

/// Who is worth signing in as, and what they are.
pub(super) fn worth_signing_in_as() -> Vec<(&'static str, &'static str)> {
    vec![
        ("ada@engines.example", "administrator: everything"),
        ("grace@engines.example", "Team manager: members, invitations, events"),
        ("katherine@engines.example", "may invite"),
        ("mary@engines.example", "billing"),
        ("alan@engines.example", "developer"),
        ("hedy@engines.example", "a guest whose access ends soon"),
    ]
}
