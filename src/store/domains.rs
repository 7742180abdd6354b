//! Which mail domains accounts let in.

use super::{InAccount, Reader, Result, sql};
use crate::rules::{domains::Domains, ids::AccountId, time::Millis};

impl<S> Reader<S> {
    /// Which mail domains an account lets in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn domains_of(&mut self, account: &AccountId) -> Result<Domains> {
        let rows: Vec<(String, String)> = sql!(self, c => sqlx::query_as("SELECT name, value FROM account_settings WHERE account_id = $1")
            .bind(account).fetch_all(c));
        Ok(Domains::of(|name| rows.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())))
    }
}

impl Reader<InAccount> {
    /// Which mail domains the account lets in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn domains(&mut self) -> Result<Domains> {
        let scope = self.scope.0.clone();
        self.domains_of(&scope).await
    }

    /// The canonical addresses of all invitations that are open at a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_invitation_addresses(&mut self, now: Millis) -> Result<Vec<String>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT i.canonical FROM invitations i WHERE i.account_id = $1 AND i.closed_at IS NULL AND i.expires_at > $2
             AND i.canonical IS NOT NULL ORDER BY i.canonical").bind(&scope).bind(now).fetch_all(c)))
    }
}
