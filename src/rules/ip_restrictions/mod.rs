//! IP restrictions: from which addresses an account is reached, surface by surface (product §2.12, facts/ngrok.md §1.14).
//!
//! An address passes when some rule allows it and none denies it; where no rule allows anything, whatever is not denied passes. One
//! matcher says so for the gate, for warnings, for the guards against locking oneself out, and for the replay of what was.

mod changes;
mod draft;
mod guards;
mod replay;
mod table;

use std::net::IpAddr;

pub use changes::changes;
pub use draft::Draft;
pub use guards::{demand_way_in, opens, tightens, tightens_at};
use ipnet::IpNet;
pub use replay::{Outcome, Replay};
use table::Table;

use super::{
    chain::link,
    codes::{self, Code},
    credentials::Kind,
    gate::Ip,
    ids::{IpPolicyId, IpRuleId},
    ip_policies::Action,
    network::canonical,
    time::{Millis, Span},
    words::words,
};

/// The most policies of one restriction.
pub const MOST_POLICIES: usize = 20;

/// How long a change on the pages stands while nobody has confirmed it.
pub const PROVISIONAL: Span = Span::minutes(10);

/// The days of visits that guards look at, and replays where nothing else is asked.
pub const DAYS: i64 = 30;

words! {
    /// What of an account is reached.
    Surface {
        Dashboard = "dashboard", "Dashboard", "People in a browser: entering the account, and every page of it.";
        Api = "api", "API", "Programs with an API key.";
        Agent = "agent", "Agents", "Agents that show an authtoken or an SSH key to your services.";
        Endpoints = "endpoints", "Endpoints", "Visitors of what your agents serve, as far as your services ask.";
    }
}

impl Surface {
    /// Where a credential is shown, if nothing else is said.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::ApiKey => Self::Api,
            Kind::Authtoken | Kind::SshKey => Self::Agent,
        }
    }

    /// By which programs know that an address is refused there.
    #[must_use]
    pub const fn refusal(self) -> Code {
        match self {
            Self::Dashboard => codes::DASHBOARD_IP_REFUSED,
            Self::Api => codes::IP_REFUSED,
            Self::Agent => codes::AGENT_IP_REFUSED,
            Self::Endpoints => codes::ENDPOINT_IP_REFUSED,
        }
    }
}

/// A rule, as far as it decides anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The network.
    pub network: IpNet,
    /// What it does.
    pub action: Action,
    /// Which it is.
    pub id: IpRuleId,
    /// Whose it is.
    pub policy: IpPolicyId,
}

/// The first of the days that pages and guards look at, by its number: today is the last.
#[must_use]
pub const fn since(now: Millis) -> i64 {
    now.minus(Span::days(DAYS - 1)).day()
}

/// What restricts one surface.
#[derive(Clone, Debug)]
pub struct Restricted {
    /// Whether it refuses, or only warns.
    pub enforced: bool,
    rules: Vec<Rule>,
    allow: Table,
    deny: Table,
}

impl PartialEq for Restricted {
    fn eq(&self, other: &Self) -> bool {
        (self.enforced, &self.rules) == (other.enforced, &other.rules)
    }
}

/// What decides about an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// This rule.
    Rule(Rule),
    /// Nothing allows it, and other addresses are allowed.
    NotAllowed,
    /// Nothing denies it, and nothing is said of what is allowed.
    NotDenied,
}

/// Whether an address passes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it does.
    pub passes: bool,
    /// Why.
    pub why: Why,
}

impl Why {
    /// The same in words, behind "passes: " or "is refused: ".
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Rule(Rule { network, action, .. }) => format!("the rule for {network} says {}", action.word()),
            Self::NotAllowed => "no rule allows it".to_owned(),
            Self::NotDenied => "no rule denies it, and none says that others alone are allowed".to_owned(),
        }
    }
}

impl Restricted {
    /// What these rules make of a surface.
    #[must_use]
    pub fn new(enforced: bool, mut rules: Vec<Rule>) -> Self {
        rules.sort_by(|one, other| (one.network, one.action.word(), &one.id).cmp(&(other.network, other.action.word(), &other.id)));
        let of = |action: Action| {
            Table::new(rules.iter().enumerate().filter(|(_, rule)| rule.action == action).map(|(n, rule)| (rule.network, n)))
        };
        Self { enforced, allow: of(Action::Allow), deny: of(Action::Deny), rules }
    }

    /// Whether an address passes. Of several rules the narrowest is named.
    #[must_use]
    pub fn judge(&self, address: IpAddr) -> Verdict {
        let address = canonical(address);
        let rule = |n: usize| self.rules.get(n).cloned().map_or(Why::NotAllowed, Why::Rule);
        if let Some(n) = self.deny.find(address) {
            return Verdict { passes: false, why: rule(n) };
        }
        match self.allow.find(address) {
            Some(n) => Verdict { passes: true, why: rule(n) },
            None if self.allow.is_empty() => Verdict { passes: true, why: Why::NotDenied },
            None => Verdict { passes: false, why: Why::NotAllowed },
        }
    }
}

/// What restricts an account: each surface, or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gate([Option<Restricted>; 4]);

impl Gate {
    /// What these restrictions make of an account.
    #[must_use]
    pub fn new(restrictions: impl IntoIterator<Item = (Surface, Restricted)>) -> Self {
        let mut gate = Self::default();
        for (surface, restricted) in restrictions {
            gate.0[surface as usize] = Some(restricted);
        }
        gate
    }

    /// What restricts a surface.
    #[must_use]
    pub const fn of(&self, surface: Surface) -> Option<&Restricted> {
        self.0[surface as usize].as_ref()
    }

    /// Whether a surface is restricted and no rule says which addresses alone pass: all do that none denies.
    #[must_use]
    pub fn is_open(&self, surface: Surface) -> bool {
        self.of(surface).is_some_and(|restricted| restricted.allow.is_empty())
    }

    /// What it says to an address at a surface.
    #[must_use]
    pub fn ip(&self, surface: Surface, address: IpAddr) -> Ip {
        self.judge(surface, address).0
    }

    /// The same, and why; nothing restricts the surface where there is no reason.
    #[must_use]
    pub fn judge(&self, surface: Surface, address: IpAddr) -> (Ip, Option<Why>) {
        let Some(restricted) = self.of(surface) else { return (Ip::Allowed, None) };
        let Verdict { passes, why } = restricted.judge(address);
        let ip = match (passes, restricted.enforced) {
            (true, _) => Ip::Allowed,
            (false, true) => Ip::Refused,
            (false, false) => Ip::Warned,
        };
        (ip, Some(why))
    }

    /// All that decides about anybody, as text. Ids of rules are left out: a rule that is only tried has another one each time.
    fn text(&self) -> String {
        let mut lines = Vec::new();
        for (surface, restricted) in Surface::ALL.iter().filter_map(|surface| Some((surface.word(), self.of(*surface)?))) {
            lines.push(format!("{surface} {}", restricted.enforced));
            let line = |rule: &Rule| format!("{surface} {} {} {}", rule.network, rule.action.word(), rule.policy);
            lines.extend(restricted.rules.iter().map(line));
        }
        lines.sort();
        lines.join("\n")
    }

    /// Whether any surface refuses.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.0.iter().flatten().any(|restricted| restricted.enforced)
    }
}

/// A text by which a change from one to another is known again, and not taken for any other.
#[must_use]
pub fn mark(before: &Gate, after: &Gate) -> String {
    link("", &[Some(&before.text()), Some(&after.text())])
}

/// What restricts an account now, and what will again where nobody confirms it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InForce {
    /// As it stands.
    pub now: Gate,
    /// As it stood before a change that is not confirmed, and from when on it does again.
    pub before: Option<(Millis, Gate)>,
}

impl InForce {
    /// What holds at a moment: the deadline needs nobody to act on it.
    #[must_use]
    pub fn at(&self, now: Millis) -> &Gate {
        match &self.before {
            Some((until, before)) if now >= *until => before,
            _ => &self.now,
        }
    }
}

#[cfg(test)]
mod tests;
