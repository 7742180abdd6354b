//! Network addresses: whose request it is, and which networks count as one (facts/ngrok.md §0.1-12).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A forwarded header that a trusted proxy sent cannot be read: the request is refused rather than misattributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The address with IPv4-mapped IPv6 written as the IPv4 that it is.
#[must_use]
pub const fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => address,
        },
        IpAddr::V4(_) => address,
    }
}

/// Who is asking: the socket's peer, or, when that is a trusted proxy, the rightmost hop of `X-Forwarded-For` that is not.
///
/// # Errors
/// [`Malformed`] when the hop that would decide is not an address.
pub fn client(peer: IpAddr, forwarded: &[&str], trusted: &[IpNet]) -> Result<IpAddr, Malformed> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = canonical(peer);
    // Several headers of the name are one list; the rightmost entry was written by the nearest proxy.
    let hops = forwarded.iter().flat_map(|value| value.split(',')).collect::<Vec<_>>();
    for hop in hops.into_iter().rev() {
        if !is_trusted(client) {
            return Ok(client);
        }
        client = canonical(hop.trim().parse().map_err(|_| Malformed)?);
    }
    Ok(client)
}

/// The network whose addresses one attacker usually holds together: /24 of IPv4, /64 of IPv6.
#[must_use]
pub fn neighbourhood(address: IpAddr) -> String {
    let net = match canonical(address) {
        IpAddr::V4(v4) => Ipv4Net::new_assert(v4, 24).trunc().into(),
        IpAddr::V6(v6) => IpNet::from(Ipv6Net::new_assert(v6, 64).trunc()),
    };
    net.to_string()
}

/// The same of an address as it is kept; nothing where it cannot be read.
#[must_use]
pub fn neighbourhood_of(address: &str) -> Option<String> {
    address.parse().ok().map(neighbourhood)
}

/// Reads `10.0.0.0/8` or a single address.
#[must_use]
pub fn parse_net(text: &str) -> Option<IpNet> {
    let net: IpNet = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    // Addresses are compared in canonical form, so networks have to be in it too.
    match (canonical(net.addr()), net.prefix_len().checked_sub(96)) {
        (IpAddr::V4(v4), Some(prefix)) if matches!(net, IpNet::V6(_)) => Ipv4Net::new(v4, prefix).ok().map(IpNet::from),
        _ => Some(net),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(peer: &str, forwarded: &[&str]) -> Result<String, Malformed> {
        let trusted = [parse_net("10.0.0.0/8").unwrap(), parse_net("::1").unwrap()];
        client(peer.parse().unwrap(), forwarded, &trusted).map(|ip| ip.to_string())
    }

    #[test]
    fn a_stranger_cannot_say_who_they_are() {
        assert_eq!(who("192.0.2.1", &["198.51.100.7"]).as_deref(), Ok("192.0.2.1"));
        assert_eq!(who("192.0.2.1", &["nonsense"]).as_deref(), Ok("192.0.2.1"));
    }

    #[test]
    fn behind_trusted_proxies_the_rightmost_stranger_counts() {
        assert_eq!(who("10.0.0.1", &["198.51.100.7"]).as_deref(), Ok("198.51.100.7"));
        assert_eq!(who("10.0.0.1", &["6.6.6.6, 198.51.100.7 ,10.0.0.2"]).as_deref(), Ok("198.51.100.7"));
        assert_eq!(who("10.0.0.1", &["6.6.6.6", "198.51.100.7"]).as_deref(), Ok("198.51.100.7"));
        assert_eq!(who("::ffff:10.0.0.1", &["::ffff:198.51.100.7"]).as_deref(), Ok("198.51.100.7"));
        assert_eq!(who("10.0.0.1", &[]).as_deref(), Ok("10.0.0.1"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for value in ["unknown", "198.51.100.7:80", "[2001:db8::1]", "", "1.2.3.4,", "1.2.3"] {
            assert_eq!(who("10.0.0.1", &[value]), Err(Malformed), "{value}");
        }
        // Left of the stranger anything may stand: the stranger wrote it.
        assert_eq!(who("10.0.0.1", &["junk, 198.51.100.7"]).as_deref(), Ok("198.51.100.7"));
    }

    #[test]
    fn networks_are_read_in_canonical_form() {
        assert_eq!(parse_net("::ffff:10.0.0.0/104"), parse_net("10.0.0.0/8"));
        assert_eq!(parse_net("::ffff:10.0.0.1"), parse_net("10.0.0.1"));
        assert_eq!(parse_net("2001:db8::/32").map(|net| net.to_string()).as_deref(), Some("2001:db8::/32"));
    }

    #[test]
    fn neighbours_share_a_network() {
        assert_eq!(neighbourhood("192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(neighbourhood("::ffff:192.0.2.77".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(neighbourhood("2001:db8:1:2:3::4".parse().unwrap()), "2001:db8:1:2::/64");
    }
}
