//! Letters about the logins of GitHub and Google by which somebody signs in.

use serde::{Deserialize, Serialize};

use super::{NOT_YOU, Reading, new_password};
use crate::rules::{time::Millis, zones::Zone};

/// What such a letter says: whose login, when, and from which network address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the sentences name")]
pub enum SocialLetter {
    /// They can sign in by it from now on.
    Linked { provider: String, at: i64, from: String },
    /// They cannot any more.
    Unlinked { provider: String, at: i64, from: String },
}

impl SocialLetter {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Linked { .. } => "identity_linked",
            Self::Unlinked { .. } => "identity_unlinked",
        }
    }

    pub(super) fn subject(&self) -> String {
        match self {
            Self::Linked { provider, .. } => format!("You can sign in with {provider} now"),
            Self::Unlinked { provider, .. } => format!("You no longer sign in with {provider}"),
        }
    }

    pub(super) fn reading(&self, to: &str) -> Reading {
        let until = |at: i64| Millis(at).exact(&Zone::utc());
        let (sentence, after) = match self {
            Self::Linked { provider, at, from } => (
                format!(
                    "A login of {provider} was linked to {to} on {}, from the network address {from}. Whoever has that login can sign in as you.",
                    until(*at)
                ),
                vec![NOT_YOU.to_owned(), format!("Then take the link to {provider} away on your security page.")],
            ),
            Self::Unlinked { provider, at, from } => (
                format!("The login of {provider} was taken away from {to} on {}, from the network address {from}.", until(*at)),
                vec![NOT_YOU.to_owned()],
            ),
        };
        Reading { heading: self.subject(), body: vec![sentence], button: Some(new_password()), after }
    }
}
