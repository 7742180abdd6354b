//! A pasted list of networks, line by line: all of it is taken, or nothing.

use std::collections::HashMap;

use ipnet::IpNet;

use super::{Action, MOST_RULES, NoNetwork, network, rule_description};
use crate::rules::{codes, faults::Faults};

/// What a line is found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A network as it should be written.
    Good(IpNet),
    /// Not quite: it is taken for this network.
    Masked(IpNet),
    /// The policy has this rule already, or an earlier line is the same: nothing is left to do.
    There(IpNet),
    /// What it is not, in a sentence.
    Wrong(String),
}

/// A line, numbered from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the text.
    pub number: usize,
    /// The network as it was written.
    pub text: String,
    /// What stood behind it: the rule's description.
    pub description: String,
    /// What it is.
    pub found: Found,
}

/// All lines that say something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pasted(pub Vec<Line>);

/// Reads a text in which each line begins with a network; what follows it is its description, and lines that begin with `#` say nothing.
/// `there` are the rules that the policy has. An address alone is taken for the network of that address.
#[must_use]
pub fn paste(text: &str, action: Action, there: &[(IpNet, Action)]) -> Pasted {
    let mut known: HashMap<IpNet, Action> = there.iter().copied().collect();
    let lines =
        text.lines().enumerate().map(|(n, line)| (n + 1, line.trim())).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let mut read = Vec::new();
    for (number, line) in lines {
        let (written, rest) = line.split_once(|c: char| c.is_whitespace() || [',', ';', '#'].contains(&c)).unwrap_or((line, ""));
        let description = rest.trim_start_matches(|c: char| c.is_whitespace() || [',', ';', '#'].contains(&c)).trim_end().to_owned();
        let found = match (network(written), rule_description(&description)) {
            (Ok(_) | Err(NoNetwork::NoMask(_) | NoNetwork::HostBits(_)), _) if goes_on(&description) => Found::Wrong(GOES_ON.to_owned()),
            (_, Err(faults)) => Found::Wrong(faults.iter().map(|fault| fault.message.as_str()).collect::<Vec<_>>().join(" ")),
            (Ok(net), Ok(_)) => seen(&known, net, action).unwrap_or(Found::Good(net)),
            (Err(why), Ok(_)) => match why.meant() {
                Some(net) => seen(&known, net, action).unwrap_or(Found::Masked(net)),
                None => Found::Wrong(why.sentence()),
            },
        };
        if let Found::Good(net) | Found::Masked(net) = found {
            known.insert(net, action);
        }
        read.push(Line { number, text: written.to_owned(), description, found });
    }
    Pasted(read)
}

/// What to do about a line that holds more than one.
const GOES_ON: &str = "There is another address in this line: write each network in a line of its own, and a range as networks.";

/// Whether what stands behind a network is another address, or the end of a range: taken for a description, it would be lost.
fn goes_on(description: &str) -> bool {
    let rest = description.trim_start_matches(|c: char| c.is_whitespace() || "-–—,;|/".contains(c));
    let is_end = |c: char| c.is_whitespace() || [',', ';', '#', '-'].contains(&c);
    let first = rest.split(is_end).next().unwrap_or_default();
    let is_range = rest.len() < description.len() && !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    is_range || first.parse::<std::net::IpAddr>().is_ok() || first.parse::<IpNet>().is_ok()
}

fn seen(known: &HashMap<IpNet, Action>, net: IpNet, action: Action) -> Option<Found> {
    let has = known.get(&net)?;
    if *has == action {
        return Some(Found::There(net));
    }
    Some(Found::Wrong(format!("The policy has a rule for {net} that says {}: delete that one first.", has.word())))
}

impl Pasted {
    /// Whether it is one line, and as it should be: there is nothing to look at.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(self.0.as_slice(), [Line { found: Found::Good(_), .. }])
    }

    /// The networks to add, each with its description.
    ///
    /// # Errors
    /// A fault at `networks` when a line is wrong, when nothing is to be added, or when the policy would have too many rules: it has
    /// `count` already.
    pub fn check(&self, count: usize) -> Result<Vec<(IpNet, &str)>, Faults> {
        let wrong: Vec<&Line> = self.0.iter().filter(|line| matches!(line.found, Found::Wrong(_))).collect();
        if let [first, ..] = wrong.as_slice()
            && let Found::Wrong(says) = &first.found
        {
            let lines = if wrong.len() == 1 { "One line".to_owned() } else { format!("{} lines", wrong.len()) };
            return Err(Faults::one("networks", format!("{lines} cannot be taken, so nothing was added. Line {}: {says}", first.number)));
        }
        let good = self.0.iter().filter_map(|line| match line.found {
            Found::Good(net) | Found::Masked(net) => Some((net, line.description.as_str())),
            Found::There(_) | Found::Wrong(_) => None,
        });
        let good: Vec<_> = good.collect();
        if good.is_empty() {
            let says =
                if self.0.is_empty() { "Enter a network, such as 192.0.2.0/24." } else { "The policy has all of these rules already." };
            let code = if self.0.is_empty() { codes::IP_RULE_MISSING } else { codes::CIDR_TAKEN };
            return Err(Faults::coded("networks", code, says));
        }
        if count + good.len() > MOST_RULES {
            return Err(too_many().renamed("cidr", "networks"));
        }
        Ok(good)
    }
}

/// That a policy has as many rules as it can have.
#[must_use]
pub fn too_many() -> Faults {
    Faults::coded("cidr", codes::IP_RULES_TOO_MANY, format!("A policy has at most {MOST_RULES} rules."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn each_line_says_what_it_is() {
        let there = [(net("10.0.0.0/8"), Action::Allow), (net("172.16.0.0/12"), Action::Deny)];
        let text = "# Offices\n192.0.2.0/24 Berlin\n\n198.51.100.7, the gate\n10.0.0.0/8\n192.0.2.0/24\r\n203.0.113.9/24;x\nnowhere # y\n172.16.0.0/12";
        let read = paste(text, Action::Allow, &there);
        let found: Vec<_> = read.0.iter().map(|line| (line.number, line.description.as_str(), line.found.clone())).collect();
        assert_eq!(
            found[..5],
            [
                (2, "Berlin", Found::Good(net("192.0.2.0/24"))),
                (4, "the gate", Found::Masked(net("198.51.100.7/32"))),
                (5, "", Found::There(net("10.0.0.0/8"))),
                (6, "", Found::There(net("192.0.2.0/24"))),
                (7, "x", Found::Masked(net("203.0.113.0/24"))),
            ]
        );
        assert!(
            matches!(&found[5], (8, "y", Found::Wrong(_))) && matches!(&found[6], (9, "", Found::Wrong(says)) if says.contains("deny"))
        );
        let faults = read.check(0).unwrap_err();
        assert!(faults.at("networks").unwrap().starts_with("2 lines cannot be taken") && faults.at("networks").unwrap().contains("Line 8"));
    }

    #[test]
    fn nothing_is_lost_behind_a_network() {
        let found = |line: &str| paste(line, Action::Allow, &[]).0.remove(0).found;
        for line in [
            "192.0.2.5 - 192.0.2.9",
            "192.0.2.5 -192.0.2.9",
            "192.0.2.5 – 9",
            "10.1.1.1,10.1.1.2",
            "10.1.1.3 10.1.1.4",
            "10.0.0.0/8; 2001:db8::/32",
            "10.0.0.0/8 172.16.0.0/12 Berlin",
            "10.1.1.1 / 24",
        ] {
            assert!(matches!(found(line), Found::Wrong(says) if says.contains("another address")), "{line}");
        }
        for line in ["10.0.0.0/8 - Berlin", "10.0.0.0/8, 2nd floor", "10.0.0.0/8 7 people", "10.0.0.0/8 # the 10.0.0.1 gate"] {
            assert!(matches!(found(line), Found::Good(_)), "{line}");
        }
    }

    #[test]
    fn all_or_nothing() {
        let read = |text: &str| paste(text, Action::Allow, &[(net("10.0.0.0/8"), Action::Allow)]);
        assert_eq!(read("10.0.0.0/8\n10.0.0.0/9 a b").check(1).unwrap(), [(net("10.0.0.0/9"), "a b")]);
        for (text, count) in [("", 0), ("#", 0), ("10.0.0.0/8", 1), ("1.0.0.0/8\nx", 1), ("1.0.0.0/8\n2.0.0.0/8", MOST_RULES - 1)] {
            assert!(read(text).check(count).is_err(), "{text}");
        }
        let long = format!("1.0.0.0/8 {}", "x".repeat(256));
        assert!(read(&long).check(0).is_err());
        assert!(read("1.0.0.0/8\n2.0.0.0/8").check(MOST_RULES - 2).is_ok());
    }
}
