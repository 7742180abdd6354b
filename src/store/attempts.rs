//! How often something was tried, counted in the database so that every instance counts together.

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::{lockouts::KNOWN_FOR, time::Millis};

/// What is counted.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What kind of thing.
    pub scope: &'static str,
    /// Whose, or what.
    pub key: String,
    /// In the window that begins here.
    pub window_start: Millis,
}

impl Reader<Instance> {
    /// How many were counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attempts(&mut self, attempt: &Attempt) -> Result<i64> {
        let count: Option<i64> = sql!(self, c => sqlx::query_scalar("SELECT count FROM attempts WHERE scope = $1 AND key = $2 AND window_start = $3")
            .bind(attempt.scope).bind(&attempt.key).bind(attempt.window_start).fetch_optional(c));
        Ok(count.unwrap_or(0))
    }
}

impl<S> Tx<S> {
    /// Counts one more and answers how many that makes, this one included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_attempt(&mut self, attempt: &Attempt) -> Result<i64> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "INSERT INTO attempts (scope, key, window_start, count) VALUES ($1, $2, $3, 1)
             ON CONFLICT (scope, key, window_start) DO UPDATE SET count = attempts.count + 1 RETURNING count")
            .bind(attempt.scope).bind(&attempt.key).bind(attempt.window_start).fetch_one(c)))
    }
}

impl<S> Tx<S> {
    /// Takes one back: it was no attempt by a stranger after all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forgive_attempt(&mut self, attempt: &Attempt) -> Result<()> {
        run!(
            self,
            sqlx::query("UPDATE attempts SET count = count - 1 WHERE scope = $1 AND key = $2 AND window_start = $3 AND count > 0")
                .bind(attempt.scope)
                .bind(&attempt.key)
                .bind(attempt.window_start)
        );
        Ok(())
    }
}

impl Tx<Instance> {
    /// Clears out windows that began before a moment, expired flows and cookies, and sessions last seen before
    /// a moment; answers how many rows went.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clear_expired(&mut self, attempts_before: Millis, visits_before: i64, sessions_before: Millis) -> Result<u64> {
        let now = self.now();
        let mut gone = run!(self, sqlx::query("DELETE FROM attempts WHERE window_start < $1").bind(attempts_before));
        gone += run!(self, sqlx::query("DELETE FROM flows WHERE expires_at < $1").bind(now));
        gone += run!(self, sqlx::query("DELETE FROM assertions WHERE until < $1").bind(now));
        gone += run!(self, sqlx::query("DELETE FROM cookies WHERE expires_at < $1").bind(now));
        gone += run!(self, sqlx::query("DELETE FROM visits WHERE day < $1").bind(visits_before));
        gone += run!(self, sqlx::query("DELETE FROM lockouts WHERE until < $1").bind(now));
        gone += run!(self, sqlx::query("DELETE FROM known_browsers WHERE seen_at < $1").bind(now.minus(KNOWN_FOR)));
        for owned in [
            "DELETE FROM session_proofs WHERE session_id IN (SELECT id FROM sessions WHERE last_seen_at < $1)",
            "DELETE FROM entries WHERE session_id IN (SELECT id FROM sessions WHERE last_seen_at < $1)",
            "DELETE FROM sessions WHERE last_seen_at < $1",
        ] {
            gone += run!(self, sqlx::query(owned).bind(sessions_before));
        }
        Ok(gone)
    }
}
