//! Signing in by password, in two deeds: proving who one is, and beginning a session.
//!
//! Whether anybody has the address changes nothing that a visitor could notice: the same statements run and the same
//! number of passwords is hashed, which a test counts.

use super::{Stop, Visitor};
use crate::{
    protocols::passwords::Verified,
    rules::{
        addresses::Email,
        events::{Event, Log, Who},
        faults::Faults,
        gate::Proof,
        ids::{SessionId, UserId},
        network::neighbourhood,
        sign_in::{Credentials, Failure, Scope, WRONG, window_rest, window_start},
        time::Span,
    },
    store::{Attempt, NewSession, Why},
};

/// Somebody who has just given the right password. Made by [`prove`] alone.
pub struct Proven {
    user: UserId,
    email: Email,
    stored: String,
    replacement: Option<String>,
    attempts: Vec<Attempt>,
}

/// Compares address and password, if there have not been too many attempts.
///
/// # Errors
/// [`Stop::TooMany`], [`Stop::Busy`], or [`Stop::Faults`] with one answer for wrong addresses and wrong passwords.
pub async fn prove(visitor: &Visitor, credentials: Credentials) -> Result<Proven, Stop> {
    let attempts = count_attempt(visitor, &credentials.email).await?;
    let found = visitor.read().user_by_address(credentials.email.canonical()).await?;
    let stored = found.as_ref().and_then(|row| row.password_hash.as_deref());
    let hasher = &visitor.app.0.hasher;
    let verified = hasher.verify(&credentials.password, stored).await?;
    let (Verified::Yes | Verified::YesOutdated, Some(row)) = (verified, &found) else {
        record_failure(visitor, found.map(|row| row.id), &credentials.email, Failure::Wrong).await?;
        return Err(Faults::one("password", WRONG).into());
    };
    let replacement = if verified == Verified::YesOutdated { Some(hasher.hash(&credentials.password).await?) } else { None };
    let stored = stored.unwrap_or_default().to_owned();
    Ok(Proven { user: row.id.clone(), email: credentials.email, stored, replacement, attempts })
}

/// Begins the session of somebody who has proven who they are; the cookie's value has this hash.
///
/// # Errors
/// [`Stop::Faults`] when the password was changed in this very moment.
pub async fn begin_session(visitor: &Visitor, proven: Proven, token_hash: &str) -> Result<(), Stop> {
    let Proven { user, email, stored, replacement, attempts } = proven;
    let mut tx = visitor.begin(vec![Log::User(user.clone())]).await?;
    if tx.password_hash(&user).await?.as_deref() != Some(&stored) {
        return Err(Faults::one("password", WRONG).into());
    }
    if let Some(new) = replacement {
        tx.replace_hash(&user, &stored, &new).await?;
    }
    for attempt in &attempts {
        tx.forgive_attempt(attempt).await?;
    }
    let session = SessionId::new(tx.now(), tx.dice());
    let address = visitor.caller.address.to_string();
    let proof = Proof::Password;
    tx.create_session(&NewSession {
        id: &session,
        token_hash,
        user: &user,
        address: &address,
        agent: &visitor.caller.agent,
        proof: &proof,
    })
    .await?;
    tx.acting_as(user.to_string(), email.canonical().to_owned(), session.clone());
    let who = Who { user, email: email.canonical().to_owned() };
    Ok(tx.commit(Event::UserLoginSucceeded { who, session, method: proof.word() }).await?)
}

/// Counts this attempt everywhere before anything else is done, so that fifty at once are fifty. It is taken back when
/// the password turns out to be right.
async fn count_attempt(visitor: &Visitor, email: &Email) -> Result<Vec<Attempt>, Stop> {
    let now = visitor.now();
    let limits = visitor.app.0.terms.attempts;
    let address = visitor.caller.address;
    let mut tx = visitor.begin(vec![]).await?;
    let mut attempts = Vec::new();
    let mut wait: Option<Span> = None;
    let mut first_refusal = false;
    for (scope, key) in [
        (Scope::User, email.canonical().to_owned()),
        (Scope::UserDay, email.canonical().to_owned()),
        (Scope::Address, address.to_string()),
        (Scope::Network, neighbourhood(address)),
    ] {
        let (window, limit) = limits.of(scope);
        let attempt = Attempt { scope: scope.word(), key, window_start: window_start(now, window) };
        let count = tx.count_attempt(&attempt).await?;
        if count > limit {
            let rest = window_rest(now, window);
            wait = Some(wait.map_or(rest, |wait| wait.max(rest)));
            first_refusal |= count == limit + 1;
        }
        attempts.push(attempt);
    }
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    let Some(wait) = wait else { return Ok(attempts) };
    if first_refusal {
        let found = visitor.read().user_by_address(email.canonical()).await?;
        record_failure(visitor, found.map(|row| row.id), email, Failure::TooMany).await?;
    }
    Err(Stop::TooMany(wait))
}

async fn record_failure(visitor: &Visitor, user: Option<UserId>, email: &Email, why: Failure) -> Result<(), Stop> {
    let log = user.clone().map_or(Log::Instance, Log::User);
    let tx = visitor.begin(vec![log]).await?;
    Ok(tx.commit(Event::UserLoginFailed { user, email: email.canonical().to_owned(), why }).await?)
}
