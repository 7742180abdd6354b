//! What is said to make or change a credential, by a form or by a program.

use serde::{Deserialize, Serialize};

use super::{Acl, Kind, MAX_DESCRIPTION, MAX_METADATA, SshKey};
use crate::rules::{
    accounts::is_invisible,
    faults::{Faults, codes},
    time::Millis,
    zones::Zone,
};

/// What is typed into the page's form.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// What it is for.
    pub description: String,
    /// Whatever its owner wants to keep beside it.
    pub metadata: String,
    /// The owner's id; empty for oneself.
    pub owner: String,
    /// The address of the member who is to own it, where it is somebody else.
    pub member: String,
    /// ACL rules, one a line.
    pub acl: String,
    /// The last day; empty for no end.
    pub expires: String,
    /// The SSH key.
    pub public_key: String,
    /// The version that a change was typed over.
    pub version: String,
}

/// What a program sends. What is missing is not said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApiDraft {
    /// What it is for.
    pub description: Option<String>,
    /// Whatever its owner wants to keep beside it.
    pub metadata: Option<String>,
    /// ACL rules.
    pub acl: Option<Vec<String>>,
    /// From when on it is worth nothing; the inner `None` for no end.
    pub expires_at: Option<Option<Millis>>,
    /// The SSH key.
    pub public_key: Option<String>,
}

/// A credential to be, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// What it is for.
    pub description: String,
    /// Whatever its owner wants to keep beside it.
    pub metadata: String,
    /// What may be bound with it.
    pub acl: Acl,
    /// From when on it is worth nothing, if ever.
    pub expires_at: Option<Millis>,
    /// The key, of an SSH key.
    pub ssh: Option<SshKey>,
}

/// Changes to a credential, checked. What is missing stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What it is for.
    pub description: Option<String>,
    /// Whatever its owner wants to keep beside it.
    pub metadata: Option<String>,
    /// What may be bound with it.
    pub acl: Option<Acl>,
    /// From when on it is worth nothing; the inner `None` for no end.
    pub expires_at: Option<Option<Millis>>,
}

impl Draft {
    /// The form of one that there is.
    #[must_use]
    pub fn of(description: &str, metadata: &str, acl: &Acl, ends: Option<Millis>, zone: &Zone, version: i64) -> Self {
        Self {
            description: description.to_owned(),
            metadata: metadata.to_owned(),
            acl: acl.texts().join("\n"),
            expires: zone.last_day(ends),
            version: version.to_string(),
            ..Self::default()
        }
    }

    /// What the form says, as a program would say it.
    fn said(&self, kind: Kind, zone: &Zone, faults: &mut Faults) -> ApiDraft {
        let expires_at = faults.take(zone.read_day("expires", &self.expires)).flatten();
        let lines = self.acl.lines().map(str::trim).filter(|line| !line.is_empty());
        ApiDraft {
            description: Some(self.description.trim().to_owned()),
            metadata: Some(self.metadata.clone()),
            acl: kind.has_acl().then(|| lines.map(str::to_owned).collect()),
            expires_at: Some(expires_at),
            public_key: Some(self.public_key.clone()),
        }
    }

    /// Checks one that is to be made.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, kind: Kind, now: Millis, zone: &Zone) -> Result<New, Faults> {
        let mut faults = Faults::none();
        let said = self.said(kind, zone, &mut faults);
        let new = faults.take(said.check(kind, now).map_err(at_expires));
        new.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// Checks changes to one that ends at a moment, if ever, and the version that they were typed over. A last day that is the one it has
    /// is no change: what has ended stays so.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn changes(&self, kind: Kind, ends: Option<Millis>, now: Millis, zone: &Zone) -> Result<(Changes, i64), Faults> {
        let mut faults = Faults::none();
        let mut said = self.said(kind, zone, &mut faults);
        if zone.is_said_again(&self.expires, ends) {
            said.expires_at = None;
        }
        let changes = faults.take(said.changes(now).map_err(at_expires));
        let version = faults.keep("version", self.version.parse().map_err(|_| "Reload the page and try again.".to_owned()));
        changes.zip(version).filter(|_| faults.is_empty()).ok_or(faults)
    }
}

/// The form has a day where programs have a moment.
fn at_expires(faults: Faults) -> Faults {
    faults.renamed("expires_at", "expires")
}

impl ApiDraft {
    /// Checks one that is to be made.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, kind: Kind, now: Millis) -> Result<New, Faults> {
        let mut faults = Faults::none();
        let changes = faults.take(self.changes(now));
        let ssh = match kind {
            Kind::SshKey => faults.take(SshKey::check(self.public_key.as_deref().unwrap_or_default())).map(Some),
            Kind::Authtoken | Kind::ApiKey => Some(None),
        };
        match (changes, ssh) {
            (Some(Changes { description, metadata, acl, expires_at }), Some(ssh)) => Ok(New {
                description: description.unwrap_or_default(),
                metadata: metadata.unwrap_or_default(),
                acl: acl.unwrap_or_default(),
                expires_at: expires_at.flatten(),
                ssh,
            }),
            _ => Err(faults),
        }
    }

    /// Checks changes.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn changes(&self, now: Millis) -> Result<Changes, Faults> {
        let mut faults = Faults::none();
        let description = self.description.as_deref().map(|text| faults.take(description(text))).map(Option::unwrap_or_default);
        let metadata = self.metadata.as_deref().map(|text| faults.take(metadata(text))).map(Option::unwrap_or_default);
        let acl = self.acl.as_ref().map(|rules| faults.take(Acl::check(rules.iter().map(String::as_str))).unwrap_or_default());
        if self.expires_at.flatten().is_some_and(|at| at <= now) {
            faults.extend(Faults::coded("expires_at", codes::EXPIRY_PAST, "Choose a moment in the future."));
        }
        if faults.is_empty() { Ok(Changes { description, metadata, acl, expires_at: self.expires_at }) } else { Err(faults) }
    }
}

/// A description that fits.
///
/// # Errors
/// A fault at the field.
pub fn description(text: &str) -> Result<String, Faults> {
    if text.len() > MAX_DESCRIPTION {
        let says = format!("A description has at most {MAX_DESCRIPTION} bytes; these are {}.", text.len());
        return Err(Faults::coded("description", codes::DESCRIPTION_LONG, says));
    }
    if text.contains(is_invisible) {
        return Err(Faults::one("description", "A description is one line, without invisible characters."));
    }
    Ok(text.to_owned())
}

/// Metadata that fits.
///
/// # Errors
/// A fault at the field.
pub fn metadata(text: &str) -> Result<String, Faults> {
    if text.len() > MAX_METADATA {
        let says = format!("Metadata has at most {MAX_METADATA} bytes; these are {}.", text.len());
        return Err(Faults::coded("metadata", codes::METADATA_TOO_LONG, says));
    }
    if text.contains(|c| is_invisible(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Faults::one("metadata", "Leave out invisible characters, but for the ends of lines."));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::time::Span;

    const NOW: Millis = Millis(1_790_000_000_000);

    #[test]
    fn everything_wrong_is_said_at_once() {
        let draft = Draft {
            description: "x".repeat(256),
            metadata: "x".repeat(4097),
            acl: "bind:ok.example\nnonsense".into(),
            public_key: "hello".into(),
            ..Draft::default()
        };
        for expires in ["2020-01-01", "soon"] {
            let draft = Draft { expires: expires.into(), ..draft.clone() };
            let faults = draft.check(Kind::SshKey, NOW, &Zone::first_of([None, None])).unwrap_err();
            for field in ["description", "metadata", "acl", "expires", "public_key"] {
                assert!(faults.at(field).is_some(), "{expires} {field}: {faults:?}");
            }
            let faults = draft.changes(Kind::SshKey, None, NOW, &Zone::first_of([None, None])).unwrap_err();
            for field in ["description", "metadata", "acl", "expires", "version"] {
                assert!(faults.at(field).is_some(), "{expires} {field}: {faults:?}");
            }
        }
    }

    #[test]
    fn saying_the_day_again_moves_no_end() {
        let zone = Zone::first_of([Some("Asia/Tokyo"), None]);
        let noon = Millis::parse("2026-10-01T03:00:00.123Z").unwrap();
        let form = Draft::of("ci", "", &Acl::default(), Some(noon), &zone, 7);
        assert_eq!((form.expires.as_str(), form.version.as_str()), ("2026-10-01", "7"));
        for now in [noon.minus(Span::hours(1)), noon.plus(Span::hours(1)), noon.plus(Span::days(9))] {
            assert_eq!(form.changes(Kind::Authtoken, Some(noon), now, &zone).unwrap().0.expires_at, None, "{now:?}");
        }
        let day = |day: &str| Draft { expires: day.into(), ..form.clone() };
        let changed = |form: Draft| form.changes(Kind::Authtoken, Some(noon), noon.minus(Span::hours(1)), &zone).unwrap().0.expires_at;
        assert_eq!(changed(day("2026-10-02")), Some(zone.end_of_day("2026-10-02")));
        assert_eq!(changed(day("")), Some(None));
        // A whole day is the same day again.
        let whole = zone.end_of_day("2026-10-01");
        assert_eq!(zone.last_day(whole), "2026-10-01");
    }

    #[test]
    fn what_is_not_said_stays() {
        assert_eq!(ApiDraft::default().changes(NOW).unwrap(), Changes::default());
        let said = ApiDraft { acl: Some(vec![]), expires_at: Some(Some(NOW.plus(Span(1)))), ..ApiDraft::default() };
        let changes = said.changes(NOW).unwrap();
        assert_eq!((changes.acl, changes.description), (Some(Acl::default()), None));
        assert!(ApiDraft { expires_at: Some(Some(NOW)), ..ApiDraft::default() }.changes(NOW).is_err());
    }

    #[test]
    fn lengths_are_bytes() {
        assert!(description(&"é".repeat(127)).is_ok() && description(&"é".repeat(128)).is_err());
        assert!(metadata(&"x".repeat(4096)).is_ok());
        assert!(description("two\nlines").is_err() && metadata("two\nlines").is_ok() && metadata("a\0b").is_err());
    }
}
