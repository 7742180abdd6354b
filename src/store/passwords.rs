//! The passwords of people, of which only hashes are kept.

use sqlx::FromRow;

use super::{Instance, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{ids::UserId, time::Millis};

/// A person's own password.
#[derive(Clone, Debug, FromRow)]
pub struct OwnPassword {
    /// Its hash, if there is a password.
    pub password_hash: Option<String>,
    /// When it was set.
    pub password_set_at: Option<Millis>,
}

impl Reader<OfUser> {
    /// The person's own password.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_password(&mut self) -> Result<OwnPassword> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as("SELECT password_hash, password_set_at FROM users WHERE id = $1").bind(&scope).fetch_one(c)))
    }
}

impl<S> Tx<S> {
    /// Gives somebody another password.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(&mut self, user: &UserId, hash: &str) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("UPDATE users SET password_hash = $1, password_set_at = $2 WHERE id = $3").bind(hash).bind(now).bind(user));
        Ok(())
    }
}

impl Tx<Instance> {
    /// Replaces the hash of a password by another hash of the same password, unless it has changed since it was read.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace_hash(&mut self, user: &UserId, old: &str, new: &str) -> Result<()> {
        run!(self, sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3").bind(new).bind(user).bind(old));
        Ok(())
    }
}

impl<S> Tx<S> {
    /// When a user's password was set, as it is now; the outer `None` where there is no password.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn password_set_at(&mut self, user: &UserId) -> Result<Option<Option<Millis>>> {
        let row: Option<(Option<Millis>,)> = sql!(self, c => sqlx::query_as("SELECT password_set_at FROM users WHERE id = $1 AND password_hash IS NOT NULL")
            .bind(user).fetch_optional(c));
        Ok(row.map(|(at,)| at))
    }
}
