//! Accounts: their names, and the slugs under which their pages stand.

use serde::{Deserialize, Serialize};

use super::faults::Faults;

/// The most characters of a name, of an account or a person.
pub const MAX_NAME: usize = 100;
/// The most characters of a slug.
pub const MAX_SLUG: usize = 40;
/// Words that pages under `/accounts/` need for themselves.
const RESERVED: &[&str] = &["new"];

/// A name that is neither empty nor endless and holds nothing invisible that could make it look like another.
///
/// # Errors
/// A sentence for the person who typed it; `what` is how it calls the thing ("the account", "yourself").
pub fn name(text: &str, what: &str) -> Result<String, String> {
    use unicode_normalization::UnicodeNormalization;
    let name: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
    if name.is_empty() {
        return Err(format!("Enter a name for {what}."));
    }
    if name.chars().count() > MAX_NAME {
        return Err(format!("Use at most {MAX_NAME} characters."));
    }
    // Names stand in letters, and mail programs make links of what looks like one.
    if name.contains("://") || name.to_lowercase().contains("www.") {
        return Err("Leave out web addresses.".to_owned());
    }
    if name.contains(is_invisible) {
        return Err("Leave out invisible characters.".to_owned());
    }
    Ok(name)
}

/// Whether a character shows nothing by itself, and so could make one name pass for another. The two joiners are not meant:
/// scripts and emoji need them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    let formats = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}');
    let ranges = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || formats || ranges
}

/// The slug that a name suggests: lower-case ASCII letters and digits, joined by single hyphens. Never empty.
#[must_use]
pub fn slug(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut slug = String::new();
    for c in name.to_lowercase().nfkd() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'ß' => slug.push_str("ss"),
            // The marks that decomposition splits off: é is e and a mark.
            '\u{300}'..='\u{36f}' => {}
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= MAX_SLUG {
            break;
        }
    }
    // A name that is cut is cut between words, where there are several.
    let whole = if slug.len() >= MAX_SLUG { slug.rfind('-').filter(|at| *at > 0).unwrap_or(slug.len()) } else { slug.len() };
    let slug = slug[..whole].trim_matches('-');
    if slug.is_empty() || RESERVED.contains(&slug) { format!("account-{slug}").trim_end_matches('-').to_owned() } else { slug.to_owned() }
}

/// Whether the text could be a slug.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SLUG + 8 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// One or two letters that stand for a name on its tile.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// What an administrator types to change the account.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The account's name.
    pub name: String,
    /// The version that the form was filled in from.
    pub version: String,
}

/// The account's details, checked.
pub struct Details {
    /// The name.
    pub name: String,
    /// The version that the change is made to.
    pub version: i64,
}

impl Draft {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<Details, Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", name(&self.name, "the account"));
        let version = faults.keep("version", self.version.parse().map_err(|_| "Reload the page and try again.".to_owned()));
        match (name, version) {
            (Some(name), Some(version)) => Ok(Details { name, version }),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_come_from_names() {
        for (name, expected) in [
            ("Acme", "acme"),
            ("  Acme,  Inc. ", "acme-inc"),
            ("Müller & Söhne", "muller-sohne"),
            ("Straße", "strasse"),
            ("株式会社", "account"),
            ("new", "account-new"),
            ("--", "account"),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
        assert!(slug(&"long name ".repeat(30)).len() <= MAX_SLUG);
    }

    #[test]
    fn names_are_tidied_and_bounded() {
        assert_eq!(name("  Ada \t Lovelace ", "yourself").as_deref(), Ok("Ada Lovelace"));
        for wrong in ["", "   ", &"x".repeat(101), "Ada\u{202e}evil", "A\u{0}B", "Ada of https://evil.example", "WWW.evil.example"] {
            assert!(name(wrong, "yourself").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn initials_are_first_and_last() {
        assert_eq!(initials("Ada King Lovelace"), "AL");
        assert_eq!(initials("acme"), "A");
        assert_eq!(initials("(…)"), "");
    }

    proptest::proptest! {
        #[test]
        fn every_name_has_a_slug(text in "\\PC{0,120}") {
            proptest::prop_assert!(is_slug(&slug(&text)), "{}", slug(&text));
        }
    }
}
