//! How long a session lives, and why it ended.

use std::net::IpAddr;

use super::{
    network::neighbourhood,
    time::{Millis, Span},
    words::words,
};

/// How long a session may be idle and how long it may live at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without a request.
    pub idle: Span,
    /// Since signing in.
    pub lifetime: Span,
}

impl Limits {
    /// How often `last_seen_at` is written; it lags behind by at most this much. A minute, or less where sessions idle
    /// shortly: never more than a twentieth of what they may.
    #[must_use]
    pub fn touch_every(self) -> Span {
        Span::minutes(1).min(Span(self.idle.0 / 20))
    }
}

words! {
    /// Why a session is over.
    End {
        SignedOut = "signed_out", "You have signed out.";
        EndedByOwner = "ended_by_owner", "This session was ended from another of your sessions. Sign in again.";
        Replaced = "replaced", "You signed in again, which replaced this session.";
        Idle = "idle", "You were away for a while. Sign in again to go on.";
        Limit = "session_limit", "You signed in elsewhere, and that account lets only so many of your sessions be open. Sign in again to go on here.";
        EndedInAccount = "ended_in_account", "Your sessions in that account were ended. Sign in again to come in.";
        PasswordChanged = "password_changed", "The password was changed. Sign in with the new one.";
        FactorChanged = "factor_changed", "Your second factor was changed. Sign in again.";
        EmailChanged = "email_changed", "The address was changed. Sign in with the new one.";
        TooOld = "too_old", "It is time to sign in again.";
        RescueOver = "rescue_over", "The hour of the rescue link is over. Sign in to go on, or ask whoever runs this Frontdesk for another one.";
        Restored = "restored", "This Frontdesk was restored from a backup. Sign in again.";
    }
}

impl End {
    /// Whether nobody has ended it: time has.
    #[must_use]
    pub const fn is_of_time(self) -> bool {
        matches!(self, Self::Idle | Self::TooOld)
    }

    /// Whether a session can be over so in one account and live on elsewhere.
    #[must_use]
    pub const fn is_of_account(self) -> bool {
        matches!(self, Self::EndedInAccount | Self::Limit | Self::Idle | Self::TooOld)
    }
}

/// What is known of a living session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// When the person signed in.
    pub created_at: Millis,
    /// When the last request was noted.
    pub last_seen_at: Millis,
    /// When it was ended, if it was.
    pub ended: Option<End>,
}

/// How far a clock may be set back and sessions live on.
const WRONG_CLOCK: Span = Span::days(1);

/// Why the session is over by `now`, or `None` while it lives.
#[must_use]
pub fn end(now: Millis, limits: Limits, times: Times) -> Option<End> {
    if let Some(end) = times.ended {
        return Some(end);
    }
    // One that began tomorrow was begun under a wrong clock, and would outlive every limit.
    if now.since(times.created_at) >= limits.lifetime || times.created_at.since(now) > WRONG_CLOCK {
        return Some(End::TooOld);
    }
    if now.since(times.last_seen_at) >= limits.idle {
        return Some(End::Idle);
    }
    None
}

/// For how long the session lives on if nothing is asked for any more.
///
/// # Errors
/// Why it is over.
pub fn left(now: Millis, limits: Limits, times: Times) -> Result<Span, End> {
    if let Some(end) = end(now, limits, times) {
        return Err(end);
    }
    let idle = times.last_seen_at.plus(limits.idle).since(now);
    Ok(idle.min(times.created_at.plus(limits.lifetime).since(now)))
}

/// What a program calls itself, in words: the browser and the system, as far as they can be told.
#[must_use]
pub fn device(agent: &str) -> String {
    // The order matters: most browsers also name the ones they descend from.
    const BROWSERS: [(&str, &str); 6] =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];
    const SYSTEMS: [(&str, &str); 6] =
        [("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iPadOS"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")];
    let find = |list: &[(&str, &'static str)]| list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) if agent.is_empty() => "Unknown program".to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

/// Whether somebody has signed in before from the neighbourhood of this address with a program that calls itself so: `before` is
/// from where, and with what. Whoever signs in for the first time is somewhere new nowhere.
#[must_use]
pub fn is_known_place(before: &[(String, String)], address: IpAddr, agent: &str) -> bool {
    let near = |place: &str| place.parse().is_ok_and(|place| neighbourhood(place) == neighbourhood(address));
    before.is_empty() || before.iter().any(|(place, with)| near(place) && device(with) == device(agent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { idle: Span::hours(1), lifetime: Span::hours(10) };
    const START: Millis = Millis(1_000_000);

    fn times(last_seen: Span) -> Times {
        Times { created_at: START, last_seen_at: START.plus(last_seen), ended: None }
    }

    #[test]
    fn a_session_ends_to_the_millisecond() {
        let seen = times(Span::hours(2));
        assert_eq!(end(START.plus(Span(Span::hours(3).0 - 1)), LIMITS, seen), None);
        assert_eq!(end(START.plus(Span::hours(3)), LIMITS, seen), Some(End::Idle));
        let busy = times(Span(Span::hours(10).0 - 1));
        assert_eq!(end(START.plus(Span(Span::hours(10).0 - 1)), LIMITS, busy), None);
        assert_eq!(end(START.plus(Span::hours(10)), LIMITS, busy), Some(End::TooOld));
    }

    #[test]
    fn what_is_left_is_the_shorter_of_both() {
        let seen = times(Span::hours(2));
        assert_eq!(left(START.plus(Span::hours(2)), LIMITS, seen), Ok(Span::hours(1)));
        assert_eq!(left(START.plus(Span::hours(3)), LIMITS, seen), Err(End::Idle));
        let busy = times(Span(Span::hours(10).0 - 1));
        assert_eq!(left(START.plus(Span(Span::hours(10).0 - 1)), LIMITS, busy), Ok(Span(1)));
    }

    #[test]
    fn a_session_from_a_wrong_clock_is_over() {
        let session = times(Span(0));
        assert_eq!(end(START.minus(Span::hours(1)), LIMITS, session), None, "clocks are put right");
        assert_eq!(end(START.minus(Span::days(1)), LIMITS, session), None);
        assert_eq!(end(Millis(START.minus(Span::days(1)).0 - 1), LIMITS, session), Some(End::TooOld));
        assert_eq!(end(Millis(i64::MIN), LIMITS, session), Some(End::TooOld));
        assert_eq!(end(Millis(i64::MAX), LIMITS, session), Some(End::TooOld));
    }

    #[test]
    fn presence_is_noted_often_enough_for_the_limit() {
        assert_eq!(Limits { idle: Span::hours(12), ..LIMITS }.touch_every(), Span::minutes(1));
        assert_eq!(Limits { idle: Span::seconds(20), ..LIMITS }.touch_every(), Span::seconds(1));
    }

    #[test]
    fn an_ended_session_stays_ended_for_its_own_reason() {
        let ended = Times { ended: Some(End::EndedByOwner), ..times(Span(0)) };
        assert_eq!(end(START, LIMITS, ended), Some(End::EndedByOwner));
        assert_eq!(end(START.plus(Span::days(99)), LIMITS, ended), Some(End::EndedByOwner));
    }

    #[test]
    fn browsers_are_called_by_name() {
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", "Chrome on Linux"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15", "Safari on macOS"),
            ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
            ("curl/8.5", "curl"),
            ("", "Unknown program"),
        ] {
            assert_eq!(device(agent), words);
        }
    }

    #[test]
    fn a_place_is_known_by_its_neighbourhood_and_its_device() {
        let before = [("192.0.2.7".to_owned(), "curl/8.5".to_owned())];
        let known = |address: &str, agent: &str| is_known_place(&before, address.parse().unwrap(), agent);
        assert!(known("192.0.2.200", "curl/8.6") && !known("192.0.3.7", "curl/8.5") && !known("192.0.2.7", "Firefox/140.0"));
        assert!(is_known_place(&[], "2001:db8::1".parse().unwrap(), ""));
    }
}
