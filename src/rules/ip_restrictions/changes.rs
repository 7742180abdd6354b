//! What a change is, in words: for whoever has to confirm it.

use super::{Gate, Restricted, Rule, Surface};
use crate::rules::ip_policies::Action;

/// The most rules of a surface that are named.
const NAMED: usize = 5;

/// What is another than before, surface by surface.
#[must_use]
pub fn changes(before: &Gate, after: &Gate) -> Vec<String> {
    let of = |surface: &Surface| {
        let (old, new) = (before.of(*surface), after.of(*surface));
        (old != new).then(|| format!("{}: {}.", surface.label(), said(old, new)))
    };
    Surface::ALL.iter().filter_map(of).collect()
}

fn said(old: Option<&Restricted>, new: Option<&Restricted>) -> String {
    let Some(new) = new else { return "nothing restricts it any more".to_owned() };
    let mut said = Vec::new();
    if old.is_none_or(|old| old.enforced != new.enforced) {
        said.push(if new.enforced { "other addresses are refused" } else { "other addresses are warned" }.to_owned());
    }
    let own = |other: Option<&Restricted>, rule: &Rule| other.is_none_or(|other| other.rules.iter().all(|one| !is_same(one, rule)));
    let gone: Vec<&Rule> = old.into_iter().flat_map(|old| &old.rules).filter(|rule| own(Some(new), rule)).collect();
    let come: Vec<&Rule> = new.rules.iter().filter(|rule| own(old, rule)).collect();
    said.extend(named("new", &come));
    said.extend(named("gone", &gone));
    // The same networks by other rules, which decide alike.
    if said.is_empty() { "by other rules, which say the same".to_owned() } else { said.join("; ") }
}

fn is_same(one: &Rule, other: &Rule) -> bool {
    (one.network, one.action) == (other.network, other.action)
}

fn named(what: &str, rules: &[&Rule]) -> Option<String> {
    if rules.is_empty() {
        return None;
    }
    let word = |rule: &&Rule| match rule.action {
        Action::Allow => format!("allow {}", rule.network),
        Action::Deny => format!("deny {}", rule.network),
    };
    let mut named: Vec<String> = rules.iter().take(NAMED).map(word).collect();
    if rules.len() > NAMED {
        named.push(format!("{} more", rules.len() - NAMED));
    }
    Some(format!("{what}: {}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::ids::{IpPolicyId, IpRuleId};

    fn restricted(enforced: bool, rules: &[(&str, Action)]) -> Restricted {
        let rule = |(network, action): &(&str, Action)| Rule {
            network: network.parse().unwrap(),
            action: *action,
            id: IpRuleId::trusted(format!("ipr_{network}")),
            policy: IpPolicyId::trusted("ipp_1".to_owned()),
        };
        Restricted::new(enforced, rules.iter().map(rule).collect())
    }

    #[test]
    fn what_is_another_is_said() {
        let office = ("192.0.2.0/24", Action::Allow);
        let gate = |one: Restricted| Gate::new([(Surface::Dashboard, one)]);
        for (before, after, wanted) in [
            (Gate::default(), Gate::default(), vec![]),
            (Gate::default(), gate(restricted(true, &[office])), vec!["Dashboard: other addresses are refused; new: allow 192.0.2.0/24."]),
            (gate(restricted(true, &[office])), Gate::default(), vec!["Dashboard: nothing restricts it any more."]),
            (gate(restricted(true, &[office])), gate(restricted(false, &[office])), vec!["Dashboard: other addresses are warned."]),
            (
                gate(restricted(true, &[office, ("10.0.0.0/8", Action::Deny)])),
                gate(restricted(true, &[office, ("10.0.0.0/8", Action::Allow)])),
                vec!["Dashboard: new: allow 10.0.0.0/8; gone: deny 10.0.0.0/8."],
            ),
        ] {
            assert_eq!(changes(&before, &after), wanted);
        }
        let many: Vec<String> = (0..9).map(|n| format!("192.0.{n}.0/24")).collect();
        let many: Vec<_> = many.iter().map(|net| (net.as_str(), Action::Allow)).collect();
        assert!(changes(&Gate::default(), &gate(restricted(true, &many)))[0].ends_with("allow 192.0.4.0/24, 4 more."));
    }
}
