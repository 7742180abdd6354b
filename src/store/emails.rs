//! The addresses of people: proving that one is theirs, and putting another in its place.

use super::{OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{addresses::Email, ids::UserId};

/// Who has proven that an address is theirs, and the address as it was written then.
pub type Owner = (UserId, String);

impl<S> Reader<S> {
    /// Who has proven that an address is theirs, if anybody has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owner(&mut self, canonical: &str) -> Result<Option<Owner>> {
        Ok(sql!(self, c => sqlx::query_as("SELECT user_id, address FROM user_emails WHERE canonical = $1 AND verified_at IS NOT NULL")
            .bind(canonical).fetch_optional(c)))
    }
}

impl<S> Tx<S> {
    /// Notes that somebody has proven that an address of theirs is theirs. `false` when somebody else had proven that;
    /// nothing of this may stand then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify_address(&mut self, user: &UserId, email: &Email, source: &'static str) -> Result<bool> {
        let now = self.now();
        run!(
            self,
            sqlx::query("DELETE FROM user_emails WHERE user_id = $1 AND canonical = $2 AND verified_at IS NULL")
                .bind(user)
                .bind(email.canonical())
        );
        // Written anew rather than changed: that it is taken is then an outcome, and not an error.
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO user_emails (user_id, address, canonical, verified_at, source) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING"
            )
            .bind(user)
            .bind(email.written())
            .bind(email.canonical())
            .bind(now)
            .bind(source)
        );
        Ok(made == 1)
    }
}

impl Tx<OfUser> {
    /// Puts another address, which is proven, in the place of what the person has. `false` when somebody else has proven that
    /// it is theirs; nothing of this may stand then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace_address(&mut self, email: &Email) -> Result<bool> {
        let scope = self.scope.0.clone();
        run!(self, sqlx::query("DELETE FROM user_emails WHERE user_id = $1").bind(&scope));
        self.verify_address(&scope, email, "change").await
    }

    /// Whether a directory has put the person into an account: what it says of them is not changed by hand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_provisioned(&mut self) -> Result<bool> {
        let scope = self.scope.0.clone();
        let found: i64 = sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE user_id = $1 AND source = 'scim'")
            .bind(&scope).fetch_one(c));
        Ok(found > 0)
    }

    /// Refreshes the copies of the address by which member tables sort.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refold_email(&mut self, email: &Email) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(self, sqlx::query("UPDATE members SET search_email = $1 WHERE user_id = $2").bind(email.canonical()).bind(&scope));
        Ok(())
    }
}

impl<S> Tx<S> {
    /// The address that somebody has proven to be theirs, as written, if they have.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proven_address(&mut self, user: &UserId) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT address FROM user_emails WHERE user_id = $1 AND verified_at IS NOT NULL LIMIT 1")
            .bind(user).fetch_optional(c)))
    }
}
