//! The second factor: what its codes look like, and how often one may guess.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{
    faults::Faults,
    time::{Millis, Span},
    words::words,
};

/// How many recovery codes one gets.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of a recovery code: 80 bits.
const RECOVERY_BYTES: usize = 10;
/// The digits of recovery codes: those of Crockford's base 32, of which none looks like another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How long somebody may take from the first look at a secret to the code that confirms it.
pub const ENROLMENT_LIVES: Span = Span::minutes(30);

/// What somebody types who is asked for the second factor, in its one form.
#[derive(Clone, PartialEq, Eq)]
pub enum Code {
    /// Six digits of an authenticator.
    Totp(String),
    /// A recovery code, without its hyphens.
    Recovery(String),
}

/// The one answer to codes that are wrong, used, or of another time.
pub const WRONG: &str = "This code is not right, or has been used. Take the next one that your authenticator shows.";

impl Code {
    /// Reads what was typed: blanks, hyphens, case, and full-width digits do not matter.
    ///
    /// # Errors
    /// A sentence for whoever typed it, where it cannot be a code.
    pub fn parse(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "Enter the six digits that your authenticator shows, or one of your recovery codes.";
        match plain(text) {
            Some(plain) if plain.len() == 6 && plain.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self::Totp(plain)),
            Some(plain) if plain.len() == RECOVERY_BYTES * 8 / 5 => Ok(Self::Recovery(plain)),
            _ => Err(SHAPE.to_owned()),
        }
    }
}

/// What was typed in digits of base 32: without blanks and hyphens, and with what looks like another digit read as that one.
fn plain(text: &str) -> Option<String> {
    if text.len() > 200 {
        return None;
    }
    let upper = text.nfkc().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_uppercase();
    let digit = |c| match c {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let read: String = upper.chars().map(digit).collect();
    read.bytes().all(|byte| DIGITS.contains(&byte)).then_some(read)
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

/// A recovery code with 80 random bits, without hyphens.
#[must_use]
pub fn recovery_code(dice: [u8; 16]) -> String {
    let bits = dice[..RECOVERY_BYTES].iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let digit = |place: usize| DIGITS.get(usize::try_from(bits >> (place * 5) & 31).unwrap_or(0)).copied().map_or('0', char::from);
    (0..RECOVERY_BYTES * 8 / 5).rev().map(digit).collect()
}

/// The same as it is shown: in groups of four.
#[must_use]
pub fn in_groups(code: &str) -> String {
    code.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

/// What a person types where a code is asked for.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The code.
    #[serde(skip_serializing)]
    pub code: String,
    /// Where to go afterwards.
    pub next: String,
}

impl Draft {
    /// Reads the code.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check(&self) -> Result<Code, Faults> {
        Code::parse(&self.code).map_err(|message| Faults::one("code", message))
    }
}

/// What a person types who confirms a secret.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confirmation {
    /// A code of the authenticator.
    #[serde(skip_serializing)]
    pub code: String,
    /// The code from the letter, where an account demands the factor.
    #[serde(skip_serializing)]
    pub mailed: String,
    /// Where to go afterwards.
    pub next: String,
}

impl Confirmation {
    /// Reads the codes; `is_mailed` says whether there was a letter.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, is_mailed: bool) -> Result<(Code, Option<String>), Faults> {
        let mut faults = Faults::none();
        let code = faults.keep("code", Code::parse(&self.code));
        let mailed = match plain(&self.mailed) {
            _ if !is_mailed => Ok(None),
            Some(mailed) if mailed.len() == MAILED => Ok(Some(mailed)),
            _ => Err("Enter the eight characters from the letter.".to_owned()),
        };
        match (code, faults.keep("mailed", mailed)) {
            (Some(code), Some(mailed)) => Ok((code, mailed)),
            _ => Err(faults),
        }
    }
}

/// Characters of the code in a letter: 40 bits, good for half an hour and few guesses.
const MAILED: usize = 8;

/// The code of a letter, without its hyphen.
#[must_use]
pub fn mailed_code(dice: [u8; 16]) -> String {
    recovery_code(dice).split_off(MAILED)
}

/// Reads a mailed code; `None` where it cannot be one.
#[must_use]
pub fn read_mailed(text: &str) -> Option<String> {
    plain(text).filter(|plain| plain.len() == MAILED)
}

/// Why an administrator takes somebody's factor away.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reset {
    /// The reason, as it is kept.
    pub reason: String,
}

impl Reset {
    /// Checks the reason.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check(&self) -> Result<String, Faults> {
        let reason = self.reason.trim();
        match reason.chars().count() {
            0..3 => Err(Faults::one("reason", "Say why: it is kept, and told to the member.")),
            3..=300 if !reason.chars().any(char::is_control) => Ok(reason.to_owned()),
            _ => Err(Faults::one("reason", "Say it in one line of at most 300 characters.")),
        }
    }
}

words! {
    /// What wrong codes are counted by, on all screens and in all sessions together.
    Scope {
        User = "codes_user", "The person whose codes are guessed.";
        UserDay = "codes_user_day", "The same over a whole day, against slow guessing.";
    }
}

/// How many wrong codes a person may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The length of a window.
    pub window: Span,
    /// In a window.
    pub user: i64,
    /// In a day.
    pub user_day: i64,
}

impl Limits {
    /// The window and the number of codes in it that a scope allows.
    #[must_use]
    pub const fn of(&self, scope: Scope) -> (Span, i64) {
        match scope {
            Scope::User => (self.window, self.user),
            Scope::UserDay => (Span::days(1), self.user_day),
        }
    }
}

/// Whether a secret that was first shown then may still be confirmed.
#[must_use]
pub fn may_confirm(shown_at: Millis, now: Millis) -> bool {
    now.since(shown_at).0 < ENROLMENT_LIVES.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_however_they_are_typed() {
        let six = Code::Totp("123456".to_owned());
        for text in ["123456", " 123 456 ", "123-456", "\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}"] {
            assert_eq!(Code::parse(text), Ok(six.clone()), "{text}");
        }
        for text in ["", "12345", "1234567", "12345678", "12345a", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}", &"1".repeat(1 << 20)] {
            assert!(Code::parse(text).is_err(), "{text}");
        }
        let recovery = Code::Recovery("0123456789ABCDEF".to_owned());
        for text in ["0123-4567-89AB-CDEF", "o1 23 4567 89ab cdef", "OI23456789abcdef", "0l23-4567-89ab-cdef"] {
            assert_eq!(Code::parse(text), Ok(recovery.clone()), "{text}");
        }
        assert!(Code::parse("0123-4567-89AB-CDEU").is_err(), "U is no digit");
    }

    #[test]
    fn recovery_codes_carry_eighty_bits() {
        assert_eq!(recovery_code([0; 16]), "0".repeat(16));
        assert_eq!(recovery_code([255; 16]), "Z".repeat(16));
        let code = recovery_code([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0]);
        assert_eq!(in_groups(&code).len(), 19);
        assert_eq!(Code::parse(&in_groups(&code)), Ok(Code::Recovery(code)));
    }
}
