//! The roles of a member (product §2.3): what they are called and what each lets a person do, in whole sentences.

use serde::{Deserialize, Serialize};

use super::{
    faults::{Faults, codes},
    words::words,
};

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
    /// Bot users act as Developer read-write and nothing else (product §2.4).
    pub const BOT: Self = Self { developer: Developer::ReadWrite, team: Team::ReadOnly, billing: Billing::None, administrator: false };

    /// The roles of who sets an account up.
    pub const ADMINISTRATOR: Self =
        Self { developer: Developer::ReadWrite, team: Team::Manager, billing: Billing::Access, administrator: true };

    /// The roles of who joins through an identity provider (facts/ngrok.md §1.10).
    pub const PROVISIONED: Self =
        Self { developer: Developer::ReadWrite, team: Team::Invite, billing: Billing::None, administrator: false };

    /// The least of each role.
    pub const LEAST: Self = Self { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };

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

/// Whether these roles may stand together.
///
/// # Errors
/// A sentence that says what to choose instead (`ERR_NGROK_4413`).
pub fn check(roles: Roles) -> Result<Roles, String> {
    if roles.team != Team::ReadOnly && roles.developer != Developer::ReadWrite && !roles.administrator {
        return Err("Team invite and manager need Developer read-write. Choose that too, or Team read-only.".to_owned());
    }
    Ok(roles)
}

/// Whether somebody with the roles `actor` may change, disable, remove or end the sessions of somebody with the roles
/// `target`: only administrators touch administrators.
///
/// # Errors
/// A sentence that says who could (`ERR_NGROK_6604`, `6606`, `6621`).
pub fn may_touch(actor: Roles, target: Roles) -> Result<(), String> {
    if target.administrator && !actor.administrator {
        return Err("This is an administrator. Only administrators can change administrators.".to_owned());
    }
    Ok(())
}

/// Whether somebody with the roles `actor` may turn the roles `before` into `after`: nobody raises above their own. What
/// stays or falls is not raised.
///
/// # Errors
/// A sentence that names the role (`ERR_NGROK_6615`, `6616`, `6605`).
pub fn may_grant(actor: Roles, before: Roles, after: Roles) -> Result<(), String> {
    may_touch(actor, before)?;
    if actor.administrator {
        return Ok(());
    }
    if after.administrator {
        return Err("Only administrators can make somebody an administrator.".to_owned());
    }
    let raised = |after: u8, before: u8, own: u8| after > before && after > own;
    let above = if raised(after.developer as u8, before.developer as u8, actor.developer as u8) {
        format!("Developer {}", after.developer.label().to_lowercase())
    } else if raised(after.team as u8, before.team as u8, actor.team as u8) {
        format!("Team {}", after.team.label().to_lowercase())
    } else if raised(after.billing as u8, before.billing as u8, actor.billing as u8) {
        format!("Billing {}", after.billing.label().to_lowercase())
    } else {
        return Ok(());
    };
    Err(format!("You do not have {above} yourself, so you cannot give it."))
}

/// What of the roles `offered` somebody with the roles `actor` may give: nothing above their own. Administrators may give
/// all of it.
#[must_use]
pub fn cap(actor: Roles, offered: Roles) -> Roles {
    if actor.administrator {
        return offered;
    }
    let developer = if offered.developer as u8 > actor.developer as u8 { actor.developer } else { offered.developer };
    let team = if offered.team as u8 > actor.team as u8 { actor.team } else { offered.team };
    let billing = if offered.billing as u8 > actor.billing as u8 { actor.billing } else { offered.billing };
    let capped = Roles { developer, team, billing, administrator: false };
    // What cannot stand together falls to what can.
    if check(capped).is_ok() { capped } else { Roles { team: Team::ReadOnly, ..capped } }
}

/// What is chosen in the form of roles.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The Developer role.
    pub developer: String,
    /// The Team role.
    pub team: String,
    /// The Billing role.
    pub billing: String,
    /// `yes` for administrators.
    pub administrator: String,
    /// The version of the member that the form was filled in from.
    pub version: String,
}

/// Roles to be, checked, and the version that they are given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewRoles {
    /// The roles.
    pub roles: Roles,
    /// The member's version.
    pub version: i64,
}

impl Draft {
    /// The form of somebody who has these roles.
    #[must_use]
    pub fn of(roles: Roles, version: i64) -> Self {
        Self {
            developer: roles.developer.word().to_owned(),
            team: roles.team.word().to_owned(),
            billing: roles.billing.word().to_owned(),
            administrator: if roles.administrator { "yes".to_owned() } else { String::new() },
            version: version.to_string(),
        }
    }

    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<NewRoles, Faults> {
        let mut faults = Faults::none();
        let roles = choose(&mut faults, [&self.developer, &self.team, &self.billing, &self.administrator]);
        let version = faults.keep("version", self.version.parse().map_err(|_| "Reload the page and try again.".to_owned()));
        match (roles, version) {
            (Some(roles), Some(version)) if faults.is_empty() => Ok(NewRoles { roles, version }),
            _ => Err(faults),
        }
    }
}

/// Reads what was chosen of each role (Developer, Team, Billing, Administrator), and whether it may stand together.
pub fn choose(faults: &mut Faults, [developer, team, billing, administrator]: [&str; 4]) -> Option<Roles> {
    let one_of = |words: Vec<&str>| format!("Choose one: {}.", words.join(", "));
    let words = one_of(Developer::ALL.iter().map(|role| role.word()).collect());
    let developer = faults.keep("developer", Developer::parse(developer).ok_or(words));
    let words = one_of(Team::ALL.iter().map(|role| role.word()).collect());
    let team = faults.keep("team", Team::parse(team).ok_or(words));
    let words = one_of(Billing::ALL.iter().map(|role| role.word()).collect());
    let billing = faults.keep("billing", Billing::parse(billing).ok_or(words));
    let administrator = match administrator {
        "" => Ok(false),
        "yes" => Ok(true),
        _ => Err("Check it or leave it.".to_owned()),
    };
    let administrator = faults.keep("administrator", administrator);
    let roles = Roles { developer: developer?, team: team?, billing: billing?, administrator: administrator? };
    faults.take(check(roles).map_err(|says| Faults::coded("team", codes::INVITE_NEEDS_WRITE, says)))
}

words! {
    /// What can be done to a member besides changing roles.
    Deed {
        Disable = "disable", "The member is out on the next request and stays a member. Credentials stay and do not work.";
        Enable = "enable", "The member can come in again, with the same roles and credentials.";
        EndSessions = "end_sessions", "Wherever the member is signed in, they have to sign in again to come into this account.";
        Remove = "remove", "The member leaves the account, and their credentials here are revoked for good. The person keeps their user and other accounts.";
    }
}

/// The words by which a member is found: of the name, of the address, and the parts of both between signs.
#[must_use]
pub fn search_words(name: &str, email: &str) -> Vec<String> {
    let mut words: Vec<String> = fold(name).split_whitespace().map(str::to_owned).collect();
    let email = fold(email);
    words.extend(email.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned));
    words.push(email);
    words.sort();
    words.dedup();
    words
}

/// The words of a search, folded; the first two count, which is a name and a surname.
#[must_use]
pub fn search_terms(text: &str) -> Vec<String> {
    fold(text).split_whitespace().take(2).map(str::to_owned).collect()
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

    const PLAIN: Roles = Roles { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };
    const MANAGER: Roles = Roles { developer: Developer::ReadWrite, team: Team::Manager, ..PLAIN };

    /// Every combination of roles there is.
    fn all() -> Vec<Roles> {
        let mut all = Vec::new();
        for developer in Developer::ALL {
            for team in Team::ALL {
                for billing in Billing::ALL {
                    for administrator in [false, true] {
                        all.push(Roles { developer: *developer, team: *team, billing: *billing, administrator });
                    }
                }
            }
        }
        all
    }

    #[test]
    fn nobody_grants_above_their_own_roles() {
        for actor in all() {
            for before in all() {
                for after in all() {
                    let granted = may_grant(actor, before, after).is_ok();
                    let touches_administrators = before.administrator || after.administrator;
                    if actor.administrator {
                        assert!(granted);
                    } else if touches_administrators {
                        assert!(!granted, "{actor:?} {before:?} {after:?}");
                    } else if granted {
                        assert!(after.developer as u8 <= (actor.developer as u8).max(before.developer as u8));
                        assert!(after.team as u8 <= (actor.team as u8).max(before.team as u8));
                        assert!(after.billing as u8 <= (actor.billing as u8).max(before.billing as u8));
                    }
                }
            }
        }
        assert!(may_grant(MANAGER, MANAGER, PLAIN).is_ok(), "lowering is no granting");
        assert_eq!(
            may_grant(MANAGER, PLAIN, Roles { billing: Billing::Access, ..PLAIN }).unwrap_err(),
            "You do not have Billing access yourself, so you cannot give it."
        );
    }

    #[test]
    fn what_is_capped_may_be_given_and_is_never_more() {
        for actor in all() {
            for offered in all().into_iter().filter(|roles| check(*roles).is_ok()) {
                let capped = cap(actor, offered);
                let nothing = PLAIN;
                assert!(may_grant(actor, nothing, capped).is_ok() && check(capped).is_ok(), "{actor:?} {offered:?} {capped:?}");
                assert!(capped.developer as u8 <= offered.developer as u8 && capped.team as u8 <= offered.team as u8);
                if may_grant(actor, nothing, offered).is_ok() {
                    assert_eq!(capped, offered, "what may be given is given whole");
                }
            }
        }
    }

    #[test]
    fn team_roles_need_developer_read_write() {
        assert!(check(Roles { team: Team::Invite, ..PLAIN }).is_err());
        assert!(
            check(MANAGER).is_ok() && check(PLAIN).is_ok() && check(Roles { administrator: true, team: Team::Manager, ..PLAIN }).is_ok()
        );
    }

    #[test]
    fn a_form_without_a_choice_is_named_field_by_field() {
        let faults = Draft { billing: "some".into(), administrator: "maybe".into(), ..Draft::default() }.check().unwrap_err();
        assert_eq!(
            faults.iter().map(|fault| fault.field).collect::<Vec<_>>(),
            ["developer", "team", "billing", "administrator", "version"]
        );
        assert_eq!(Draft::of(MANAGER, 3).check(), Ok(NewRoles { roles: MANAGER, version: 3 }));
    }

    #[test]
    fn people_are_found_by_the_beginning_of_any_word() {
        assert_eq!(
            search_words("Ada de Lovelace", "ada.l@example.com"),
            ["ada", "ada.l@example.com", "com", "de", "example", "l", "lovelace"]
        );
        assert_eq!(search_terms("  Éx  AD "), ["ex", "ad"]);
    }

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
