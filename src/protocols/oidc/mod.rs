//! Sign-in at a provider of OpenID Connect, as its relying party: the authorization code flow with PKCE (OpenID Connect Core 1.0,
//! section 3.1; RFC 7636; RFC 9700).
//!
//! It takes two steps, and the person's browser is at the provider between them: [`begin`] says where to send it, and [`finish`] makes
//! a person of what it brings back. Between both the caller keeps [`Secrets`], found by `state` and bound to that very browser, and uses
//! them once. A step takes at most [`LONGEST`], however many requests it makes, and nothing is kept from one to the next: a provider that
//! has changed its keys is a provider whose keys are read.

mod claims;
mod fault;
mod json;
mod provider;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use self::{claims::Claims, fault::Fault};
use self::{claims::Expected, provider::Provider, token::Token};
use super::outside::{LONGEST, Outside, shown};

/// This program as a client of a provider.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// The provider's name, a URL; compared byte for byte.
    pub issuer: &'a str,
    /// How the provider calls us.
    pub id: &'a str,
    /// By which it knows us.
    pub secret: &'a str,
    /// What is asked for, besides `openid`, which always is.
    pub scopes: &'a [String],
    /// Where the browser comes back to.
    pub redirect_uri: &'a str,
}

impl fmt::Debug for Client<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} at {})", self.id, self.issuer)
    }
}

/// How a sign-in begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Begin<'a> {
    /// Whether the person has to prove anew who they are, whatever the provider remembers.
    pub force: bool,
    /// The address that the person is known by, which saves typing.
    pub hint: Option<&'a str>,
}

/// What is kept while the browser is at the provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// What the ID token has to repeat; 128 random bits.
    pub nonce: String,
    /// What proves to the provider that the code is ours (RFC 7636 §4.1); 256 random bits.
    pub verifier: String,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// A sign-in that has begun.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Where the browser is sent.
    pub url: String,
    /// For [`finish`].
    pub secrets: Secrets,
}

/// What the browser brought back.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// What tokens are given for.
    pub code: &'a str,
    /// Who answers (RFC 9207).
    pub iss: Option<&'a str>,
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

/// Asks the provider where people sign in, and makes the address where the browser is sent. `state` finds the sign-in again and is the
/// caller's; `dice` gives 16 random bytes a call.
///
/// # Errors
/// When the provider cannot be asked, or is not what was set up.
pub async fn begin(
    outside: &Outside,
    client: &Client<'_>,
    state: &str,
    dice: &(dyn Fn() -> [u8; 16] + Sync),
    how: Begin<'_>,
) -> Result<Waiting, Fault> {
    let secrets = Secrets { nonce: URL_SAFE_NO_PAD.encode(dice()), verifier: URL_SAFE_NO_PAD.encode([dice(), dice()].concat()) };
    let provider = Provider::discover(outside, client, Instant::now() + LONGEST).await?;
    let url = provider.front_door(state, &secrets, &how)?.into();
    Ok(Waiting { url, secrets })
}

/// Gives the code for tokens, verifies the ID token, and asks the userinfo endpoint when the address or the name is missing.
///
/// `now_ms` is in milliseconds since 1970. `authenticated_since`, likewise, is when a sign-in with [`Begin::force`] was begun: the person
/// has to have proven who they are since then.
///
/// # Errors
/// [`Fault`] that says why nobody is signed in.
pub async fn finish(
    outside: &Outside,
    client: &Client<'_>,
    secrets: &Secrets,
    answer: &Answer<'_>,
    now_ms: i64,
    authenticated_since: Option<i64>,
) -> Result<Claims, Fault> {
    let provider = Provider::discover(outside, client, Instant::now() + LONGEST).await?;
    match answer.iss {
        Some(iss) if iss != client.issuer => {
            return Err(Fault::OtherIss { expected: client.issuer.to_owned(), found: shown(iss) });
        }
        None if provider.names_itself => return Err(Fault::NoIss),
        _ => {}
    }
    let redeemed = provider.redeem(answer.code, secrets).await?;
    let token = Token::read(&redeemed.id_token)?;
    let all = match token.claims(&provider.keys().await?) {
        // A provider with several servers may take a moment until all of them publish a new key.
        Err(Fault::UnknownKey) => token.claims(&provider.keys().await?)?,
        other => other?,
    };
    let expected = Expected { nonce: &secrets.nonce, now_ms, authenticated_since };
    let mut claims = claims::believe(&all, client, &expected)?;
    if claims.lack_something()
        && let Some(userinfo) = provider.userinfo(&redeemed.access_token).await?
    {
        claims.complete(userinfo)?;
    }
    Ok(claims)
}

/// What to say when the browser came back with an error in place of a code (RFC 6749 §4.1.2.1; Core 1.0, section 3.1.2.6). `error` is that
/// parameter; its description is the provider's, or anybody's, and is not shown.
#[must_use]
pub fn turned_away(client: &Client<'_>, error: &str, iss: Option<&str>) -> Fault {
    match iss {
        Some(iss) if iss != client.issuer => Fault::OtherIss { expected: client.issuer.to_owned(), found: shown(iss) },
        _ => Fault::TurnedAway(match error {
            "access_denied" => "the person, or a rule of the provider, refused",
            "login_required" | "interaction_required" | "account_selection_required" => "it has to ask the person something first",
            "consent_required" => "the person has not consented yet",
            "unauthorized_client" => "this client may not do that there",
            "unsupported_response_type" => "it does not give codes to this client",
            "invalid_scope" => "it does not allow the scopes",
            "invalid_request" => "it finds the request invalid",
            "server_error" | "temporarily_unavailable" => "it has trouble of its own",
            _ => "for a reason that this program does not know",
        }),
    }
}
