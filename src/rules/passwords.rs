//! What a new password must be. Hashing is in `protocols::passwords`.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{addresses::Email, faults::Faults};

/// The fewest characters of a new password.
pub const MIN_CHARACTERS: usize = 12;
/// The most characters of any password; longer input is refused before anything is hashed.
pub const MAX_CHARACTERS: usize = 256;

/// A password in the one form that is hashed: NFC, nothing trimmed. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// What somebody typed to sign in. `None` when it is too long to be anybody's password.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        // Bytes first, so that a megabyte is refused without being normalised.
        if text.len() > MAX_CHARACTERS * 4 {
            return None;
        }
        let normal: String = text.nfc().collect();
        (normal.chars().count() <= MAX_CHARACTERS).then_some(Self(normal))
    }

    /// A password somebody chooses; `context` are words it must not simply repeat, such as the own address.
    ///
    /// # Errors
    /// A sentence for the person who chose it.
    pub fn chosen(text: &str, context: &[&str]) -> Result<Self, String> {
        let too_long = || format!("Use at most {MAX_CHARACTERS} characters.");
        let password = Self::typed(text).ok_or_else(too_long)?;
        if password.0.chars().count() < MIN_CHARACTERS {
            return Err(format!("Use at least {MIN_CHARACTERS} characters. Four random words work well."));
        }
        let folded = password.0.to_lowercase();
        if context.iter().any(|word| !word.is_empty() && folded == word.to_lowercase()) {
            return Err("Do not use your own name, address or company as the password.".to_owned());
        }
        let mut characters = folded.chars();
        let first = characters.next();
        if characters.all(|c| Some(c) == first) {
            return Err("Use more than one character.".to_owned());
        }
        Ok(password)
    }

    /// The bytes that are hashed.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password that somebody types to prove that they are who they are signed in as.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn proof(text: &str) -> Result<Password, String> {
    match text {
        "" => Err("Enter your password.".to_owned()),
        text => Password::typed(text).ok_or_else(|| NOT_YOURS.to_owned()),
    }
}

/// The answer to a wrong password of somebody who is signed in.
pub const NOT_YOURS: &str = "This is not your password.";

/// What somebody types who has forgotten their password.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Forgotten {
    /// The address.
    pub email: String,
}

impl Forgotten {
    /// Checks the address.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check(&self) -> Result<Email, Faults> {
        Email::parse(&self.email).map_err(|message| Faults::one("email", message))
    }
}

/// What somebody types who chooses a password: a new one, and where they are signed in also the old one.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The old password.
    #[serde(skip_serializing)]
    pub current: String,
    /// The new password.
    #[serde(skip_serializing)]
    pub password: String,
}

impl Draft {
    /// Checks the new password; `context` are words that it must not simply repeat.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check_new(&self, context: &[&str]) -> Result<Password, Faults> {
        Password::chosen(&self.password, context).map_err(|message| Faults::one("password", message))
    }

    /// Checks both: the old one as typed, and the new one.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, context: &[&str]) -> Result<(Password, Password), Faults> {
        let mut faults = Faults::none();
        let current = faults.keep("current", proof(&self.current));
        let new = Password::chosen(&self.password, context);
        let new =
            new.and_then(|new| if current.as_ref() == Some(&new) { Err("This is your password already.".to_owned()) } else { Ok(new) });
        match (current, faults.keep("password", new)) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_has_both_ends() {
        assert!(Password::chosen(&"é🦀".repeat(6), &[]).is_ok());
        assert!(Password::chosen("elevenchars", &[]).is_err());
        assert!(Password::chosen(&"ab".repeat(128), &[]).is_ok());
        assert!(Password::chosen(&format!("{}c", "ab".repeat(128)), &[]).is_err());
        assert!(Password::typed(&"a".repeat(1 << 20)).is_none());
    }

    #[test]
    fn one_password_in_two_spellings_is_one() {
        assert_eq!(Password::typed("cafe\u{301} au lait"), Password::typed("caf\u{e9} au lait"));
        assert_ne!(Password::typed(" blanks count "), Password::typed("blanks count"));
    }

    #[test]
    fn the_own_address_is_no_password() {
        assert!(Password::chosen("Ada@Example.com", &["ada@example.com"]).is_err());
        assert!(Password::chosen("aaaaaaaaaaaaaaa", &[]).is_err());
    }
}
