//! Letters about the second factor of somebody.

use serde::{Deserialize, Serialize};

use super::{NOT_YOU, Reading, new_password};
use crate::rules::{time::Millis, zones::Zone};

/// What such a letter says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are what the sentences name")]
pub enum MfaLetter {
    /// They have a second factor now, and their other sessions ended.
    FactorSetUp { at: i64, from: String },
    /// The code that they need besides, to set up a second factor that an account demands.
    EnrolmentCode { code: String, expires_at: i64 },
    /// An administrator took their factor away.
    FactorReset { account: String, by: String, reason: String },
    /// They have no second factor any more.
    FactorRemoved { at: i64, from: String },
    /// Their recovery codes are other ones.
    RecoveryCodesRenewed { at: i64, from: String },
    /// They used a recovery code; so many are left.
    RecoveryCodeUsed { at: i64, from: String, left: i64 },
    /// Somebody who knows their password guesses their codes.
    CodesGuessed { at: i64, from: String },
}

impl MfaLetter {
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::FactorSetUp { .. } => "factor_set_up",
            Self::EnrolmentCode { .. } => "enrolment_code",
            Self::FactorReset { .. } => "factor_reset",
            Self::FactorRemoved { .. } => "factor_removed",
            Self::RecoveryCodesRenewed { .. } => "recovery_codes_renewed",
            Self::RecoveryCodeUsed { .. } => "recovery_code_used",
            Self::CodesGuessed { .. } => "codes_guessed",
        }
    }

    pub(super) const fn subject(&self) -> &'static str {
        match self {
            Self::FactorSetUp { .. } => "You have a second factor now",
            Self::EnrolmentCode { .. } => "The code for your second factor",
            Self::FactorReset { .. } => "Your second factor was reset",
            Self::FactorRemoved { .. } => "Your second factor was removed",
            Self::RecoveryCodesRenewed { .. } => "You have new recovery codes",
            Self::RecoveryCodeUsed { .. } => "A recovery code was used",
            Self::CodesGuessed { .. } => "Somebody guesses your codes",
        }
    }

    pub(super) fn reading(&self, to: &str) -> Reading {
        let until = |at: i64| Millis(at).exact(&Zone::utc());
        let (heading, body, button, after): (String, Vec<String>, _, Vec<String>) = match self {
            Self::FactorSetUp { at, from } => (
                "You have a second factor now".to_owned(),
                vec![
                    format!("A second factor was set up for {to} on {}, from the network address {from}.", until(*at)),
                    "From now on signing in takes your password and a code of your authenticator. Keep the recovery codes where you keep your passwords.".to_owned(),
                ],
                Some(new_password()),
                vec![NOT_YOU.to_owned()],
            ),
            Self::EnrolmentCode { code, expires_at } => (
                "The code for your second factor".to_owned(),
                vec![
                    "An account of yours demands a second factor. To set it up, enter this code besides that of your authenticator:".to_owned(),
                    code.clone(),
                ],
                None,
                vec![format!("It works once, until {}. A newer letter ends it.", until(*expires_at)), NOT_YOU.to_owned()],
            ),
            Self::FactorReset { account, by, reason } => (
                "Your second factor was reset".to_owned(),
                vec![format!(
                    "{by} of {account} took the second factor of {to} away, and gave this reason: {reason}. Your password alone opens your user until you set up another one."
                )],
                Some(("Sign in", "/login".to_owned())),
                vec!["If you did not ask for this, tell another administrator of the account at once.".to_owned()],
            ),
            Self::FactorRemoved { at, from } => (
                "Your second factor was removed".to_owned(),
                vec![format!(
                    "The second factor of {to} was removed on {}, from the network address {from}. Your password alone opens your user now.",
                    until(*at)
                )],
                Some(new_password()),
                vec![NOT_YOU.to_owned()],
            ),
            Self::RecoveryCodesRenewed { at, from } => (
                "You have new recovery codes".to_owned(),
                vec![format!(
                    "{to} has new recovery codes since {}, made from the network address {from}. The old ones no longer work.",
                    until(*at)
                )],
                Some(new_password()),
                vec![NOT_YOU.to_owned()],
            ),
            Self::CodesGuessed { at, from } => (
                "Somebody guesses your codes".to_owned(),
                vec![format!(
                    "Too many wrong codes were typed for {to}, the last of them on {} from the network address {from}. Whoever does that knows your password. No code is taken for a while.",
                    until(*at)
                )],
                Some(("Choose a new password", "/password/forgot".to_owned())),
                vec!["If it was you, wait a little and try again, or use one of your recovery codes then.".to_owned()],
            ),
            Self::RecoveryCodeUsed { at, from, left } => (
                "A recovery code was used".to_owned(),
                vec![
                    format!("A recovery code of {to} was used on {}, from the network address {from}. It works no more.", until(*at)),
                    format!("{left} of your recovery codes are left. On your security page you get new ones."),
                ],
                Some(new_password()),
                vec![NOT_YOU.to_owned()],
            ),
        };
        Reading { heading, body, button, after }
    }
}
