//! Bot users: principals of one account that are no people. They own credentials, hold fixed rights, use no seat, and can never
//! sign in (product §2.4).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{
    accounts::is_invisible,
    faults::{Faults, codes},
    members::fold,
};

/// The longest name, in bytes.
pub const MAX_NAME: usize = 255;

/// The most bot users of an account.
pub const MOST: i64 = 10_000;

/// What is typed to make or rename one.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The name.
    pub name: String,
}

/// The name of a bot user, and how it is compared: two names that differ in case alone are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As it was typed, without spaces around it.
    pub written: String,
    /// The same, folded.
    pub folded: String,
}

impl Draft {
    /// Checks the name.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check(&self) -> Result<Name, Faults> {
        let written: String = self.name.trim().nfc().collect();
        if written.is_empty() {
            return Err(Faults::coded("name", codes::BOT_NAME_MISSING, "Give it a name that says what it is for."));
        }
        if written.len() > MAX_NAME {
            return Err(Faults::coded("name", codes::BOT_NAME_LONG, format!("A name has at most {MAX_NAME} bytes.")));
        }
        if written.contains(is_invisible) {
            return Err(Faults::one("name", "Leave out invisible characters."));
        }
        Ok(Name { folded: fold(&written), written })
    }
}

/// Whether what was typed is the name, as far as somebody sees it: pages show several spaces as one.
#[must_use]
pub fn is_called(name: &str, typed: &str) -> bool {
    let seen = |text: &str| text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    seen(name) == seen(typed)
}

/// The answer to a name that another one has.
#[must_use]
pub fn taken(name: &str) -> Faults {
    Faults::coded("name", codes::BOT_NAME_TAKEN, format!("There is a bot user called {name} already."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_something_and_fits() {
        let check = |name: &str| Draft { name: name.into() }.check();
        assert_eq!(check("  Deploy ").unwrap(), Name { written: "Deploy".into(), folded: "deploy".into() });
        for wrong in ["", "  ", "a\u{7}b", &"x".repeat(256)] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
        assert!(check(&"x".repeat(255)).is_ok());
        assert!(is_called("a  b\u{e9}", " a b\u{65}\u{301} ") && !is_called("Deploy", "deploy") && !is_called("Deploy", ""));
    }
}
