//! ACL rules: what may be bound with an authtoken or an SSH key (facts/ngrok.md §1.5). They narrow and never widen.

use std::fmt;

use crate::rules::faults::{Faults, codes};

/// The most rules of a credential.
pub const MAX_RULES: usize = 100;
/// The longest rule, in bytes.
const MAX_RULE: usize = 300;

/// The rules of a credential. Without any everything may be bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl(Vec<Rule>);

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    written: String,
    pattern: Pattern,
}

/// What somebody wants to bind: a name, an address, or a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted(Pattern);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Everything,
    /// The name itself.
    Name(String),
    /// Every name below this one, and the wildcard name itself.
    Below(String),
    Address {
        host: String,
        port: u16,
    },
    /// A missing part is any.
    Label {
        key: Option<String>,
        value: Option<String>,
    },
}

impl Acl {
    /// Reads rules, as a form or a program gives them.
    ///
    /// # Errors
    /// A fault that names the first rule that cannot be understood, and says why.
    pub fn check<'a>(rules: impl IntoIterator<Item = &'a str>) -> Result<Self, Faults> {
        let rules: Vec<&str> = rules.into_iter().collect();
        if rules.len() > MAX_RULES {
            return Err(Faults::coded("acl", codes::RULES_TOO_MANY, format!("At most {MAX_RULES} rules.")));
        }
        let read = |rule: &&str| {
            let refused = |why: String| Faults::coded("acl", codes::RULE_MALFORMED, format!("“{}”: {why}", shortened(rule)));
            Rule::parse(rule).map_err(refused)
        };
        rules.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The rules as they are kept: texts in a JSON list. What this program cannot read lets nothing be bound.
    #[must_use]
    pub fn kept(json: &str) -> Self {
        let texts: Vec<String> = serde_json::from_str(json).unwrap_or_else(|_| vec![String::new()]);
        let nothing = |written: String| Rule { written, pattern: Pattern::Name(String::new()) };
        Self(texts.into_iter().map(|text| Rule::parse(&text).unwrap_or_else(|_| nothing(text))).collect())
    }

    /// The same as a JSON list.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::Value::from(self.texts()).to_string()
    }

    /// The rules as they were written.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|rule| rule.written.clone()).collect()
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// Whether this may be bound.
    #[must_use]
    pub fn allows(&self, wanted: &Wanted) -> bool {
        self.0.is_empty() || self.0.iter().any(|rule| rule.pattern.covers(&wanted.0))
    }
}

impl Rule {
    /// Reads one rule.
    ///
    /// # Errors
    /// Why it cannot be understood, and what it could be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > MAX_RULE {
            return Err(format!("a rule has at most {MAX_RULE} bytes"));
        }
        let pattern = match text.strip_prefix("bind:") {
            _ if text == "*" => Pattern::Everything,
            Some(rest) => Pattern::parse(rest)?,
            None => return Err("a rule is * or begins with bind:, such as bind:app.example.com".to_owned()),
        };
        Ok(Self { written: text.to_owned(), pattern })
    }

    /// What it allows, as the end of the sentence "allows …".
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.pattern {
            Pattern::Everything => "everything".to_owned(),
            Pattern::Name(name) => format!("the name {name}"),
            Pattern::Below(name) => format!("every name below {name}"),
            Pattern::Address { host, port } => format!("the TCP address {host}, port {port}"),
            Pattern::Label { key, value } => match (key, value) {
                (Some(key), Some(value)) => format!("the label {key} with the value {value}"),
                (Some(key), None) => format!("the label {key} with any value"),
                (None, Some(value)) => format!("any label with the value {value}"),
                (None, None) => "any label".to_owned(),
            },
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Wanted {
    /// Reads what somebody wants to bind, written like a rule.
    ///
    /// # Errors
    /// Why it cannot be understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rule = Rule::parse(text)?;
        match rule.pattern {
            Pattern::Everything | Pattern::Label { key: None, .. } | Pattern::Label { value: None, .. } => {
                Err("name what is to be bound: a name, an address or a label".to_owned())
            }
            one => Ok(Self(one)),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Everything);
        }
        if let Some((key, value)) = text.split_once('=') {
            return Ok(Self::Label { key: label(key)?, value: label(value)? });
        }
        if let Some((host, port)) = text.rsplit_once(':') {
            let port = port.parse().ok().filter(|port| *port > 0);
            return Ok(Self::Address { host: name(host)?, port: port.ok_or("a port is a number from 1 to 65535")? });
        }
        match text.strip_prefix("*.") {
            Some(below) => name(below).map(Self::Below),
            None => name(text).map(Self::Name),
        }
    }

    fn covers(&self, wanted: &Self) -> bool {
        let fits = |rule: &Option<String>, wanted: &Option<String>| rule.is_none() || rule == wanted;
        match (self, wanted) {
            (Self::Everything, _) => true,
            (Self::Below(below), Self::Name(name)) => {
                name.strip_suffix(below.as_str()).and_then(|front| front.strip_suffix('.')).is_some_and(|front| !front.is_empty())
            }
            (Self::Below(below), Self::Below(wanted)) => {
                below == wanted || wanted.strip_suffix(below.as_str()).is_some_and(|front| front.ends_with('.'))
            }
            (Self::Label { key, value }, Self::Label { key: wanted_key, value: wanted_value }) => {
                fits(key, wanted_key) && fits(value, wanted_value)
            }
            (rule, wanted) => rule == wanted,
        }
    }
}

/// A domain name, in lower case.
fn name(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    if name.contains('*') {
        return Err("a star stands for everything, for a whole label, or in front as *.".to_owned());
    }
    let label = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if name.len() <= 253 && name.split('.').all(label) {
        Ok(name)
    } else {
        Err("this is no domain name; write names of other scripts in their ASCII form".to_owned())
    }
}

/// A label's key or value; `None` for any.
fn label(text: &str) -> Result<Option<String>, String> {
    match text {
        "*" => Ok(None),
        "" => Err("a label has a key and a value, such as bind:env=test".to_owned()),
        text if text.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c)) => Ok(Some(text.to_owned())),
        _ => Err("labels hold letters, digits, and - _ . /".to_owned()),
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rules: &[&str], wanted: &str) -> bool {
        Acl::check(rules.iter().copied()).unwrap().allows(&Wanted::parse(wanted).unwrap())
    }

    #[test]
    fn rules_allow_what_they_say() {
        for (rules, wanted) in [
            (&[][..], "bind:app.example.com"),
            (&["*"], "bind:app.example.com"),
            (&["bind:*"], "bind:tcp.example.com:20000"),
            (&["bind:app.example.com"], "bind:APP.example.com"),
            (&["bind:*.example.com"], "bind:a.example.com"),
            (&["bind:*.example.com"], "bind:a.b.example.com"),
            (&["bind:*.example.com"], "bind:*.example.com"),
            (&["bind:*.example.com"], "bind:*.b.example.com"),
            (&["bind:other.example", "bind:tcp.example.com:20000"], "bind:tcp.example.com:20000"),
            (&["bind:env=test"], "bind:env=test"),
            (&["bind:env=*"], "bind:env=prod"),
            (&["bind:*=prod"], "bind:env=prod"),
            (&["bind:*=*"], "bind:env=prod"),
        ] {
            assert!(allows(rules, wanted), "{rules:?} {wanted}");
        }
    }

    #[test]
    fn and_nothing_else() {
        for (rules, wanted) in [
            (&["bind:app.example.com"][..], "bind:app.example.com.evil.example"),
            (&["bind:app.example.com"], "bind:sub.app.example.com"),
            (&["bind:*.example.com"], "bind:example.com"),
            (&["bind:*.example.com"], "bind:evilexample.com"),
            (&["bind:*.b.example.com"], "bind:*.example.com"),
            (&["bind:*.example.com"], "bind:a.example.com:80"),
            (&["bind:tcp.example.com:20000"], "bind:tcp.example.com:20001"),
            (&["bind:tcp.example.com:20000"], "bind:tcp.example.com"),
            (&["bind:env=test"], "bind:env=prod"),
            (&["bind:env=*"], "bind:stage=prod"),
            (&["bind:env=test"], "bind:env.test"),
        ] {
            assert!(!allows(rules, wanted), "{rules:?} {wanted}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (rule, says) in [
            ("app.example.com", "begins with bind:"),
            ("", "begins with bind:"),
            ("bind:", "no domain name"),
            ("bind:a.*.example.com", "a star stands"),
            ("bind:a..b", "no domain name"),
            ("bind:-a.example", "no domain name"),
            ("bind:bücher.example", "ASCII form"),
            ("bind:a.example:0", "from 1 to 65535"),
            ("bind:a.example:http", "from 1 to 65535"),
            ("bind:=x", "a key and a value"),
            ("bind:a b=x", "labels hold"),
        ] {
            assert!(Rule::parse(rule).unwrap_err().contains(says), "{rule}: {:?}", Rule::parse(rule));
        }
        assert!(Acl::check(["bind:ok.example", "nonsense"]).unwrap_err().at("acl").unwrap().contains("“nonsense”"));
        assert!(Acl::check(std::iter::repeat_n("*", MAX_RULES + 1)).is_err());
        for vague in ["*", "bind:*", "bind:*=x", "bind:a=*"] {
            assert!(Wanted::parse(vague).is_err(), "{vague}");
        }
    }

    #[test]
    fn what_cannot_be_read_any_more_allows_nothing() {
        let wanted = Wanted::parse("bind:app.example.com").unwrap();
        for kept in ["nonsense", "[\"later:rule\"]", "[1]"] {
            assert!(!Acl::kept(kept).allows(&wanted), "{kept}");
        }
        let acl = Acl::check(["bind:*.example.com", "bind:a=*"]).unwrap();
        assert_eq!(Acl::kept(&acl.json()), acl);
    }
}
