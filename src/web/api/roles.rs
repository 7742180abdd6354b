//! Roles, as bodies say them: of members, and of what invitations offer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rules::{
    faults::Faults,
    members::{Roles, choose},
};

/// What somebody is in the account (or would be).
#[derive(Serialize, ToSchema)]
pub(super) struct ShownRoles {
    /// `read_only` or `read_write`.
    #[schema(example = "read_write")]
    developer: &'static str,
    /// `read_only`, `invite` or `manager`.
    #[schema(example = "read_only")]
    team: &'static str,
    /// `none` or `access`.
    #[schema(example = "none")]
    billing: &'static str,
    /// Administrators may do everything.
    administrator: bool,
}

impl From<Roles> for ShownRoles {
    fn from(roles: Roles) -> Self {
        Self {
            developer: roles.developer.word(),
            team: roles.team.word(),
            billing: roles.billing.word(),
            administrator: roles.administrator,
        }
    }
}

/// Other roles. What is missing stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidRoles {
    /// `read_only` or `read_write`.
    pub(super) developer: Option<String>,
    /// `read_only`, `invite` or `manager`.
    pub(super) team: Option<String>,
    /// `none` or `access`.
    pub(super) billing: Option<String>,
    /// Administrators may do everything.
    pub(super) administrator: Option<bool>,
}

impl SaidRoles {
    /// The roles that come of these, said over some.
    pub(super) fn over(&self, before: Roles) -> Result<Roles, Faults> {
        let mut faults = Faults::none();
        let administrator = if self.administrator.unwrap_or(before.administrator) { "yes" } else { "" };
        let roles = choose(
            &mut faults,
            [
                self.developer.as_deref().unwrap_or(before.developer.word()),
                self.team.as_deref().unwrap_or(before.team.word()),
                self.billing.as_deref().unwrap_or(before.billing.word()),
                administrator,
            ],
        );
        roles.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// Whether nothing is said.
    pub(super) const fn is_empty(&self) -> bool {
        self.developer.is_none() && self.team.is_none() && self.billing.is_none() && self.administrator.is_none()
    }
}
