//! Letters: what they say, and when one that could not be delivered is tried again.
//!
//! A letter is a row of the transaction that causes it, so none is lost and none is sent for what did not happen. Its
//! contents are data; how they read is a template, and where its links lead is known when it is sent.

mod lockouts;
mod mfa;
mod rescue;
mod social;
mod sso;

pub use lockouts::LockedOut;
pub use mfa::MfaLetter;
pub use rescue::Rescued;
use serde::{Deserialize, Serialize};
pub use social::SocialLetter;
pub use sso::{ArrivalCode, ArrivalLinked, PasswordBySso};

use super::{
    time::{Millis, Span},
    zones::Zone,
};

/// How long delivery is tried before a letter is given up.
pub const PATIENCE: Span = Span::days(3);
/// How long whoever has taken a letter to deliver it has for that, before another process may. Longer than delivering can
/// take.
pub const LEASE: Span = Span::minutes(1);

/// What a letter says. Moments are milliseconds since 1970; a token is the secret of a link, and whoever has it reads this
/// mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the sentences name")]
pub enum Letter {
    /// Somebody is invited to an account by somebody, whose address is said where it is proven.
    Invitation { token: String, account: String, inviter: String, inviter_email: String, expires_at: i64 },
    /// Somebody wants to sign up with this address.
    SignUp { token: String, expires_at: i64 },
    /// Somebody wants to sign up with this address, which somebody has.
    SignUpKnown,
    /// Somebody wants a new password.
    PasswordReset { token: String, expires_at: i64 },
    /// The same of somebody who comes into an account through its provider alone, and has no password.
    PasswordBySso(PasswordBySso),
    /// The password is another one, from this moment on and at the wish of who came from this network address.
    PasswordChanged { at: i64, from: String },
    /// Somebody signed in with their password from where, or with what, nobody has lately.
    NewPlace { at: i64, from: String, device: String },
    /// Too many wrong passwords were typed for their address, and none is compared for a while; who has the token may let them in.
    LockedOut(LockedOut),
    /// About their second factor.
    Mfa(MfaLetter),
    /// About the logins of GitHub and Google that they sign in by.
    Social(SocialLetter),
    /// Somebody says that this address is theirs. Who, it does not say: nobody writes to strangers through us.
    ConfirmEmail { token: String, expires_at: i64 },
    /// Somebody says that this address is theirs, which is somebody else's.
    EmailTaken,
    /// Somebody who came from an identity provider says that this address is theirs, and joins an account by this code.
    ArrivalCode(ArrivalCode),
    /// A sign-in of an account's identity provider is linked to them.
    ArrivalLinked(ArrivalLinked),
    /// Their address is to become this one: to the old address.
    EmailChangeAsked { new: String, from: String },
    /// Their address has become this one: to the old address.
    EmailChanged { new: String },
    /// An account is deleted: to its other administrators.
    AccountDeleted { account: String, by: String },
    /// An account was opened from the host: to its administrators.
    AccountRescued(Rescued),
}

/// A letter as it reads.
pub struct Reading {
    /// The line above it.
    pub heading: String,
    /// What it says.
    pub body: Vec<String>,
    /// The button: what stands on it, and to which path it leads.
    pub button: Option<(&'static str, String)>,
    /// What it says at its end.
    pub after: Vec<String>,
}

const IGNORE: &str = "If it was not you, you can ignore this letter: nothing changes.";
const NOT_YOU: &str =
    "If it was not you, choose a new password at once, and tell an administrator of your account: somebody may know your password.";

/// Where whoever fears for their password gets another one.
fn new_password() -> (&'static str, String) {
    ("I did not do this: choose a new password", "/password/forgot".to_owned())
}

impl Letter {
    /// The word by which the outbox knows its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            // One kind each, so that the row does not tell whether somebody has the address.
            Self::SignUp { .. } | Self::SignUpKnown => "sign_up",
            Self::PasswordReset { .. } | Self::PasswordBySso(_) => "password_reset",
            Self::PasswordChanged { .. } => "password_changed",
            Self::NewPlace { .. } => "new_place",
            Self::LockedOut(_) => "locked_out",
            Self::Mfa(letter) => letter.kind(),
            Self::Social(letter) => letter.kind(),
            Self::ConfirmEmail { .. } | Self::EmailTaken => "confirm_email",
            Self::ArrivalCode(_) => "arrival_code",
            Self::ArrivalLinked(_) => "arrival_linked",
            Self::EmailChangeAsked { .. } => "email_change_asked",
            Self::EmailChanged { .. } => "email_changed",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::AccountRescued(_) => "account_rescued",
        }
    }

    /// Whom an answer to it should reach, if anybody.
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        match self {
            Self::Invitation { inviter_email, .. } => Some(inviter_email.as_str()).filter(|email| !email.is_empty()),
            _ => None,
        }
    }

    /// Whether what it says is no longer true.
    #[must_use]
    pub const fn is_over(&self, now: Millis) -> bool {
        match self {
            Self::Invitation { expires_at, .. }
            | Self::SignUp { expires_at, .. }
            | Self::PasswordReset { expires_at, .. }
            | Self::LockedOut(LockedOut { expires_at, .. })
            | Self::ArrivalCode(ArrivalCode { expires_at, .. })
            | Self::Mfa(MfaLetter::EnrolmentCode { expires_at, .. })
            | Self::ConfirmEmail { expires_at, .. } => now.0 >= *expires_at,
            _ => false,
        }
    }

    /// The line that mailboxes show.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Invitation { account, inviter, .. } => format!("{inviter} invites you to join {account}"),
            Self::SignUp { .. } | Self::SignUpKnown => "Sign up to Frontdesk".to_owned(),
            Self::PasswordReset { .. } => "Choose a new password".to_owned(),
            Self::PasswordBySso(letter) => letter.subject(),
            Self::PasswordChanged { .. } => "Your password was changed".to_owned(),
            Self::NewPlace { .. } => "A new sign-in".to_owned(),
            Self::LockedOut(_) => "Too many wrong passwords".to_owned(),
            Self::Mfa(letter) => letter.subject().to_owned(),
            Self::Social(letter) => letter.subject(),
            Self::ConfirmEmail { .. } => "Confirm your address".to_owned(),
            Self::ArrivalCode(letter) => letter.subject(),
            Self::ArrivalLinked(letter) => letter.subject(),
            Self::EmailTaken => "This address has a user already".to_owned(),
            Self::EmailChangeAsked { .. } => "Your address is to be changed".to_owned(),
            Self::EmailChanged { .. } => "Your address was changed".to_owned(),
            Self::AccountDeleted { account, .. } => format!("{account} was deleted"),
            Self::AccountRescued(letter) => letter.subject(),
        }
    }

    /// How it reads to whoever has the address `to`.
    #[must_use]
    pub fn reading(&self, to: &str) -> Reading {
        let until = |at: i64| Millis(at).exact(&Zone::utc());
        let (heading, body, button, after) = match self {
            Self::Invitation { token, account, inviter, inviter_email, expires_at } => {
                let who = if inviter_email.is_empty() { String::new() } else { format!(" ({inviter_email})") };
                (
                    format!("Join {account}"),
                    vec![format!("\u{201c}{inviter}\u{201d}{who} invites you to join {account} on Frontdesk.")],
                    Some(("See the invitation", format!("/invitations/{token}"))),
                    vec![
                        format!("The invitation is open until {}, and for {to} alone.", until(*expires_at)),
                        "If you do not know what this is about, you can ignore this letter: nothing happens unless you accept.".to_owned(),
                    ],
                )
            }
            Self::SignUp { token, expires_at } => (
                "Welcome".to_owned(),
                vec![format!("Somebody, probably you, wants to sign up with {to}.")],
                Some(("Choose name and password", format!("/signup/{token}"))),
                vec![format!("The link works once, until {}.", until(*expires_at)), IGNORE.to_owned()],
            ),
            Self::SignUpKnown => (
                "You have a user already".to_owned(),
                vec![
                    format!("Somebody, probably you, wanted to sign up with {to}. You are there already: sign in with this address."),
                    "If you do not know your password any more, choose a new one on the sign-in page.".to_owned(),
                ],
                Some(("Sign in", "/login".to_owned())),
                vec![IGNORE.to_owned()],
            ),
            Self::PasswordReset { token, expires_at } => (
                "Choose a new password".to_owned(),
                vec![format!("Somebody, probably you, asked for a new password for {to}.")],
                Some(("Choose a new password", format!("/password/reset/{token}"))),
                vec![
                    format!("The link works once, until {}. A newer letter ends it.", until(*expires_at)),
                    "If it was not you, you can ignore this letter: your password stays as it is.".to_owned(),
                ],
            ),
            Self::PasswordChanged { at, from } => (
                "Your password was changed".to_owned(),
                vec![format!("The password of {to} was changed on {}, from the network address {from}.", until(*at))],
                Some(new_password()),
                vec![NOT_YOU.to_owned()],
            ),
            Self::NewPlace { at, from, device } => (
                "A new sign-in".to_owned(),
                vec![format!(
                    "Somebody, probably you, signed in as {to} on {}, from the network address {from}, with {device}. It is the first time lately from there or with that.",
                    until(*at)
                )],
                Some(("See where I am signed in", "/me/sessions".to_owned())),
                vec![NOT_YOU.to_owned()],
            ),
            Self::LockedOut(letter) => return letter.reading(to),
            Self::Mfa(letter) => return letter.reading(to),
            Self::Social(letter) => return letter.reading(to),
            Self::AccountRescued(letter) => return letter.reading(),
            Self::ArrivalCode(letter) => return letter.reading(to),
            Self::ArrivalLinked(letter) => return letter.reading(to),
            Self::PasswordBySso(letter) => return letter.reading(to),
            Self::ConfirmEmail { token, expires_at } => (
                "Confirm your address".to_owned(),
                vec![format!(
                    "Somebody says that {to} is their address. If that is you, sign in and confirm it: from then on you sign in with it."
                )],
                Some(("Confirm this address", format!("/verify-email/{token}"))),
                vec![format!("The link works once, until {}.", until(*expires_at)), IGNORE.to_owned()],
            ),
            Self::EmailTaken => (
                "This address has a user already".to_owned(),
                vec![format!(
                    "Somebody, probably you, wanted to use {to} for their user. This address has a user already, so it cannot be used for another one."
                )],
                None,
                vec![IGNORE.to_owned()],
            ),
            Self::EmailChangeAsked { new, from } => (
                "Your address is to be changed".to_owned(),
                vec![format!(
                    "Somebody, probably you, asked from the network address {from} to change your address from {to} to {new}. It changes once it is confirmed from there."
                )],
                Some(new_password()),
                vec![NOT_YOU.to_owned()],
            ),
            Self::EmailChanged { new } => (
                "Your address was changed".to_owned(),
                vec![format!("Your address is now {new}. Sign in with it from now on; {to} no longer opens your user.")],
                None,
                vec!["If it was not you, tell an administrator of your account at once.".to_owned()],
            ),
            Self::AccountDeleted { account, by } => (
                format!("{account} was deleted"),
                vec![format!(
                    "{by} has deleted the account {account}. Nobody can enter it any more. Your user and your other accounts stay."
                )],
                None,
                vec![],
            ),
        };
        Reading { heading, body, button, after }
    }
}

/// When to try again what has failed `attempts` times, the last of them now; `None` when it is to be given up. The first ten
/// times fall into a quarter of an hour, as a server that is away comes back or one that asks for patience has had it; then
/// the waits double up to an hour.
#[must_use]
pub fn next_attempt(now: Millis, written_at: Millis, attempts: i64) -> Option<Millis> {
    let wait = match attempts {
        ..=1 => Span::seconds(30),
        2 => Span::minutes(1),
        3..=10 => Span::seconds(90),
        11..=15 => Span(Span::seconds(90).0 << (attempts - 10)),
        _ => Span::hours(1),
    };
    (now.since(written_at) < PATIENCE).then(|| now.plus(wait))
}

/// How long to leave a server alone that could not be talked to so many times in a row: from one second to half a minute.
#[must_use]
pub fn pause(failures: u32) -> Span {
    Span::seconds(2_i64.pow(failures.clamp(1, 6) - 1).min(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_795_262_400_000);

    #[test]
    fn waits_grow_to_an_hour_and_end_after_three_days() {
        let wait = |attempts| next_attempt(NOW, NOW, attempts).unwrap().since(NOW);
        assert_eq!([wait(1), wait(2), wait(3)], [Span::seconds(30), Span::minutes(1), Span::seconds(90)]);
        assert!((1..40).all(|attempts| wait(attempts + 1) >= wait(attempts)));
        assert!((1..10).map(|attempts| wait(attempts).0).sum::<i64>() <= Span::minutes(15).0);
        assert_eq!([wait(11), wait(1_000)], [Span::minutes(3), Span::hours(1)]);
        assert_eq!(next_attempt(NOW.plus(PATIENCE), NOW, 3), None);
    }

    #[test]
    fn a_server_that_is_away_is_asked_twice_a_minute() {
        assert_eq!([pause(0), pause(1), pause(3), pause(99)].map(|span| span.0 / 1_000), [1, 1, 4, 30]);
    }

    #[test]
    fn what_waits_is_read_back() {
        let letter = Letter::Invitation {
            token: "t".into(),
            account: "Acme".into(),
            inviter: "Ada".into(),
            inviter_email: "ada@example.com".into(),
            expires_at: 1,
        };
        let text = serde_json::to_string(&letter).unwrap();
        assert_eq!(serde_json::from_str::<Letter>(&text).unwrap(), letter);
    }
}
