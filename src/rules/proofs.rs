//! Fresh proofs: what is typed, and for how long one counts.

use serde::{Deserialize, Serialize};

use super::time::{Millis, Span};

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
