//! Proofs of who somebody is: how a session has them, what is typed to give one again, and for how long that counts as fresh.

use serde::{Deserialize, Serialize};

use super::time::{Millis, Span};

/// How a session has proven its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password of this instance: a proof that the person owns.
    Password,
    /// A second factor on top.
    Factor,
    /// A passkey: a proof that the person owns, and two factors in one.
    Passkey,
    /// An own GitHub or Google login linked to the user.
    Social,
    /// An identity provider of exactly one account; worth nothing in any other.
    Idp {
        /// The account whose provider it was.
        account: String,
        /// The provider.
        idp: String,
    },
    /// A link from the host: no proof of a person, but a way into the security pages of exactly one account, for a while.
    Rescue {
        /// The account that it opens.
        account: String,
        /// When the link was used.
        at: Millis,
    },
}

impl Proof {
    /// The word in the database.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Factor => "factor",
            Self::Passkey => "passkey",
            Self::Social => "social",
            Self::Idp { .. } => "idp",
            Self::Rescue { .. } => "rescue",
        }
    }

    /// The one account where it counts, if it does not count everywhere.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Idp { account, .. } | Self::Rescue { account, .. } => Some(account),
            Self::Password | Self::Factor | Self::Passkey | Self::Social => None,
        }
    }

    /// The provider that it was by; empty where it was by none.
    #[must_use]
    pub fn idp(&self) -> &str {
        if let Self::Idp { idp, .. } = self { idp } else { "" }
    }

    /// Reads the word of what was proven then; a proof for one account without its account proves nothing.
    #[must_use]
    pub fn parse(word: &str, account: Option<String>, idp: &str, at: Millis) -> Option<Self> {
        Some(match word {
            "password" => Self::Password,
            "factor" => Self::Factor,
            "passkey" => Self::Passkey,
            "social" => Self::Social,
            "idp" => Self::Idp { account: account?, idp: idp.to_owned() },
            "rescue" => Self::Rescue { account: account?, at },
            _ => return None,
        })
    }

    /// Whether it is something that the person owns.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Password | Self::Passkey | Self::Social)
    }

    /// Whether there is nothing stronger that a person with or without a second factor could be asked for (product §2.22).
    #[must_use]
    pub const fn is_strong(&self, has_factor: bool) -> bool {
        if has_factor { matches!(self, Self::Factor | Self::Passkey) } else { self.is_own() }
    }
}

/// What a person types who proves again who they are: one of the two.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The password.
    #[serde(skip_serializing)]
    pub password: String,
    /// A code of the second factor.
    #[serde(skip_serializing)]
    pub code: String,
    /// Where to go on afterwards.
    pub next: String,
}

/// Whether a proof that was given then is fresh now. One of tomorrow was given under a wrong clock.
#[must_use]
pub const fn is_fresh(proven_at: Millis, now: Millis, counts: Span) -> bool {
    let age = now.0.saturating_sub(proven_at.0);
    age < counts.0 && age > -counts.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_for_its_time() {
        let (at, ten) = (Millis(1_000_000_000), Span::minutes(10));
        assert!(is_fresh(at, at, ten) && is_fresh(at, at.plus(Span(ten.0 - 1)), ten));
        assert!(!is_fresh(at, at.plus(ten), ten) && !is_fresh(at, at.minus(ten), ten));
    }
}
