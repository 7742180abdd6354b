//! The provider: what it says of itself (OpenID Connect Discovery 1.0), where it is asked, and its answer to a code (RFC 6749 §4.1).

use std::{fmt, pin::Pin};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
    http,
};
use reqwest::Request;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::{
    super::outside::{JSON, Outside, Unreached, place, shown},
    Begin, Client, Fault, Secrets,
    json::object,
    token::Keys,
};

/// What a provider says of itself, as far as it matters here (Discovery 1.0, section 3; RFC 9207 §3).
#[derive(Deserialize)]
pub(super) struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

/// A provider that was asked who it is.
pub(super) struct Provider<'a> {
    outside: &'a Outside,
    until: Instant,
    client: &'a Client<'a>,
    authorization: Url,
    token: Url,
    keys: Url,
    userinfo: Option<Url>,
    authentication: AuthType,
    /// Whether its answers always carry `iss`.
    pub(super) names_itself: bool,
}

/// What was given for a code.
pub(super) struct Redeemed {
    pub(super) id_token: String,
    pub(super) access_token: String,
}

impl<'a> Provider<'a> {
    /// Reads the discovery document.
    pub(super) async fn discover(outside: &'a Outside, client: &'a Client<'a>, until: Instant) -> Result<Self, Fault> {
        let issuer = outside.address(client.issuer)?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(Fault::NotAnIssuer(shown(client.issuer)));
        }
        // A slash at the end goes, though it belongs to the name (Discovery 1.0, section 4.1).
        let base = client.issuer.strip_suffix('/').unwrap_or(client.issuer);
        let address = outside.address(&format!("{base}/.well-known/openid-configuration"))?;
        let document = outside.json(address, until).await?;
        Self::new(outside, client, until, document)
    }

    /// The provider as its document describes it.
    pub(super) fn new(outside: &'a Outside, client: &'a Client<'a>, until: Instant, document: Document) -> Result<Self, Fault> {
        if document.issuer != client.issuer {
            return Err(Fault::Issuer { expected: client.issuer.to_owned(), found: shown(&document.issuer) });
        }
        let authentication = match document.token_endpoint_auth_methods_supported {
            // Core 1.0, section 9: basic is what goes without saying.
            None => AuthType::BasicAuth,
            Some(methods) if methods.iter().any(|method| method == "client_secret_basic") => AuthType::BasicAuth,
            Some(methods) if methods.iter().any(|method| method == "client_secret_post") => AuthType::RequestBody,
            Some(_) => return Err(Fault::ClientAuthentication),
        };
        Ok(Self {
            outside,
            until,
            client,
            authorization: outside.address(&document.authorization_endpoint)?,
            token: outside.address(&document.token_endpoint)?,
            keys: outside.address(&document.jwks_uri)?,
            userinfo: document.userinfo_endpoint.map(|address| outside.address(&address)).transpose()?,
            authentication,
            names_itself: document.authorization_response_iss_parameter_supported == Some(true),
        })
    }

    fn oauth(&self) -> Result<OAuth, Fault> {
        let redirect = RedirectUrl::new(self.client.redirect_uri.to_owned());
        let redirect = redirect.map_err(|_| Fault::RedirectUri(shown(self.client.redirect_uri)))?;
        Ok(oauth2::Client::new(ClientId::new(self.client.id.to_owned()))
            .set_client_secret(ClientSecret::new(self.client.secret.to_owned()))
            .set_auth_type(self.authentication.clone())
            .set_auth_uri(AuthUrl::from_url(self.authorization.clone()))
            .set_token_uri(TokenUrl::from_url(self.token.clone()))
            .set_redirect_uri(redirect))
    }

    /// Where the browser is sent (Core 1.0, section 3.1.2.1; RFC 7636 §4.3).
    pub(super) fn front_door(&self, state: &str, secrets: &Secrets, how: &Begin<'_>) -> Result<Url, Fault> {
        let oauth = self.oauth()?;
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let others = self.client.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);
        let mut request = oauth
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scope(Scope::new("openid".to_owned()))
            .add_scopes(others)
            .add_extra_param("nonce", secrets.nonce.clone());
        if how.force {
            request = request.add_extra_param("prompt", "login").add_extra_param("max_age", "0");
        }
        if let Some(hint) = how.hint {
            request = request.add_extra_param("login_hint", hint.to_owned());
        }
        Ok(request.url().0)
    }

    /// Gives the code, and gets tokens for it.
    pub(super) async fn redeem(&self, code: &str, secrets: &Secrets) -> Result<Redeemed, Fault> {
        let oauth = self.oauth()?;
        let request =
            oauth.exchange_code(AuthorizationCode::new(code.to_owned())).set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.clone()));
        let answer = request.request_async(self).await.map_err(|error| match error {
            RequestTokenError::Request(unreached) => Fault::Unreached(unreached),
            RequestTokenError::ServerResponse(said) => refusal(said.error()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Fault::TokenAnswer,
        })?;
        if *answer.token_type() != BasicTokenType::Bearer {
            return Err(Fault::TokenAnswer);
        }
        let id_token = answer.extra_fields().id_token.clone().ok_or(Fault::NoIdToken)?;
        Ok(Redeemed { id_token, access_token: answer.access_token().secret().clone() })
    }

    /// Sends what oauth2 has made, and hands it what it needs of the answer: the rest it would not always read, such as numbers that are
    /// written as texts. An answer that is no JSON is told by its status, as there is nothing else to tell.
    async fn post(&self, request: HttpRequest) -> Result<HttpResponse, Unreached> {
        let host = place(&self.token);
        let request = Request::try_from(request).map_err(|_| Unreached::NotAnAddress(host.clone()))?;
        let answer = self.outside.send(request, self.until).await?;
        let mut said = match (answer.status, serde_json::from_slice::<Map<String, Value>>(&answer.body)) {
            (200 | 400 | 401, Ok(said)) => said,
            (200, Err(_)) => return Err(Unreached::NotJson(host)),
            (status, _) => return Err(Unreached::Status(host, status)),
        };
        said.retain(|name, _| ["access_token", "token_type", "id_token", "error"].contains(&name.as_str()));
        let mut response = HttpResponse::new(Value::Object(said).to_string().into_bytes());
        *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::BAD_GATEWAY);
        Ok(response)
    }

    /// The keys that sign tokens, read anew each time.
    pub(super) async fn keys(&self) -> Result<Keys, Fault> {
        Ok(self.outside.json(self.keys.clone(), self.until).await?)
    }

    /// What the userinfo endpoint says (Core 1.0, section 5.3); nothing where there is none.
    pub(super) async fn userinfo(&self, access_token: &str) -> Result<Option<Map<String, Value>>, Fault> {
        let Some(address) = self.userinfo.clone() else { return Ok(None) };
        let answer = self.outside.get(address, JSON, Some(access_token), self.until).await?;
        object(&answer.body, Fault::Userinfo).map(Some)
    }
}

/// Lets oauth2 send through us. Not a closure, of whose futures the compiler cannot tell that they may move between threads.
impl<'c> AsyncHttpClient<'c> for Provider<'_> {
    type Error = Unreached;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreached>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.post(request))
    }
}

/// The provider's reason for giving no token, in words that are ours.
fn refusal(said: &BasicErrorResponseType) -> Fault {
    match said {
        BasicErrorResponseType::InvalidGrant => Fault::CodeRefused,
        BasicErrorResponseType::InvalidClient | BasicErrorResponseType::UnauthorizedClient => Fault::ClientRefused,
        BasicErrorResponseType::InvalidRequest => Fault::TokenRefused("it finds the request invalid"),
        BasicErrorResponseType::InvalidScope => Fault::TokenRefused("it does not allow the scopes"),
        BasicErrorResponseType::UnsupportedGrantType => Fault::TokenRefused("it does not know the authorization code flow"),
        BasicErrorResponseType::Extension(_) => Fault::TokenRefused("for a reason of its own"),
    }
}

type OAuth = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<More, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What OpenID Connect adds to the answer of OAuth.
#[derive(Deserialize, Serialize)]
struct More {
    id_token: Option<String>,
}

impl ExtraTokenFields for More {}

impl fmt::Debug for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("More(…)")
    }
}
