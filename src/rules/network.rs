//! Network addresses: whose request it is, and which networks count as one (facts/ngrok.md §0.1-12).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::words::words;

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

words! {
    /// The header in which proxies say for whom they ask.
    Header {
        XForwardedFor = "x-forwarded-for", "A list of addresses; each proxy adds whom it asks for.";
        Forwarded = "forwarded", "The same by RFC 7239: a list of pairs, of which `for` counts.";
    }
}

/// Who is asking: the socket's peer, or, when that is a trusted proxy, the rightmost hop of the header that is not. `values` are those of
/// all headers of that name, which are one list; the rightmost entry was written by the nearest proxy.
///
/// # Errors
/// [`Malformed`] when the hop that would decide is not an address.
pub fn client(peer: IpAddr, header: Header, values: &[&str], trusted: &[IpNet]) -> Result<IpAddr, Malformed> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = canonical(peer);
    if !is_trusted(client) {
        return Ok(client);
    }
    // From the right: what stands left of the stranger, the stranger wrote, and it is not even read.
    for value in values.iter().rev() {
        if !is_trusted(client) {
            break;
        }
        let hops = match header {
            Header::XForwardedFor => value.split(',').map(str::trim).collect(),
            Header::Forwarded => elements(value, ',').ok_or(Malformed)?,
        };
        for hop in hops.into_iter().rev() {
            if !is_trusted(client) {
                return Ok(client);
            }
            let address = match header {
                Header::XForwardedFor => hop.parse().map_err(|_| Malformed)?,
                Header::Forwarded => forwarded_for(hop).ok_or(Malformed)?,
            };
            client = canonical(address);
        }
    }
    Ok(client)
}

/// The parts of a text between signs, of which those in quotes do not count. A quote that is not closed makes nonsense of all of it: whoever
/// opened one could swallow what a proxy has written behind it.
fn elements(text: &str, sign: char) -> Option<Vec<&str>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let is_end = |c: char| {
        let is_end = c == sign && !is_quoted;
        (is_quoted, is_escaped) = match c {
            '"' if !is_escaped => (!is_quoted, false),
            '\\' => (is_quoted, is_quoted && !is_escaped),
            _ => (is_quoted, false),
        };
        is_end
    };
    let parts = text.split(is_end).map(str::trim).collect();
    (!is_quoted).then_some(parts)
}

/// A pair of `Forwarded`: a name, and a value with or without quotes around it (RFC 7239 §4). Values without may hold what addresses do, as
/// proxies write them so.
fn pair(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let (name, value) = text.split_once('=')?;
    let value = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None if value.chars().all(|c| is_token(c) || ":[]".contains(c)) => value,
        None => return None,
    };
    (!name.is_empty() && name.chars().all(is_token)).then_some((name, value))
}

/// The address behind `for=` in an element of `Forwarded` (RFC 7239 §6). A port is left out; what is unknown or made up is none.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = elements(element, ';')?.into_iter().map(pair).collect::<Option<Vec<_>>>()?;
    let mut found = pairs.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value);
    let (Some(node), None) = (found.next(), found.next()) else { return None };
    let is_port = |text: &str| (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = node.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse::<std::net::Ipv6Addr>().map(IpAddr::V6).ok().filter(|_| is_whole);
    }
    let address = match node.split_once(':') {
        Some((address, port)) => Some(address).filter(|_| is_port(port))?,
        None => node,
    };
    address.parse::<std::net::Ipv4Addr>().map(IpAddr::V4).ok()
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
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)).map(canonical_net)
}

/// The network with IPv4-mapped IPv6 written as the IPv4 that it is: addresses are compared in that form.
#[must_use]
pub fn canonical_net(net: IpNet) -> IpNet {
    match (net, canonical(net.addr()), net.prefix_len().checked_sub(96)) {
        (IpNet::V6(_), IpAddr::V4(v4), Some(prefix)) => Ipv4Net::new(v4, prefix).map_or(net, IpNet::from),
        _ => net,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(peer: &str, forwarded: &[&str]) -> Result<String, Malformed> {
        by(Header::XForwardedFor, peer, forwarded)
    }

    fn by(header: Header, peer: &str, values: &[&str]) -> Result<String, Malformed> {
        let trusted = [parse_net("10.0.0.0/8").unwrap(), parse_net("::1").unwrap()];
        client(peer.parse().unwrap(), header, values, &trusted).map(|ip| ip.to_string())
    }

    #[test]
    fn the_standard_header_counts_where_it_is_chosen() {
        let who = |value: &str| by(Header::Forwarded, "10.0.0.1", &[value]);
        for (value, address) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("For=198.51.100.7:4711;proto=https;by=10.0.0.1", "198.51.100.7"),
            ("proto=http; for=\"[2001:db8::7]:80\"", "2001:db8::7"),
            ("for=\"[2001:db8::7]\"", "2001:db8::7"),
            ("for=junk, for=198.51.100.7", "198.51.100.7"),
            ("for=6.6.6.6, for=198.51.100.7, for=10.0.0.2", "198.51.100.7"),
            ("for=\"[::ffff:198.51.100.7]\"", "198.51.100.7"),
            ("for=198.51.100.7;ext=\"a, for=6.6.6.6; \\\" b\"", "198.51.100.7"),
        ] {
            assert_eq!(who(value).as_deref(), Ok(address), "{value}");
        }
        for value in [
            "",
            "unknown",
            "for=unknown",
            "for=_gate",
            "proto=https",
            "for=1.2.3.4;for=5.6.7.8",
            "for=\"1.2.3.4",
            "for=[2001:db8::7",
            "for=2001:db8::7",
            "for=1.2.3.4:port",
            "for=\"[1.2.3.4]\"",
            "for=1.2.3.4, ",
            "for=6.6.6.6;x=\", for=198.51.100.7",
            "for=6.6.6.6;x=\", for=\"[2001:db8::7]\"",
            "for=198.51.100.7;x=\"\\",
            "for=198.51.100.7;;",
            "for=1.2.3.4 x",
        ] {
            assert_eq!(who(value), Err(Malformed), "{value}");
        }
        assert_eq!(by(Header::Forwarded, "192.0.2.1", &["for=6.6.6.6"]).as_deref(), Ok("192.0.2.1"));
        // A proxy that adds a header of its own decides by that, whatever stands before it.
        assert_eq!(by(Header::Forwarded, "10.0.0.1", &["for=6.6.6.6;x=\"", "for=198.51.100.7"]).as_deref(), Ok("198.51.100.7"));
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
