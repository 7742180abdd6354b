//! A person's own profile.

use serde::{Deserialize, Serialize};

use super::{accounts, faults::Faults, words::words, zones::Zone};

words! {
    /// How pages look.
    Theme {
        Auto = "auto", "As my device", "Light or dark, as the device says.";
        Light = "light", "Light", "Dark text on light ground.";
        Dark = "dark", "Dark", "Light text on dark ground.";
    }
}

/// What a person types on `/me`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The own name.
    pub name: String,
    /// The look.
    pub theme: String,
    /// The time zone; empty for the account's.
    pub time_zone: String,
}

/// What is to change; what is missing stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub name: Option<String>,
    /// The look.
    pub theme: Option<Theme>,
    /// The time zone; the inner nothing for the account's.
    pub time_zone: Option<Option<String>>,
}

impl Draft {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<Profile, Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", accounts::name(&self.name, "yourself"));
        let theme = faults.keep("theme", Theme::parse(&self.theme).ok_or_else(|| "Choose one of the three.".to_owned()));
        let zone = match self.time_zone.trim() {
            "" => Ok(None),
            name => Zone::parse(name).map(|zone| Some(zone.name().to_owned())),
        };
        let time_zone = faults.keep("time_zone", zone);
        if faults.is_empty() { Ok(Profile { name, theme, time_zone }) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        assert_eq!(Draft { name: String::new(), theme: "pink".into(), time_zone: "Pink".into() }.check().unwrap_err().iter().count(), 3);
    }
}
