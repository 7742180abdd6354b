//! What was typed and could not be taken yet, because somebody had to prove again who they are: it waits for them, is shown to
//! them afterwards, and is never done by itself (product §2.22).

use serde::{Deserialize, Serialize};

use super::time::Span;

/// The fields that never wait: what is in them is given again.
pub const SECRET: [&str; 6] = ["password", "current", "code", "mailed", "token", "client_secret"];

/// For how long it waits.
pub const WAITS: Span = Span::hours(1);

/// How many of a person's forms wait at most; the oldest goes first.
pub const MOST: i64 = 5;

/// What somebody typed into a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// Where the form was sent to.
    pub action: String,
    /// Names and values of its fields, without secrets.
    pub fields: Vec<(String, String)>,
}

impl Typed {
    /// What of a form can wait; `None` where nothing of it can.
    #[must_use]
    pub fn new(action: &str, fields: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        let is_plain = action.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
        let fields: Vec<_> = fields.into_iter().filter(|(name, _)| !SECRET.contains(&name.as_str()) && name != "next").collect();
        (is_plain && !fields.is_empty()).then(|| Self { action: action.to_owned(), fields })
    }

    /// What was typed into a field; `None` where the form was sent without it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(action: &str, fields: &[(&str, &str)]) -> Option<Typed> {
        Typed::new(action, fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn secrets_do_not_wait() {
        let email = typed("/me/email", &[("email", "new@example.com"), ("password", "secret"), ("next", "/me")]).unwrap();
        assert_eq!(email.fields, [("email".to_owned(), "new@example.com".to_owned())]);
        assert_eq!((email.value("email"), email.value("password")), (Some("new@example.com"), None));
        assert_eq!(typed("/me/security/password", &[("current", "a"), ("password", "b")]), None);
        assert_eq!(typed("/me\"]", &[("name", "x")]), None, "no path of ours");
    }
}
