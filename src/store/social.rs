//! Who people are at GitHub and Google.

use sqlx::FromRow;

use super::{OfUser, Reader, Result, sql};
use crate::rules::{ids::UserId, social::Provider, time::Millis};

/// The user to whom a login belongs.
#[derive(Clone, Debug, FromRow)]
pub struct OwnerRow {
    /// The user.
    pub user: UserId,
    /// Their address, as they write it; the proven one, where one is.
    pub address: String,
}

/// A login of the person's own.
#[derive(Clone, Debug, FromRow)]
pub struct LoginRow {
    provider: String,
    /// The subject there.
    pub subject: String,
    /// Since when.
    pub linked_at: Millis,
}

impl LoginRow {
    /// Of whom it is; of nobody whom this version knows, where it is an identity at an account's provider.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        Provider::parse(&self.provider)
    }
}

impl<S> Reader<S> {
    /// The user to whom a login belongs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owner_of_login(&mut self, provider: Provider, subject: &str) -> Result<Option<OwnerRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT x.user_id AS user, e.address FROM identities x JOIN user_emails e ON e.user_id = x.user_id
             WHERE x.provider = $1 AND x.subject = $2
             ORDER BY CASE WHEN e.verified_at IS NOT NULL THEN 0 ELSE 1 END, e.canonical LIMIT 1")
            .bind(provider.word()).bind(subject).fetch_optional(c)))
    }
}

impl Reader<OfUser> {
    /// All that the person is at providers, accounts' ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_logins(&mut self) -> Result<Vec<LoginRow>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_as("SELECT provider, subject, linked_at FROM identities WHERE user_id = $1 ORDER BY linked_at, provider")
            .bind(&scope).fetch_all(c)),
        )
    }
}
