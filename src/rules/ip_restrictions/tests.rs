use proptest::prelude::*;

use super::*;
use crate::rules::faults::Faults;

fn rule(n: u8, network: IpNet, action: Action) -> Rule {
    let at = Millis(1_790_000_000_000);
    Rule { network, action, id: IpRuleId::new(at, [n; 16]), policy: IpPolicyId::new(at, [0; 16]) }
}

fn restricted(enforced: bool, rules: &[(&str, Action)]) -> Restricted {
    let rules = (0..).zip(rules).map(|(n, (network, action))| rule(n, network.parse().unwrap(), *action));
    Restricted::new(enforced, rules.collect())
}

fn dashboard(enforced: bool, rules: &[(&str, Action)]) -> Gate {
    Gate::new([(Surface::Dashboard, restricted(enforced, rules))])
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

use Action::{Allow, Deny};

#[test]
fn the_narrowest_rule_is_named_and_denying_wins() {
    let some = restricted(true, &[("10.0.0.0/8", Allow), ("10.1.0.0/16", Deny), ("10.1.2.0/24", Allow), ("2001:db8::/32", Allow)]);
    for (address, passes, network) in [
        ("10.2.0.1", true, Some("10.0.0.0/8")),
        ("10.1.2.3", false, Some("10.1.0.0/16")),
        ("::ffff:10.2.0.1", true, Some("10.0.0.0/8")),
        ("2001:db8::7", true, Some("2001:db8::/32")),
        ("::a00:1", false, None),
        ("192.0.2.1", false, None),
    ] {
        let verdict = some.judge(ip(address));
        let named = if let Why::Rule(rule) = &verdict.why { Some(rule.network.to_string()) } else { None };
        assert_eq!((verdict.passes, named.as_deref()), (passes, network), "{address}");
        assert!(network.is_none_or(|network| verdict.why.sentence().contains(network)));
    }
    let denying = restricted(true, &[("10.0.0.0/8", Deny)]);
    assert_eq!(denying.judge(ip("192.0.2.1")), Verdict { passes: true, why: Why::NotDenied });
    assert!(restricted(true, &[]).judge(ip("::1")).passes);
    let all = restricted(true, &[("0.0.0.0/0", Allow)]);
    assert!(all.judge(ip("255.255.255.255")).passes && !all.judge(ip("::")).passes, "each family by itself");
}

#[test]
fn a_deadline_needs_nobody() {
    let (open, closed) = (Gate::default(), dashboard(true, &[("10.0.0.0/8", Allow)]));
    let in_force = InForce { now: closed.clone(), before: Some((Millis(1_000), open)) };
    let says = |at| in_force.at(Millis(at)).ip(Surface::Dashboard, ip("192.0.2.1"));
    assert_eq!([says(999), says(1_000), says(i64::MAX)], [Ip::Refused, Ip::Allowed, Ip::Allowed]);
    assert_eq!(InForce { now: closed, before: None }.at(Millis(5_000)).ip(Surface::Api, ip("192.0.2.1")), Ip::Allowed);
    let warned = dashboard(false, &[("10.0.0.0/8", Allow)]);
    assert_eq!(warned.ip(Surface::Dashboard, ip("192.0.2.1")), Ip::Warned);
    assert!(!warned.is_enforced());
}

#[test]
fn nobody_locks_themselves_out() {
    let open = Gate::default();
    let says = |faults: Faults| faults.at("restriction").unwrap().to_owned();
    let from = |address: &str| (Surface::Dashboard, ip(address));
    let office = |enforced| dashboard(enforced, &[("10.0.0.0/8", Allow)]);
    let by_key = (Surface::Api, ip("203.0.113.1"));
    let said = says(demand_way_in((&open, &office(true)), from("192.0.2.1"), &[ip("10.0.0.1")]).unwrap_err());
    assert!(said.contains("192.0.2.1") && said.contains("allows 192.0.2.1/32"), "{said}");
    let denied = dashboard(true, &[("0.0.0.0/0", Allow), ("192.0.2.0/24", Deny)]);
    assert!(
        says(demand_way_in((&open, &denied), from("192.0.2.1"), &[]).unwrap_err()).contains("Delete the rule that denies 192.0.2.0/24")
    );
    // What is said first can be done: a rule that is new is left out, and one that goes is replaced before it does.
    let shut = dashboard(true, &[("10.0.0.0/8", Allow), ("10.1.0.0/16", Deny)]);
    let said = says(demand_way_in((&office(true), &shut), from("10.1.1.1"), &[]).unwrap_err());
    assert!(said.contains("Leave out the rule that denies 10.1.0.0/16"), "{said}");
    let moved = dashboard(true, &[("192.0.2.0/24", Allow)]);
    let said = says(demand_way_in((&office(true), &moved), from("10.1.1.1"), &[]).unwrap_err());
    assert!(said.contains("Until now the rule for 10.0.0.0/8 lets it in: add a rule that allows 10.1.1.1/32 first"), "{said}");
    // Where no administrator is known to get in, what only lets more in is not refused; what shuts any out is.
    let more = |rules: &[(&str, Action)]| demand_way_in((&shut, &dashboard(true, rules)), by_key, &[]);
    for (rules, is_let) in [
        (&[("10.0.0.0/8", Allow), ("10.1.0.0/16", Deny), ("192.0.2.0/24", Allow)][..], true),
        (&[("10.0.0.0/8", Allow)][..], true),
        (&[("0.0.0.0/0", Allow), ("10.1.2.0/24", Deny)][..], true),
        (&[][..], true),
        (&[("10.0.0.0/9", Allow), ("10.1.0.0/16", Deny)][..], false),
        (&[("10.0.0.0/8", Allow), ("10.0.0.0/15", Deny)][..], false),
        (&[("10.1.0.0/16", Deny), ("10.2.0.0/16", Deny)][..], false),
    ] {
        assert_eq!(more(rules).is_ok(), is_let, "{rules:?}");
    }
    let denied_alone = dashboard(true, &[("10.1.0.0/16", Deny)]);
    assert!(demand_way_in((&denied_alone, &office(true)), by_key, &[]).is_err(), "others were let in before");
    // What warns, what is as it was, and what lets one in is nobody's way out.
    assert_eq!(demand_way_in((&open, &office(false)), from("192.0.2.1"), &[]), Ok(()));
    assert_eq!(demand_way_in((&office(true), &office(true)), from("192.0.2.1"), &[]), Ok(()));
    assert_eq!(demand_way_in((&open, &office(true)), from("10.1.1.1"), &[]), Ok(()));
    // A program is not let in by where administrators are, and does not lock those out either.
    let said = says(demand_way_in((&open, &office(true)), by_key, &[ip("192.0.2.1"), ip("192.0.2.2")]).unwrap_err());
    assert!(said.contains("192.0.2.1, 192.0.2.2") && said.contains("allows 192.0.2.1/32"), "{said}");
    assert!(says(demand_way_in((&open, &office(true)), by_key, &[]).unwrap_err()).contains("No administrator has come"));
    assert_eq!(demand_way_in((&open, &office(true)), by_key, &[ip("192.0.2.1"), ip("10.0.0.9")]), Ok(()));
    let api = Gate::new([(Surface::Api, restricted(true, &[("10.0.0.0/8", Allow)]))]);
    assert!(says(demand_way_in((&open, &api), by_key, &[]).unwrap_err()).contains("allows 203.0.113.1/32"));
    assert_eq!(demand_way_in((&open, &api), from("203.0.113.1"), &[]), Ok(()), "nobody is in the API by a browser");
}

#[test]
fn a_change_is_known_again_by_what_it_means() {
    let (open, office) = (Gate::default(), dashboard(true, &[("10.0.0.0/8", Allow)]));
    let again = |id: &str| {
        let rule = Rule {
            network: "10.0.0.0/8".parse().unwrap(),
            action: Allow,
            id: IpRuleId::trusted(id.into()),
            policy: IpPolicyId::trusted("ipp_1".into()),
        };
        Gate::new([(Surface::Dashboard, Restricted::new(true, vec![rule]))])
    };
    assert_eq!(mark(&open, &again("ipr_1")), mark(&open, &again("ipr_2")), "a rule that was only tried has another id when it is made");
    let marks = [
        mark(&open, &open),
        mark(&open, &office),
        mark(&office, &open),
        mark(&open, &dashboard(false, &[("10.0.0.0/8", Allow)])),
        mark(&open, &dashboard(true, &[("10.0.0.0/8", Deny)])),
        mark(&open, &dashboard(true, &[("10.0.0.0/9", Allow)])),
        mark(&open, &dashboard(true, &[("10.0.0.0/8", Allow), ("0.0.0.0/0", Allow)])),
        mark(&open, &Gate::new([(Surface::Api, restricted(true, &[("10.0.0.0/8", Allow)]))])),
    ];
    let different: std::collections::HashSet<_> = marks.iter().collect();
    assert_eq!(different.len(), marks.len());
}

#[test]
fn an_address_meets_what_it_meets_each_time() {
    let (before, after) = (dashboard(false, &[("10.0.0.0/8", Allow)]), dashboard(true, &[("10.0.0.0/8", Allow)]));
    let mut replay = Replay::new(&before, &after);
    for address in ["192.0.2.1", "10.0.0.1", "192.0.2.1", "192.0.2.1"] {
        let outcome = replay.of(Surface::Dashboard, address).clone();
        assert_eq!(outcome.is_changed(), address.starts_with("192"), "{outcome:?}");
    }
    let refused = replay.of(Surface::Dashboard, "192.0.2.1");
    assert_eq!((refused.before, refused.after, refused.why.clone()), (Ip::Warned, Ip::Refused, Some(Why::NotAllowed)));
    assert_eq!(replay.of(Surface::Api, "192.0.2.1").why, None);
}

/// Networks and addresses that meet: few bits differ.
fn near() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0_u32..4, 0_u32..1 << 12).prop_map(|(high, low)| IpAddr::from(std::net::Ipv4Addr::from_bits(high << 30 | low))),
        (0_u128..4, 0_u128..1 << 12).prop_map(|(high, low)| IpAddr::from(std::net::Ipv6Addr::from_bits(high << 126 | low << 40))),
    ]
}

fn any_network() -> impl Strategy<Value = IpNet> {
    (near(), 0_u8..=128).prop_map(|(address, length)| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        IpNet::new(address, length.min(most)).unwrap().trunc()
    })
}

proptest! {
    /// The table says what a walk over all rules says.
    #[test]
    fn the_matcher_is_the_sentence(rules in prop::collection::vec((any_network(), any::<bool>()), 0..40), addresses in prop::collection::vec(near(), 1..40)) {
        let rules: Vec<Rule> = (0..).zip(rules).map(|(n, (network, allow))| rule(n, network, if allow { Allow } else { Deny })).collect();
        let some = Restricted::new(true, rules.clone());
        for address in addresses {
            let hit = |action| rules.iter().filter(|rule| rule.action == action && rule.network.contains(&address)).map(|rule| rule.network.prefix_len()).max();
            let (denied, allowed) = (hit(Deny), hit(Allow));
            let says_what_is_allowed = rules.iter().any(|rule| rule.action == Allow);
            let verdict = some.judge(address);
            prop_assert_eq!(verdict.passes, denied.is_none() && (allowed.is_some() || !says_what_is_allowed));
            if let Why::Rule(rule) = verdict.why {
                prop_assert!(rule.network.contains(&address));
                prop_assert_eq!(Some(rule.network.prefix_len()), if verdict.passes { allowed } else { denied });
            }
        }
    }

    /// One more rule that denies lets nobody in; one more that allows keeps nobody out, where something was allowed before.
    #[test]
    fn rules_do_what_they_say(rules in prop::collection::vec((any_network(), any::<bool>()), 1..20), more in any_network(), address in near()) {
        let rules: Vec<Rule> = (0..).zip(rules).map(|(n, (network, allow))| rule(n, network, if allow { Allow } else { Deny })).collect();
        let passes = |added: Option<Action>| {
            let all = rules.iter().cloned().chain(added.map(|action| rule(200, more, action))).collect();
            Restricted::new(true, all).judge(address).passes
        };
        prop_assert!(passes(None) || !passes(Some(Deny)));
        if rules.iter().any(|rule| rule.action == Allow) {
            prop_assert!(!passes(None) || passes(Some(Allow)));
        }
    }
}
