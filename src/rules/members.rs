//! The roles of a member (product §2.3): what they are called and what each lets a person do, in whole sentences.

use super::words::words;

words! {
    /// What a member may do with credentials and IP policies.
    Developer {
        ReadOnly = "read_only", "Read-only", "Can see developer resources, but not change them.";
        ReadWrite = "read_write", "Read-write", "Can create, change and delete developer resources.";
    }
}

words! {
    /// What a member may do with other members.
    Team {
        ReadOnly = "read_only", "Read-only", "Can see who is in the account.";
        Invite = "invite", "Invite", "Can see who is in the account, and invite others.";
        Manager = "manager", "Manager", "Can invite, remove and change members, but not administrators.";
    }
}

words! {
    /// What a member may do with billing.
    Billing {
        None = "none", "No access", "Cannot see anything of billing.";
        Access = "access", "Access", "Can see and change billing details.";
    }
}

/// One value of each role, and whether the member is an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Roles {
    /// The Developer role.
    pub developer: Developer,
    /// The Team role.
    pub team: Team,
    /// The Billing role.
    pub billing: Billing,
    /// Administrators may do everything.
    pub administrator: bool,
}

impl Roles {
    /// The roles of who sets an account up.
    pub const ADMINISTRATOR: Self =
        Self { developer: Developer::ReadWrite, team: Team::Manager, billing: Billing::Access, administrator: true };

    /// In a few words, for tables: `Administrator`, or `Developer read-write, Team invite`.
    #[must_use]
    pub fn summary(self) -> String {
        if self.administrator {
            return "Administrator".to_owned();
        }
        let mut words =
            vec![format!("Developer {}", self.developer.label().to_lowercase()), format!("Team {}", self.team.label().to_lowercase())];
        if self.billing == Billing::Access {
            words.push("Billing".to_owned());
        }
        words.join(", ")
    }
}

/// A name as it is searched and sorted: lower case, marks off, compatibility forms resolved.
#[must_use]
pub fn fold(text: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_makes_spellings_one() {
        assert_eq!(fold("Éloïse ＫＩＮＧ"), "eloise king");
    }

    #[test]
    fn roles_are_summed_up() {
        assert_eq!(Roles::ADMINISTRATOR.summary(), "Administrator");
        let roles = Roles { administrator: false, team: Team::Invite, ..Roles::ADMINISTRATOR };
        assert_eq!(roles.summary(), "Developer read-write, Team invite, Billing");
    }
}
