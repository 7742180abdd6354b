//! The choice of roles, as members and invitations have it: whole sentences, with what one may not give muted.

use crate::rules::members::{Billing, Developer, Roles, Team};

/// One value of a role.
pub(super) struct Choice {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) sentence: &'static str,
    pub(super) is_chosen: bool,
    /// Whether it is above what whoever chooses may give.
    pub(super) is_above: bool,
}

/// What can be chosen of each role.
pub(super) struct RoleChoices {
    pub(super) developer: Vec<Choice>,
    pub(super) team: Vec<Choice>,
    pub(super) billing: Vec<Choice>,
    pub(super) administrator: Choice,
    /// Whether something is above what whoever chooses may give.
    pub(super) has_above: bool,
}

impl RoleChoices {
    /// The choices with what is chosen (Developer, Team, Billing, Administrator) for somebody who has the roles `own`. What
    /// stands is kept choosable: it is not given anew.
    pub(super) fn new([developer, team, billing, administrator]: [&str; 4], own: Roles) -> Self {
        let is_above = |value: u8, own_value: u8, is_chosen: bool| !own.administrator && value > own_value && !is_chosen;
        macro_rules! choices {
            ($values:expr, $chosen:expr, $own:expr) => {
                $values
                    .iter()
                    .map(|role| {
                        let is_chosen = role.word() == $chosen;
                        let is_above = is_above(*role as u8, $own as u8, is_chosen);
                        Choice { word: role.word(), label: role.label(), sentence: role.sentence(), is_chosen, is_above }
                    })
                    .collect::<Vec<_>>()
            };
        }
        let is_chosen = administrator == "yes";
        let administrator = Choice {
            word: "yes",
            label: "Administrator",
            sentence: "Can do everything, also change settings, remove administrators, and make others administrators.",
            is_chosen,
            is_above: !own.administrator && !is_chosen,
        };
        let developer = choices!(Developer::ALL, developer, own.developer);
        let team = choices!(Team::ALL, team, own.team);
        let billing = choices!(Billing::ALL, billing, own.billing);
        let has_above = developer.iter().chain(&team).chain(&billing).chain([&administrator]).any(|choice| choice.is_above);
        Self { developer, team, billing, administrator, has_above }
    }
}
