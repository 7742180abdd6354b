//! Error codes of the API: the tunnel service's where it has one for a condition (facts/ngrok.md §1.20), so that programs which know
//! them understand us, and our own for what it does not have.

use std::fmt;

/// One code: it stands for exactly one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// `ERR_NGROK_n`: means what it means there.
    Known(u32),
    /// `ERR_FRONTDESK_n`.
    Own(u32),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(number) => write!(f, "ERR_NGROK_{number}"),
            Self::Own(number) => write!(f, "ERR_FRONTDESK_{number}"),
        }
    }
}

macro_rules! codes {
    ($($name:ident = $code:expr, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: Code = $code;)*

        /// Every code and its meaning, as the reference lists them.
        pub const ALL: &[(Code, &str)] = &[$(($name, $meaning)),*];
    };
}

use Code::{Known, Own};

codes! {
    NO_AUTHORIZATION  = Known(200), "There is no Authorization header.";
    BAD_AUTHORIZATION = Known(201), "The Authorization header is neither Bearer nor Basic, or cannot be read.";
    KEY_MALFORMED     = Known(202), "What was given as a key does not have the shape of one.";
    KEY_UNKNOWN       = Known(203), "The key is unknown or revoked.";
    KEY_IS_AUTHTOKEN  = Known(206), "An authtoken was given instead of an API key.";
    KEY_IS_ID         = Known(208), "The id of a key was given instead of the key.";
    CONTENT_TYPE      = Known(210), "The body is not of the type that is wanted here.";
    BODY_UNWANTED     = Known(211), "There is a body where none belongs.";
    BODY_UNREAD       = Known(212), "The body did not arrive whole, or is too large.";
    BODY_UNPARSED     = Known(213), "The body is not a JSON object, or holds a field twice.";
    UNKNOWN_FIELD     = Known(214), "The body holds a field that there is not.";
    BAD_VALUE         = Known(215), "A value is not what it should be.";
    NO_CONTENT_TYPE   = Known(216), "The body does not say what it is.";
    VERSION           = Known(217), "The version header names a version that there is not.";
    NO_VERSION        = Known(218), "The version header is missing.";
    IP_REFUSED        = Known(220), "The address is outside of what the account allows for its API.";
    NOT_AN_ID         = Known(223), "This is not the id of a resource.";
    WRONG_PREFIX      = Known(227), "This is the id of another kind of resource.";
    RATE              = Known(226), "The account has made as many requests as it may within a minute.";
    QUERY             = Known(230), "The part behind the question mark cannot be read.";
    UNKNOWN_PARAMETER = Known(231), "There is a parameter that there is not.";
    PARAMETER_TWICE   = Known(232), "A parameter is given twice.";
    PAGE_SIZE         = Known(233), "The limit is not from 1 to 100.";
    PAGE_SIZE_TEXT    = Known(244), "The limit is not a number.";
    FILTER            = Known(250), "The filter cannot be understood.";
    RULE_MALFORMED    = Known(600), "An ACL rule cannot be understood.";
    DEFAULT_AUTHTOKEN = Known(601), "A member's default authtoken can be rotated, and not deleted.";
    DESCRIPTION_LONG  = Known(604), "The description is longer than 255 bytes.";
    METADATA_TOO_LONG = Known(605), "The metadata is longer than 4096 bytes.";
    EMPTY_UPDATE      = Known(606), "An update says nothing.";
    SSH_KEY_TAKEN     = Known(609), "The account has this SSH key already.";
    SSH_KEY_MISSING   = Known(611), "There is no SSH key.";
    SSH_KEY_UNREAD    = Known(612), "The SSH key cannot be read.";
    RULES_TOO_MANY    = Known(619), "There are more ACL rules than a credential can have.";
    OWNER_AUTHTOKEN   = Known(627), "The owner of an authtoken never changes.";
    OWNER_API_KEY     = Known(628), "The owner of an API key never changes.";
    OWNER_SSH_KEY     = Known(629), "The owner of an SSH key never changes.";
    OWNER_FOREIGN     = Known(630), "Only administrators make credentials for others, and change or delete theirs.";
    OWNER_UNKNOWN     = Known(634), "There is no such owner in the account.";
    OWNER_READ_ONLY   = Known(635), "The owner of an API key has to be Developer read-write.";
    OWNER_INACTIVE    = Known(636), "The owner is disabled or inactive.";
    CIDR_UNREAD       = Known(1406), "This is not a network.";
    CIDR_NO_MASK      = Known(1413), "The network has no mask.";
    CIDR_HOST_BITS    = Known(1409), "The network is not written with its lowest address.";
    CIDR_TAKEN        = Known(1408), "The policy has a rule for this network.";
    IP_POLICY_EMPTY_UPDATE = Known(1400), "An update of an IP policy says nothing.";
    IP_RULE_EMPTY_UPDATE = Known(1401), "An update of a rule says nothing.";
    IP_POLICY_NOT_FOUND = Known(1402), "There is no such IP policy.";
    IP_RULE_NOT_FOUND = Known(1404), "There is no such rule of an IP policy.";
    IP_RULE_MISSING   = Known(1405), "What a rule needs is missing.";
    IP_POLICIES_TOO_MANY = Known(1410), "The account has as many IP policies as it can have.";
    IP_RULES_TOO_MANY = Known(1411), "The policy has as many rules as it can have.";
    IP_POLICY_ID      = Known(1414), "This is not the id of an IP policy.";
    IP_POLICY_LAST_RULE = Known(1419), "The last rule of a policy stays while it restricts the dashboard.";
    ADDRESS_FROZEN    = Known(4455), "The address of a member of an account that enforces single sign-on does not change.";
    LAST_IDP          = Known(4702), "The last identity provider stays while everybody has to use one.";
    OWN_IDP           = Known(10084), "The identity provider that one came in by stays while everybody has to use one.";
    IP_POLICY_IN_USE  = Known(1420), "The policy is used by restrictions.";
    IP_RULE_DESCRIPTION_LONG = Known(1421), "The description of a rule is longer than 255 bytes.";
    IP_RULE_ACTION    = Known(1422), "The action of a rule is neither allow nor deny.";
    RESTRICTION_POLICIES_TOO_MANY = Known(1800), "There are more policies than a restriction can have.";
    RESTRICTION_POLICY_UNKNOWN = Known(1801), "There is no such IP policy in the account.";
    RESTRICTION_TAKEN = Known(1802), "There is a restriction of this type.";
    RESTRICTION_TYPE  = Known(1803), "There is no such type of restriction.";
    RESTRICTION_NO_POLICY = Known(1804), "A restriction has no policy.";
    DASHBOARD_IP_REFUSED = Known(1212), "The address is outside of what the account allows for its dashboard.";
    AGENT_IP_REFUSED  = Known(115), "The address is outside of what the account allows for its agents.";
    ENDPOINT_IP_REFUSED = Known(3205), "The address is outside of what the account allows for its endpoints.";
    ALREADY_MEMBER    = Known(6601), "Somebody with this address is a member already.";
    LAST_ADMINISTRATOR = Known(6602), "The only administrator stays one, and stays.";
    LAST_IS_KEPT      = Known(6622), "The only administrator is not kept out.";
    REMOVES_ADMINISTRATOR = Known(6604), "Only administrators remove administrators.";
    PROMOTES          = Known(6605), "Only administrators make somebody an administrator.";
    CHANGES_ADMINISTRATOR = Known(6606), "Only administrators change administrators.";
    SWITCHES_ADMINISTRATOR = Known(6621), "Only administrators disable and enable administrators.";
    ABOVE_OWN         = Known(6616), "Nobody gives members more than they have themselves.";
    OFFERS_ADMINISTRATOR = Known(4410), "Only administrators invite administrators, and change or take back such an invitation.";
    OFFER_ABOVE_OWN   = Known(4412), "Nobody offers more than they have themselves.";
    INVITE_NEEDS_WRITE = Known(4413), "Team invite takes Developer read-write.";
    ADDRESS_MISSING   = Known(4400), "There is no address.";
    ADDRESS_LONG      = Known(4401), "The address is too long.";
    NO_ADDRESS        = Known(4405), "This is not an address.";
    SEATS             = Known(4402), "All seats are taken, open invitations included.";
    INVITED_ALREADY   = Known(1231), "This address has an open invitation.";
    MEMBER_DISABLED   = Known(1228), "The member is disabled.";
    MISSING_INVITE    = Known(1215), "The key's owner may not invite.";
    MISSING_TEAM      = Known(1216), "The key's owner may not do this to the team, or see it.";
    MISSING_DEVELOPER = Known(1219), "The key's owner may not do this to developer objects.";
    ADMINISTRATORS    = Known(1220), "This takes an administrator.";
    BOT_NAME_MISSING  = Known(4109), "A bot user has no name.";
    BOT_NAME_LONG     = Known(4110), "The name of a bot user is longer than 255 bytes.";
    BOT_ADMINISTRATORS = Known(4111), "Only administrators manage bot users.";
    BOT_NAME_TAKEN    = Known(4112), "The account has a bot user of this name.";
    NOT_FOUND         = Own(404), "There is no such resource in the account.";
    NO_SUCH_PATH      = Own(405), "There is no such path, or it does not take this method.";
    MISDIRECTED       = Own(421), "The server does not go by the name that it was asked by.";
    TIMED_OUT         = Own(504), "It took too long, and may have been done: look before trying again.";
    BROKEN            = Own(500), "A mistake of ours.";
    BUSY              = Own(503), "Too much to do at this moment; trying again may help.";
    KEY_EXPIRED       = Own(601), "The credential has expired.";
    BOT_INACTIVE      = Own(602), "The bot user is inactive.";
    ACCESS_OVER       = Own(603), "The guest's access period is over.";
    FACTOR_OWED       = Own(604), "The account demands a second factor of the key's owner.";
    SSO_OWED          = Own(605), "The account demands single sign-on of the key's owner.";
    SSH_KEY_WEAK      = Own(606), "The SSH key is too weak.";
    EXPIRY_PAST       = Own(607), "The credential would have expired already.";
    CREDENTIALS_TOO_MANY = Own(609), "The owner has as many credentials as one can have.";
    BOTS_TOO_MANY     = Own(610), "The account has as many bot users as it can have.";
    INVITATION_CLOSED = Own(611), "The invitation is closed.";
    CHANGED_MEANWHILE = Own(612), "Somebody else was faster: look at what it is now.";
    ONESELF           = Own(613), "Nobody disables, removes or limits themselves.";
    LETTERS_TOO_MANY  = Own(614), "The address gets no more letters within this hour.";
    LOCKS_OUT         = Own(616), "The change would keep out whoever makes it, or all administrators.";
    CHANGE_PENDING    = Own(617), "A change of IP restrictions that was made on the pages awaits its confirmation.";
    DOMAIN_REFUSED    = Own(618), "The account does not let in addresses of this domain.";
    ACCESS_PAST       = Own(615), "The access period would be over already.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_code_stands_for_one_condition() {
        let all: BTreeSet<String> = ALL.iter().map(|(code, _)| code.to_string()).collect();
        assert_eq!(all.len(), ALL.len());
        assert_eq!((NO_AUTHORIZATION.to_string(), NOT_FOUND.to_string()), ("ERR_NGROK_200".into(), "ERR_FRONTDESK_404".into()));
    }
}
