//! The address of a person: changing it, and how many letters somebody may ask for.

use serde::{Deserialize, Serialize};

use super::{addresses::Email, faults::Faults, passwords::Password, time::Span, words::words};

/// What a person types to get another address.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The new address.
    pub email: String,
    /// The password, as a proof.
    #[serde(skip_serializing)]
    pub password: String,
}

/// A change of address, checked.
pub struct Change {
    /// The new address.
    pub email: Email,
    /// The password as typed.
    pub password: Password,
}

impl Draft {
    /// Checks everything at once; `own` is the canonical address that the person has.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, own: &str) -> Result<Change, Faults> {
        let mut faults = Faults::none();
        let email = Email::parse(&self.email)
            .and_then(|email| if email.canonical() == own { Err("This is your address already.".to_owned()) } else { Ok(email) });
        let email = faults.keep("email", email);
        let password = faults.keep("password", super::passwords::proof(&self.password));
        match (email, password) {
            (Some(email), Some(password)) => Ok(Change { email, password }),
            _ => Err(faults),
        }
    }
}

words! {
    /// What the letters that somebody asks for are counted by, each hour. Whether anybody has the address changes nothing.
    Asked {
        Network = "letters_network", "The /24 or /64 that the request comes from.";
        Address = "letters_address", "The network address that it comes from.";
        Mailbox = "letters_asked", "The mailbox that the letter goes to.";
        Reset = "letters_reset", "The address whose password is to be another one, to the letter: with a tag behind a plus it is somebody else's.";
    }
}

impl Asked {
    /// How many in an hour.
    #[must_use]
    pub const fn limit(self) -> i64 {
        match self {
            Self::Network => 120,
            Self::Address => 30,
            Self::Mailbox | Self::Reset => 5,
        }
    }

    /// The length of the window.
    pub const WINDOW: Span = Span::hours(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_address_is_no_change_however_it_is_written() {
        let draft = Draft { email: " Ada@EXAMPLE.com".into(), password: "x".into() };
        let Err(faults) = draft.check("ada@example.com") else { panic!("nothing would change") };
        assert!(faults.at("email").is_some() && faults.at("password").is_none());
        assert!(draft.check("bob@example.com").is_ok());
    }
}
