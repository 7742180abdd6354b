//! Ids: a prefix that says what a thing is, and a KSUID that sorts by the second of its making.

use std::fmt;

use svix_ksuid::{Ksuid, KsuidLike};

use super::time::Millis;

/// Characters of a KSUID in base 62.
const KSUID_LENGTH: usize = 27;

/// Writes `prefix_` and the KSUID of this moment and these 16 random bytes.
fn compose(prefix: &str, at: Millis, dice: [u8; 16]) -> String {
    let ksuid = Ksuid::from_seconds(Some(at.seconds()), Some(&dice));
    format!("{prefix}_{}", ksuid.to_base62())
}

/// Whether the text is `prefix_` followed by what a KSUID may look like.
fn well_formed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).is_some_and(is_ksuid)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(String);

            impl $name {
                /// The part before the underscore.
                pub const PREFIX: &'static str = $prefix;

                /// Makes the id of something that comes into being at `at`.
                #[must_use]
                pub fn new(at: Millis, dice: [u8; 16]) -> Self {
                    Self(compose($prefix, at, dice))
                }

                /// Reads an id that came from outside; `None` where the shape is not ours.
                #[must_use]
                pub fn parse(text: &str) -> Option<Self> {
                    well_formed($prefix, text).then(|| Self(text.to_owned()))
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

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )*

        /// Calls a macro with the name of every id type, so that the store can teach all of them to its databases.
        macro_rules! for_every_id {
            ($with:ident) => { $with! { $($name)* } };
        }
        pub(crate) use for_every_id;
    };
}

ids! {
    /// An account: the tenant.
    AccountId = "ac";
    /// A user: a person, global to the instance.
    UserId = "usr";
    /// A member: a user in an account.
    MemberId = "mem";
    /// A session: proves a person.
    SessionId = "ses";
    /// An invitation: an offer to join an account.
    InvitationId = "inv";
    /// A letter: waits to be sent, or was.
    LetterId = "let";
    /// An event: the record of one thing that happened.
    EventId = "ev";
    /// One request to any face; also called an operation.
    OperationId = "op";
    /// A bot user: a principal that is no person.
    BotId = "bot";
    /// An authtoken: what agents prove themselves with.
    AuthtokenId = "cr";
    /// An API key: what programs prove themselves with.
    ApiKeyId = "ak";
    /// An SSH public key.
    SshKeyId = "sshcr";
    /// An IP policy: rules that allow or deny networks.
    IpPolicyId = "ipp";
    /// A rule of one.
    IpRuleId = "ipr";
    /// An IP restriction: policies applied to one surface.
    IpRestrictionId = "ipx";
    /// An identity provider of an account.
    IdpId = "idp";
}

impl BotId {
    /// The other name of bot users, in the ids that one of the API's two paths writes.
    pub const SERVICE: &'static str = "service";

    /// Reads an id by either name.
    #[must_use]
    pub fn parse_any(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("{}_{}", Self::PREFIX, text.strip_prefix(Self::SERVICE)?.strip_prefix('_')?)))
    }

    /// The id by its other name.
    #[must_use]
    pub fn as_service(&self) -> String {
        format!("{}_{}", Self::SERVICE, ksuid_of(&self.0))
    }
}

/// What stands behind the prefix of an id.
#[must_use]
pub fn ksuid_of(id: &str) -> &str {
    id.rsplit_once('_').map_or(id, |(_, ksuid)| ksuid)
}

/// Whether this may be what stands behind the prefix of an id.
#[must_use]
pub fn is_ksuid(text: &str) -> bool {
    text.len() == KSUID_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_prefix_and_27_characters() {
        let id = AccountId::new(Millis(1_790_000_000_000), [7; 16]);
        assert_eq!(id.as_str().len(), "ac_".len() + 27);
        assert_eq!(AccountId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let early = UserId::new(Millis(1_790_000_000_000), [255; 16]);
        let late = UserId::new(Millis(1_790_000_001_000), [0; 16]);
        assert!(early < late);
    }

    #[test]
    fn bot_users_have_two_names() {
        let bot = BotId::new(Millis(1_790_000_000_000), [7; 16]);
        assert!(bot.as_service().starts_with("service_"));
        assert_eq!(BotId::parse_any(&bot.as_service()), Some(bot.clone()));
        assert_eq!(BotId::parse_any(bot.as_str()), Some(bot.clone()));
        for wrong in ["service_", "service", "bot_service_x", &format!("service_{bot}")] {
            assert_eq!(BotId::parse_any(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn other_shapes_are_not_ids() {
        let user = UserId::new(Millis(1_790_000_000_000), [7; 16]);
        for wrong in [user.as_str(), "ac_", "ac", "", "ac_2ZkQ", "ac_000000000000000000000000000'"] {
            assert_eq!(AccountId::parse(wrong), None, "{wrong:?}");
        }
    }
}
