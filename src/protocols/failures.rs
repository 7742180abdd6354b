//! Why letters do not leave: what mail and SMTP say to each other about it.

/// Why a letter is not delivered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing is wrong with the letter: whoever should take it cannot be talked to.
    Away(String),
    /// It was not taken this time.
    Later(String),
    /// It never will be.
    Never(String),
}

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MailError(pub String);

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
