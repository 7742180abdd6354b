//! Guards: nobody locks themselves out, or all administrators (product §2.12, §2.14).

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Action, DAYS, Gate, Restricted, Rule, Surface, Verdict, Why};
use crate::rules::{codes, faults::Faults};

/// The most addresses that a refusal names.
const NAMED: usize = 3;

/// Whether a change may be made by somebody who comes from an address by a surface, when `administrators` came from these. What is not
/// enforced afterwards keeps nobody out, and what is as before did not come by this change.
///
/// # Errors
/// A fault at `restriction` that says which rule is missing.
pub fn demand_way_in(
    (before, after): (&Gate, &Gate),
    (surface, address): (Surface, IpAddr),
    administrators: &[IpAddr],
) -> Result<(), Faults> {
    let tightened = |surface: Surface| tightened(before, after, surface);
    if let Some(restricted) = tightened(surface) {
        let verdict = restricted.judge(address);
        if !verdict.passes {
            return Err(locked_out(format!(
                "This would keep you out: you come from {address}, and {}. {}",
                verdict.why.sentence(),
                way_in(before.of(surface), &verdict.why, address)
            )));
        }
    }
    let Some(restricted) = tightened(Surface::Dashboard) else { return Ok(()) };
    // What lets in whoever was let in before shuts nobody out, wherever they have been.
    if before.of(Surface::Dashboard).is_some_and(|before| before.enforced && lets_in_all_of(restricted, before)) {
        return Ok(());
    }
    if (surface, restricted.judge(address).passes) == (Surface::Dashboard, true)
        || administrators.iter().any(|address| restricted.judge(*address).passes)
    {
        return Ok(());
    }
    let says = match administrators {
        [] => format!("No administrator has come to the dashboard in the last {DAYS} days, so nobody knows who would still get in."),
        [first, ..] => {
            let named: Vec<String> = administrators.iter().take(NAMED).map(IpAddr::to_string).collect();
            let verdict = restricted.judge(*first);
            format!(
                "No administrator would get in: in the last {DAYS} days they came from {}. {}",
                named.join(", "),
                way_in(before.of(Surface::Dashboard), &verdict.why, *first)
            )
        }
    };
    Err(locked_out(says))
}

/// Whether anything refuses afterwards that refused others before, or nobody: what is provisional on the pages.
#[must_use]
pub fn tightens(before: &Gate, after: &Gate) -> bool {
    Surface::ALL.iter().any(|surface| tightened(before, after, *surface).is_some())
}

/// The same of one surface.
#[must_use]
pub fn tightens_at(before: &Gate, after: &Gate, surface: Surface) -> bool {
    tightened(before, after, surface).is_some()
}

/// The surfaces that every address reaches afterwards which no rule denies, though a restriction is there, and did not before.
#[must_use]
pub fn opens(before: &Gate, after: &Gate) -> Vec<Surface> {
    Surface::ALL.iter().copied().filter(|surface| after.is_open(*surface) && !before.is_open(*surface)).collect()
}

/// Whether one lets in every address that the other does, as can be seen by their rules: it denies nothing that the other does not, and
/// allows all that the other allows.
fn lets_in_all_of(new: &Restricted, old: &Restricted) -> bool {
    let of = |restricted: &Restricted, action: Action| -> Vec<IpNet> {
        restricted.rules.iter().filter(|rule| rule.action == action).map(|rule| rule.network).collect()
    };
    let covers = |all: &[IpNet], net: &IpNet| all.iter().any(|one| one.contains(net));
    let (new_allow, old_allow, old_deny) = (of(new, Action::Allow), of(old, Action::Allow), of(old, Action::Deny));
    let denies_no_more = of(new, Action::Deny).iter().all(|net| covers(&old_deny, net));
    let allows_no_less = new_allow.is_empty() || (!old_allow.is_empty() && old_allow.iter().all(|net| covers(&new_allow, net)));
    denies_no_more && allows_no_less
}

/// What refuses at a surface afterwards, where it did not so before.
fn tightened<'a>(before: &Gate, after: &'a Gate, surface: Surface) -> Option<&'a Restricted> {
    after.of(surface).filter(|now| now.enforced && before.of(surface) != Some(now))
}

fn locked_out(says: String) -> Faults {
    Faults::coded("restriction", codes::LOCKS_OUT, says)
}

/// What would let an address in, which may have been let in before.
fn way_in(before: Option<&Restricted>, why: &Why, address: IpAddr) -> String {
    let own = IpNet::from(address);
    match (why, before.map(|before| before.judge(address))) {
        (Why::Rule(Rule { network, action: Action::Deny, id, .. }), _) => {
            let is_new = before.is_some_and(|before| before.rules.iter().all(|rule| rule.id != *id));
            if is_new {
                format!("Leave out the rule that denies {network}.")
            } else {
                format!("Delete the rule that denies {network} first.")
            }
        }
        (_, Some(Verdict { passes: true, why: Why::Rule(Rule { network, .. }) })) => {
            format!("Until now the rule for {network} lets it in: add a rule that allows {own} first.")
        }
        _ => format!("Choose a policy that allows it, or add a rule that allows {own} first."),
    }
}
