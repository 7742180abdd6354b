//! What a new password must be. Hashing is in `protocols::passwords`, lists of breached ones in `protocols::breached`, and what
//! is asked of every password that somebody chooses in `acts::choosing`.
//!
//! What counts is how many guesses it takes, and not of what kinds of characters it is made; and nobody has to change it
//! because time has passed (NIST SP 800-63B-4, section 3.1.1.2).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zxcvbn::{Entropy, Score, feedback::Warning, matching::patterns::MatchPattern, zxcvbn};

use super::{addresses::Email, faults::Faults};

/// The fewest characters of a new password.
pub const MIN_CHARACTERS: usize = 10;
/// The most characters of any password; longer input is refused before anything is hashed.
pub const MAX_CHARACTERS: usize = 256;
/// The most former passwords that may be asked for: comparing with each costs a hash.
pub const MOST_REMEMBERED: i64 = 24;

/// How many of somebody's last passwords are remembered, the present one included, where the instance says this and the strictest of
/// their accounts that.
#[must_use]
pub fn remembered(instance: i64, strictest: Option<i64>) -> i64 {
    strictest.map_or(instance, |strictest| strictest.min(MOST_REMEMBERED).max(instance))
}
/// How many characters are looked at to see how strong a password is: that takes the longer the more there are.
const LOOKED_AT: usize = 100;
/// The shortest part of a name or an address that makes a password easier to guess.
const SHORTEST_WORD: usize = 3;
/// How strong a password has to be: more than a hundred million guesses.
const ENOUGH: Score = Score::Three;
/// What is wrong with a password that is made of known words.
const TOO_CLOSE: &str = "This is too close to your name, your address or your company.";
/// What to do about a password that is too weak.
const ADVICE: &str = "Four random words work well.";

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

    /// A password somebody chooses: not too short and not too long. How strong it is takes longer to say, and stands apart.
    ///
    /// # Errors
    /// A sentence for the person who chose it.
    pub fn chosen(text: &str) -> Result<Self, String> {
        let too_long = || format!("Use at most {MAX_CHARACTERS} characters.");
        let password = Self::typed(text).ok_or_else(too_long)?;
        if password.0.chars().count() < MIN_CHARACTERS {
            return Err(format!("Use at least {MIN_CHARACTERS} characters. {ADVICE}"));
        }
        Ok(password)
    }

    /// Whether it takes many guesses, by somebody who knows these words, to find it. It may take a tenth of a second to say.
    ///
    /// # Errors
    /// What makes it weak, in a sentence for the person who chose it.
    pub fn demand_strong(&self, known: &Known) -> Result<(), String> {
        let looked_at = self.0.chars().take(LOOKED_AT).collect::<String>();
        // What is known adds nothing. The estimate alone would take three known words in a row for a good password.
        let folded = looked_at.to_lowercase();
        let rest = known.0.iter().fold(folded.clone(), |rest, word| rest.replace(word.as_str(), ""));
        if rest != folded && zxcvbn(&legible(&rest), &[]).score() < ENOUGH {
            return Err(format!("{TOO_CLOSE} {ADVICE}"));
        }
        let words: Vec<&str> = known.0.iter().map(String::as_str).collect();
        let entropy = zxcvbn(&legible(&looked_at), &words);
        if entropy.score() >= ENOUGH { Ok(()) } else { Err(format!("{} {ADVICE}", weakness(&entropy, known))) }
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

/// Signs that stand for the same letter: a, c, g, i, l, s and t.
const READINGS: [&str; 7] = ["4@", "({[<", "69", "1!|", "1|7", "$5", "+7"];
/// In how many ways a password may be read.
const MOST_READINGS: usize = 16;

/// A password whose signs can be read as letters in few enough ways. Each way is looked at, and with all the signs in one
/// password it would take seconds; where there are too many, those that are no digits become others that are only signs.
fn legible(text: &str) -> String {
    let readings = READINGS.iter().map(|signs| signs.chars().filter(|sign| text.contains(*sign)).count().max(1));
    if readings.product::<usize>() <= MOST_READINGS {
        return text.to_owned();
    }
    let sign = |c| match c {
        '@' => '&',
        '(' => ')',
        '{' => '}',
        '[' => ']',
        '<' => '>',
        '!' => '?',
        '|' => '\\',
        '$' => '#',
        '+' => '=',
        other => other,
    };
    text.chars().map(sign).collect()
}

/// What is wrong with a password that is guessed too soon.
fn weakness(entropy: &Entropy, known: &Known) -> &'static str {
    let is_known = |pattern: &MatchPattern| matches!(pattern, MatchPattern::Dictionary(found) if known.0.contains(&found.matched_word));
    if entropy.sequence().iter().any(|part| is_known(&part.pattern)) {
        return TOO_CLOSE;
    }
    match entropy.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            "Keys that lie side by side are guessed soon."
        }
        Some(Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess) => {
            "Repeating something makes a password longer, but hardly harder to guess."
        }
        Some(Warning::ThisIsATop10Password | Warning::ThisIsATop100Password | Warning::ThisIsACommonPassword) => {
            "This is one of the passwords that are tried first."
        }
        Some(Warning::ThisIsSimilarToACommonlyUsedPassword) => "This is much like a password that many people use.",
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => "Sequences such as abcd or 9876 are guessed soon.",
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => "Years and dates are guessed soon.",
        Some(Warning::AWordByItselfIsEasyToGuess) => "A single word is guessed soon.",
        Some(Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess) => {
            "Names are guessed soon."
        }
        None => "This is guessed too soon.",
    }
}

/// Words that whoever wants to guess somebody's password may know: their name, their address, their company. The longest come
/// first.
#[derive(Clone, Debug)]
pub struct Known(Vec<String>);

impl Known {
    /// The words in these texts: each text, each side of an address, and their parts, with and without what stands between.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = vec!["frontdesk".to_owned()];
        for text in texts {
            let folded = text.trim().nfc().collect::<String>().to_lowercase();
            for side in folded.split('@') {
                let parts = side.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
                words.push(parts.clone().collect());
                words.extend(parts.map(str::to_owned));
                words.push(side.to_owned());
            }
            words.push(folded);
        }
        let mut known: Vec<String> = Vec::new();
        for word in words {
            if word.chars().count() >= SHORTEST_WORD && !known.contains(&word) {
                known.push(word);
            }
        }
        // A part of a word is taken out of a password only where the whole is not in it.
        known.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self(known)
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

/// What questions after somebody's last passwords are counted by: whether a new one is among them.
pub const HISTORY_SCOPE: &str = "password_history";

/// The answer to a wrong password of somebody who is signed in.
pub const NOT_YOURS: &str = "This is not your password.";
/// The answer to a new password that is the present one.
pub const ALREADY_YOURS: &str = "This is your password already.";
/// The answer to a new password that was theirs not long ago.
pub const ONCE_YOURS: &str = "This was your password before. Choose one that you have not had lately.";
/// The answer to a new password that stands in the list of breached ones.
pub const BREACHED: &str =
    "This password was found in a breach of some other site, so it is among the first to be tried. Choose another one.";

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
    /// Checks the new password.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn check_new(&self) -> Result<Password, Faults> {
        Password::chosen(&self.password).map_err(|message| Faults::one("password", message))
    }

    /// Checks both: the old one as typed, and the new one.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<(Password, Password), Faults> {
        let mut faults = Faults::none();
        let current = faults.keep("current", proof(&self.current));
        let new = Password::chosen(&self.password);
        let new = new.and_then(|new| if current.as_ref() == Some(&new) { Err(ALREADY_YOURS.to_owned()) } else { Ok(new) });
        match (current, faults.keep("password", new)) {
            (Some(current), Some(new)) => Ok((current, new)),
            _ => Err(faults),
        }
    }
}

#[cfg(test)]
#[path = "passwords_tests.rs"]
mod tests;
