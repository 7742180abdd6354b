//! Networks by their prefix: an address is found in the narrowest that holds it by one look per length that occurs, however many there
//! are.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;

/// Networks of one family, by length, the longest first: the bits in front, and what stands there.
type Family = Vec<(u8, HashMap<u128, usize>)>;

/// Networks, each with a number.
#[derive(Clone, Debug, Default)]
pub struct Table {
    v4: Family,
    v6: Family,
}

impl Table {
    /// A table of these. Of two that are the same, the first counts.
    pub fn new(networks: impl IntoIterator<Item = (IpNet, usize)>) -> Self {
        let mut table = Self::default();
        for (network, number) in networks {
            let (family, width) = match network {
                IpNet::V4(_) => (&mut table.v4, 32),
                IpNet::V6(_) => (&mut table.v6, 128),
            };
            let length = network.prefix_len();
            let front = front(bits(network.addr()), width, length);
            let place = family.binary_search_by(|(other, _)| length.cmp(other)).unwrap_or_else(|place| {
                family.insert(place, (length, HashMap::new()));
                place
            });
            family[place].1.entry(front).or_insert(number);
        }
        table
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// The number of the narrowest network that holds an address.
    pub fn find(&self, address: IpAddr) -> Option<usize> {
        let (family, width) = match address {
            IpAddr::V4(_) => (&self.v4, 32),
            IpAddr::V6(_) => (&self.v6, 128),
        };
        let bits = bits(address);
        family.iter().find_map(|(length, networks)| networks.get(&front(bits, width, *length)).copied())
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The first bits of an address of so many.
const fn front(bits: u128, width: u8, length: u8) -> u128 {
    match bits.checked_shr(width.saturating_sub(length) as u32) {
        Some(front) => front,
        None => 0,
    }
}
