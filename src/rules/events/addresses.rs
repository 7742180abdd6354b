//! What happens to IP policies, their rules and restrictions, and to whoever comes from where those would not let them in.

use serde_json::{Value, json};

use super::{Actor, Kind, Log, MOST_SUBJECTS, Record, Subject, done, subject};
use crate::rules::{
    ids::{AccountId, IpPolicyId, IpRestrictionId, IpRuleId},
    ip_restrictions::Surface,
};

/// A policy, a rule or a restriction as events name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IpThing {
    /// A policy, and what it is for.
    Policy(IpPolicyId, String),
    /// A rule, and its network.
    Rule(IpRuleId, String),
    /// A restriction, and its surface.
    Restriction(IpRestrictionId, Surface),
}

impl IpThing {
    fn subject(&self) -> Subject {
        match self {
            Self::Policy(id, description) => subject("ip_policy", id.as_str(), description),
            Self::Rule(id, network) => subject("ip_policy_rule", id.as_str(), network),
            Self::Restriction(id, surface) => subject("ip_restriction", id.as_str(), surface.word()),
        }
    }

    /// The types of making, changing and deleting one.
    const fn kinds(&self) -> [Kind; 3] {
        match self {
            Self::Policy(..) => [Kind::IpPolicyCreated, Kind::IpPolicyUpdated, Kind::IpPolicyDeleted],
            Self::Rule(..) => [Kind::IpRuleCreated, Kind::IpRuleUpdated, Kind::IpRuleDeleted],
            Self::Restriction(..) => [Kind::IpRestrictionCreated, Kind::IpRestrictionUpdated, Kind::IpRestrictionDeleted],
        }
    }
}

/// What happened to one. `things` are never empty: what it is about first, and what that belongs to.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum IpEvent {
    /// There is one; or several rules, which came at once.
    Created { things: Vec<IpThing>, after: Value },
    /// It is another than before.
    Updated { things: Vec<IpThing>, before: Value, after: Value },
    /// It is gone.
    Deleted { things: Vec<IpThing>, before: Value },
    /// Somebody came from where a restriction will not let them in once it is enforced.
    Warned { who: Actor, surface: Surface, address: String },
    /// A change stands for good.
    Confirmed { by: String },
    /// A change does not stand any more: somebody undid it in time, or nobody confirmed it.
    Undone { by: String, in_time: bool, before: Value, after: Value },
    /// All restrictions only warn, so many of which refused before: from the host.
    Relaxed { restrictions: u64, before: Value, after: Value },
}

impl IpEvent {
    pub(super) fn record(self, account: AccountId) -> Record {
        let account_subject = || vec![subject("account", account.as_str(), "")];
        let of = |things: &[IpThing], n: usize| {
            let kind = things.first().map_or(Kind::IpRuleCreated, |thing| thing.kinds()[n]);
            (kind, things.iter().take(MOST_SUBJECTS).map(IpThing::subject).collect())
        };
        let (kind, subjects, before, after) = match self {
            Self::Created { things, after } => {
                let (kind, subjects) = of(&things, 0);
                (kind, subjects, None, Some(after))
            }
            Self::Updated { things, before, after } => {
                let (kind, subjects) = of(&things, 1);
                (kind, subjects, Some(before), Some(after))
            }
            Self::Deleted { things, before } => {
                let (kind, subjects) = of(&things, 2);
                (kind, subjects, Some(before), None)
            }
            Self::Warned { who, surface, address } => {
                let after = json!({ "address": address, "surface": surface.word() });
                (Kind::IpRestrictionWarned, vec![who.subject()], None, Some(after))
            }
            Self::Confirmed { by } => (Kind::IpChangeConfirmed, account_subject(), None, Some(json!({ "changed_by": by }))),
            Self::Undone { by, in_time, before, mut after } => {
                after["changed_by"] = by.into();
                after["why"] = if in_time { "asked_for" } else { "not_confirmed" }.into();
                (Kind::IpChangeUndone, account_subject(), Some(before), Some(after))
            }
            Self::Relaxed { restrictions, before, mut after } => {
                after["relaxed"] = restrictions.into();
                (Kind::IpRestrictionsRelaxed, account_subject(), Some(before), Some(after))
            }
        };
        done(kind, Log::Account(account), subjects, before, after)
    }
}
