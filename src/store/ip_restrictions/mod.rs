//! IP restrictions: which policies apply to which surface of an account. All of an account's as one stand in [`setup`].

mod restore;
mod setup;

pub use setup::{IpSetup, IpState, Provisional};
use sqlx::FromRow;

use super::{InAccount, Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::{AccountId, IpPolicyId, IpRestrictionId},
    ip_restrictions::Surface,
    time::Millis,
};

/// A restriction.
#[derive(Clone, Debug, FromRow)]
pub struct IpRestrictionRow {
    /// The id.
    pub id: IpRestrictionId,
    surface: String,
    /// Since when it refuses; before it does, it warns.
    pub enforced_at: Option<Millis>,
    /// What it is for.
    pub description: String,
    /// What a program keeps with it.
    pub metadata: String,
    /// When it was made.
    pub created_at: Millis,
}

impl IpRestrictionRow {
    /// What it restricts. The `CHECK` of the table lets no other word in.
    #[must_use]
    pub fn surface(&self) -> Surface {
        Surface::parse(&self.surface).unwrap_or(Surface::Dashboard)
    }
}

/// A restriction to be, or as it is to be.
pub struct IpRestrictionSays<'a> {
    /// Whether it refuses.
    pub enforced: bool,
    /// What it is for.
    pub description: &'a str,
    /// What a program keeps with it.
    pub metadata: &'a str,
    /// What applies.
    pub policies: &'a [IpPolicyId],
}

macro_rules! restriction_columns {
    () => {
        "SELECT x.id, x.surface, x.enforced_at, x.description, x.metadata, x.created_at FROM ip_restrictions x WHERE x.account_id = $1 "
    };
}

impl Reader<InAccount> {
    /// All restrictions, the newest first: at most one for each surface.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_restrictions(&mut self) -> Result<Vec<IpRestrictionRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(restriction_columns!(), "ORDER BY x.id DESC")).bind(&scope).fetch_all(c)))
    }

    /// One restriction.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_restriction(&mut self, id: &IpRestrictionId) -> Result<Option<IpRestrictionRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(restriction_columns!(), "AND x.id = $2")).bind(&scope).bind(id).fetch_optional(c)))
    }

    /// Which policies each restriction of the account uses, and what those are called.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_uses(&mut self) -> Result<Vec<(IpRestrictionId, IpPolicyId, String)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT l.restriction_id, l.policy_id, p.description FROM ip_restrictions x
             JOIN ip_restriction_policies l ON l.restriction_id = x.id JOIN ip_policies p ON p.id = l.policy_id
             WHERE x.account_id = $1 ORDER BY l.restriction_id, l.policy_id").bind(&scope).fetch_all(c)))
    }
}

impl Tx<InAccount> {
    /// Makes a restriction. `false` when there is one for this surface, or one of the policies is not there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_ip_restriction(&mut self, id: &IpRestrictionId, surface: Surface, says: &IpRestrictionSays<'_>) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO ip_restrictions (id, account_id, surface, enforced_at, description, metadata, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
            )
            .bind(id)
            .bind(&scope)
            .bind(surface.word())
            .bind(says.enforced.then_some(now))
            .bind(says.description)
            .bind(says.metadata)
            .bind(now)
        );
        Ok(made == 1 && self.set_ip_uses(id, says.policies).await?)
    }

    /// Changes a restriction. `false` when one of the policies is not there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_ip_restriction(&mut self, id: &IpRestrictionId, says: &IpRestrictionSays<'_>) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE ip_restrictions SET enforced_at = CASE WHEN CAST($1 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(enforced_at, $1) END,
                        description = $2, metadata = $3 WHERE account_id = $4 AND id = $5"
            )
            .bind(says.enforced.then_some(now))
            .bind(says.description)
            .bind(says.metadata)
            .bind(&scope)
            .bind(id)
        );
        run!(self, sqlx::query("DELETE FROM ip_restriction_policies WHERE restriction_id = $1").bind(id));
        self.set_ip_uses(id, says.policies).await
    }

    async fn set_ip_uses(&mut self, id: &IpRestrictionId, policies: &[IpPolicyId]) -> Result<bool> {
        let scope = self.scope.0.clone();
        for policy in policies {
            let made = run!(
                self,
                sqlx::query(
                    "INSERT INTO ip_restriction_policies (restriction_id, policy_id)
                     SELECT $1, p.id FROM ip_policies p WHERE p.account_id = $2 AND p.id = $3"
                )
                .bind(id)
                .bind(&scope)
                .bind(policy)
            );
            if made == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes a restriction away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_ip_restriction(&mut self, id: &IpRestrictionId) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "DELETE FROM ip_restriction_policies WHERE restriction_id IN (SELECT x.id FROM ip_restrictions x WHERE x.account_id = $1 AND x.id = $2)"
            )
            .bind(&scope)
            .bind(id)
        );
        run!(self, sqlx::query("DELETE FROM ip_restrictions WHERE account_id = $1 AND id = $2").bind(&scope).bind(id));
        Ok(())
    }
}

impl<S> Tx<S> {
    /// Lets all restrictions of an account only warn; answers with how many refused before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn warn_only(&mut self, account: &AccountId) -> Result<u64> {
        Ok(run!(
            self,
            sqlx::query("UPDATE ip_restrictions SET enforced_at = NULL WHERE account_id = $1 AND enforced_at IS NOT NULL").bind(account)
        ))
    }
}

impl Reader<Instance> {
    /// Accounts with a change that nobody has confirmed in time, the first few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn overdue_ip_changes(&mut self, now: Millis, limit: i64) -> Result<Vec<AccountId>> {
        let ids: Vec<(AccountId,)> = sql!(self, c => sqlx::query_as(
            "SELECT p.account_id FROM ip_provisional p WHERE p.ends_at <= $1 ORDER BY p.ends_at LIMIT CAST($2 AS BIGINT)")
            .bind(now).bind(limit).fetch_all(c));
        Ok(ids.into_iter().map(|(id,)| id).collect())
    }
}
