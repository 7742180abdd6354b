//! Accounts: their names, and the slugs under which their pages stand.

use serde::{Deserialize, Serialize};

use super::{faults::Faults, words::words};

/// The most characters of a name, of an account or a person.
pub const MAX_NAME: usize = 100;
/// The most characters of a slug.
pub const MAX_SLUG: usize = 40;
/// The most slugs that an account may go through: each stays its own for good.
pub const MAX_SLUGS: i64 = 10;
/// The most accounts that somebody may have created and be in.
pub const MAX_FOUNDED: i64 = 100;
/// Words that pages under `/accounts/` need for themselves.
const RESERVED: &[&str] = &["new", "menu"];

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

/// A slug that somebody chooses.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn chosen_slug(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = is_slug(text) && text.len() <= MAX_SLUG && !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
    if !fits {
        return Err(format!("Use lower-case letters, digits and single hyphens between them, at most {MAX_SLUG} characters."));
    }
    if RESERVED.contains(&text) { Err("This one is taken.".to_owned()) } else { Ok(text.to_owned()) }
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

words! {
    /// Who may create accounts.
    Creation {
        Nobody = "nobody", "Nobody: there is the account that set-up made.";
        Administrators = "administrators", "People who administer an account already.";
        Everybody = "everybody", "Everybody who has confirmed their address.";
    }
}

/// What somebody types to create an account.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewDraft {
    /// The account's name.
    pub name: String,
    /// The slug; empty for the one that the name suggests.
    pub slug: String,
}

/// An account to be.
pub struct NewAccount {
    /// The name.
    pub name: String,
    /// The slug that was asked for, if one was.
    pub slug: Option<String>,
}

impl NewDraft {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<NewAccount, Faults> {
        let mut faults = Faults::none();
        let name = faults.keep("name", name(&self.name, "the account"));
        let slug = if self.slug.trim().is_empty() { Ok(None) } else { chosen_slug(&self.slug).map(Some) };
        match (name, faults.keep("slug", slug)) {
            (Some(name), Some(slug)) => Ok(NewAccount { name, slug }),
            _ => Err(faults),
        }
    }
}

/// Slugs to try for a name, the nicest first.
pub fn slugs(name: &str) -> impl Iterator<Item = String> {
    let first = slug(name);
    let more = (2..100).map({
        let first = first.clone();
        move |n| format!("{first}-{n}")
    });
    std::iter::once(first).chain(more)
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

    #[test]
    fn chosen_slugs_look_like_suggested_ones() {
        for good in ["acme", "a", "acme-2", &slug("Müller & Söhne")] {
            assert_eq!(chosen_slug(good).as_deref(), Ok(good));
        }
        for wrong in ["", "Acme", "-a", "a-", "a--b", "a b", "a/b", "..", "new", "menu", "é", &"a".repeat(41)] {
            assert!(chosen_slug(wrong).is_err(), "{wrong}");
        }
        assert_eq!(slugs("Acme").take(3).collect::<Vec<_>>(), ["acme", "acme-2", "acme-3"]);
    }

    proptest::proptest! {
        #[test]
        fn every_name_has_a_slug(text in "\\PC{0,120}") {
            proptest::prop_assert!(is_slug(&slug(&text)), "{}", slug(&text));
        }
    }
}
