//! Signing up: who may, and what is typed. The address comes first; name and password are chosen behind the mailed link, so
//! that nobody holds an address of ours that they cannot read.

use serde::{Deserialize, Serialize};

use super::{addresses::Email, faults::Faults, passwords::Password, words::words};

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
}

/// A person to be, checked.
pub struct NewPerson {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Password,
}

impl SignUp {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<NewPerson, Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", super::accounts::name(&self.name, "yourself"));
        let password = faults.keep("password", Password::chosen(&self.password));
        match (name, password) {
            (Some(name), Some(password)) => Ok(NewPerson { name, password }),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let Err(faults) = SignUp::default().check() else { panic!("an empty form is nobody") };
        assert_eq!(faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), ["name", "password"]);
        assert!(Draft { email: "a@example.com, b@example.com".into() }.check().is_err());
    }
}
