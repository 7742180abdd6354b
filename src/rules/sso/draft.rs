//! What an administrator types to set up a provider.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::rules::faults::Faults;

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 100;
/// The longest issuer, client id and list of scopes, in bytes (`ERR_NGROK_1687`).
const MAX_TEXT: usize = 255;
/// The longest client secret, in bytes.
const MAX_SECRET: usize = 2_048;

/// A provider by OpenID Connect.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcDraft {
    /// The id that was set aside for it, so that the provider could be told of us before we are told of it.
    pub reserved: String,
    /// What people see who choose among several.
    pub description: String,
    /// The issuer, byte for byte as the provider writes it.
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The client secret; empty to keep the one that is there.
    #[serde(skip_serializing)]
    pub client_secret: String,
    /// The scopes, with blanks between them.
    pub scopes: String,
    /// Which version of it was looked at.
    pub version: i64,
}

/// The same, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Oidc {
    /// What people see.
    pub description: String,
    /// The issuer.
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The client secret, where one was typed.
    pub client_secret: Option<String>,
    /// The scopes, one blank between two.
    pub scopes: String,
}

/// What is typed about a provider by SAML.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SamlDraft {
    /// The id that was set aside for it, so that the provider could be told of us before we are told of it.
    pub reserved: String,
    /// What people see who choose among several.
    pub description: String,
    /// The provider's metadata.
    pub metadata: String,
    /// Where they are, instead.
    pub metadata_url: String,
    /// `yes` where people may come who have not set out from here.
    pub initiates: String,
    /// Which version of it was looked at.
    pub version: i64,
}

/// An issuer, as a provider writes it: nothing is added or taken away, as it is compared byte for byte (OpenID Connect Discovery §4.3).
///
/// # Errors
/// A sentence for whoever typed it.
pub fn issuer(text: &str, allows_http: bool) -> Result<String, String> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| "Enter the provider's issuer, an address that begins with https://.".to_owned())?;
    if url.scheme() != "https" && !(allows_http && url.scheme() == "http") {
        return Err("The issuer has to begin with https://.".to_owned());
    }
    if url.host_str().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err("An issuer names a host, and no user.".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("An issuer has nothing behind a question mark or a #.".to_owned());
    }
    if text.ends_with("/.well-known/openid-configuration") {
        return Err("Leave out /.well-known/openid-configuration: the issuer is what stands before it.".to_owned());
    }
    if text.len() > MAX_TEXT {
        return Err(format!("An issuer has at most {MAX_TEXT} bytes."));
    }
    Ok(text.to_owned())
}

/// What people see of a provider.
///
/// # Errors
/// A sentence for whoever typed it.
pub fn description(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("Say what people will recognise it by, such as the name of your company.".to_owned()),
        _ if text.chars().any(char::is_control) => Err("A description is one line of text.".to_owned()),
        1..=MAX_DESCRIPTION => Ok(text.to_owned()),
        _ => Err(format!("A description has at most {MAX_DESCRIPTION} characters.")),
    }
}

impl OidcDraft {
    /// One for a provider that is to be.
    #[must_use]
    pub fn new() -> Self {
        Self { scopes: "openid email profile".to_owned(), ..Self::default() }
    }

    /// Checks everything at once. `keeps` says whether a secret is there that may stay.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self, allows_http: bool, keeps: bool) -> Result<Oidc, Faults> {
        let mut faults = Faults::none();
        let description = faults.keep("description", description(&self.description));
        let issuer = faults.keep("issuer", issuer(&self.issuer, allows_http));
        let client_id = faults.keep("client_id", self.client_id());
        let client_secret = faults.keep("client_secret", self.client_secret(keeps));
        let scopes = faults.keep("scopes", self.scopes());
        match (description, issuer, client_id, client_secret, scopes) {
            (Some(description), Some(issuer), Some(client_id), Some(client_secret), Some(scopes)) => {
                Ok(Oidc { description, issuer, client_id, client_secret, scopes })
            }
            _ => Err(faults),
        }
    }

    fn client_id(&self) -> Result<String, String> {
        match self.client_id.trim() {
            "" => Err("Enter the client id that the provider has given you.".to_owned()),
            text if text.len() > MAX_TEXT => Err(format!("A client id has at most {MAX_TEXT} bytes.")),
            text => Ok(text.to_owned()),
        }
    }

    fn client_secret(&self, keeps: bool) -> Result<Option<String>, String> {
        match self.client_secret.trim() {
            "" if keeps => Ok(None),
            "" => Err("Enter the client secret that the provider has given you.".to_owned()),
            text if text.len() > MAX_SECRET => Err(format!("A client secret has at most {MAX_SECRET} bytes.")),
            text => Ok(Some(text.to_owned())),
        }
    }

    fn scopes(&self) -> Result<String, String> {
        let scopes: Vec<&str> = self.scopes.split_whitespace().collect();
        // RFC 6749 §3.3.
        let is_token = |scope: &&str| scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
        if !scopes.iter().all(is_token) {
            return Err("A scope is made of plain letters, digits and signs.".to_owned());
        }
        for needed in ["openid", "email"] {
            if !scopes.contains(&needed) {
                return Err(format!("The scopes have to hold {needed}."));
            }
        }
        let text = scopes.join(" ");
        if text.len() > MAX_TEXT { Err(format!("The scopes have at most {MAX_TEXT} bytes.")) } else { Ok(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_kept_byte_for_byte() {
        for right in
            ["https://id.example.com", "https://id.example.com/", "https://id.example.com/realms/a%20b", "https://id.example.com:8443/x"]
        {
            assert_eq!(issuer(&format!(" {right} "), false), Ok(right.to_owned()));
        }
        for wrong in [
            "",
            "id.example.com",
            "http://id.example.com",
            "ftp://id.example.com",
            "https://",
            "https://ada:secret@id.example.com",
            "https://id.example.com?x=1",
            "https://id.example.com#x",
            "https://id.example.com/.well-known/openid-configuration",
        ] {
            assert!(issuer(wrong, false).is_err(), "{wrong}");
        }
        assert!(issuer("http://localhost:3000", true).is_ok());
        assert!(issuer(&format!("https://id.example.com/{}", "a".repeat(300)), false).is_err());
    }

    #[test]
    fn faults_stand_at_their_fields() {
        let faults = OidcDraft { scopes: "openid".to_owned(), ..OidcDraft::default() }.check(false, false).err().unwrap();
        for field in ["description", "issuer", "client_id", "client_secret", "scopes"] {
            assert!(faults.at(field).is_some(), "{field}");
        }
        let draft = OidcDraft {
            reserved: String::new(),
            description: "Example".to_owned(),
            issuer: "https://id.example.com".to_owned(),
            client_id: "frontdesk".to_owned(),
            client_secret: String::new(),
            scopes: "  email openid\tgroups ".to_owned(),
            version: 0,
        };
        assert!(draft.check(false, false).is_err());
        let checked = draft.check(false, true).ok().unwrap();
        assert_eq!((checked.scopes.as_str(), checked.client_secret), ("email openid groups", None));
    }
}
