//! How people become members of an account (product §2.11, facts/ngrok.md §1.10): by invitation, or by themselves the first time that an identity
//! provider of the account brings them.

use serde::{Deserialize, Serialize};

use super::words::words;

/// The name of the setting.
pub const SETTING: &str = "provisioning";

words! {
    /// How people become members.
    Provisioning {
        Invitation = "invitation", "By invitation", "Who comes through a provider and is no member is told to ask for an invitation.";
        JustInTime = "just_in_time", "Just in time", "Who comes through a provider for the first time becomes a member, with the roles Developer read-write and Team invite.";
    }
}

impl Provisioning {
    /// What an account has chosen, by its setting: by invitation where it has said nothing.
    #[must_use]
    pub fn of(setting: Option<&str>) -> Self {
        setting.and_then(Self::parse).unwrap_or(Self::Invitation)
    }
}

/// What is typed to choose.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// A word of [`Provisioning`].
    pub provisioning: String,
    /// What stood there when the page was shown.
    pub seen: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_joins_by_themselves_unless_that_is_chosen() {
        for setting in [None, Some("invitation"), Some("no such word"), Some("scim")] {
            assert_eq!(Provisioning::of(setting), Provisioning::Invitation, "{setting:?}");
        }
        assert_eq!(Provisioning::of(Some("just_in_time")), Provisioning::JustInTime);
    }
}
