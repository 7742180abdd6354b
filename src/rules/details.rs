//! The details of an account: what an administrator types, and what stands (facts/frontegg-ego.md F-10).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{accounts, faults::Faults, zones::Zone};

/// The most characters of a company's name.
const MAX_COMPANY: usize = 200;
/// The most characters of a postal address.
const MAX_ADDRESS: usize = 1_000;
/// The most characters of a web address.
const MAX_WEBSITE: usize = 300;

/// The details of an account. What nobody has said is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The name.
    pub name: String,
    /// Under which its pages stand.
    pub slug: String,
    /// The company's name, as it stands in contracts.
    pub company: String,
    /// Its postal address, of several lines.
    pub address: String,
    /// Its website, by http or https.
    pub website: String,
    /// The zone for members who have chosen none.
    pub time_zone: String,
    /// The currency, by its code in ISO 4217.
    pub currency: String,
}

impl Details {
    /// Every field: its name in the form, what pages call it, and its value.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, &'static str, &str); 7] {
        [
            ("name", "Name", &self.name),
            ("slug", "Slug", &self.slug),
            ("company", "Company name", &self.company),
            ("address", "Address", &self.address),
            ("website", "Website", &self.website),
            ("time_zone", "Time zone", &self.time_zone),
            ("currency", "Currency", &self.currency),
        ]
    }

    /// As events show them.
    #[must_use]
    pub fn value(&self) -> Value {
        json!(self.fields().map(|(field, _, value)| (field, value)).into_iter().collect::<std::collections::BTreeMap<_, _>>())
    }
}

/// What an administrator types to change the account.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of the details, as typed")]
pub struct Draft {
    pub name: String,
    pub slug: String,
    pub company: String,
    pub address: String,
    pub website: String,
    pub time_zone: String,
    pub currency: String,
    /// The version that the form was filled in from.
    pub version: String,
}

impl Draft {
    /// The form as it stands.
    #[must_use]
    pub fn of(details: Details, version: i64) -> Self {
        let Details { name, slug, company, address, website, time_zone, currency } = details;
        Self { name, slug, company, address, website, time_zone, currency, version: version.to_string() }
    }

    /// Checks everything at once: the details, and the version that they are changed from.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<(Details, i64), Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", accounts::name(&self.name, "the account"));
        let slug = faults.keep("slug", accounts::chosen_slug(&self.slug));
        let company = faults.keep("company", line(&self.company, MAX_COMPANY));
        let address = faults.keep("address", lines(&self.address, MAX_ADDRESS));
        let website = faults.keep("website", website(&self.website));
        let zone = if self.time_zone.trim().is_empty() {
            Ok(String::new())
        } else {
            Zone::parse(&self.time_zone).map(|zone| zone.name().to_owned())
        };
        let time_zone = faults.keep("time_zone", zone);
        let currency = faults.keep("currency", currency(&self.currency));
        let version = faults.keep("version", self.version.parse().map_err(|_| "Reload the page and try again.".to_owned()));
        match (name, slug, company, address, website, time_zone, currency, version) {
            (Some(name), Some(slug), Some(company), Some(address), Some(website), Some(time_zone), Some(currency), Some(version)) => {
                Ok((Details { name, slug, company, address, website, time_zone, currency }, version))
            }
            _ => Err(faults),
        }
    }
}

/// One line of text, which may be empty.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn line(text: &str, most: usize) -> Result<String, String> {
    use unicode_normalization::UnicodeNormalization;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
    short(&line, most)?;
    if line.contains(accounts::is_invisible) { Err("Leave out invisible characters.".to_owned()) } else { Ok(line) }
}

/// Several lines of text, which may be empty: without blank ones at its ends, and none of them with white space at its own.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn lines(text: &str, most: usize) -> Result<String, String> {
    let each: Vec<String> = text.lines().map(|text| line(text, most)).collect::<Result<_, _>>()?;
    let lines = each.join("\n").trim_matches('\n').to_owned();
    short(&lines, most)?;
    Ok(lines)
}

fn short(text: &str, most: usize) -> Result<(), String> {
    if text.chars().count() > most { Err(format!("Use at most {most} characters.")) } else { Ok(()) }
}

/// A website, by http or https and nothing else, or none.
fn website(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    short(text, MAX_WEBSITE)?;
    let not_one = || "Enter an address that begins with https:// or http://.".to_owned();
    // As it is typed where the scheme goes without saying.
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = url::Url::parse(&text).map_err(|_| not_one())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.domain().is_some_and(|host| host.contains('.'))
        && url.username().is_empty()
        && url.password().is_none();
    if fits { Ok(url.to_string()) } else { Err(not_one()) }
}

/// A currency by its code, or none.
///
/// # Errors
/// A sentence for the person who chose it.
pub fn currency(text: &str) -> Result<String, String> {
    let code = text.trim().to_uppercase();
    if code.is_empty() || currencies().any(|(known, _)| known == code) { Ok(code) } else { Err("Choose one of the list.".to_owned()) }
}

/// All currencies that somebody pays with: code and name, by code.
pub fn currencies() -> impl Iterator<Item = (&'static str, String)> {
    use iso_currency::{Currency, IntoEnumIterator};
    const SHARED: [&str; 5] = ["XAF", "XCD", "XCG", "XOF", "XPF"];
    // Units of account and of funds, and money that is no longer money.
    const NONE: [&str; 15] = ["BOV", "CHE", "CHW", "CLF", "COU", "CUC", "HRK", "MXV", "SLL", "USN", "UYI", "UYW", "VED", "ZWL", "BGN"];
    // Other codes with an X are for metals, testing and none.
    let is_money = |code: &str| (!code.starts_with('X') || SHARED.contains(&code)) && !NONE.contains(&code);
    let mut all: Vec<_> = Currency::iter().map(|currency| (currency.code(), currency.name().to_owned())).collect();
    all.retain(|(code, _)| is_money(code));
    all.sort_unstable();
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let draft = Draft {
            name: " ".into(),
            slug: "A B".into(),
            company: "x".repeat(201),
            address: "a\u{202e}b".into(),
            website: "javascript:alert(1)".into(),
            time_zone: "Mars/Olympus".into(),
            currency: "DOL".into(),
            version: "x".into(),
        };
        assert_eq!(draft.check().unwrap_err().iter().count(), 8);
    }

    #[test]
    fn websites_are_pages_and_nothing_else() {
        assert_eq!(website(" acme.example ").as_deref(), Ok("https://acme.example/"));
        assert_eq!(website("http://acme.example/a?b").as_deref(), Ok("http://acme.example/a?b"));
        for wrong in [
            "javascript:alert(1)",
            "javascript://acme.example/%0aalert(1)",
            "data:text/html,x",
            "ftp://acme.example",
            "https://",
            "https://a@b.example",
            "https://localhost",
            "https://127.0.0.1",
        ] {
            assert!(website(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_keep_their_lines() {
        assert_eq!(lines("\r\n1 Main  St \r\nTown\r\n\r\n", 100).as_deref(), Ok("1 Main St\nTown"));
        assert!(lines(&"a\n".repeat(60), 100).is_err());
    }

    #[test]
    fn currencies_are_those_in_circulation() {
        assert_eq!(currency("eur").as_deref(), Ok("EUR"));
        assert_eq!(currency("").as_deref(), Ok(""));
        for wrong in ["XXX", "XTS", "EURO", "€", "HRK", "CHE"] {
            assert!(currency(wrong).is_err(), "{wrong}");
        }
        assert!(currencies().count() > 140);
    }
}
