//! Letters: what they say, and when one that could not be delivered is tried again.
//!
//! A letter is a row of the transaction that causes it, so none is lost and none is sent for what did not happen. Its
//! contents are data; how they read is a template, and where its links lead is known when it is sent.

use serde::{Deserialize, Serialize};

use super::time::{Millis, Span};

/// How long delivery is tried before a letter is given up.
pub const PATIENCE: Span = Span::days(3);
/// How long whoever has taken a letter to deliver it has for that, before another process may. Longer than delivering can
/// take.
pub const LEASE: Span = Span::minutes(1);

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// Somebody is invited to an account.
    Invitation {
        /// The secret of the link, which proves that whoever has it reads this mailbox.
        token: String,
        /// The account's name.
        account: String,
        /// The name of who invites.
        inviter: String,
        /// The address of who invites.
        inviter_email: String,
        /// From when on the link no longer works, in milliseconds since 1970.
        expires_at: i64,
    },
}

impl Letter {
    /// The word by which the outbox knows its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
        }
    }

    /// Whom an answer to it should reach, if anybody.
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        match self {
            Self::Invitation { inviter_email, .. } => Some(inviter_email.as_str()).filter(|email| !email.is_empty()),
        }
    }

    /// Whether what it says is no longer true.
    #[must_use]
    pub const fn is_over(&self, now: Millis) -> bool {
        match self {
            Self::Invitation { expires_at, .. } => now.0 >= *expires_at,
        }
    }

    /// The line that mailboxes show.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Invitation { account, inviter, .. } => format!("{inviter} invites you to join {account}"),
        }
    }
}

/// When to try again what has failed `attempts` times, the last of them now; `None` when it is to be given up. The first ten
/// times fall into a quarter of an hour, as a server that is away comes back or one that asks for patience has had it; then
/// the waits double up to an hour.
#[must_use]
pub fn next_attempt(now: Millis, written_at: Millis, attempts: i64) -> Option<Millis> {
    let wait = match attempts {
        ..=1 => Span::seconds(30),
        2 => Span::minutes(1),
        3..=10 => Span::seconds(90),
        11..=15 => Span(Span::seconds(90).0 << (attempts - 10)),
        _ => Span::hours(1),
    };
    (now.since(written_at) < PATIENCE).then(|| now.plus(wait))
}

/// How long to leave a server alone that could not be talked to so many times in a row: from one second to half a minute.
#[must_use]
pub fn pause(failures: u32) -> Span {
    Span::seconds(2_i64.pow(failures.clamp(1, 6) - 1).min(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_262_400_000);

    #[test]
    fn waits_grow_to_an_hour_and_end_after_three_days() {
        let wait = |attempts| next_attempt(NOW, NOW, attempts).unwrap().since(NOW);
        assert_eq!([wait(1), wait(2), wait(3)], [Span::seconds(30), Span::minutes(1), Span::seconds(90)]);
        assert!((1..40).all(|attempts| wait(attempts + 1) >= wait(attempts)));
        assert!((1..10).map(|attempts| wait(attempts).0).sum::<i64>() <= Span::minutes(15).0);
        assert_eq!([wait(11), wait(1_000)], [Span::minutes(3), Span::hours(1)]);
        assert_eq!(next_attempt(NOW.plus(PATIENCE), NOW, 3), None);
    }

    #[test]
    fn a_server_that_is_away_is_asked_twice_a_minute() {
        assert_eq!([pause(0), pause(1), pause(3), pause(99)].map(|span| span.0 / 1_000), [1, 1, 4, 30]);
    }

    #[test]
    fn what_waits_is_read_back() {
        let letter = Letter::Invitation {
            token: "t".into(),
            account: "Acme".into(),
            inviter: "Ada".into(),
            inviter_email: "ada@example.com".into(),
            expires_at: 1,
        };
        let text = serde_json::to_string(&letter).unwrap();
        assert_eq!(serde_json::from_str::<Letter>(&text).unwrap(), letter);
    }
}
