//! Sign-in at GitHub, or at a GitHub Enterprise server, as one of its OAuth apps: the authorization code flow with PKCE (RFC 6749, RFC 7636),
//! and then its API for who that is. GitHub gives no ID token, so what counts is what it answers us over TLS.
//!
//! As by [OpenID Connect](super::oidc) it takes two steps with the browser at GitHub in between, and the caller keeps [`Secrets`] meanwhile.
//! The second step asks three times, and takes at most [`LONGEST`].

use std::{fmt, pin::Pin};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse, TokenUrl, basic::BasicClient,
    http,
};
use reqwest::Request;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::outside::{JSON, LONGEST, Outside, Unreached, place, shown};

/// Where everybody's GitHub is.
const PUBLIC: &str = "https://github.com";
/// Where its API is; that of a server of one's own is below the server.
const PUBLIC_API: &str = "https://api.github.com";

/// This program as an OAuth app.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// Where GitHub is: scheme and host.
    pub url: &'a str,
    /// How GitHub calls us.
    pub id: &'a str,
    /// By which it knows us.
    pub secret: &'a str,
    /// Where the browser comes back to.
    pub redirect_uri: &'a str,
}

/// What is kept while the browser is there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// What proves that the code is ours (RFC 7636 §4.1); 256 random bits.
    pub verifier: String,
}

/// Who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The number that GitHub knows them by: their login and their addresses change, and this does not.
    pub subject: String,
    /// How they are called; their login where they do not say.
    pub name: String,
    /// Their primary address, where GitHub has verified it.
    pub email: Option<String>,
}

/// Why a sign-in does not go on, in a sentence for whoever tries. Codes, tokens and secrets are never in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An answer was not had.
    #[error(transparent)]
    Unreached(#[from] Unreached),
    /// What is configured is no address.
    #[error("{0} is not an address by which GitHub can be asked.")]
    Address(String),
    /// The browser came back without a code.
    #[error("GitHub let nobody in: {0}.")]
    TurnedAway(&'static str),
    /// It does not know the code.
    #[error("GitHub did not take the code. It may have been used already, or be too old. Try once more.")]
    CodeRefused,
    /// It does not know us.
    #[error("GitHub did not accept the client id, the client secret or the callback URL that this Frontdesk is set up with.")]
    ClientRefused,
    /// What came is no token.
    #[error("GitHub's answer to the code is not one by OAuth 2.0.")]
    TokenAnswer,
}

/// Where the browser is sent, and what is kept meanwhile. `state` finds the sign-in again and is the caller's; `dice` gives 16 random bytes a
/// call. With `chooses`, the person is asked which of their logins it is, whatever GitHub remembers.
///
/// # Errors
/// When what is configured is no address that may be asked.
pub fn begin(
    outside: &Outside,
    client: &Client<'_>,
    state: &str,
    dice: &(dyn Fn() -> [u8; 16] + Sync),
    chooses: bool,
) -> Result<(String, Secrets), Fault> {
    let secrets = Secrets { verifier: URL_SAFE_NO_PAD.encode([dice(), dice()].concat()) };
    let server = Server::new(outside, client, Instant::now() + LONGEST)?;
    let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
    let mut request = server
        .oauth
        .authorize_url(|| CsrfToken::new(state.to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(["read:user", "user:email"].map(|scope| Scope::new(scope.to_owned())));
    if chooses {
        request = request.add_extra_param("prompt", "select_account");
    }
    Ok((request.url().0.into(), secrets))
}

/// Gives the code for a token, and asks who has signed in.
///
/// # Errors
/// [`Fault`] that says why nobody is signed in.
pub async fn finish(outside: &Outside, client: &Client<'_>, secrets: &Secrets, code: &str) -> Result<Person, Fault> {
    let server = Server::new(outside, client, Instant::now() + LONGEST)?;
    let token = server.redeem(code, secrets).await?;
    let user: User = server.ask("user", &token).await?;
    let email = match server.ask::<Vec<Address>>("user/emails?per_page=100", &token).await {
        Ok(addresses) => addresses.into_iter().find(|address| address.primary && address.verified).map(|address| address.email),
        // Whoever signs in may have kept their addresses to themselves.
        Err(Unreached::Status(_, 403 | 404)) => None,
        Err(unreached) => return Err(unreached.into()),
    };
    let name = user.name.filter(|name| !name.trim().is_empty()).unwrap_or(user.login);
    Ok(Person { subject: user.id.to_string(), name, email })
}

/// What to say when the browser came back with an error in place of a code (RFC 6749 §4.1.2.1). `error` may be anybody's, and is not shown.
#[must_use]
pub fn turned_away(error: &str) -> Fault {
    match error {
        "access_denied" => Fault::TurnedAway("you, or a rule of an organisation, refused"),
        "redirect_uri_mismatch" | "application_suspended" => Fault::ClientRefused,
        _ => Fault::TurnedAway("for a reason that this program does not know"),
    }
}

/// Who has the token.
#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

/// An address of theirs.
#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

type OAuth = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The server, to be asked until then.
struct Server<'a> {
    outside: &'a Outside,
    until: Instant,
    api: String,
    token: Url,
    oauth: OAuth,
}

impl<'a> Server<'a> {
    fn new(outside: &'a Outside, client: &Client<'_>, until: Instant) -> Result<Self, Fault> {
        let base = client.url.trim_end_matches('/');
        let token = outside.address(&format!("{base}/login/oauth/access_token"))?;
        let authorization = outside.address(&format!("{base}/login/oauth/authorize"))?;
        let redirect = RedirectUrl::new(client.redirect_uri.to_owned()).map_err(|_| Fault::Address(shown(client.redirect_uri)))?;
        let api = if base == PUBLIC { PUBLIC_API.to_owned() } else { format!("{base}/api/v3") };
        let oauth = oauth2::Client::new(ClientId::new(client.id.to_owned()))
            .set_client_secret(ClientSecret::new(client.secret.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(authorization))
            .set_token_uri(TokenUrl::from_url(token.clone()))
            .set_redirect_uri(redirect);
        Ok(Self { outside, until, api, token, oauth })
    }

    async fn redeem(&self, code: &str, secrets: &Secrets) -> Result<String, Fault> {
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let request = self.oauth.exchange_code(AuthorizationCode::new(code.to_owned())).set_pkce_verifier(verifier);
        let answer = request.request_async(self).await.map_err(|error| match error {
            RequestTokenError::Request(unreached) => Fault::Unreached(unreached),
            RequestTokenError::ServerResponse(said) => match said.error().as_ref() {
                "incorrect_client_credentials" | "invalid_client" | "unauthorized_client" | "redirect_uri_mismatch" => Fault::ClientRefused,
                _ => Fault::CodeRefused,
            },
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Fault::TokenAnswer,
        })?;
        Ok(answer.access_token().secret().clone())
    }

    /// Sends what oauth2 has made, and hands it what it needs of the answer. GitHub says what is wrong with a code under the status 200, where
    /// nothing that is right can say `error`.
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, Unreached> {
        let host = place(&self.token);
        let request = Request::try_from(request).map_err(|_| Unreached::NotAnAddress(host.clone()))?;
        let answer = self.outside.send(request, self.until).await?;
        let mut said = match (answer.status, serde_json::from_slice::<Map<String, Value>>(&answer.body)) {
            (200 | 400 | 401, Ok(said)) => said,
            (200, Err(_)) => return Err(Unreached::NotJson(host)),
            (status, _) => return Err(Unreached::Status(host, status)),
        };
        said.retain(|name, _| ["access_token", "token_type", "error"].contains(&name.as_str()));
        let is_refused = said.contains_key("error");
        let mut response = HttpResponse::new(Value::Object(said).to_string().into_bytes());
        *response.status_mut() = if is_refused { http::StatusCode::BAD_REQUEST } else { http::StatusCode::OK };
        Ok(response)
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, token: &str) -> Result<T, Unreached> {
        let address = self.outside.address(&format!("{}/{path}", self.api))?;
        let host = place(&address);
        let answer = self.outside.get(address, JSON, Some(token), self.until).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Unreached::NotJson(host))
    }
}

/// Lets oauth2 send through us. Not a closure, of whose futures the compiler cannot tell that they may move between threads.
impl<'c> AsyncHttpClient<'c> for Server<'_> {
    type Error = Unreached;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreached>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.post(request))
    }
}

impl fmt::Debug for Client<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({} at {})", self.id, self.url)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}
