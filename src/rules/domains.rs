//! Which mail domains may be invited and may join (facts/frontegg-ego.md F-57). Members who are in are not asked.

use serde::{Deserialize, Serialize};

use super::{faults::Faults, words::words};

/// The most domains of a list.
pub const MOST: usize = 200;

words! {
    /// Which list counts.
    Mode {
        Any = "any", "Any domain", "Whoever is invited may join.";
        Allow = "allow", "Only these", "Addresses of other domains are neither invited, nor do they join.";
        Deny = "deny", "All but these", "Addresses of these domains are neither invited, nor do they join.";
    }
}

/// What an account says of mail domains. Both lists are kept, and one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domains {
    /// Which list counts.
    pub mode: Mode,
    /// Domains in ASCII; `*.` in front stands for everything below one, and not for it itself.
    pub allowed: Vec<String>,
    /// The same of those that may not.
    pub denied: Vec<String>,
}

impl Default for Domains {
    fn default() -> Self {
        Self { mode: Mode::Any, allowed: Vec::new(), denied: Vec::new() }
    }
}

impl Domains {
    /// What an account has decided, by the values that are kept under these names.
    #[must_use]
    pub fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        let list = |name: &str| value(name).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default();
        Self {
            mode: value(NAMES[0]).and_then(|word| Mode::parse(&word)).unwrap_or(Mode::Any),
            allowed: list(NAMES[1]),
            denied: list(NAMES[2]),
        }
    }

    /// Names and values, as they are kept.
    #[must_use]
    pub fn values(&self) -> [(&'static str, Option<String>); 3] {
        let list = |all: &[String]| (!all.is_empty()).then(|| all.join("\n"));
        let mode = (self.mode != Mode::Any).then(|| self.mode.word().to_owned());
        let [of_mode, of_allowed, of_denied] = NAMES;
        [(of_mode, mode), (of_allowed, list(&self.allowed)), (of_denied, list(&self.denied))]
    }

    /// Whether somebody with this canonical address may be invited, and join.
    #[must_use]
    pub fn admit(&self, canonical: &str) -> bool {
        let domain = canonical.rsplit_once('@').map_or("", |(_, domain)| domain);
        let is_named = |list: &[String]| list.iter().any(|pattern| fits(pattern, domain));
        match self.mode {
            Mode::Any => true,
            Mode::Allow => is_named(&self.allowed),
            Mode::Deny => !is_named(&self.denied),
        }
    }

    /// A text that is another one once anything is changed.
    #[must_use]
    pub fn mark(&self) -> String {
        format!("{} {} {}", self.mode.word(), self.allowed.join(","), self.denied.join(","))
    }
}

/// Under which names it is kept.
pub const NAMES: [&str; 3] = ["email_domains", "email_domains_allowed", "email_domains_denied"];

/// Whether a domain in ASCII is the one that is written, or one below it where it begins with `*.`: label by label.
fn fits(pattern: &str, domain: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(parent) => domain.strip_suffix(parent).is_some_and(|front| front.len() > 1 && front.ends_with('.')),
        None => pattern == domain,
    }
}

/// What is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// A word of [`Mode`].
    pub mode: String,
    /// Domains, one in a line.
    pub allowed: String,
    /// Domains, one in a line.
    pub denied: String,
    /// What stood there when the page was shown.
    pub seen: String,
    /// Of which lists somebody has looked at whom they stop.
    pub looked: String,
}

impl Draft {
    /// What stands there now.
    #[must_use]
    pub fn of(domains: &Domains) -> Self {
        Self {
            mode: domains.mode.word().to_owned(),
            allowed: domains.allowed.join("\n"),
            denied: domains.denied.join("\n"),
            seen: domains.mark(),
            looked: String::new(),
        }
    }

    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<Domains, Faults> {
        let mut faults = Faults::none();
        let mode = faults.keep("mode", Mode::parse(&self.mode).ok_or_else(|| "Choose one of these.".to_owned()));
        let allowed = faults.keep("allowed", list(&self.allowed));
        let denied = faults.keep("denied", list(&self.denied));
        let (Some(mode), Some(allowed), Some(denied)) = (mode, allowed, denied) else { return Err(faults) };
        for (counts, list, field) in [(Mode::Allow, &allowed, "allowed"), (Mode::Deny, &denied, "denied")] {
            if mode == counts && list.is_empty() {
                faults.add(field, "Enter at least one domain, such as example.com.");
            }
        }
        if faults.is_empty() { Ok(Domains { mode, allowed, denied }) } else { Err(faults) }
    }
}

/// A list as it is kept: in ASCII, lower case, each once.
fn list(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for line in text.split(|c: char| c.is_whitespace() || [',', ';'].contains(&c)).filter(|line| !line.is_empty()) {
        let domain = domain(line).ok_or_else(|| format!("{line} is not a domain, such as example.com or *.example.com."))?;
        if !found.contains(&domain) {
            found.push(domain);
        }
    }
    if found.len() > MOST { Err(format!("At most {MOST} domains.")) } else { Ok(found) }
}

/// A domain in ASCII, as addresses are compared; the dot at its end is left out.
pub(super) fn domain(text: &str) -> Option<String> {
    let (front, rest) = text.strip_prefix("*.").map_or(("", text), |rest| ("*.", rest));
    let rest = rest.strip_prefix('@').unwrap_or(rest);
    let ascii = idna::domain_to_ascii_strict(rest.strip_suffix('.').unwrap_or(rest)).ok()?;
    let is_one = ascii.contains('.') && !ascii.split('.').any(str::is_empty) && ascii.parse::<std::net::IpAddr>().is_err();
    is_one.then(|| format!("{front}{ascii}"))
}

/// What is said of an address that may not be invited, or join.
#[must_use]
pub fn refusal(canonical: &str) -> String {
    let domain = canonical.rsplit_once('@').map_or("", |(_, domain)| domain);
    format!("The account does not let in addresses of {domain}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::addresses::Email;

    fn of(mode: &str, list: &str) -> Result<Domains, Faults> {
        Draft { mode: mode.into(), allowed: list.into(), denied: list.into(), ..Draft::default() }.check()
    }

    fn admits(domains: &Domains, address: &str) -> bool {
        domains.admit(Email::parse(address).unwrap().canonical())
    }

    #[test]
    fn domains_are_compared_label_by_label() {
        let own = of("allow", "example.com, *.example.org\nbücher.example").unwrap();
        for (address, is_let_in) in [
            ("a@example.com", true),
            ("a@EXAMPLE.COM", true),
            ("a@example.com.", true),
            ("a@sub.example.com", false),
            ("a@evil-example.com", false),
            ("a@example.com.evil", false),
            ("a@example.org", false),
            ("a@sub.example.org", true),
            ("a@deep.sub.example.org", true),
            ("a@evil-example.org", false),
            ("a@b\u{fc}cher.example", true),
            ("a@xn--bcher-kva.example", true),
        ] {
            assert_eq!(admits(&own, address), is_let_in, "{address}");
            assert_eq!(
                admits(&Domains { mode: Mode::Deny, denied: own.allowed.clone(), ..Domains::default() }, address),
                !is_let_in,
                "{address}"
            );
            assert!(admits(&Domains { mode: Mode::Any, ..own.clone() }, address));
        }
    }

    #[test]
    fn what_is_no_domain_is_named() {
        for wrong in
            ["com", "*.com", "ex ample.com x", "192.0.2.1", "a@example.com", "*example.com", "*.*.example.com", "-a.example", "a..example"]
        {
            assert!(of("allow", wrong).is_err(), "{wrong}");
        }
        assert_eq!(of("allow", "@Example.COM. example.com").unwrap().allowed, ["example.com"]);
        assert!(of("allow", " ").unwrap_err().at("allowed").is_some() && of("deny", "").unwrap_err().at("denied").is_some());
        assert!(of("any", "").is_ok() && of("some", "").is_err());
        let many: Vec<String> = (0..=MOST).map(|n| format!("d{n}.example")).collect();
        assert!(of("allow", &many.join("\n")).is_err());
    }

    #[test]
    fn what_is_kept_comes_back() {
        let own = of("deny", "example.com\n*.example.org").unwrap();
        let values = own.values();
        assert_eq!(Domains::of(|name| values.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.clone())), own);
        assert_eq!(Domains::of(|_| None), Domains::default());
        assert_ne!(own.mark(), Domains::default().mark());
        assert_eq!(Draft::of(&own).check().unwrap(), own);
    }
}
