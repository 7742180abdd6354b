//! Single sign-on (facts/ngrok.md §1.9, product §2.9 to §2.11): what an account may choose, what an identity provider says of somebody,
//! and where that leads.
//!
//! Who somebody is at a provider is the pair of provider and subject, and never an address alone.

pub mod arrival;
mod claims;
mod draft;
mod named;

pub use claims::Said;
pub use draft::{Oidc, OidcDraft, SamlDraft, description, issuer};
pub use named::said;
use serde::{Deserialize, Serialize};

use super::{gate::Sso, ids::IdpId, words::words};

/// The most identity providers of an account.
pub const MOST_IDPS: i64 = 20;

/// The name of the setting that says who uses single sign-on.
pub const MODE: &str = "sso";

words! {
    /// How a provider talks to us.
    Protocol {
        Oidc = "oidc", "OpenID Connect", "By an issuer, a client id and a client secret.";
        Saml = "saml", "SAML", "By the provider's metadata.";
    }
}

words! {
    /// Who uses single sign-on, once there is a provider.
    Mode {
        Mixed = "mixed", "Mixed", "Members who joined before the first provider was added may go on signing in as they did. Everybody who joined later uses a provider.";
        Enforced = "enforced", "Enforced", "Everybody comes in through a provider of this account, also those who were there before. API keys of members who have never done so stop working.";
    }
}

words! {
    /// Whose console an administrator sits at: the steps there are described.
    Vendor {
        Okta = "okta", "Okta";
        Entra = "entra", "Microsoft Entra ID";
        Google = "google", "Google Workspace";
        Auth0 = "auth0", "Auth0";
        Keycloak = "keycloak", "Keycloak";
        Other = "other", "Another provider";
    }
}

words! {
    /// Why somebody is sent to a provider.
    Purpose {
        SignIn = "sign_in", "To sign in.";
        Prove = "prove", "To prove anew who one is.";
        Test = "test", "To find out, as an administrator, what would happen.";
    }
}

impl Mode {
    /// What an account has chosen, by its setting: mixed where it has said nothing.
    #[must_use]
    pub fn of(setting: Option<&str>) -> Self {
        setting.and_then(Self::parse).unwrap_or(Self::Mixed)
    }
}

/// Where a provider by OpenID Connect sends people back: each to a place of its own, so that none answers in the place of another
/// (RFC 9700 §4.4).
#[must_use]
pub fn redirect_uri(base_url: &str, idp: &IdpId) -> String {
    format!("{base_url}/oauth2/callback/{idp}")
}

/// What we are called at a provider by SAML: where our metadata stand.
#[must_use]
pub fn entity_id(base_url: &str, idp: &IdpId) -> String {
    format!("{base_url}/saml/{idp}/metadata")
}

/// Where a provider by SAML sends its answers.
#[must_use]
pub fn acs(base_url: &str, idp: &IdpId) -> String {
    format!("{base_url}/saml/{idp}/acs")
}

/// What an account demands, given the setting that it has chosen and how many of its providers are switched on. Without any there is nobody to
/// ask.
#[must_use]
pub fn demand(mode: Option<&str>, providers: i64) -> Sso {
    match Mode::of(mode) {
        _ if providers == 0 => Sso::Off,
        Mode::Enforced => Sso::Enforced,
        Mode::Mixed => Sso::Mixed,
    }
}

/// What is typed to choose who uses single sign-on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    /// A word of [`Mode`].
    pub mode: String,
    /// What stood there when the page was shown.
    pub seen: String,
    /// Of which choice somebody has looked at whom it keeps out.
    pub looked: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_provider_nobody_is_asked_for_one() {
        for mode in [None, Some("mixed"), Some("enforced"), Some("no such word")] {
            assert_eq!(demand(mode, 0), Sso::Off);
        }
        assert_eq!(demand(None, 1), Sso::Mixed);
        assert_eq!(demand(Some("mixed"), 2), Sso::Mixed);
        assert_eq!(demand(Some("enforced"), 1), Sso::Enforced);
    }
}
