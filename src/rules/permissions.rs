//! Who may do what: one table.
//!
//! Each line names a permission, the role values that carry it, whether it needs a fresh proof of who is asking, and
//! what it allows as the end of the sentence "you may …". From the table come the enum, the check, one empty type per
//! permission for the signatures of handlers ([`may`]), the matrix in `docs/permissions.md`, and the golden test.
//! Administrators carry every permission; bot users act as Developer read-write (product §2.4).
//!
//! Handlers and acts name permissions and never roles, so that groups and custom roles change this floor only.

use super::members::{Billing, Developer, Roles, Team};

/// Who carries a permission, besides administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Every member.
    Everyone,
    /// Members with this Developer role or a stronger one.
    Developer(Developer),
    /// Members with this Team role or a stronger one.
    Team(Team),
    /// Members with access to billing.
    Billing,
    /// Administrators alone.
    Administrators,
}

impl Carrier {
    /// Whether these roles are enough.
    #[must_use]
    pub fn has(self, roles: Roles) -> bool {
        roles.administrator
            || match self {
                Self::Everyone => true,
                Self::Developer(least) => roles.developer as u8 >= least as u8,
                Self::Team(least) => roles.team as u8 >= least as u8,
                Self::Billing => roles.billing == Billing::Access,
                Self::Administrators => false,
            }
    }

    /// The role that carries it, in a word or two.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Everyone => "Every member",
            Self::Developer(Developer::ReadOnly) => "Developer read-only",
            Self::Developer(Developer::ReadWrite) => "Developer read-write",
            Self::Team(Team::ReadOnly) => "Team read-only",
            Self::Team(Team::Invite) => "Team invite",
            Self::Team(Team::Manager) => "Team manager",
            Self::Billing => "Billing access",
            Self::Administrators => "Administrator",
        }
    }

    /// The role one would need, for the sentence "you need …".
    #[must_use]
    pub const fn needed(self) -> &'static str {
        match self {
            Self::Everyone => "to be a member",
            Self::Developer(Developer::ReadOnly) => "the role Developer read-only",
            Self::Developer(Developer::ReadWrite) => "the role Developer read-write",
            Self::Team(Team::ReadOnly) => "the role Team read-only",
            Self::Team(Team::Invite) => "the role Team invite",
            Self::Team(Team::Manager) => "the role Team manager",
            Self::Billing => "the role Billing access",
            Self::Administrators => "to be an administrator",
        }
    }
}

/// Whether a permission asks for a proof given a moment ago (product §2.22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The session is enough.
    Session,
    /// The person proves again who they are.
    Fresh,
}

macro_rules! permissions {
    ($($name:ident: $carrier:expr, $proof:ident, $sentence:literal;)*) => {
        /// One thing that a member may be allowed to do in an account.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $(#[doc = concat!("May ", $sentence, ".")] $name),* }

        impl Permission {
            /// Every permission, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name, as events record it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The end of the sentence "you may …".
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence),* }
            }

            /// Who carries it.
            #[must_use]
            pub const fn carrier(self) -> Carrier {
                match self { $(Self::$name => $carrier),* }
            }

            /// What proof it asks for.
            #[must_use]
            pub const fn proof(self) -> Proof {
                match self { $(Self::$name => Proof::$proof),* }
            }
        }

        /// The permissions as types: `Permit<may::ReadEvents>` in a handler's signature says who may call it.
        pub mod may {
            use super::{May, Permission};
            $(
                #[doc = concat!("May ", $sentence, ".")]
                pub struct $name;
                impl May for $name { const PERMISSION: Permission = Permission::$name; }
            )*
        }
    };
}

/// A permission as a type.
pub trait May: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

use Carrier::{Administrators, Everyone};

permissions! {
    ViewAccount:          Everyone,                                Session, "open the account and see its overview";
    LeaveAccount:         Everyone,                                Session, "leave the account";
    ReadMembers:          Carrier::Team(Team::ReadOnly),           Session, "see who is in the account";
    ReadInvitations:      Carrier::Team(Team::Invite),             Session, "see open invitations";
    InviteMembers:        Carrier::Team(Team::Invite),             Session, "invite people";
    ResendInvitations:    Carrier::Team(Team::Invite),             Session, "send invitations again";
    RevokeInvitations:    Carrier::Team(Team::Manager),            Session, "revoke invitations";
    AssignRoles:          Carrier::Team(Team::Manager),            Session, "give roles to members";
    TakeRoles:            Carrier::Team(Team::Manager),            Session, "take roles from members";
    SwitchMembers:        Carrier::Team(Team::Manager),            Session, "disable and enable members";
    SetAccessPeriods:     Carrier::Team(Team::Manager),            Session, "set until when a guest may come in";
    EndMemberSessions:    Carrier::Team(Team::Manager),            Session, "end the sessions of members in this account";
    RemoveMembers:        Carrier::Team(Team::Manager),            Session, "remove members";
    ResetFactors:         Administrators,                          Fresh,   "reset the second factor of members";
    LetMembersInAgain:    Administrators,                          Session, "let members sign in again who are locked out";
    ReadBotUsers:         Carrier::Developer(Developer::ReadOnly), Session, "see bot users";
    ManageBotUsers:       Administrators,                          Fresh,   "create, change and delete bot users and their credentials";
    ReadCredentials:      Carrier::Developer(Developer::ReadOnly), Session, "see the account's credentials";
    ReadOwnAuthtoken:     Everyone,                                Fresh,   "see the own default authtoken";
    ManageOwnCredentials: Carrier::Developer(Developer::ReadWrite), Fresh,   "create, change and delete own credentials";
    ManageCredentials:    Administrators,                          Fresh,   "make, change and delete the credentials of others";
    UseApi:               Carrier::Developer(Developer::ReadWrite), Session, "use the API with keys of their own";
    CheckCredentials:     Administrators,                          Session, "ask whether a credential of the account is good";
    ReadIpPolicies:       Carrier::Developer(Developer::ReadOnly), Session, "see IP policies and restrictions";
    ManageIpPolicies:     Carrier::Developer(Developer::ReadWrite), Session, "create, change and delete IP policies that no restriction uses";
    ManageIpRestrictions: Administrators,                          Fresh,   "restrict from which addresses the account is reached";
    ReadEvents:           Carrier::Team(Team::Manager),            Session, "read the account's events";
    ExportEvents:         Administrators,                          Session, "export the account's events";
    ReadSettings:         Administrators,                          Session, "see the account's settings";
    ManageAccount:        Administrators,                          Session, "change the account's name and details";
    ManageSecurity:       Administrators,                          Fresh,   "change what the account demands at sign-in";
    ManageSso:            Administrators,                          Fresh,   "set up single sign-on";
    ManageProvisioning:   Administrators,                          Fresh,   "choose how people come into the account";
    DeleteAccount:        Administrators,                          Session, "delete the account";
    ReadBilling:          Carrier::Billing,                        Session, "see billing details";
    ManageBilling:        Carrier::Billing,                        Session, "change billing details";
}

impl Permission {
    /// Whether it opens one of the account's security pages: what a session may open that came by a rescue link, and nothing
    /// else. They are the pages on which an account is given back to its administrators: what it demands at sign-in. Single
    /// sign-on and IP restrictions lock people out too: their permissions come in here with their pages, and with nothing on
    /// those pages that reads or changes more than this.
    #[must_use]
    pub const fn is_of_security(self) -> bool {
        matches!(self, Self::ManageSecurity)
    }
}

impl Permission {
    /// Whether bot users carry it. They act as Developer read-write and nothing else: they neither see people nor make credentials,
    /// not even for themselves (product §2.4). Only administrators make keys for them, so that a service which asks whether what it was
    /// shown is good is one that administrators trust.
    #[must_use]
    pub const fn is_of_bots(self) -> bool {
        matches!(
            self,
            Self::ViewAccount
                | Self::ReadBotUsers
                | Self::ReadCredentials
                | Self::UseApi
                | Self::CheckCredentials
                | Self::ReadIpPolicies
                | Self::ManageIpPolicies
        )
    }
}

/// What somebody may do in one account. Where the rights come from (own roles now; groups and custom roles later) is
/// known to [`rights`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights(Vec<Permission>);

impl Rights {
    /// Whether the permission is among them.
    #[must_use]
    pub fn allow(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// All of them, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }
}

/// The rights that these roles give.
#[must_use]
pub fn rights(roles: Roles) -> Rights {
    Rights(Permission::ALL.iter().copied().filter(|permission| permission.carrier().has(roles)).collect())
}

/// The rights of every bot user.
#[must_use]
pub fn rights_of_bots() -> Rights {
    Rights(Permission::ALL.iter().copied().filter(|permission| permission.is_of_bots()).collect())
}

/// The table as a page of documentation.
#[must_use]
pub fn as_markdown() -> String {
    let tick = |yes: bool| if yes { "yes" } else { "–" };
    let plain = Roles { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };
    let columns: [(&str, Roles); 6] = [
        ("Every member", plain),
        ("Developer read-write", Roles { developer: Developer::ReadWrite, ..plain }),
        ("Team invite", Roles { team: Team::Invite, ..plain }),
        ("Team manager", Roles { team: Team::Manager, ..plain }),
        ("Billing access", Roles { billing: Billing::Access, ..plain }),
        ("Administrator", Roles::ADMINISTRATOR),
    ];
    let mut page = String::from(
        "# Permissions\n\nWritten from the table in `src/rules/permissions.rs`; a test compares the two. Every member holds at least\nDeveloper read-only and Team read-only. \"Fresh\" asks the person to prove again who they are.\n\n",
    );
    page.push_str("| permission | you may … | proof |");
    for (name, _) in columns {
        page.push_str(&format!(" {name} |"));
    }
    page.push_str(" Bot user |");
    page.push_str(&format!("\n|---|---|---|{}\n", "---|".repeat(columns.len() + 1)));
    for permission in Permission::ALL {
        let proof = match permission.proof() {
            Proof::Session => "session",
            Proof::Fresh => "fresh",
        };
        page.push_str(&format!("| `{}` | {} | {proof} |", permission.name(), permission.sentence()));
        for (_, roles) in columns {
            page.push_str(&format!(" {} |", tick(permission.carrier().has(roles))));
        }
        page.push_str(&format!(" {} |\n", tick(permission.is_of_bots())));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Roles = Roles { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };

    #[test]
    fn administrators_may_do_everything_and_others_less() {
        assert_eq!(rights(Roles::ADMINISTRATOR).iter().count(), Permission::ALL.len());
        let not_admin = Roles { administrator: false, ..Roles::ADMINISTRATOR };
        for permission in Permission::ALL.iter().filter(|p| p.carrier() == Administrators) {
            assert!(!rights(not_admin).allow(*permission), "{permission:?}");
        }
    }

    #[test]
    fn stronger_roles_keep_what_weaker_ones_may() {
        for (weak, strong) in [
            (PLAIN, Roles { developer: Developer::ReadWrite, ..PLAIN }),
            (PLAIN, Roles { team: Team::Invite, ..PLAIN }),
            (Roles { team: Team::Invite, ..PLAIN }, Roles { team: Team::Manager, ..PLAIN }),
            (PLAIN, Roles { billing: Billing::Access, ..PLAIN }),
        ] {
            assert!(rights(weak).iter().all(|permission| rights(strong).allow(permission)));
        }
    }

    #[test]
    fn bot_users_may_do_less_than_developers() {
        let developer = rights(Roles { developer: Developer::ReadWrite, ..PLAIN });
        let bots = rights_of_bots();
        assert!(bots.iter().all(|permission| developer.allow(permission) || permission == Permission::CheckCredentials));
        for none in [Permission::ReadMembers, Permission::ManageOwnCredentials, Permission::LeaveAccount, Permission::ReadOwnAuthtoken] {
            assert!(!bots.allow(none), "{none:?}");
        }
    }

    #[test]
    fn the_kinds_of_roles_do_not_leak_into_each_other() {
        let developer = rights(Roles { developer: Developer::ReadWrite, ..PLAIN });
        assert!(developer.allow(Permission::ManageIpPolicies));
        for none in [Permission::InviteMembers, Permission::ReadBilling, Permission::ReadSettings, Permission::ReadEvents] {
            assert!(!developer.allow(none), "{none:?}");
        }
        let billing = rights(Roles { billing: Billing::Access, ..PLAIN });
        assert!(billing.allow(Permission::ManageBilling) && !billing.allow(Permission::ManageOwnCredentials));
    }
}
