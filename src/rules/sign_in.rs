//! Signing in: what is typed, how often one may try, and where one goes afterwards.

use serde::{Deserialize, Serialize};

use super::{
    addresses::Email,
    faults::Faults,
    passwords::Password,
    time::{Millis, Span},
    words::words,
};

/// What a person types at `/login`.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The address.
    pub email: String,
    /// The password.
    #[serde(skip_serializing)]
    pub password: String,
    /// Where to go afterwards.
    pub next: String,
}

/// An address and a password that could be somebody's.
pub struct Credentials {
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Password,
}

/// The one answer to a wrong address and to a wrong password (`ERR_NGROK_4100`).
pub const WRONG: &str = "This email address and password do not belong together.";

impl Draft {
    /// Checks the shape of what was typed; says nothing of who exists.
    ///
    /// # Errors
    /// Faults at the fields.
    pub fn check(&self) -> Result<Credentials, Faults> {
        let mut faults = Faults::none();
        let email = faults.keep("email", Email::parse(&self.email));
        let password = match self.password.as_str() {
            "" => Err("Enter your password.".to_owned()),
            // Too long to be anybody's: refused before anything is hashed.
            text => Password::typed(text).ok_or_else(|| WRONG.to_owned()),
        };
        match (email, faults.keep("password", password)) {
            (Some(email), Some(password)) => Ok(Credentials { email, password }),
            _ => Err(faults),
        }
    }
}

words! {
    /// Why a sign-in failed, for the record only: the visitor gets one answer.
    Failure {
        Wrong = "wrong_password", "Wrong address or wrong password.";
        SignUp = "password_at_sign_up", "The right password, but to sign up where there is a user already.";
        Again = "wrong_password_again", "The wrong password, by somebody signed in who was asked for it again.";
        WrongCode = "wrong_code", "The right password, and then a wrong or used code.";
        TooManyCodes = "too_many_codes", "Too many wrong codes; recorded once a window.";
        Locked = "locked_out", "Nothing was compared: there were too many wrong passwords before.";
        TooMany = "too_many_attempts", "Too many attempts; recorded once a window.";
    }
}

words! {
    /// What attempts are counted by, whomever they are about; what is about somebody is in [`super::lockouts`].
    Scope {
        Address = "sign_in_address", "The network address that it comes from.";
        Network = "sign_in_network", "That address's /24 or /64.";
    }
}

/// How many attempts are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The length of a window.
    pub window: Span,
    /// Per network address in a window.
    pub address: i64,
    /// Per network in a window.
    pub network: i64,
}

impl Limits {
    /// The window and the number of attempts in it that a scope allows.
    #[must_use]
    pub const fn of(&self, scope: Scope) -> (Span, i64) {
        match scope {
            Scope::Address => (self.window, self.address),
            Scope::Network => (self.window, self.network),
        }
    }
}

/// The start of the window that `now` is in.
#[must_use]
pub const fn window_start(now: Millis, window: Span) -> Millis {
    Millis(now.0 - now.0.rem_euclid(window.0))
}

/// How long until the window that `now` is in ends.
#[must_use]
pub const fn window_rest(now: Millis, window: Span) -> Span {
    Span(window.0 - now.0.rem_euclid(window.0))
}

/// What to tell somebody who has tried too often and may try again after this long.
#[must_use]
pub fn too_many(rest: Span) -> String {
    let minutes = (rest.0 + 59_999) / 60_000;
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    format!("There were too many attempts. Try again in {minutes} {unit}.")
}

/// Where to go after signing in: the path asked for if it is one of ours, else the accounts.
#[must_use]
pub fn destination(next: &str) -> &str {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.starts_with("/login")
        && !next.starts_with("/logout")
        && next.len() <= 2_000
        && next.bytes().all(|b| (0x21..0x7f).contains(&b));
    if local { next } else { "/accounts" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_are_destinations() {
        for good in ["/accounts/acme/events?type=x", "/me"] {
            assert_eq!(destination(good), good);
        }
        for bad in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "/logout",
            "/login",
            "/a\r\nSet-Cookie: x",
            "/é",
            "/\t/evil",
        ] {
            assert_eq!(destination(bad), "/accounts", "{bad}");
        }
    }

    #[test]
    fn windows_tile_time() {
        let window = Span::minutes(15);
        let now = Millis(1_790_000_123_456);
        assert!(window_start(now, window) <= now);
        assert_eq!(window_start(now, window).plus(window), now.plus(window_rest(now, window)));
    }

    #[test]
    fn a_megabyte_is_refused_like_a_wrong_password() {
        let draft = Draft { email: "ada@example.com".into(), password: "x".repeat(1 << 20), next: String::new() };
        let Err(faults) = draft.check() else { panic!("a megabyte is no password") };
        assert_eq!(faults.at("password"), Some(WRONG));
    }
}
