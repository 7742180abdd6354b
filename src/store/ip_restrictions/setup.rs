//! All that restricts an account at a moment: read as a whole, kept beside a change that may be undone, and put back.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::{
    rules::{
        ids::{AccountId, IpPolicyId, IpRuleId},
        ip_policies::Action,
        ip_restrictions::{Gate, InForce, Restricted, Rule, Surface},
        time::Millis,
    },
    store::{Reader, Result, StoreError, Tx, run, sql},
};

/// Restrictions, the policies that they use, and those policies' rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpSetup {
    pub(super) restrictions: Vec<KeptRestriction>,
    pub(super) uses: Vec<KeptUse>,
    pub(super) policies: Vec<KeptPolicy>,
    pub(super) rules: Vec<KeptRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize)]
pub(super) struct KeptRestriction {
    pub(super) id: String,
    pub(super) surface: String,
    pub(super) enforced_at: Option<i64>,
    pub(super) description: String,
    pub(super) metadata: String,
    pub(super) created_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize)]
pub(super) struct KeptUse {
    pub(super) restriction_id: String,
    pub(super) policy_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize)]
pub(super) struct KeptPolicy {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) search_description: String,
    pub(super) metadata: String,
    pub(super) created_at: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize, Deserialize)]
pub(super) struct KeptRule {
    pub(super) id: String,
    pub(super) policy_id: String,
    pub(super) network: String,
    pub(super) action: String,
    pub(super) description: String,
    pub(super) metadata: String,
    pub(super) created_at: i64,
}

impl IpSetup {
    /// What it means to the gate. What cannot be read restricts as little as nothing: a newer program has written it.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let rule = |rule: &KeptRule| {
            Some(Rule {
                network: rule.network.parse::<IpNet>().ok()?,
                action: Action::parse(&rule.action)?,
                id: IpRuleId::trusted(rule.id.clone()),
                policy: IpPolicyId::trusted(rule.policy_id.clone()),
            })
        };
        Gate::new(self.restrictions.iter().filter_map(|restriction| {
            let uses = |policy: &str| self.uses.iter().any(|one| one.restriction_id == restriction.id && one.policy_id == policy);
            let rules = self.rules.iter().filter(|rule| uses(&rule.policy_id)).filter_map(rule).collect();
            Some((Surface::parse(&restriction.surface)?, Restricted::new(restriction.enforced_at.is_some(), rules)))
        }))
    }

    /// The surfaces that a policy applies to, and whether each refuses.
    pub fn surfaces_of(&self, policy: &IpPolicyId) -> impl Iterator<Item = (Surface, bool)> {
        let uses =
            move |one: &&KeptRestriction| self.uses.iter().any(|uses| uses.restriction_id == one.id && uses.policy_id == policy.as_str());
        self.restrictions.iter().filter(uses).filter_map(|one| Some((Surface::parse(&one.surface)?, one.enforced_at.is_some())))
    }

    /// Takes in the policies of another one that are not here, with their rules: they are put back as they stand there.
    pub fn adopt(&mut self, other: &Self) {
        let new: Vec<KeptPolicy> = other.policies.iter().filter(|one| self.policies.iter().all(|own| own.id != one.id)).cloned().collect();
        self.rules.extend(other.rules.iter().filter(|rule| new.iter().any(|policy| policy.id == rule.policy_id)).cloned());
        self.policies.extend(new);
    }

    /// Whether it says anything of a policy, whether or not a restriction uses it.
    #[must_use]
    pub fn holds(&self, policy: &IpPolicyId) -> bool {
        self.policies.iter().any(|one| one.id == policy.as_str())
    }

    /// How many restrictions refuse.
    #[must_use]
    pub fn enforced(&self) -> u64 {
        self.restrictions.iter().map(|one| u64::from(one.enforced_at.is_some())).sum()
    }

    /// The same for events: what applies where, and by which rules.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        let one = |restriction: &KeptRestriction| {
            let uses = |policy: &str| self.uses.iter().any(|one| one.restriction_id == restriction.id && one.policy_id == policy);
            let rules = self.rules.iter().filter(|rule| uses(&rule.policy_id));
            let rules: Vec<String> = rules.map(|rule| format!("{} {}", rule.action, rule.network)).take(MOST_NAMED).collect();
            let mode = if restriction.enforced_at.is_some() { "enforced" } else { "warning" };
            (restriction.surface.clone(), serde_json::json!({ "mode": mode, "rules": rules.join(", ") }))
        };
        self.restrictions.iter().map(one).collect::<serde_json::Map<_, _>>().into()
    }

    /// Whether some restriction uses a policy.
    #[must_use]
    pub fn uses(&self, policy: &IpPolicyId) -> bool {
        self.uses.iter().any(|one| one.policy_id == policy.as_str())
    }
}

/// A change that is undone unless it is confirmed.
#[derive(Clone, Debug)]
pub struct Provisional {
    /// What stood before the first change that belongs to it.
    pub before: IpSetup,
    /// When it is undone.
    pub ends_at: Millis,
    /// By whom it was made: what they are called.
    pub by: String,
}

/// All that restricts an account, and how often that has changed.
#[derive(Clone, Debug)]
pub struct IpState {
    /// Counted up with every change.
    pub version: i64,
    /// As it stands.
    pub setup: IpSetup,
    /// What is not confirmed yet.
    pub provisional: Option<Provisional>,
}

impl IpState {
    /// The same to the gate.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        let before = self.provisional.as_ref().map(|provisional| (provisional.ends_at, provisional.before.gate()));
        InForce { now: self.setup.gate(), before }
    }

    /// Whether any restriction refuses at a moment.
    #[must_use]
    pub fn is_enforced(&self, now: Millis) -> bool {
        self.in_force().at(now).is_enforced()
    }

    /// Whether a policy decides about anything, or would again.
    #[must_use]
    pub fn uses(&self, policy: &IpPolicyId) -> bool {
        self.setup.uses(policy) || self.provisional.as_ref().is_some_and(|provisional| provisional.before.holds(policy))
    }
}

#[derive(FromRow)]
struct StateRow {
    ip_version: i64,
    before: Option<String>,
    ends_at: Option<Millis>,
    begun_by: Option<String>,
}

impl StateRow {
    fn provisional(&self) -> Result<Option<Provisional>> {
        let Some((before, (ends_at, by))) = self.before.as_deref().zip(self.ends_at.zip(self.begun_by.clone())) else { return Ok(None) };
        let unread = |error| StoreError::Unfit(format!("What stood before a change of IP restrictions cannot be read: {error}"));
        Ok(Some(Provisional { before: serde_json::from_str(before).map_err(unread)?, ends_at, by }))
    }
}

/// The most rules that an event names.
const MOST_NAMED: usize = 100;

/// How often a reader that others are faster than looks again.
const TRIES: usize = 5;

impl<S> Reader<S> {
    /// All that restricts an account. Where somebody changes it meanwhile, it is read again: nobody sees half of a change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ip_state(&mut self, account: &AccountId) -> Result<IpState> {
        for _ in 0..TRIES {
            let state = self.ip_state_row(account).await?;
            let setup = self.ip_setup(account).await?;
            if self.ip_version(account).await? == state.ip_version {
                return Ok(IpState { version: state.ip_version, setup, provisional: state.provisional()? });
            }
        }
        Err(sqlx::Error::PoolTimedOut.into())
    }

    async fn ip_state_row(&mut self, account: &AccountId) -> Result<StateRow> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT a.ip_version, p.before, p.ends_at, p.begun_by
             FROM accounts a LEFT JOIN ip_provisional p ON p.account_id = a.id WHERE a.id = $1").bind(account).fetch_one(c)))
    }

    async fn ip_version(&mut self, account: &AccountId) -> Result<i64> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT ip_version FROM accounts WHERE id = $1").bind(account).fetch_one(c)))
    }

    async fn ip_setup(&mut self, account: &AccountId) -> Result<IpSetup> {
        let restrictions = sql!(self, c => sqlx::query_as(
            "SELECT id, surface, enforced_at, description, metadata, created_at FROM ip_restrictions WHERE account_id = $1 ORDER BY id")
            .bind(account).fetch_all(c));
        let uses = sql!(self, c => sqlx::query_as(
            "SELECT l.restriction_id, l.policy_id FROM ip_restrictions x JOIN ip_restriction_policies l ON l.restriction_id = x.id
             WHERE x.account_id = $1 ORDER BY l.restriction_id, l.policy_id").bind(account).fetch_all(c));
        let policies = sql!(self, c => sqlx::query_as(
            "SELECT p.id, p.description, p.search_description, p.metadata, p.created_at FROM ip_policies p
             WHERE p.account_id = $1 AND EXISTS (SELECT 1 FROM ip_restriction_policies l WHERE l.policy_id = p.id) ORDER BY p.id")
            .bind(account).fetch_all(c));
        let rules = sql!(self, c => sqlx::query_as(
            "SELECT r.id, r.policy_id, r.network, r.action, r.description, r.metadata, r.created_at FROM ip_policy_rules r
             WHERE r.account_id = $1 AND EXISTS (SELECT 1 FROM ip_restriction_policies l WHERE l.policy_id = r.policy_id) ORDER BY r.id")
            .bind(account).fetch_all(c));
        Ok(IpSetup { restrictions, uses, policies, rules })
    }
}

impl<S> Tx<S> {
    /// Says that what restricts the account is another thing from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_ip_change(&mut self, account: &AccountId) -> Result<()> {
        run!(self, sqlx::query("UPDATE accounts SET ip_version = ip_version + 1 WHERE id = $1").bind(account));
        Ok(())
    }

    /// Keeps what stood before a change that is to be confirmed. Where there is one already, this one joins it: `before` is still what stood
    /// before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_ip_provisional(&mut self, account: &AccountId, before: &IpSetup, ends_at: Millis, by: &str) -> Result<()> {
        let before = serde_json::to_string(before).map_err(|error| StoreError::Unfit(error.to_string()))?;
        run!(
            self,
            sqlx::query(
                "INSERT INTO ip_provisional (account_id, before, ends_at, begun_by) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (account_id) DO UPDATE SET ends_at = excluded.ends_at, before = excluded.before"
            )
            .bind(account)
            .bind(&before)
            .bind(ends_at)
            .bind(by)
        );
        Ok(())
    }

    /// Ends the waiting of a change, where one waits: what restricts the account is another thing from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_ip_provisional(&mut self, account: &AccountId) -> Result<()> {
        run!(self, sqlx::query("DELETE FROM ip_provisional WHERE account_id = $1").bind(account));
        self.count_ip_change(account).await
    }
}
