//! Second factors and recovery codes. Secrets are sealed before they come here.

use sqlx::FromRow;

use super::{OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{
    gate::Proof,
    ids::{SessionId, UserId},
    time::Millis,
};

/// A person's second factor.
#[derive(Clone, Debug, FromRow)]
pub struct FactorRow {
    /// The secret, sealed.
    pub sealed: String,
    /// The session that asked for it.
    pub offered_in: SessionId,
    /// When the secret was made.
    pub created_at: Millis,
    /// Since when it counts, if it does.
    pub confirmed_at: Option<Millis>,
}

impl Reader<OfUser> {
    /// The person's factor, whether or not it counts yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_factor(&mut self) -> Result<Option<FactorRow>> {
        let scope = self.scope.0.clone();
        self.factor(&scope).await
    }

    /// What the accounts that the person may come into have decided about second factors; nothing for those that inherit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_policies(&mut self) -> Result<Vec<Option<String>>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT g.value FROM members m LEFT JOIN account_settings g ON g.account_id = m.account_id AND g.name = 'mfa'
             WHERE m.user_id = $1 AND m.disabled_at IS NULL").bind(&scope).fetch_all(c)))
    }

    /// How many of the person's recovery codes are unused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recovery_codes_left(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        self.unused_codes(&scope).await
    }
}

impl<S> Reader<S> {
    async fn factor(&mut self, user: &UserId) -> Result<Option<FactorRow>> {
        Ok(
            sql!(self, c => sqlx::query_as("SELECT sealed, offered_in, created_at, confirmed_at FROM factors WHERE user_id = $1").bind(user).fetch_optional(c)),
        )
    }

    async fn unused_codes(&mut self, user: &UserId) -> Result<i64> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL")
            .bind(user).fetch_one(c)))
    }
}

impl<S> Tx<S> {
    /// Somebody's factor, as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn factor_of(&mut self, user: &UserId) -> Result<Option<FactorRow>> {
        self.factor(user).await
    }

    /// Whether somebody has a factor that counts, as it is now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_factor(&mut self, user: &UserId) -> Result<bool> {
        Ok(self.factor(user).await?.is_some_and(|factor| factor.confirmed_at.is_some()))
    }

    /// How many of somebody's recovery codes are unused now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recovery_codes_of(&mut self, user: &UserId) -> Result<i64> {
        self.unused_codes(user).await
    }

    /// Keeps a new secret that does not count yet, in the place of another that does not. `false` where one counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn offer_factor(&mut self, user: &UserId, session: &SessionId, sealed: &str) -> Result<bool> {
        let now = self.now();
        let kept = run!(
            self,
            sqlx::query(
                "INSERT INTO factors (user_id, sealed, offered_in, created_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id) DO UPDATE SET sealed = $2, offered_in = $3, created_at = $4, last_step = NULL
                 WHERE factors.confirmed_at IS NULL"
            )
            .bind(user)
            .bind(sealed)
            .bind(session)
            .bind(now)
        );
        Ok(kept == 1)
    }

    /// Lets the secret count that is offered, with the time step of the code that confirmed it. `false` where none is offered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm_factor(&mut self, user: &UserId, step: i64) -> Result<bool> {
        let now = self.now();
        let confirmed = run!(
            self,
            sqlx::query("UPDATE factors SET confirmed_at = $1, last_step = $2 WHERE user_id = $3 AND confirmed_at IS NULL")
                .bind(now)
                .bind(step)
                .bind(user)
        );
        Ok(confirmed == 1)
    }

    /// Takes the code of a time step. `false` when this one or a later one was taken before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_step(&mut self, user: &UserId, step: i64) -> Result<bool> {
        let taken = run!(
            self,
            sqlx::query("UPDATE factors SET last_step = $1 WHERE user_id = $2 AND confirmed_at IS NOT NULL AND last_step < $1")
                .bind(step)
                .bind(user)
        );
        Ok(taken == 1)
    }

    /// Uses a recovery code up. `false` when there is none of this hash, or it has been used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_recovery_code(&mut self, user: &UserId, hash: &str) -> Result<bool> {
        let now = self.now();
        let rows = run!(
            self,
            sqlx::query("UPDATE recovery_codes SET used_at = $1 WHERE user_id = $2 AND hash = $3 AND used_at IS NULL")
                .bind(now)
                .bind(user)
                .bind(hash)
        );
        Ok(rows == 1)
    }

    /// Gives somebody new recovery codes in the place of all they had.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_recovery_codes(&mut self, user: &UserId, hashes: &[String]) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user));
        for hash in hashes {
            run!(
                self,
                sqlx::query("INSERT INTO recovery_codes (user_id, hash, created_at) VALUES ($1, $2, $3)").bind(user).bind(hash).bind(now)
            );
        }
        Ok(())
    }

    /// Takes somebody's factor away, with their recovery codes. `false` where none counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_factor(&mut self, user: &UserId) -> Result<bool> {
        run!(self, sqlx::query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user));
        // What the factor has proven is proven no more.
        run!(
            self,
            sqlx::query("DELETE FROM session_proofs WHERE kind = $1 AND session_id IN (SELECT id FROM sessions WHERE user_id = $2)")
                .bind(Proof::Factor.word())
                .bind(user)
        );
        let removed = run!(self, sqlx::query("DELETE FROM factors WHERE user_id = $1 AND confirmed_at IS NOT NULL").bind(user));
        Ok(removed == 1)
    }
}
