//! What an account demands of the people who enter it, and what the instance demands of all accounts: each setting, which way
//! an account may change it, and what is in force.

use serde::{Deserialize, Serialize};

use super::{faults::Faults, gate::Mfa, lockouts, passwords, sessions::Limits, time::Span};

/// What an account has decided for itself, as it is kept; a missing value inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// About entering it.
    pub entry: Entry,
    /// About the passwords of its people.
    pub passwords: Passwords,
}

/// What an account has decided about entering it, which is asked on every request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// A word of [`Mfa`].
    pub mfa: Option<String>,
    /// Milliseconds without a request.
    pub session_idle: Option<String>,
    /// Milliseconds since signing in.
    pub session_lifetime: Option<String>,
    /// How many sessions of a person.
    pub session_limit: Option<String>,
}

/// What an account has decided about the passwords of its people. Of a person's accounts the strictest counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords {
    /// After how many wrong ones somebody is locked out.
    pub lockout_after: Option<String>,
    /// How many of the last ones nobody may choose again.
    pub password_history: Option<String>,
}

/// What the instance says: what holds where an account says nothing, and how far it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instance {
    /// An account may only tighten this.
    pub mfa: Mfa,
    /// An account may shorten these, down to the floors below.
    pub sessions: Limits,
    /// How many sessions of a person may be open in an account at most; an account may allow fewer.
    pub session_limit: i64,
    /// After how many wrong passwords somebody is locked out; an account may demand fewer, and the strictest of a person's counts.
    pub lockout_after: i64,
    /// How many of the last passwords nobody may choose again; an account may demand more, and the strictest of a person's counts.
    pub password_history: i64,
}

/// The shortest that an account may let sessions idle, and live.
pub const FLOORS: Limits = Limits { idle: Span::minutes(5), lifetime: Span::hours(1) };

/// What is in force for entering an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// Second factors.
    pub mfa: Mfa,
    /// How long a session lasts there.
    pub sessions: Limits,
    /// How many sessions of a person may be open there.
    pub session_limit: i64,
}

impl Entry {
    /// What is in force where the instance says this. What is outside of the instance's bounds, as they were changed later, is
    /// brought inside.
    #[must_use]
    pub fn within(&self, instance: Instance) -> Demands {
        let mfa = self.mfa.as_deref().and_then(Mfa::parse).map_or(instance.mfa, |own| own.stricter(instance.mfa));
        let span = |text: &Option<String>, floor: Span, ceiling: Span| {
            integer(text.as_deref()).map(Span).map_or(ceiling, |own| own.max(floor).min(ceiling))
        };
        let sessions = Limits {
            idle: span(&self.session_idle, FLOORS.idle, instance.sessions.idle),
            lifetime: span(&self.session_lifetime, FLOORS.lifetime, instance.sessions.lifetime),
        };
        let most = instance.session_limit;
        Demands { mfa, sessions, session_limit: integer(self.session_limit.as_deref()).map_or(most, |own| own.max(1).min(most)) }
    }
}

impl Passwords {
    /// After how many wrong ones somebody is locked out who is in this account alone.
    #[must_use]
    pub fn lockout_after(&self, instance: Instance) -> i64 {
        lockouts::after(instance.lockout_after, integer(self.lockout_after.as_deref()))
    }

    /// How many of the last ones nobody may choose again who is in this account alone.
    #[must_use]
    pub fn remembered(&self, instance: Instance) -> i64 {
        passwords::remembered(instance.password_history, integer(self.password_history.as_deref()))
    }
}

fn integer(text: Option<&str>) -> Option<i64> {
    text.and_then(|text| text.parse().ok())
}

/// What an administrator types.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// A word of [`Mfa`]; empty to inherit.
    pub mfa: String,
    /// Minutes; empty to inherit.
    pub session_idle: String,
    /// Hours; empty to inherit.
    pub session_lifetime: String,
    /// A number; empty to inherit.
    pub session_limit: String,
    /// A number; empty to inherit.
    pub lockout_after: String,
    /// A number; empty to inherit.
    pub password_history: String,
    /// What stood there when the page was shown.
    pub seen: String,
}

impl Draft {
    /// What stands there now.
    #[must_use]
    pub fn of(overrides: &Overrides) -> Self {
        let Overrides { entry, passwords } = overrides;
        let units = |text: &Option<String>, unit: Span| integer(text.as_deref()).map(|ms| (ms / unit.0).to_string()).unwrap_or_default();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            mfa: text(&entry.mfa),
            session_idle: units(&entry.session_idle, Span::minutes(1)),
            session_lifetime: units(&entry.session_lifetime, Span::hours(1)),
            session_limit: text(&entry.session_limit),
            lockout_after: text(&passwords.lockout_after),
            password_history: text(&passwords.password_history),
            seen: overrides.mark(),
        }
    }

    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, instance: Instance) -> Result<Overrides, Faults> {
        let mut faults = Faults::none();
        let mfa = match self.mfa.as_str() {
            "" => Ok(None),
            word => match Mfa::parse(word) {
                Some(own) if own.stricter(instance.mfa) == own => Ok(Some(word.to_owned())),
                Some(_) => Err("This Frontdesk demands more of everybody; an account may only tighten it.".to_owned()),
                None => Err("Choose one of these.".to_owned()),
            },
        };
        let idle = span(&self.session_idle, Span::minutes(1), FLOORS.idle, instance.sessions.idle);
        let lifetime = span(&self.session_lifetime, Span::hours(1), FLOORS.lifetime, instance.sessions.lifetime);
        let limit = number(&self.session_limit, 1, instance.session_limit);
        let lockout = number(&self.lockout_after, lockouts::FLOOR.min(instance.lockout_after), instance.lockout_after);
        let history = number(&self.password_history, instance.password_history, passwords::MOST_REMEMBERED);
        let entry = Entry {
            mfa: faults.keep("mfa", mfa).flatten(),
            session_idle: faults.keep("session_idle", idle).flatten(),
            session_lifetime: faults.keep("session_lifetime", lifetime).flatten(),
            session_limit: faults.keep("session_limit", limit).flatten(),
        };
        let passwords = Passwords {
            lockout_after: faults.keep("lockout_after", lockout).flatten(),
            password_history: faults.keep("password_history", history).flatten(),
        };
        if faults.is_empty() { Ok(Overrides { entry, passwords }) } else { Err(faults) }
    }
}

fn number(text: &str, floor: i64, ceiling: i64) -> Result<Option<String>, String> {
    match text.trim() {
        "" => Ok(None),
        text => match text.parse::<i64>() {
            Ok(own) if (floor..=ceiling).contains(&own) => Ok(Some(own.to_string())),
            _ => Err(format!("From {floor} to {ceiling}.")),
        },
    }
}

fn span(text: &str, unit: Span, floor: Span, ceiling: Span) -> Result<Option<String>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let says = || format!("From {} to {}.", floor.in_words(), ceiling.in_words());
    let own = text.parse::<i64>().ok().and_then(|count| count.checked_mul(unit.0)).map(Span).ok_or_else(says)?;
    if own < floor || own > ceiling { Err(says()) } else { Ok(Some(own.0.to_string())) }
}

impl Overrides {
    /// What an account has decided, by the values that are kept under these names.
    #[must_use]
    pub fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        let entry = Entry {
            mfa: value("mfa"),
            session_idle: value("session_idle"),
            session_lifetime: value("session_lifetime"),
            session_limit: value("session_limit"),
        };
        Self { entry, passwords: Passwords { lockout_after: value("lockout_after"), password_history: value("password_history") } }
    }

    /// Names and values, as they are kept.
    #[must_use]
    pub fn values(&self) -> [(&'static str, Option<&str>); 6] {
        let Self { entry, passwords } = self;
        [
            ("mfa", entry.mfa.as_deref()),
            ("session_idle", entry.session_idle.as_deref()),
            ("session_lifetime", entry.session_lifetime.as_deref()),
            ("session_limit", entry.session_limit.as_deref()),
            ("lockout_after", passwords.lockout_after.as_deref()),
            ("password_history", passwords.password_history.as_deref()),
        ]
    }

    /// A text that is another one once anything is changed.
    #[must_use]
    pub fn mark(&self) -> String {
        self.values().map(|(_, value)| value.unwrap_or("-")).join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTANCE: Instance = Instance {
        mfa: Mfa::RequiredExceptSso,
        sessions: Limits { idle: Span::hours(12), lifetime: Span::days(14) },
        session_limit: 100,
        lockout_after: 10,
        password_history: 2,
    };

    #[test]
    fn an_account_may_only_tighten_factors() {
        let draft = |mfa: &str| Draft { mfa: mfa.into(), ..Draft::default() }.check(INSTANCE);
        assert!(draft("off").is_err() && draft("sometimes").is_err());
        assert_eq!(draft("required").unwrap().entry.within(INSTANCE).mfa, Mfa::Required);
        assert_eq!(draft("").unwrap().entry.within(INSTANCE).mfa, Mfa::RequiredExceptSso);
        // What was allowed once and is not any more, does not weaken anything.
        let old = Entry { mfa: Some("off".into()), ..Entry::default() };
        assert_eq!(old.within(INSTANCE).mfa, Mfa::RequiredExceptSso);
    }

    #[test]
    fn sessions_are_shortened_within_bounds() {
        let draft = |idle: &str, lifetime: &str| {
            Draft { session_idle: idle.into(), session_lifetime: lifetime.into(), ..Draft::default() }.check(INSTANCE)
        };
        for (idle, lifetime) in [("4", ""), ("721", ""), ("x", ""), ("-5", ""), ("", "0"), ("", "337"), ("", "9223372036854775807")] {
            assert!(draft(idle, lifetime).is_err(), "{idle} {lifetime}");
        }
        let own = draft("5", "8").unwrap();
        assert_eq!(own.entry.within(INSTANCE).sessions, Limits { idle: Span::minutes(5), lifetime: Span::hours(8) });
        assert_eq!(Draft::of(&own).session_idle, "5");
        let shorter = Instance { sessions: Limits { idle: Span::minutes(1), lifetime: Span::minutes(2) }, ..INSTANCE };
        assert_eq!(own.entry.within(shorter).sessions, shorter.sessions, "the instance has the last word");
    }

    #[test]
    fn so_many_sessions_and_no_more() {
        let draft = |limit: &str| Draft { session_limit: limit.into(), ..Draft::default() }.check(INSTANCE);
        assert!(["0", "101", "x", "-1"].iter().all(|limit| draft(limit).is_err()));
        assert_eq!(draft(" 5 ").unwrap().entry.within(INSTANCE).session_limit, 5);
        assert_eq!(draft("").unwrap().entry.within(INSTANCE).session_limit, 100);
        let draft = |wrong: &str| Draft { lockout_after: wrong.into(), ..Draft::default() }.check(INSTANCE);
        assert!(["2", "11", "x"].iter().all(|wrong| draft(wrong).is_err()));
        assert_eq!([draft("3"), draft("")].map(|own| own.unwrap().passwords.lockout_after(INSTANCE)), [3, 10]);
    }
    #[test]
    fn more_passwords_are_remembered_and_not_fewer() {
        let draft = |history: &str| Draft { password_history: history.into(), ..Draft::default() }.check(INSTANCE);
        assert!(["1", "25", "x", "-1"].iter().all(|history| draft(history).is_err()));
        assert_eq!(["2", "24", ""].map(|history| draft(history).unwrap().passwords.remembered(INSTANCE)), [2, 24, 2]);
        let more = Instance { password_history: 12, ..INSTANCE };
        assert_eq!(draft("5").unwrap().passwords.remembered(more), 12, "the instance has the last word");
    }

    #[test]
    fn every_fault_is_told_at_once_and_what_is_kept_comes_back() {
        let wrong = || "x".to_owned();
        let draft = Draft {
            mfa: wrong(),
            session_idle: wrong(),
            session_lifetime: wrong(),
            session_limit: wrong(),
            lockout_after: wrong(),
            password_history: wrong(),
            seen: String::new(),
        };
        let faults = draft.check(INSTANCE).unwrap_err();
        let kept = Overrides::of(|name| Some(format!("{name}!")));
        for (name, value) in kept.values() {
            assert!(faults.at(name).is_some(), "{name}");
            assert_eq!(value, Some(format!("{name}!").as_str()));
        }
    }
}
