//! Visits: who came from where on which day. What IP rules are tried out on before they are enforced.

use super::{InAccount, Result, Tx, run};
use crate::rules::credentials::CredentialId;

impl Tx<InAccount> {
    /// Counts a visit of whoever acts, from where they act, on the day of this transaction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_visit(&mut self, surface: &'static str) -> Result<()> {
        let scope = self.scope.0.clone();
        let (context, now) = (self.context().clone(), self.now());
        run!(
            self,
            sqlx::query(
                "INSERT INTO visits (account_id, principal, credential_id, surface, address, day, count, first_at, last_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)
             ON CONFLICT (account_id, principal, credential_id, surface, address, day)
             DO UPDATE SET count = visits.count + 1, last_at = excluded.last_at"
            )
            .bind(&scope)
            .bind(&context.principal)
            .bind(context.credential.as_ref().map_or("", CredentialId::as_str))
            .bind(surface)
            .bind(&context.address)
            .bind(now.day())
            .bind(now)
        );
        Ok(())
    }
}
