//! Email addresses: what one is, and when two of them are the same (product decision 7).

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::accounts::is_invisible;

/// The longest address that mail can carry, in bytes (RFC 5321, section 4.5.3.1.3).
pub const MAX_BYTES: usize = 254;

/// The longest part before the @ that mail can carry, in bytes.
const MAX_LOCAL_BYTES: usize = 64;

/// An email address: as written for showing, and canonical for comparing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    written: String,
    canonical: String,
}

impl Email {
    /// Reads one address.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: String = text.trim().nfc().collect();
        if written.is_empty() {
            return Err("Enter an email address.".to_owned());
        }
        if written.len() > MAX_BYTES {
            return Err(format!("An email address has at most {MAX_BYTES} characters."));
        }
        let not_one = || "This is not an email address. It looks like name@example.com.".to_owned();
        let (local, domain) = written.rsplit_once('@').ok_or_else(not_one)?;
        // No quoted local parts: they are legal and unused, and every parser reads them differently.
        let forbidden =
            |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, '\u{200c}' | '\u{200d}') || "()<>[]:;,\\\"@".contains(c);
        // RFC 5321, section 4.5.3.1.1.
        if local.len() > MAX_LOCAL_BYTES {
            return Err(format!("The part before the @ has at most {MAX_LOCAL_BYTES} characters."));
        }
        if local.is_empty() || local.contains(forbidden) || local.split('.').any(str::is_empty) {
            return Err(not_one());
        }
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| not_one())?;
        if !domain.contains('.') || domain.split('.').any(str::is_empty) || domain.parse::<std::net::IpAddr>().is_ok() {
            return Err(not_one());
        }
        let local_folded: String = local.to_lowercase().nfc().collect();
        let canonical = format!("{local_folded}@{domain}");
        Ok(Self { written, canonical })
    }

    /// As its owner writes it.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// As letters are sent to it: the local part as its owner writes it, the domain in ASCII.
    #[must_use]
    pub fn deliverable(&self) -> String {
        let local = self.written.rsplit_once('@').map_or("", |(local, _)| local);
        let domain = self.canonical.rsplit_once('@').map_or("", |(_, domain)| domain);
        format!("{local}@{domain}")
    }

    /// The mailbox that letters to it end up in, as far as one can tell: without the tag behind a plus.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let (local, domain) = self.canonical.rsplit_once('@').unwrap_or_default();
        format!("{}@{domain}", local.split_once('+').map_or(local, |(before, _)| before))
    }

    /// The form in which addresses are compared: NFC, lower case, domain in ASCII. Tags behind a plus are kept.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What stands behind the @, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.canonical.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one() {
        for spelling in [
            "ada@bücher.example",
            " Ada@B\u{fc}cher.EXAMPLE ",
            "ADA@bu\u{308}cher.example",
            "ada@xn--bcher-kva.example.",
            "ada@ｂücher.example",
        ] {
            assert_eq!(Email::parse(spelling).unwrap().canonical(), "ada@xn--bcher-kva.example", "{spelling}");
        }
        assert_eq!(Email::parse("Jose\u{301}@example.com").unwrap().canonical(), "jos\u{e9}@example.com");
    }

    #[test]
    fn letters_keep_the_local_part_as_written() {
        let email = Email::parse("Ada.L+x@Bücher.example").unwrap();
        assert_eq!(email.deliverable(), "Ada.L+x@xn--bcher-kva.example");
        assert_eq!(email.mailbox(), "ada.l@xn--bcher-kva.example");
    }

    #[test]
    fn tags_make_different_people() {
        assert_ne!(Email::parse("ada+x@example.com"), Email::parse("ada@example.com"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let (long, longer) = (format!("{}@example.com", "a".repeat(65)), format!("{}@example.com", "a".repeat(250)));
        for wrong in [
            "",
            " ",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "a b@example.com",
            "Ada <ada@example.com>",
            "ada@example.com,eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@@example.com",
            ".ada@example.com",
            "a..b@example.com",
            "ada@exa mple.com",
            "ada@127.0.0.1",
            "\"a\"@example.com",
            &long,
            &longer,
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_the_canonical_form_changes_nothing(text in "\\PC{0,40}@\\PC{1,20}\\.[a-z]{2,5}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.canonical()).map(|e| e.canonical().to_owned());
                proptest::prop_assert_eq!(again.as_deref(), Ok(email.canonical()));
            }
        }
    }
}
