//! Domains of which an account shows that they are its own, by a TXT record (product §2.10): whose address is of one, the account may vouch for.

use serde::{Deserialize, Serialize};

use super::{domains, faults::Faults, time::Span};

/// The most domains of an account, shown and not.
pub const MOST: usize = 50;

/// How often a domain is looked at again.
pub const EVERY: Span = Span::hours(24);

/// How long its record may be missing until the domain is nobody's any more.
pub const PATIENCE: Span = Span::days(3);

/// Under which name the record stands.
#[must_use]
pub fn name(domain: &str) -> String {
    format!("_frontdesk.{domain}")
}

/// What the record says.
#[must_use]
pub fn record(token: &str) -> String {
    format!("frontdesk-domain-verification={token}")
}

/// What is typed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// A domain.
    pub domain: String,
}

impl Draft {
    /// The domain, in ASCII.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check(&self) -> Result<String, Faults> {
        let domain = domains::domain(self.domain.trim()).filter(|domain| domain.contains('.') && !domain.starts_with("*."));
        domain.ok_or_else(|| Faults::one("domain", "Enter one domain, such as example.com."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_one_domain() {
        let check = |text: &str| Draft { domain: text.to_owned() }.check();
        assert_eq!(check(" Example.COM "), Ok("example.com".to_owned()));
        assert_eq!(check("b\u{fc}cher.example"), Ok("xn--bcher-kva.example".to_owned()));
        for wrong in ["", "localhost", "*.example.com", "a@example.com", "example.com, example.org", "exa mple.com", "https://example.com"]
        {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
