//! What accounts have decided for themselves about entering them.

use super::{InAccount, Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::{AccountId, MemberId, UserId},
    security::Overrides,
};

impl<S> Reader<S> {
    /// One setting of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_setting(&mut self, account: &AccountId, name: &str) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT value FROM account_settings WHERE account_id = $1 AND name = $2")
            .bind(account).bind(name).fetch_optional(c)))
    }
}

impl Reader<InAccount> {
    /// The account's own settings.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn security(&mut self) -> Result<Overrides> {
        let scope = self.scope.0.clone();
        let rows: Vec<(String, String)> = sql!(self, c => sqlx::query_as("SELECT name, value FROM account_settings WHERE account_id = $1")
            .bind(&scope).fetch_all(c));
        let value = |name: &str| rows.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        Ok(Overrides::of(value))
    }

    /// Members who could come in and have no second factor, by name: ids, names and addresses of the first few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn without_factor(&mut self, limit: i64) -> Result<Vec<(MemberId, String, String)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT m.id, m.name, m.search_email FROM members m LEFT JOIN factors f ON f.user_id = m.user_id
             WHERE m.account_id = $1 AND m.disabled_at IS NULL AND f.confirmed_at IS NULL
             ORDER BY m.search_name, m.id LIMIT CAST($2 AS BIGINT)").bind(&scope).bind(limit).fetch_all(c)))
    }
}

impl Tx<Instance> {
    /// Whether somebody became a member after the account had its first provider.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn came_after_first_idp(&mut self, account: &AccountId, user: &UserId) -> Result<bool> {
        let found: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM members m JOIN accounts a ON a.id = m.account_id
             WHERE m.account_id = $1 AND m.user_id = $2 AND m.joined_at > a.first_idp_at").bind(account).bind(user).fetch_one(c));
        Ok(found > 0)
    }

    /// Lets members of an account who were there before single sign-on do without it, or all who are there now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn let_mix(&mut self, account: &AccountId, by: &str, everybody: bool) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE account_settings SET value = 'mixed', set_by = $1, set_at = $2 WHERE account_id = $3 AND name = 'sso'")
                .bind(by)
                .bind(now)
                .bind(account)
        );
        if everybody {
            run!(self, sqlx::query("UPDATE accounts SET first_idp_at = $1 WHERE id = $2").bind(now).bind(account));
        }
        Ok(())
    }
}

impl Tx<InAccount> {
    /// Keeps one of the account's own settings; without a value it inherits again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_security(&mut self, name: &str, value: Option<&str>, by: &str) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        match value {
            Some(value) => run!(
                self,
                sqlx::query(
                    "INSERT INTO account_settings (account_id, name, value, set_by, set_at) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (account_id, name) DO UPDATE SET value = $3, set_by = $4, set_at = $5"
                )
                .bind(&scope)
                .bind(name)
                .bind(value)
                .bind(by)
                .bind(now)
            ),
            None => run!(self, sqlx::query("DELETE FROM account_settings WHERE account_id = $1 AND name = $2").bind(&scope).bind(name)),
        };
        Ok(())
    }
}
