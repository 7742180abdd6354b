//! IP policies and their rules.

use ipnet::IpNet;
use sqlx::FromRow;

use super::{InAccount, Reader, Result, StoreError, Tx, containing, run, sql};
use crate::rules::{
    ids::{IpPolicyId, IpRuleId},
    ip_policies::Action,
    members::fold,
    time::Millis,
};

/// An IP policy.
#[derive(Clone, Debug, FromRow)]
pub struct IpPolicyRow {
    /// The id.
    pub id: IpPolicyId,
    /// What it is for.
    pub description: String,
    /// What a program keeps with it.
    pub metadata: String,
    /// When it was made.
    pub created_at: Millis,
    /// How many rules it has.
    pub rules: i64,
    /// How many restrictions use it.
    pub restrictions: i64,
}

impl IpPolicyRow {
    /// What pages call it.
    #[must_use]
    pub fn title(&self) -> &str {
        if self.description.is_empty() { self.id.as_str() } else { &self.description }
    }
}

/// A rule of a policy.
#[derive(Clone, Debug)]
pub struct IpRuleRow {
    /// The id.
    pub id: IpRuleId,
    /// Its policy.
    pub policy: IpPolicyId,
    /// The network.
    pub network: IpNet,
    /// What it does.
    pub action: Action,
    /// What it is for.
    pub description: String,
    /// What a program keeps with it.
    pub metadata: String,
    /// When it was made.
    pub created_at: Millis,
}

#[derive(FromRow)]
struct RuleText {
    id: IpRuleId,
    policy_id: IpPolicyId,
    network: String,
    action: String,
    description: String,
    metadata: String,
    created_at: Millis,
}

impl TryFrom<RuleText> for IpRuleRow {
    type Error = StoreError;

    /// What this program has written, it can read.
    fn try_from(text: RuleText) -> Result<Self> {
        let unread = || StoreError::Unfit(format!("The rule {} cannot be read: a newer Frontdesk may have written it.", text.id));
        Ok(Self {
            network: text.network.parse().map_err(|_| unread())?,
            action: Action::parse(&text.action).ok_or_else(unread)?,
            id: text.id,
            policy: text.policy_id,
            description: text.description,
            metadata: text.metadata,
            created_at: text.created_at,
        })
    }
}

fn read(texts: Vec<RuleText>) -> Result<Vec<IpRuleRow>> {
    texts.into_iter().map(IpRuleRow::try_from).collect()
}

/// A rule to be.
pub struct NewIpRule<'a> {
    /// The network.
    pub network: IpNet,
    /// What it does.
    pub action: Action,
    /// What it is for.
    pub description: &'a str,
    /// What a program keeps with it.
    pub metadata: &'a str,
}

macro_rules! policy_columns {
    () => {
        "SELECT p.id, p.description, p.metadata, p.created_at,
                (SELECT COUNT(*) FROM ip_policy_rules r WHERE r.policy_id = p.id) AS rules,
                (SELECT COUNT(*) FROM ip_restriction_policies l WHERE l.policy_id = p.id) AS restrictions
         FROM ip_policies p WHERE p.account_id = $1 "
    };
}

macro_rules! rule_columns {
    () => {
        "SELECT r.id, r.policy_id, r.network, r.action, r.description, r.metadata, r.created_at FROM ip_policy_rules r WHERE r.account_id = $1 "
    };
}

impl Reader<InAccount> {
    /// The newest policies, or those older than one, whose description holds a text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_policies(&mut self, text: &str, before: Option<&IpPolicyId>, limit: i64) -> Result<Vec<IpPolicyRow>> {
        let scope = self.scope.0.clone();
        let text = fold(text.trim());
        Ok(sql!(self, c => sqlx::query_as(concat!(policy_columns!(),
            "AND p.id < COALESCE(CAST($2 AS TEXT), '~') AND ($3 = '' OR p.search_description LIKE $4 ESCAPE '!')
             ORDER BY p.id DESC LIMIT CAST($5 AS BIGINT)"))
            .bind(&scope).bind(before).bind(&text).bind(containing(&text)).bind(limit).fetch_all(c)))
    }

    /// One policy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_policy(&mut self, id: &IpPolicyId) -> Result<Option<IpPolicyRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(policy_columns!(), "AND p.id = $2")).bind(&scope).bind(id).fetch_optional(c)))
    }

    /// How many policies there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_policy_count(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM ip_policies WHERE account_id = $1").bind(&scope).fetch_one(c)))
    }

    /// The newest rules of all policies or of one, or those older than one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_rules(&mut self, policy: Option<&IpPolicyId>, before: Option<&IpRuleId>, limit: i64) -> Result<Vec<IpRuleRow>> {
        let scope = self.scope.0.clone();
        read(sql!(self, c => sqlx::query_as(concat!(rule_columns!(),
            "AND (CAST($2 AS TEXT) IS NULL OR r.policy_id = CAST($2 AS TEXT)) AND r.id < COALESCE(CAST($3 AS TEXT), '~')
             ORDER BY r.id DESC LIMIT CAST($4 AS BIGINT)"))
            .bind(&scope).bind(policy).bind(before).bind(limit).fetch_all(c)))
    }

    /// All rules of a policy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_rules_of(&mut self, policy: &IpPolicyId) -> Result<Vec<IpRuleRow>> {
        let scope = self.scope.0.clone();
        read(sql!(self, c => sqlx::query_as(concat!(rule_columns!(), "AND r.policy_id = $2 ORDER BY r.id DESC"))
            .bind(&scope).bind(policy).fetch_all(c)))
    }

    /// One rule.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_rule(&mut self, id: &IpRuleId) -> Result<Option<IpRuleRow>> {
        let scope = self.scope.0.clone();
        let text: Option<RuleText> =
            sql!(self, c => sqlx::query_as(concat!(rule_columns!(), "AND r.id = $2")).bind(&scope).bind(id).fetch_optional(c));
        text.map(IpRuleRow::try_from).transpose()
    }
}

impl Tx<InAccount> {
    /// Makes a policy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_ip_policy(&mut self, id: &IpPolicyId, description: &str, metadata: &str) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "INSERT INTO ip_policies (id, account_id, description, search_description, metadata, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
            )
            .bind(id)
            .bind(&scope)
            .bind(description)
            .bind(fold(description))
            .bind(metadata)
            .bind(now)
        );
        Ok(())
    }

    /// Says something else of a policy.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_ip_policy(&mut self, id: &IpPolicyId, description: &str, metadata: &str) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "UPDATE ip_policies SET description = $1, search_description = $2, metadata = $3 WHERE account_id = $4 AND id = $5"
            )
            .bind(description)
            .bind(fold(description))
            .bind(metadata)
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }

    /// Deletes a policy that no restriction uses, with its rules.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_ip_policy(&mut self, id: &IpPolicyId) -> Result<()> {
        let scope = self.scope.0.clone();
        for gone in [
            "DELETE FROM ip_policy_rules WHERE account_id = $1 AND policy_id = $2",
            "DELETE FROM ip_policies WHERE account_id = $1 AND id = $2",
        ] {
            run!(self, sqlx::query(gone).bind(&scope).bind(id));
        }
        Ok(())
    }

    /// Gives a policy a rule. `false` when it has one for this network.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_ip_rule(&mut self, id: &IpRuleId, policy: &IpPolicyId, new: &NewIpRule<'_>) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO ip_policy_rules (id, account_id, policy_id, network, action, description, metadata, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"
            )
            .bind(id)
            .bind(&scope)
            .bind(policy)
            .bind(new.network.to_string())
            .bind(new.action.word())
            .bind(new.description)
            .bind(new.metadata)
            .bind(now)
        );
        Ok(made == 1)
    }

    /// Changes a rule. `false` when the policy has another one for this network.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_ip_rule(&mut self, rule: &IpRuleRow) -> Result<bool> {
        let scope = self.scope.0.clone();
        let network = rule.network.to_string();
        let changed = run!(
            self,
            sqlx::query(
                "UPDATE ip_policy_rules SET network = $1, description = $2, metadata = $3 WHERE account_id = $4 AND id = $5
                 AND NOT EXISTS (SELECT 1 FROM ip_policy_rules o WHERE o.policy_id = $6 AND o.network = $1 AND o.id <> $5)"
            )
            .bind(&network)
            .bind(&rule.description)
            .bind(&rule.metadata)
            .bind(&scope)
            .bind(&rule.id)
            .bind(&rule.policy)
        );
        Ok(changed == 1)
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_ip_rule(&mut self, id: &IpRuleId) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(self, sqlx::query("DELETE FROM ip_policy_rules WHERE account_id = $1 AND id = $2").bind(&scope).bind(id));
        Ok(())
    }
}
