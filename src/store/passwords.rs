//! The passwords of people, the present one and as many former ones as are asked for. Only hashes are kept.

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

/// The hashes of somebody's last passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastPasswords {
    /// The present one's, if there is a password.
    pub present: Option<String>,
    /// Those before it, the newest first.
    pub before: Vec<String>,
}

/// The most rows of somebody's words: of whoever is in more accounts, not every one's name is asked for.
const MOST_WORDS: i64 = 50;

impl<S> Reader<S> {
    /// The hashes of a user's last passwords, at most so many, the present one included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_passwords(&mut self, user: &UserId, most: i64) -> Result<LastPasswords> {
        let present: Option<(Option<String>,)> =
            sql!(self, c => sqlx::query_as("SELECT password_hash FROM users WHERE id = $1").bind(user).fetch_optional(c));
        let before = sql!(self, c => sqlx::query_scalar(
            "SELECT hash FROM password_history WHERE user_id = $1 ORDER BY set_at DESC, hash DESC LIMIT CAST($2 AS BIGINT)")
            .bind(user).bind(most - 1).fetch_all(c));
        Ok(LastPasswords { present: present.and_then(|(hash,)| hash), before })
    }
}

impl Reader<Instance> {
    /// What whoever wants to guess a user's password may know: their name and addresses, and what their accounts are called.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn words_about(&mut self, user: &UserId) -> Result<Vec<String>> {
        type Row = (Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);
        let rows: Vec<Row> = sql!(self, c => sqlx::query_as(
            "SELECT u.name, e.address, a.name, a.slug, a.company FROM users u
             LEFT JOIN user_emails e ON e.user_id = u.id
             LEFT JOIN members m ON m.user_id = u.id
             LEFT JOIN accounts a ON a.id = m.account_id
             WHERE u.id = $1 ORDER BY m.joined_at DESC LIMIT CAST($2 AS BIGINT)")
            .bind(user).bind(MOST_WORDS).fetch_all(c));
        Ok(rows.into_iter().flat_map(|(name, address, account, slug, company)| [name, address, account, slug, company]).flatten().collect())
    }
}

impl Reader<Instance> {
    /// How many of their last passwords the strictest of a user's accounts remembers, if any says so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strictest_history(&mut self, user: &UserId) -> Result<Option<i64>> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT MAX(CAST(s.value AS BIGINT)) FROM members m
             JOIN account_settings s ON s.account_id = m.account_id AND s.name = 'password_history'
             WHERE m.user_id = $1").bind(user).fetch_one(c)))
    }
}

impl<S> Tx<S> {
    /// Gives somebody another password, and keeps so many of the last ones, the new one included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_password(&mut self, user: &UserId, hash: &str, remembered: i64) -> Result<()> {
        let now = self.now();
        if remembered > 1 {
            run!(
                self,
                sqlx::query(
                    "INSERT INTO password_history (user_id, hash, set_at)
                     SELECT id, password_hash, COALESCE(password_set_at, created_at) FROM users WHERE id = $1 AND password_hash IS NOT NULL
                     ON CONFLICT DO NOTHING"
                )
                .bind(user)
            );
        }
        run!(self, sqlx::query("UPDATE users SET password_hash = $1, password_set_at = $2 WHERE id = $3").bind(hash).bind(now).bind(user));
        run!(
            self,
            sqlx::query(
                "DELETE FROM password_history WHERE user_id = $1 AND hash NOT IN
                 (SELECT h.hash FROM password_history h WHERE h.user_id = $1 ORDER BY h.set_at DESC, h.hash DESC LIMIT CAST($2 AS BIGINT))"
            )
            .bind(user)
            .bind((remembered - 1).max(0))
        );
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
