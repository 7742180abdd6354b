//! Set-up: the first user and the first account of an instance.

use serde::{Deserialize, Serialize};

use super::{accounts, addresses::Email, faults::Faults, passwords::Password};

/// What the first administrator types.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The one-time token of the link.
    pub token: String,
    /// The name of the account.
    pub account: String,
    /// The own name.
    pub name: String,
    /// The own address.
    pub email: String,
    /// The password to be.
    #[serde(skip_serializing)]
    pub password: String,
}

/// The first user and account, checked.
pub struct NewInstance {
    /// The account's name.
    pub account: String,
    /// The slug its name suggests.
    pub slug: String,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: Email,
    /// The person's password.
    pub password: Password,
}

impl Draft {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<NewInstance, Faults> {
        let mut faults = Faults::none();
        let account = faults.keep("account", accounts::name(&self.account, "the account"));
        let name = faults.keep("name", accounts::name(&self.name, "yourself"));
        let email = faults.keep("email", Email::parse(&self.email));
        let password = faults.keep("password", Password::chosen(&self.password));
        match (account, name, email, password) {
            (Some(account), Some(name), Some(email), Some(password)) => {
                Ok(NewInstance { slug: accounts::slug(&account), account, name, email, password })
            }
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_named_at_once() {
        let Err(faults) = Draft::default().check() else { panic!("an empty form is no set-up") };
        let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
        assert_eq!(fields, ["account", "name", "email", "password"]);
    }
}
