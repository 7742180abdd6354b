//! The way back in: what whoever sits at the host may ask for, and for how long it counts (product decision 14).

use super::{
    accounts::{is_invisible, is_slug},
    addresses::Email,
    faults::Faults,
    proofs::is_fresh,
    time::{Millis, Span},
};

/// For how long a session that a rescue link has opened opens anything.
pub const LASTS: Span = Span::hours(1);
/// For how long the pages of an account say that it was opened from the host.
pub const ANNOUNCED: Span = Span::days(1);
/// The fewest and the most characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 3..=300;

/// The path of a link.
#[must_use]
pub fn path(token: &str) -> String {
    format!("/rescue/{token}")
}

/// Until when the session of a link that was used then opens anything; `None` once it does not.
#[must_use]
pub fn open_until(used_at: Millis, now: Millis) -> Option<Millis> {
    is_fresh(used_at, now, LASTS).then(|| used_at.plus(LASTS))
}

/// Whether pages still say that their account was opened from the host at this moment.
#[must_use]
pub const fn is_announced(rescued_at: Millis, now: Millis) -> bool {
    is_fresh(rescued_at, now, ANNOUNCED)
}

/// What is typed behind `frontdesk rescue`, empty where it is left out.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, clippy::struct_excessive_bools, reason = "the flags of the command")]
pub struct Draft {
    pub account: String,
    pub person: String,
    pub reason: String,
    pub reset_factor: bool,
    pub reset_password: bool,
    pub relax_ip: bool,
    pub mixed_sso: bool,
    pub drill: bool,
}

/// What is asked for. A slug is that of one account; nothing means all of them.
#[derive(Clone, Debug)]
pub enum Wish {
    /// To see accounts and who administers them.
    Look(Option<String>),
    /// A way in for somebody.
    Open(Wanted),
    /// To see that a way in would be one, without making any.
    Drill(Option<String>),
}

/// A way in for somebody.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that is done or not")]
pub struct Wanted {
    /// The slug of the account.
    pub account: String,
    /// The address of one of its administrators.
    pub person: Email,
    /// Why, as it is kept.
    pub reason: String,
    /// Whether their second factor is taken away as well.
    pub reset_factor: bool,
    /// Whether they get a link to choose a new password as well.
    pub reset_password: bool,
    /// Whether all IP restrictions of the account only warn from then on.
    pub relax_ip: bool,
    /// Whether nobody is to need single sign-on who was there before it.
    pub mixed_sso: bool,
}

impl Draft {
    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its flag.
    pub fn check(&self) -> Result<Wish, Faults> {
        let mut faults = Faults::none();
        let asks = self.reset_factor
            || self.reset_password
            || self.relax_ip
            || self.mixed_sso
            || !self.person.is_empty()
            || !self.reason.is_empty();
        let account = match self.account.trim() {
            "" => None,
            slug if is_slug(slug) => Some(slug.to_owned()),
            other => {
                faults.add(
                    "account",
                    format!("There is no account {other:?}: --account takes what stands behind /accounts/ in its addresses."),
                );
                None
            }
        };
        if self.drill && asks {
            faults.add("drill", "--drill makes no way in, for nobody: it takes --account alone.");
        }
        if !asks || self.drill {
            let wish = if self.drill { Wish::Drill(account) } else { Wish::Look(account) };
            return if faults.is_empty() { Ok(wish) } else { Err(faults) };
        }
        if self.account.trim().is_empty() {
            faults.add("account", "Say in which account, with --account.");
        }
        let person = match self.person.trim() {
            "" => Err("Say for which of its administrators, with --person and their address.".to_owned()),
            address => Email::parse(address).map_err(|message| format!("--person takes an address. {message}")),
        };
        let (person, reason) = (faults.keep("person", person), faults.keep("reason", reason(&self.reason)));
        match (account, person, reason) {
            (Some(account), Some(person), Some(reason)) => {
                let Self { reset_factor, reset_password, relax_ip, mixed_sso, .. } = *self;
                Ok(Wish::Open(Wanted { account, person, reason, reset_factor, reset_password, relax_ip, mixed_sso }))
            }
            _ => Err(faults),
        }
    }
}

/// A reason as it is kept: one line.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if length < *REASON.start() {
        return Err("Say why, with --reason: it is kept, and told to all administrators.".to_owned());
    }
    if length > *REASON.end() || text.contains(is_invisible) {
        return Err(format!("Say why in one line of at most {} characters.", REASON.end()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_262_400_000);

    fn faults(draft: &Draft) -> Vec<&'static str> {
        draft.check().err().map(|faults| faults.iter().map(|fault| fault.field).collect()).unwrap_or_default()
    }

    #[test]
    fn what_is_missing_is_said_at_once() {
        let whole =
            Draft { account: " acme ".into(), person: "Ada@Example.com".into(), reason: " Lost her phone ".into(), ..Draft::default() };
        let Ok(Wish::Open(wanted)) = whole.check() else { panic!() };
        assert_eq!(
            (wanted.account.as_str(), wanted.person.canonical(), wanted.reason.as_str()),
            ("acme", "ada@example.com", "Lost her phone")
        );
        assert_eq!(faults(&Draft { reset_factor: true, ..Draft::default() }), ["account", "person", "reason"]);
        for reason in ["", "  ", "so", "two\nlines", "\u{202e}backwards", &"long ".repeat(100)] {
            assert_eq!(faults(&Draft { reason: reason.to_owned(), ..whole.clone() }), ["reason"], "{reason:?}");
        }
        assert_eq!(faults(&Draft { account: "Acme".into(), ..whole.clone() }), ["account"]);
        assert_eq!(faults(&Draft { person: "ada".into(), ..whole.clone() }), ["person"]);
        assert_eq!(faults(&Draft { drill: true, ..whole }), ["drill"]);
    }

    #[test]
    fn looking_and_the_drill_take_an_account_or_none() {
        assert!(matches!(Draft::default().check(), Ok(Wish::Look(None))));
        let acme = Draft { account: "acme".into(), ..Draft::default() };
        assert!(matches!(acme.check(), Ok(Wish::Look(Some(_)))));
        assert!(matches!(Draft { drill: true, ..acme }.check(), Ok(Wish::Drill(Some(_)))));
        assert!(matches!(Draft { drill: true, ..Draft::default() }.check(), Ok(Wish::Drill(None))));
    }

    #[test]
    fn an_hour_and_a_day_are_no_longer() {
        assert_eq!(open_until(NOW, NOW.plus(Span(LASTS.0 - 1))), Some(NOW.plus(LASTS)));
        assert_eq!(open_until(NOW, NOW.plus(LASTS)), None);
        assert_eq!(open_until(NOW.plus(LASTS), NOW), None, "one of later was opened under a wrong clock");
        assert!(is_announced(NOW, NOW.plus(Span(ANNOUNCED.0 - 1))) && !is_announced(NOW, NOW.plus(ANNOUNCED)));
    }
}
