//! Signing up: who may, and what is typed. The address comes first; name and password are chosen behind the mailed link, so
//! that nobody holds an address of ours that they cannot read.

use serde::{Deserialize, Serialize};

use super::{accounts, addresses::Email, faults::Faults, passwords::Password, terms_of_use::accepted, words::words};

words! {
    /// Who may sign up without an invitation.
    Policy {
        Closed = "closed", "Nobody: people come by invitation.";
        Open = "open", "Whoever can read letters to the address that they sign up with.";
    }
}

/// What somebody types at `/signup`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The address.
    pub email: String,
}

impl Draft {
    /// Checks the address.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check(&self) -> Result<Email, Faults> {
        Email::parse(&self.email).map_err(|message| Faults::one("email", message))
    }
}

/// What somebody new types to accept.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignUp {
    /// The own name.
    pub name: String,
    /// The password to be.
    #[serde(skip_serializing)]
    pub password: String,
    /// Whether the terms of use are accepted.
    pub terms: String,
}

/// A person to be, checked.
pub struct NewPerson {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Password,
    /// Where the terms of use stand that they accept.
    pub terms: Option<String>,
}

impl SignUp {
    /// Checks everything at once, with the terms of use that are demanded.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, terms: Option<&str>) -> Result<NewPerson, Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", accounts::name(&self.name, "yourself"));
        let password = faults.keep("password", Password::chosen(&self.password));
        let terms = faults.keep("terms", accepted(terms, &self.terms));
        match (name, password, terms) {
            (Some(name), Some(password), Some(terms)) => Ok(NewPerson { name, password, terms }),
            _ => Err(faults),
        }
    }
}

/// What somebody new types whom somebody else has proven: they have no password.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proven {
    /// The own name.
    pub name: String,
    /// Whether the terms of use are accepted.
    pub terms: String,
}

/// The same, checked.
pub struct NewProven {
    /// The name.
    pub name: String,
    /// Where the terms of use stand that they accept.
    pub terms: Option<String>,
}

impl Proven {
    /// Checks everything at once, with the terms of use that are demanded.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, terms: Option<&str>) -> Result<NewProven, Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", accounts::name(&self.name, "yourself"));
        let terms = faults.keep("terms", accepted(terms, &self.terms));
        match (name, terms) {
            (Some(name), Some(terms)) => Ok(NewProven { name, terms }),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let terms = Some("https://example.com/terms");
        let Err(faults) = SignUp::default().check(terms) else { panic!("an empty form is nobody") };
        assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["name", "password", "terms"]);
        let Err(faults) = Proven::default().check(terms) else { panic!("an empty form is nobody") };
        assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["name", "terms"]);
        assert!(Draft { email: "a@example.com, b@example.com".into() }.check().is_err());
    }
}
