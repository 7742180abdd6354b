//! Putting back what stood before a change.

use super::setup::{IpSetup, KeptPolicy, KeptRestriction, KeptRule, KeptUse};
use crate::{
    rules::ids::AccountId,
    store::{Result, Tx, run},
};

impl<S> Tx<S> {
    /// Puts back what stood before a change: restrictions, which policies they use, and the rules of those. Other policies stay as they
    /// are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_ip_setup(&mut self, account: &AccountId, setup: &IpSetup) -> Result<()> {
        for gone in [
            "DELETE FROM ip_restriction_policies WHERE restriction_id IN (SELECT x.id FROM ip_restrictions x WHERE x.account_id = $1)",
            "DELETE FROM ip_restrictions WHERE account_id = $1",
        ] {
            run!(self, sqlx::query(gone).bind(account));
        }
        for policy in &setup.policies {
            self.restore_policy(account, policy).await?;
        }
        for rule in &setup.rules {
            self.restore_rule(account, rule).await?;
        }
        for restriction in &setup.restrictions {
            let KeptRestriction { id, surface, enforced_at, description, metadata, created_at } = restriction;
            run!(self, sqlx::query(
                "INSERT INTO ip_restrictions (id, account_id, surface, enforced_at, description, metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(id).bind(account).bind(surface).bind(enforced_at).bind(description).bind(metadata).bind(created_at));
        }
        for KeptUse { restriction_id, policy_id } in &setup.uses {
            run!(
                self,
                sqlx::query("INSERT INTO ip_restriction_policies (restriction_id, policy_id) VALUES ($1, $2)")
                    .bind(restriction_id)
                    .bind(policy_id)
            );
        }
        Ok(())
    }

    async fn restore_policy(&mut self, scope: &AccountId, policy: &KeptPolicy) -> Result<()> {
        let KeptPolicy { id, description, search_description, metadata, created_at } = policy;
        run!(self, sqlx::query("DELETE FROM ip_policy_rules WHERE account_id = $1 AND policy_id = $2").bind(scope).bind(id));
        run!(self, sqlx::query(
            "INSERT INTO ip_policies (id, account_id, description, search_description, metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET description = excluded.description, search_description = excluded.search_description,
                    metadata = excluded.metadata")
            .bind(id).bind(scope).bind(description).bind(search_description).bind(metadata).bind(created_at));
        Ok(())
    }

    async fn restore_rule(&mut self, scope: &AccountId, rule: &KeptRule) -> Result<()> {
        let KeptRule { id, policy_id, network, action, description, metadata, created_at } = rule;
        run!(
            self,
            sqlx::query(
                "INSERT INTO ip_policy_rules (id, account_id, policy_id, network, action, description, metadata, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            )
            .bind(id)
            .bind(scope)
            .bind(policy_id)
            .bind(network)
            .bind(action)
            .bind(description)
            .bind(metadata)
            .bind(created_at)
        );
        Ok(())
    }
}
