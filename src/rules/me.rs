//! A person's own profile.

use serde::{Deserialize, Serialize};

use super::{accounts, faults::Faults};

/// How pages look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every look.
    pub const ALL: &'static [Self] = &[Self::Auto, Self::Light, Self::Dark];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The name on pages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Auto => "As my device",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|theme| theme.word() == word)
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
}

/// What is to change; what is missing stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name.
    pub name: Option<String>,
    /// The look.
    pub theme: Option<Theme>,
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
        if faults.is_empty() { Ok(Profile { name, theme }) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_read_back() {
        for theme in Theme::ALL {
            assert_eq!(Theme::parse(theme.word()), Some(*theme));
        }
        assert_eq!(Draft { name: String::new(), theme: "pink".into() }.check().unwrap_err().iter().count(), 2);
    }
}
