//! GitHub and Google as ways to sign in, where the instance's configuration names them. They prove a person as their password does, in all
//! accounts; whom one of them knows is found by its name and the subject there, and never by an address.

use std::fmt;

use super::{addresses::Email, words::words};

words! {
    /// Who is asked.
    Provider {
        GitHub = "github", "GitHub", "A login of GitHub, or of a GitHub Enterprise server.";
        Google = "google", "Google", "A login of Google.";
    }
}

words! {
    /// What somebody sets out for.
    Purpose {
        SignIn = "sign_in", "To sign in, or to join by an invitation.";
        Link = "link", "To sign in by it from now on.";
    }
}

/// What we are to a provider.
#[derive(Clone)]
pub struct Client {
    /// Who it is.
    pub provider: Provider,
    /// The client id.
    pub id: String,
    /// The client secret.
    pub secret: String,
    /// Where it is found: of GitHub the origin, of Google the issuer.
    pub url: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} at {})", self.id, self.url)
    }
}

/// Where people come back to.
#[must_use]
pub fn redirect_uri(base_url: &str, provider: Provider) -> String {
    format!("{base_url}/login/social/{}/callback", provider.word())
}

/// The secret of the invitation that a path leads to, if it leads to one.
#[must_use]
pub fn invitation(path: &str) -> Option<&str> {
    let token = path.strip_prefix("/invitations/")?;
    (!token.is_empty() && !token.contains(['/', '?', '#'])).then_some(token)
}

/// Where it leads when somebody comes to an invitation whom the provider knows and no user is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They become somebody new, once they say so.
    Join,
    /// There is a user with this address: they sign in as that.
    SignIn,
    /// The invited address is not one that the provider has verified.
    OtherAddress,
}

/// The decision. `verified` is the address that the provider has verified, and `is_taken` says whether a user has proven the invited one:
/// whoever has another address is not told.
#[must_use]
pub fn way(verified: Option<&Email>, invited: &str, is_taken: bool) -> Way {
    match verified {
        Some(email) if email.canonical() == invited => {
            if is_taken {
                Way::SignIn
            } else {
                Way::Join
            }
        }
        _ => Way::OtherAddress,
    }
}

/// Whether somebody has a way in of their own when one is taken away: a password, or as many other logins that are offered here.
#[must_use]
pub const fn may_unlink(has_password: bool, others: usize) -> bool {
    has_password || others > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_joins_but_by_the_address_that_was_invited_and_verified() {
        let ada = Email::parse("Ada@Example.com").unwrap();
        for (verified, invited, is_taken, expected) in [
            (Some(&ada), "ada@example.com", false, Way::Join),
            (Some(&ada), "ada@example.com", true, Way::SignIn),
            (Some(&ada), "ada+x@example.com", false, Way::OtherAddress),
            (Some(&ada), "bob@example.com", true, Way::OtherAddress),
            (None, "ada@example.com", true, Way::OtherAddress),
            (None, "ada@example.com", false, Way::OtherAddress),
        ] {
            assert_eq!(way(verified, invited, is_taken), expected, "{invited} {is_taken}");
        }
    }

    #[test]
    fn somebody_keeps_a_way_in() {
        assert!(may_unlink(true, 0) && may_unlink(false, 1) && !may_unlink(false, 0));
    }

    #[test]
    fn invitations_are_known_by_their_path() {
        assert_eq!(invitation("/invitations/abc"), Some("abc"));
        for other in ["/invitations/", "/invitations/a/accept", "/invitations/a?b", "/accounts", "https://x/invitations/a", ""] {
            assert_eq!(invitation(other), None, "{other}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let client = Client { provider: Provider::GitHub, id: "us".into(), secret: "s3cret".into(), url: "https://github.com".into() };
        assert_eq!(format!("{client:?}"), "Client(us at https://github.com)");
    }
}
