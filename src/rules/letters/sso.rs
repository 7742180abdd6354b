//! Letters about the identity providers by which somebody comes into an account.

use serde::{Deserialize, Serialize};

use super::{IGNORE, NOT_YOU, Reading, new_password};
use crate::rules::{time::Millis, zones::Zone};

/// The code by which somebody shows that they read this mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalCode {
    /// The code.
    pub code: String,
    /// The account that they want to join.
    pub account: String,
    /// Until when it works, in milliseconds since 1970.
    pub expires_at: i64,
}

impl ArrivalCode {
    pub(super) fn subject(&self) -> String {
        format!("The code to join {}", self.account)
    }

    pub(super) fn reading(&self, to: &str) -> Reading {
        let until = Millis(self.expires_at).exact(&Zone::utc());
        Reading {
            heading: format!("Join {}", self.account),
            body: vec![
                format!(
                    "Somebody who signed in through the identity provider of {} says that {to} is their address. If that is you, enter this code where you signed in:",
                    self.account
                ),
                self.code.clone(),
            ],
            button: None,
            after: vec![
                format!("The code works once, until {until}. Give it to nobody else: whoever enters it becomes you there."),
                IGNORE.to_owned(),
            ],
        }
    }
}

/// Whoever signs in so at an account's provider comes into that account as them from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalLinked {
    /// The account.
    pub account: String,
    /// What the provider is called there.
    pub provider: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The network address that it came from.
    pub from: String,
}

impl ArrivalLinked {
    pub(super) fn subject(&self) -> String {
        format!("You come into {} by {} now", self.account, self.provider)
    }

    pub(super) fn reading(&self, to: &str) -> Reading {
        let Self { account, provider, from, .. } = self;
        let at = Millis(self.at).exact(&Zone::utc());
        Reading {
            heading: self.subject(),
            body: vec![format!(
                "A sign-in of {provider}, the identity provider of {account}, was linked to {to} on {at}, from the network address {from}. \
                 Whoever has it comes into {account} as you."
            )],
            button: Some(new_password()),
            after: vec![NOT_YOU.to_owned(), format!("An administrator of {account} can take the link away.")],
        }
    }
}

/// There is no password to choose anew, and none to be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordBySso {
    /// An account that everybody has to come into through its provider.
    pub account: String,
}

impl PasswordBySso {
    #[expect(clippy::unused_self, reason = "as of all letters")]
    pub(super) fn subject(&self) -> String {
        "You sign in without a password".to_owned()
    }

    pub(super) fn reading(&self, to: &str) -> Reading {
        Reading {
            heading: self.subject(),
            body: vec![
                format!("Somebody, probably you, asked for a new password for {to}."),
                format!("You have none: you come into {} through its identity provider, and everybody there has to.", self.account),
            ],
            button: Some(("Sign in", "/login/sso".to_owned())),
            after: vec![IGNORE.to_owned()],
        }
    }
}
