//! Credentials: authtokens, API keys and SSH public keys. Each belongs to one account and has one owner, who never changes; it never
//! allows more than its owner may now (product §2.4 and §2.13).

mod acl;
mod draft;
pub mod secret;
mod ssh;

use std::fmt;

pub use acl::{Acl, MAX_RULES, Rule, Wanted};
pub use draft::{ApiDraft, Changes, Draft, New, description, metadata};
pub use ssh::{SshKey, is_fingerprint};

use super::{
    codes::{self, Code},
    ids::{ApiKeyId, AuthtokenId, BotId, SshKeyId, UserId},
    time::{Millis, Span},
    words::words,
};

/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 255;
/// The longest metadata, in bytes.
pub const MAX_METADATA: usize = 4096;
/// The most credentials of a kind that an owner has.
pub const MOST_OF_OWNER: i64 = 1_000;
/// A use is noted so often at most.
pub const NOTED_EVERY: Span = Span::minutes(1);
/// A credential that was not used for so long is marked.
pub const OLD_AFTER: Span = Span::days(90);
/// For how long the old one goes on beside the new one, if nobody says otherwise.
pub const OVERLAP: Span = Span::days(7);

words! {
    /// What a credential is.
    Kind {
        Authtoken = "authtoken", "Authtoken", "Agents prove themselves with it.";
        ApiKey = "api_key", "API key", "Programs prove themselves with it to the API.";
        SshKey = "ssh_key", "SSH key", "Agents prove themselves with its private half, over SSH.";
    }
}

impl Kind {
    /// Under which word its pages stand.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Authtoken => "authtokens",
            Self::ApiKey => "api-keys",
            Self::SshKey => "ssh-keys",
        }
    }

    /// Reads the word of its pages.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.path() == path)
    }

    /// One of them, inside of a sentence.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Authtoken => "authtoken",
            Self::ApiKey => "API key",
            Self::SshKey => "SSH key",
        }
    }

    /// Several of them.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Authtoken => "Authtokens",
            Self::ApiKey => "API keys",
            Self::SshKey => "SSH keys",
        }
    }

    /// What stands in front of its ids.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Authtoken => AuthtokenId::PREFIX,
            Self::ApiKey => ApiKeyId::PREFIX,
            Self::SshKey => SshKeyId::PREFIX,
        }
    }

    /// Whether rules say what may be bound with it.
    #[must_use]
    pub const fn has_acl(self) -> bool {
        matches!(self, Self::Authtoken | Self::SshKey)
    }

    /// Whether it has a secret of ours, which is shown once.
    #[must_use]
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::Authtoken | Self::ApiKey)
    }

    /// The code that says that its owner never changes.
    #[must_use]
    pub const fn owner_stays(self) -> Code {
        match self {
            Self::Authtoken => codes::OWNER_AUTHTOKEN,
            Self::ApiKey => codes::OWNER_API_KEY,
            Self::SshKey => codes::OWNER_SSH_KEY,
        }
    }
}

/// The id of a credential, of whichever kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialId(String);

impl CredentialId {
    /// The id of one that comes into being at `at`.
    #[must_use]
    pub fn new(kind: Kind, at: Millis, dice: [u8; 16]) -> Self {
        Self(match kind {
            Kind::Authtoken => AuthtokenId::new(at, dice).to_string(),
            Kind::ApiKey => ApiKeyId::new(at, dice).to_string(),
            Kind::SshKey => SshKeyId::new(at, dice).to_string(),
        })
    }

    /// Reads the id of one of this kind.
    #[must_use]
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let fits = match kind {
            Kind::Authtoken => AuthtokenId::parse(text).is_some(),
            Kind::ApiKey => ApiKeyId::parse(text).is_some(),
            Kind::SshKey => SshKeyId::parse(text).is_some(),
        };
        fits.then(|| Self(text.to_owned()))
    }

    /// Reads the id of one of any kind.
    #[must_use]
    pub fn parse_any(text: &str) -> Option<Self> {
        Kind::ALL.iter().find_map(|kind| Self::parse(*kind, text))
    }

    /// Takes over text that the database already holds as such an id.
    #[must_use]
    pub fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose a credential is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A member of the account.
    User(UserId),
    /// A bot user of the account.
    Bot(BotId),
}

impl Owner {
    /// Reads the id of an owner; bot users have two names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        UserId::parse(text).map(Self::User).or_else(|| BotId::parse_any(text).map(Self::Bot))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(id) => id.as_str(),
            Self::Bot(id) => id.as_str(),
        }
    }

    /// The user, where it is one.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Bot(_) => None,
        }
    }

    /// The bot user, where it is one.
    #[must_use]
    pub const fn bot(&self) -> Option<&BotId> {
        match self {
            Self::Bot(id) => Some(id),
            Self::User(_) => None,
        }
    }
}

words! {
    /// Why a credential is refused, though it is the right one.
    Denial {
        Expired = "expired", "It has expired.";
        BotInactive = "bot_inactive", "The bot user that owns it is inactive.";
        Disabled = "disabled", "The member who owns it is disabled.";
        AccessOver = "access_over", "The access period of the guest who owns it is over.";
        Ip = "ip", "It came from outside of what the account allows.";
        SsoOwed = "sso_owed", "The account demands single sign-on, and its owner has not linked a provider.";
        FactorOwed = "factor_owed", "The account demands a second factor, and its owner has none.";
        Revoked = "revoked", "It was deleted, or its owner is gone.";
        ReadOnly = "read_only", "Its owner is Developer read-only, who may not use the API.";
    }
}

impl Denial {
    /// By which the API says so.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Expired => codes::KEY_EXPIRED,
            Self::Revoked => codes::KEY_UNKNOWN,
            Self::BotInactive => codes::BOT_INACTIVE,
            Self::Disabled => codes::MEMBER_DISABLED,
            Self::AccessOver => codes::ACCESS_OVER,
            Self::Ip => codes::IP_REFUSED,
            Self::SsoOwed => codes::SSO_OWED,
            Self::FactorOwed => codes::FACTOR_OWED,
            Self::ReadOnly => codes::OWNER_READ_ONLY,
        }
    }
}

/// The end that a credential gets where another one is wanted, by means that end themselves: nothing is lengthened beyond those, and
/// what lasts longer already is not cut short. `None` is no end.
#[must_use]
pub fn lengthened(wanted: Option<Millis>, has: Option<Millis>, means_end: Option<Millis>) -> Option<Millis> {
    let longest = has.zip(means_end).map(|(has, end)| has.max(end));
    longest.map_or(wanted, |longest| Some(wanted.map_or(longest, |at| at.min(longest))))
}

/// What lists mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It has expired.
    Expired,
    /// Nobody has ever used it.
    NeverUsed,
    /// Nobody has used it for long.
    Old,
}

/// Whether a refusal is worth showing: what went well after it is no news.
#[must_use]
pub fn is_news(refused_at: Option<Millis>, last_used_at: Option<Millis>) -> bool {
    refused_at.is_some() && refused_at >= last_used_at
}

/// What is to be marked about a credential.
#[must_use]
pub fn mark(now: Millis, created_at: Millis, last_used_at: Option<Millis>, expires_at: Option<Millis>) -> Option<Mark> {
    if expires_at.is_some_and(|at| now >= at) {
        return Some(Mark::Expired);
    }
    match last_used_at {
        Some(used) if now.since(used) >= OLD_AFTER => Some(Mark::Old),
        // Whoever has just made one has not had the time to use it.
        None if now.since(created_at) >= Span::days(1) => Some(Mark::NeverUsed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_what_they_are_of() {
        for kind in Kind::ALL {
            let id = CredentialId::new(*kind, Millis(1_790_000_000_000), [7; 16]);
            assert!(id.as_str().starts_with(kind.prefix()));
            for other in Kind::ALL {
                assert_eq!(CredentialId::parse(*other, id.as_str()).is_some(), kind == other, "{kind:?} {other:?}");
            }
            assert_eq!(CredentialId::parse_any(id.as_str()), Some(id));
            assert_eq!(Kind::of_path(kind.path()), Some(*kind));
        }
    }

    #[test]
    fn means_that_end_lengthen_nothing_and_cut_nothing_short() {
        let at = |n| Some(Millis(n));
        for (wanted, has, end, gets) in [
            (None, None, at(5), None),
            (at(9), None, at(5), at(9)),
            (None, at(3), at(5), at(5)),
            (at(9), at(3), at(5), at(5)),
            (at(4), at(3), at(5), at(4)),
            (None, at(8), at(5), at(8)),
            (at(8), at(8), at(5), at(8)),
            (at(9), at(8), at(5), at(8)),
            (at(1), at(8), at(5), at(1)),
            (None, at(3), None, None),
        ] {
            assert_eq!(lengthened(wanted, has, end), gets, "{wanted:?} {has:?} {end:?}");
        }
    }

    #[test]
    fn what_is_not_used_is_marked() {
        let now = Millis(1_790_000_000_000);
        let ago = |span| Some(now.minus(span));
        let long = now.minus(Span::days(400));
        assert_eq!(mark(now, now, None, None), None);
        assert_eq!(mark(now, long, None, None), Some(Mark::NeverUsed));
        assert_eq!(mark(now, long, ago(Span::days(89)), None), None);
        assert_eq!(mark(now, long, ago(Span::days(90)), None), Some(Mark::Old));
        assert_eq!(mark(now, long, ago(Span::days(1)), Some(now)), Some(Mark::Expired));
    }
}
