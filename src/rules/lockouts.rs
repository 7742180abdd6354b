//! Lockouts: how many wrong passwords an address may get, from where, and how long nothing is compared after that.
//!
//! Nobody is to be locked out by others. So each network has attempts of its own against an address, and so has each browser in
//! which its person has signed in before; only what all networks do together closes an address to strangers everywhere, and never
//! to those browsers. Whoever is locked out is told nothing else than whoever is wrong.

use super::{
    time::{Millis, Span},
    words::words,
};

words! {
    /// What wrong passwords are counted by.
    Scope {
        Network = "lockout_network", "An address and the network that the attempt comes from.";
        NetworkDay = "lockout_network_day", "The same over a whole day, against slow guessing.";
        Everywhere = "lockout_everywhere", "An address, wherever attempts come from.";
        EverywhereDay = "lockout_everywhere_day", "The same over a whole day.";
        Browser = "lockout_browser", "An address and a browser that its person has signed in with before.";
        BrowserDay = "lockout_browser_day", "The same over a whole day.";
    }
}

/// What the sign-in page says to whoever has used the link in the letter, by this word.
pub const LET_IN_AGAIN: (&str, &str) = ("let_in_again", "You can try again now.");

/// The scope of letters that say so: no more than [`LETTERS`] an hour to an address.
pub const LETTER_SCOPE: &str = "lockout_letter";
/// How many an hour.
pub const LETTERS: i64 = 3;

/// The fewest wrong passwords that an account may demand to lock its people out after.
pub const FLOOR: i64 = 3;

/// For how long a browser is known after somebody has signed in with it.
pub const KNOWN_FOR: Span = Span::days(180);
/// How many browsers of a person are known; the one that was used longest ago goes first.
pub const MOST_KNOWN: i64 = 20;

/// How many wrong passwords are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The length of a window, and of a lockout.
    pub window: Span,
    /// In a window, from one network or known browser.
    pub wrong: i64,
    /// In a window, from all networks together.
    pub everywhere: i64,
    /// In a day, from all networks together; half of it from one.
    pub day: i64,
}

/// One count that an attempt falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// By what.
    pub scope: Scope,
    /// The window.
    pub window: Span,
    /// How many in it.
    pub limit: i64,
}

impl Scope {
    /// Whether it is of one place, and not of everywhere.
    #[must_use]
    pub const fn is_of_place(self) -> bool {
        !matches!(self, Self::Everywhere | Self::EverywhereDay)
    }
}

/// After how many wrong passwords somebody is locked out where the instance says this and the strictest of their accounts that.
#[must_use]
pub fn after(instance: i64, strictest: Option<i64>) -> i64 {
    strictest.map_or(instance, |strictest| strictest.max(FLOOR).min(instance))
}

impl Limits {
    /// The same for somebody whose strictest account demands this.
    #[must_use]
    pub fn within(self, strictest: Option<i64>) -> Self {
        Self { wrong: after(self.wrong, strictest), ..self }
    }

    /// What an attempt is counted by, the narrowest first.
    #[must_use]
    pub fn budgets(self, is_known: bool) -> Vec<Budget> {
        let day = Span::days(1);
        let of = |scope, window, limit| Budget { scope, window, limit };
        if is_known {
            return vec![of(Scope::Browser, self.window, self.wrong), of(Scope::BrowserDay, day, self.day)];
        }
        vec![
            of(Scope::Network, self.window, self.wrong),
            of(Scope::NetworkDay, day, (self.day / 2).max(1)),
            of(Scope::Everywhere, self.window, self.everywhere),
            of(Scope::EverywhereDay, day, self.day),
        ]
    }
}

/// Until when somebody is locked out who has just used a budget up.
#[must_use]
pub fn until(now: Millis, window: Span, lockout: Span) -> Millis {
    // A day's budget is there again when the day is over.
    let rest = super::sign_in::window_rest(now, window);
    if window > lockout { now.plus(rest) } else { now.plus(lockout) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { window: Span::minutes(15), wrong: 10, everywhere: 50, day: 100 };

    #[test]
    fn the_strictest_account_counts_within_bounds() {
        assert_eq!([None, Some(5), Some(1), Some(99)].map(|strictest| LIMITS.within(strictest).wrong), [10, 5, FLOOR, 10]);
        let strict = Limits { wrong: 2, ..LIMITS };
        assert_eq!(strict.within(Some(5)).wrong, 2, "the instance has the last word");
    }

    #[test]
    fn no_network_alone_closes_an_address_for_others() {
        let budgets = LIMITS.budgets(false);
        let least = |is_of_place: bool, window: Span| {
            budgets
                .iter()
                .filter(|budget| budget.scope.is_of_place() == is_of_place && budget.window == window)
                .map(|budget| budget.limit)
                .min()
                .unwrap()
        };
        for window in [LIMITS.window, Span::days(1)] {
            assert!(least(true, window) < least(false, window), "{window:?}");
        }
        assert!(LIMITS.budgets(true).iter().all(|budget| budget.scope.is_of_place()), "a known browser depends on nobody else");
    }

    #[test]
    fn a_lockout_lasts_its_time() {
        let now = Millis(1_795_262_400_000 + 7);
        assert_eq!(until(now, LIMITS.window, LIMITS.window), now.plus(LIMITS.window));
        assert_eq!(until(now, Span::days(1), LIMITS.window).0 % Span::days(1).0, 0);
    }
}
