//! What an account demands of the people who enter it, and what the instance demands of all accounts: each setting, which way
//! an account may change it, and what is in force.

use serde::{Deserialize, Serialize};

use super::{faults::Faults, gate::Mfa, lockouts, sessions::Limits, time::Span};

/// What an account has decided for itself, as it is kept; a missing value inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// A word of [`Mfa`].
    pub mfa: Option<String>,
    /// Milliseconds without a request.
    pub session_idle: Option<String>,
    /// Milliseconds since signing in.
    pub session_lifetime: Option<String>,
    /// How many sessions of a person.
    pub session_limit: Option<String>,
    /// How many wrong passwords.
    pub lockout_after: Option<String>,
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
}

/// The shortest that an account may let sessions idle, and live.
pub const FLOORS: Limits = Limits { idle: Span::minutes(5), lifetime: Span::hours(1) };

/// What is in force in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Second factors.
    pub mfa: Mfa,
    /// How long a session lasts there.
    pub sessions: Limits,
    /// How many sessions of a person may be open there.
    pub session_limit: i64,
    /// After how many wrong passwords its people are locked out.
    pub lockout_after: i64,
}

impl Overrides {
    /// What is in force where the instance says this. What is outside of the instance's bounds, as they were changed later, is
    /// brought inside.
    #[must_use]
    pub fn within(&self, instance: Instance) -> Effective {
        let mfa = self.mfa.as_deref().and_then(Mfa::parse).map_or(instance.mfa, |own| own.stricter(instance.mfa));
        let span = |text: &Option<String>, floor: Span, ceiling: Span| {
            let own = text.as_deref().and_then(|text| text.parse().ok()).map(Span);
            own.map_or(ceiling, |own| own.max(floor).min(ceiling))
        };
        let sessions = Limits {
            idle: span(&self.session_idle, FLOORS.idle, instance.sessions.idle),
            lifetime: span(&self.session_lifetime, FLOORS.lifetime, instance.sessions.lifetime),
        };
        let number = |text: &Option<String>, floor: i64, ceiling: i64| {
            let own = text.as_deref().and_then(|text| text.parse::<i64>().ok());
            own.map_or(ceiling, |own| own.max(floor).min(ceiling))
        };
        let session_limit = number(&self.session_limit, 1, instance.session_limit);
        let lockout_after = number(&self.lockout_after, lockouts::FLOOR, instance.lockout_after);
        Effective { mfa, sessions, session_limit, lockout_after }
    }
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
    /// What stood there when the page was shown.
    pub seen: String,
}

impl Draft {
    /// What stands there now.
    #[must_use]
    pub fn of(overrides: &Overrides) -> Self {
        let units = |text: &Option<String>, unit: Span| {
            text.as_deref().and_then(|text| text.parse::<i64>().ok()).map(|ms| (ms / unit.0).to_string()).unwrap_or_default()
        };
        let mfa = overrides.mfa.clone().unwrap_or_default();
        let (session_idle, session_lifetime) =
            (units(&overrides.session_idle, Span::minutes(1)), units(&overrides.session_lifetime, Span::hours(1)));
        let session_limit = overrides.session_limit.clone().unwrap_or_default();
        let lockout_after = overrides.lockout_after.clone().unwrap_or_default();
        Self { mfa, session_idle, session_lifetime, session_limit, lockout_after, seen: overrides.mark() }
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
        let (mfa, session_idle) = (faults.keep("mfa", mfa), faults.keep("session_idle", idle));
        let (session_lifetime, session_limit) = (faults.keep("session_lifetime", lifetime), faults.keep("session_limit", limit));
        match (mfa, session_idle, session_lifetime, session_limit, faults.keep("lockout_after", lockout)) {
            (Some(mfa), Some(session_idle), Some(session_lifetime), Some(session_limit), Some(lockout_after)) => {
                Ok(Overrides { mfa, session_idle, session_lifetime, session_limit, lockout_after })
            }
            _ => Err(faults),
        }
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
    /// A text that is another one once anything is changed.
    #[must_use]
    pub fn mark(&self) -> String {
        [&self.mfa, &self.session_idle, &self.session_lifetime, &self.session_limit, &self.lockout_after]
            .map(|value| value.as_deref().unwrap_or("-"))
            .join(" ")
    }

    /// Names and values, as they are kept.
    #[must_use]
    pub fn values(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("mfa", self.mfa.as_deref()),
            ("session_idle", self.session_idle.as_deref()),
            ("session_lifetime", self.session_lifetime.as_deref()),
            ("session_limit", self.session_limit.as_deref()),
            ("lockout_after", self.lockout_after.as_deref()),
        ]
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
    };

    #[test]
    fn an_account_may_only_tighten_factors() {
        let draft = |mfa: &str| Draft { mfa: mfa.into(), ..Draft::default() }.check(INSTANCE);
        assert!(draft("off").is_err() && draft("sometimes").is_err());
        assert_eq!(draft("required").unwrap().within(INSTANCE).mfa, Mfa::Required);
        assert_eq!(draft("").unwrap().within(INSTANCE).mfa, Mfa::RequiredExceptSso);
        // What was allowed once and is not any more, does not weaken anything.
        let old = Overrides { mfa: Some("off".into()), ..Overrides::default() };
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
        assert_eq!(own.within(INSTANCE).sessions, Limits { idle: Span::minutes(5), lifetime: Span::hours(8) });
        assert_eq!(Draft::of(&own).session_idle, "5");
        let shorter = Instance { sessions: Limits { idle: Span::minutes(1), lifetime: Span::minutes(2) }, ..INSTANCE };
        assert_eq!(own.within(shorter).sessions, shorter.sessions, "the instance has the last word");
    }

    #[test]
    fn so_many_sessions_and_no_more() {
        let draft = |limit: &str| Draft { session_limit: limit.into(), ..Draft::default() }.check(INSTANCE);
        assert!(["0", "101", "x", "-1"].iter().all(|limit| draft(limit).is_err()));
        assert_eq!(draft(" 5 ").unwrap().within(INSTANCE).session_limit, 5);
        assert_eq!(draft("").unwrap().within(INSTANCE).session_limit, 100);
        let draft = |wrong: &str| Draft { lockout_after: wrong.into(), ..Draft::default() }.check(INSTANCE);
        assert!(["2", "11", "x"].iter().all(|wrong| draft(wrong).is_err()));
        assert_eq!([draft("3"), draft("")].map(|own| own.unwrap().within(INSTANCE).lockout_after), [3, 10]);
    }
}
