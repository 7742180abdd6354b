//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address can be reached by everyone on the Internet, so that nothing is given away by talking to it: what the registries of
/// IANA for special purposes (RFC 6890) do not list as anything else. Of IPv6 that is what is given out, `2000::/3`; and what a translator
/// makes of a public IPv4 address (RFC 6052), as networks without IPv4 see the Internet through it.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        // This network, private ones, loopback, multicast, and what is kept for later, with the broadcast.
        [0 | 10 | 127 | 224..=255, ..]
            // Shared by customers of a carrier (RFC 6598).
            | [100, 64..=127, ..]
            // Link-local, where clouds keep their secrets.
            | [169, 254, ..]
            | [172, 16..=31, ..]
            // Protocols, documentation, and the way to 6to4 (RFC 7526).
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            // Measurements (RFC 2544), and documentation (RFC 5737).
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // NAT64 (RFC 6052), and 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(v4(high, low)),
        // Protocols, with Teredo (RFC 4380); and documentation (RFC 3849, RFC 9637).
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Everything else that is not given out: unspecified, loopback, IPv4 in another dress, unique local, link-local, multicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

const fn v4(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_told_from_others() {
        let public = "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0 \
                      172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.0 192.88.98.1 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 \
                      198.51.99.1 203.0.112.255 203.0.114.0 223.255.255.255 2606:4700::1111 2001:200::1 2001:db7::1 2a00::1 3fff:1000::1 \
                      64:ff9b::1.1.1.1 2002:101:101::1";
        let others = "0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255 169.254.0.0 \
                      169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 \
                      198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 \
                      :: ::1 ::2 ::127.0.0.1 ::1.1.1.1 ::ffff:127.0.0.1 ::ffff:1.1.1.1 ::ffff:0:1.1.1.1 64:ff9b::10.0.0.1 \
                      64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1.1.1.1 100::1 2001::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 \
                      2002:a00:1::1 2002:7f00:1:: 2002:c0a8:101::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 \
                      febf::1 fec0::1 ff02::1 ffff::1";
        for (addresses, expected) in [(public, true), (others, false)] {
            for address in addresses.split_whitespace() {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        }
    }
}
