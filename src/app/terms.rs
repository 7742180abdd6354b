//! What the configuration decides about deeds.

use crate::{acts::Terms, config::Config, protocols::breached::Breached};

/// Takes it out of the configuration.
pub(super) fn of(config: &Config, breached: Breached) -> Terms {
    Terms {
        sessions: config.sessions,
        attempts: config.attempts,
        lockouts: config.lockouts,
        session_limit: config.session_limit,
        mfa: config.mfa,
        codes: config.codes,
        fresh_proof: config.fresh_proof,
        attempts_kept: config.attempts_kept,
        visits_kept: config.visits_kept,
        sessions_kept: config.sessions_kept,
        letters_kept: config.letters_kept,
        seats: config.seats,
        sign_up: config.sign_up,
        terms_of_use: Some(config.terms_of_use.clone()).filter(|address| !address.is_empty()),
        social: config.social.clone(),
        plan: config.plan.clone(),
        account_creation: config.account_creation,
        password_history: config.password_history,
        breached,
    }
}
