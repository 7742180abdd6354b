//! How long a session lives, and why it ended.

use super::{
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
        EndedInAccount = "ended_in_account", "Your sessions in that account were ended. Sign in again to come in.";
        PasswordChanged = "password_changed", "The password was changed. Sign in with the new one.";
        FactorChanged = "factor_changed", "Your second factor was changed. Sign in again.";
        EmailChanged = "email_changed", "The address was changed. Sign in with the new one.";
        TooOld = "too_old", "It is time to sign in again.";
        Restored = "restored", "This Frontdesk was restored from a backup. Sign in again.";
    }
}

impl End {
    /// Whether a session can be over so in one account and live on elsewhere.
    #[must_use]
    pub const fn is_of_account(self) -> bool {
        matches!(self, Self::EndedInAccount | Self::Idle | Self::TooOld)
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
}
