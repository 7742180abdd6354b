//! IP policies: rules that allow or deny networks (facts/ngrok.md §1.13, product §2.12), how a network is written, and lists of them
//! that are pasted.

mod paste;

use std::net::IpAddr;

use ipnet::IpNet;
pub use paste::{Found, Line, Pasted, paste, too_many};
use serde::{Deserialize, Serialize};

use super::{
    codes::{self, Code},
    credentials::{description, metadata},
    faults::Faults,
    network::{canonical, canonical_net},
    words::words,
};

/// The most policies of an account.
pub const MOST_POLICIES: i64 = 100;

/// The most rules of a policy.
pub const MOST_RULES: usize = 1_000;

/// The longest description of a rule, in bytes.
pub const MAX_DESCRIPTION: usize = 255;

words! {
    /// What a rule does with the addresses of its network.
    Action {
        Allow = "allow", "Allow", "Lets its addresses in; whatever no rule allows stays out.";
        Deny = "deny", "Deny", "Keeps its addresses out, whatever else allows them.";
    }
}

/// Why a text is not taken for a network, and what may have been meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoNetwork {
    /// It is none.
    Unreadable,
    /// It names an interface of one machine.
    Zone,
    /// It is an address alone: this is its network.
    NoMask(IpNet),
    /// It is an address within this network.
    HostBits(IpNet),
}

impl NoNetwork {
    /// What to do about it.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Unreadable => "This is not a network, such as 192.0.2.0/24 or 2001:db8::/32.".to_owned(),
            Self::Zone => "Leave out what begins with %: it names an interface of one machine.".to_owned(),
            Self::NoMask(net) => format!("The mask is missing: write {net} for this one address."),
            Self::HostBits(net) => format!("This is an address within {net}: write that for the whole network."),
        }
    }

    /// By which programs know it.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Unreadable | Self::Zone => codes::CIDR_UNREAD,
            Self::NoMask(_) => codes::CIDR_NO_MASK,
            Self::HostBits(_) => codes::CIDR_HOST_BITS,
        }
    }

    /// The network that may have been meant.
    #[must_use]
    pub const fn meant(self) -> Option<IpNet> {
        match self {
            Self::NoMask(net) | Self::HostBits(net) => Some(net),
            Self::Unreadable | Self::Zone => None,
        }
    }
}

/// Reads a network, such as `192.0.2.0/24`. IPv4 that is written as IPv6 is the IPv4 that it is; `::/0` is all of IPv6, and nothing of
/// IPv4.
///
/// # Errors
/// Why it is none.
pub fn network(text: &str) -> Result<IpNet, NoNetwork> {
    let text = text.trim();
    if text.contains('%') {
        return Err(NoNetwork::Zone);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(NoNetwork::NoMask(canonical(address).into()));
    }
    // Written as addresses are anywhere else: no zeros in front, which others read as octal.
    let (address, length) = text.split_once('/').ok_or(NoNetwork::Unreadable)?;
    let is_number = length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let length = length.parse().ok().filter(|_| is_number).ok_or(NoNetwork::Unreadable)?;
    let address = address.parse::<IpAddr>().map_err(|_| NoNetwork::Unreadable)?;
    let net = canonical_net(IpNet::new(address, length).map_err(|_| NoNetwork::Unreadable)?);
    if net == net.trunc() { Ok(net) } else { Err(NoNetwork::HostBits(net.trunc())) }
}

/// What is typed to make or change a policy.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// What it is for.
    pub description: String,
    /// Anything a program wants to keep with it.
    pub metadata: String,
}

impl Draft {
    /// Checks both.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::none();
        faults.take(description(&self.description));
        faults.take(metadata(&self.metadata));
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// The description of a rule.
///
/// # Errors
/// A fault at the field.
pub fn rule_description(text: &str) -> Result<String, Faults> {
    if text.len() > MAX_DESCRIPTION {
        let says = format!("A description has at most {MAX_DESCRIPTION} bytes; these are {}.", text.len());
        return Err(Faults::coded("description", codes::IP_RULE_DESCRIPTION_LONG, says));
    }
    description(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_written_in_one_way() {
        for (text, net) in [
            ("192.0.2.0/24", "192.0.2.0/24"),
            (" 10.0.0.0/8 ", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:db8:0:0:0:0:0:1/128", "2001:db8::1/128"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("2002:c000:201::/48", "2002:c000:201::/48"),
            ("::192.0.2.1/128", "::c000:201/128"),
        ] {
            assert_eq!(network(text).map(|net| net.to_string()), Ok(net.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_none_says_what_may_have_been_meant() {
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        for (text, why) in [
            ("192.0.2.1", NoNetwork::NoMask(net("192.0.2.1/32"))),
            ("2001:db8::1", NoNetwork::NoMask(net("2001:db8::1/128"))),
            ("::ffff:192.0.2.1", NoNetwork::NoMask(net("192.0.2.1/32"))),
            ("192.0.2.1/24", NoNetwork::HostBits(net("192.0.2.0/24"))),
            ("::ffff:192.0.2.1/120", NoNetwork::HostBits(net("192.0.2.0/24"))),
            ("2001:db8::1/64", NoNetwork::HostBits(net("2001:db8::/64"))),
            ("1.2.3.4/0", NoNetwork::HostBits(net("0.0.0.0/0"))),
            ("fe80::1%eth0", NoNetwork::Zone),
            ("fe80::%1/64", NoNetwork::Zone),
        ] {
            assert_eq!(network(text), Err(why), "{text}");
            assert!(why.meant().is_none_or(|net| why.sentence().contains(&net.to_string())));
        }
        for text in
            ["", "x", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2/24", "192.0.2.00/24", "010.0.0.0/8", "0x7f.0.0.1/32", "::/129", "1.2.3.4:80"]
        {
            assert_eq!(network(text), Err(NoNetwork::Unreadable), "{text}");
        }
    }
}
