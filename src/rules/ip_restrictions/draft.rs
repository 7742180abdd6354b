//! What is typed, or sent, to restrict a surface.

use serde::{Deserialize, Serialize};

use super::MOST_POLICIES;
use crate::rules::{
    codes,
    credentials::{description, metadata},
    faults::Faults,
    ids::IpPolicyId,
};

/// A restriction to be, or as it is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// Whether it refuses, or only warns.
    pub enforced: bool,
    /// What it is for.
    pub description: String,
    /// Anything a program wants to keep with it.
    pub metadata: String,
    /// The ids of what applies.
    pub policies: Vec<String>,
}

impl Draft {
    /// Checks everything; answers with the policies, each once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<Vec<IpPolicyId>, Faults> {
        let mut faults = Faults::none();
        faults.take(description(&self.description));
        faults.take(metadata(&self.metadata));
        let mut policies = Vec::new();
        for id in &self.policies {
            match IpPolicyId::parse(id) {
                Some(id) if policies.contains(&id) => {}
                Some(id) => policies.push(id),
                None => faults.extend(Faults::coded("policies", codes::IP_POLICY_ID, format!("{id} is not the id of an IP policy."))),
            }
        }
        if self.policies.is_empty() {
            faults.extend(Faults::coded("policies", codes::RESTRICTION_NO_POLICY, "Choose at least one policy."));
        }
        if policies.len() > MOST_POLICIES {
            let says = format!("At most {MOST_POLICIES} policies apply to one surface.");
            faults.extend(Faults::coded("policies", codes::RESTRICTION_POLICIES_TOO_MANY, says));
        }
        if faults.is_empty() { Ok(policies) } else { Err(faults) }
    }
}
