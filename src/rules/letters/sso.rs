//! The letter to an address that an identity provider says is somebody's.

use serde::{Deserialize, Serialize};

use super::{IGNORE, Reading};
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
