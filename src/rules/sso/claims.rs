//! What a provider says of somebody, as far as anything is made of it.

use serde::{Deserialize, Serialize};

use crate::rules::addresses::Email;

/// The longest name that is taken over, in characters.
const MAX_NAME: usize = 100;

/// What a provider has said of somebody, verified to be said by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Who it is there: never empty, and as it was said, byte for byte.
    pub subject: String,
    /// An address. Whose it is, a provider's word alone does not prove.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
    /// Whether the provider says of the address that nobody has checked it.
    #[serde(default)]
    pub is_disowned: bool,
}

impl Said {
    /// The address, where it can be one.
    #[must_use]
    pub fn email(&self) -> Option<Email> {
        self.email.as_deref().and_then(|text| Email::parse(text).ok())
    }

    /// What to call somebody new: what the provider calls them, or else what stands before the @ of their address.
    #[must_use]
    pub fn name(&self) -> String {
        let of_address = || self.email.as_deref().and_then(|email| email.split('@').next());
        let said = self.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).or_else(of_address).unwrap_or_default();
        let plain: String = said.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
        plain.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: Option<&str>, email: Option<&str>) -> Said {
        Said { subject: "1".to_owned(), email: email.map(str::to_owned), name: name.map(str::to_owned), is_disowned: false }
    }

    #[test]
    fn somebody_new_is_called_something() {
        for (name, email, called) in [
            (Some(" Ada Lovelace "), Some("ada@example.com"), "Ada Lovelace"),
            (Some("  "), Some("ada@example.com"), "ada"),
            (None, Some("ada@example.com"), "ada"),
            (Some("A\u{0}d\na"), None, "Ada"),
            (None, None, ""),
        ] {
            assert_eq!(said(name, email).name(), called);
        }
        assert_eq!(said(Some(&"a".repeat(500)), None).name().chars().count(), 100);
    }

    #[test]
    fn what_is_no_address_is_none() {
        assert_eq!(said(None, Some("ADA@Example.com")).email().unwrap().canonical(), "ada@example.com");
        for wrong in [None, Some(""), Some("ada"), Some("ada@"), Some("a@b.example\nBcc: c@d.example")] {
            assert!(said(None, wrong).email().is_none(), "{wrong:?}");
        }
    }
}
