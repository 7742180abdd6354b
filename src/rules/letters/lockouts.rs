//! The letter to somebody who is locked out.

use serde::{Deserialize, Serialize};

use super::Reading;
use crate::rules::{time::Millis, zones::Zone};

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedOut {
    /// The secret of the link by which they let themselves in again.
    pub token: String,
    /// When the last wrong password was typed.
    pub at: i64,
    /// From which network address.
    pub from: String,
    /// Until when none is taken from there.
    pub until: i64,
    /// Whether none is taken from anywhere.
    pub everywhere: bool,
    /// Until when the link works.
    pub expires_at: i64,
}

impl LockedOut {
    pub(super) fn reading(&self, to: &str) -> Reading {
        let moment = |at: i64| Millis(at).exact(&Zone::utc());
        Reading {
            heading: "Too many wrong passwords".to_owned(),
            body: vec![
                format!("Wrong passwords were typed for {to}, the last of them on {} from the network address {}.", moment(self.at), self.from),
                if self.everywhere {
                    format!("None is taken until {}, but from browsers with which you have signed in before.", moment(self.until))
                } else {
                    format!("None is taken from there until {}. Nothing has changed elsewhere.", moment(self.until))
                },
            ],
            button: Some(("It was me: let me sign in again", format!("/unlock/{}", self.token))),
            after: vec![
                format!("The link works once, until {}. A newer letter ends it.", moment(self.expires_at)),
                "If it was not you, somebody may be guessing. Nothing has to be done as long as nobody knows your password; a second factor keeps out even those who do.".to_owned(),
            ],
        }
    }
}
