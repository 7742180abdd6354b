//! HTTP to where customers' administrators point us: providers of identities, and whoever wants to hear of events.
//!
//! Whoever may type an address in could use this server to look into the network that it stands in. So, unless the operator allows it,
//! nothing but https goes out, and to public addresses alone: of names every address that the resolver gives is looked at, and those
//! very addresses are connected to, so that no second answer of the resolver can differ; addresses in the URL itself, which no resolver
//! sees, are looked at before. Redirects are never followed, the environment names no proxy, cookies are not kept, and what was answered
//! is never part of an error.

mod names;
mod public;

use std::{error::Error, io, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Request,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
    redirect,
};
use rustls::{
    CertificateError,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use self::names::{NotPublic, Resolver};
pub use self::public::is_public;

/// How long one request may take, from its beginning to the end of the answer. Steps of several requests bring a deadline of their own.
pub const LONGEST: Duration = Duration::from_secs(5);
/// The most bytes of an answer; the rest is not read.
pub const LARGEST: usize = 1 << 20;
/// How long a connection stays open for the next request of the same sign-in.
const IDLE: Duration = Duration::from_secs(15);

/// Whether private networks may be talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Private {
    /// Nothing but https to public addresses.
    Refused,
    /// Everything, and http as well.
    Allowed,
}

/// Why an answer was not had, in a sentence for administrators. It never holds what was answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// It is not a URL that can be asked.
    #[error("{0} is not the address of a web server.")]
    NotAnAddress(String),
    /// It has a name or a password in it, which would be sent along.
    #[error("The address of {0} holds a user name or a password, which does not belong there.")]
    Credentials(String),
    /// It is not https.
    #[error("{0} is not asked, because its address does not begin with https://.")]
    NotEncrypted(String),
    /// It is in a network that we may stand in, too.
    #[error("{0} is in a private network. The operator of this server can allow that.")]
    Private(String),
    /// It could be anybody (RFC 6125).
    #[error("{0} has a certificate that is not accepted: {1}.")]
    Certificate(String, &'static str),
    /// There is no connection, or it broke.
    #[error("{0} could not be reached: {1}.")]
    Away(String, String),
    /// It took longer than it may.
    #[error("{0} took too long to answer.")]
    Slow(String),
    /// It answered with another status than hoped for; redirects are not followed.
    #[error("{0} answered with status {1}.")]
    Status(String, u16),
    /// There is more than [`LARGEST`].
    #[error("The answer of {0} is larger than 1 MiB.")]
    TooLarge(String),
    /// It is not the JSON that was asked for.
    #[error("The answer of {0} is not the JSON that was expected.")]
    NotJson(String),
}

/// Why there is no [`Outside`].
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The file with additional certificates does not hold any.
    #[error("the additional root certificates cannot be read: {0}")]
    Certificates(String),
    /// The TLS library does not want to.
    #[error("HTTP cannot be set up: {0}")]
    SetUp(String),
}

/// What is asked for where it should be JSON.
pub const JSON: &str = "application/json";

/// An answer, whatever its status.
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// At most [`LARGEST`] bytes.
    pub body: Vec<u8>,
}

/// A client of HTTP for addresses that others chose. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outside {
    client: reqwest::Client,
    private: Private,
}

impl Outside {
    /// Trusts the certificate authorities of this machine, and those in `roots`, one or more certificates in PEM.
    ///
    /// # Errors
    /// When `roots` holds something else.
    pub fn new(private: Private, roots: Option<&[u8]>) -> Result<Self, OutsideError> {
        let mut store = rustls::RootCertStore::empty();
        // A machine without any is no reason not to start: what needs one says so when it is used.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(pem) = roots {
            let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
            let certificates = certificates.map_err(|error| OutsideError::Certificates(error.to_string()))?;
            if certificates.is_empty() {
                return Err(OutsideError::Certificates("there are none in it".to_owned()));
            }
            for certificate in certificates {
                store.add(certificate).map_err(|error| OutsideError::Certificates(error.to_string()))?;
            }
        }
        let failed = |error: &dyn Error| OutsideError::SetUp(error.to_string());
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(store)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(Resolver::new(private)))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .https_only(private == Private::Refused)
            .connect_timeout(LONGEST)
            .timeout(LONGEST)
            .pool_idle_timeout(IDLE)
            .user_agent("Frontdesk")
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { client, private })
    }

    /// Whether private networks may be talked to.
    #[must_use]
    pub const fn private(&self) -> Private {
        self.private
    }

    /// Reads an address and says whether it may be asked, as far as that can be told without looking up its name.
    ///
    /// # Errors
    /// [`Unreached`] that says why it may not.
    pub fn address(&self, text: &str) -> Result<Url, Unreached> {
        let url = Url::parse(text).map_err(|_| Unreached::NotAnAddress(shown(text)))?;
        self.check(&url)?;
        Ok(url)
    }

    fn check(&self, url: &Url) -> Result<(), Unreached> {
        let host = place(url);
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(Unreached::NotAnAddress(shown(url.as_str())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unreached::Credentials(host));
        }
        if self.private == Private::Allowed {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err(Unreached::NotEncrypted(host));
        }
        // The URL parser has turned decimal, octal and hexadecimal spellings into the address that they mean.
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if address.is_some_and(|address| !is_public(address)) { Err(Unreached::Private(host)) } else { Ok(()) }
    }

    /// Asks, and reads the answer until `until`, or for [`LONGEST`].
    ///
    /// # Errors
    /// When there is no whole answer. One with a status of failure is an answer.
    pub async fn send(&self, request: Request, until: Instant) -> Result<Answer, Unreached> {
        self.check(request.url())?;
        let host = place(request.url());
        match timeout_at(until, self.talk(request, &host)).await {
            Ok(answer) => answer,
            Err(_) => Err(Unreached::Slow(host)),
        }
    }

    async fn talk(&self, request: Request, host: &str) -> Result<Answer, Unreached> {
        let broken = |error: reqwest::Error| reason(error, host);
        let mut response = self.client.execute(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Unreached::TooLarge(host.to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }

    /// Asks by GET for what should be of the kinds in `accept`, with a bearer token where there is one (RFC 6750 §2.1).
    ///
    /// # Errors
    /// When there is no whole answer, or one with another status than 200.
    pub async fn get(&self, url: Url, accept: &'static str, bearer: Option<&str>, until: Instant) -> Result<Answer, Unreached> {
        let host = place(&url);
        let mut request = Request::new(reqwest::Method::GET, url);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some(token) = bearer {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut value = value.map_err(|_| Unreached::Away(host.clone(), "its access token cannot be sent".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let answer = self.send(request, until).await?;
        if answer.status == 200 { Ok(answer) } else { Err(Unreached::Status(host, answer.status)) }
    }

    /// Asks by GET for JSON.
    ///
    /// # Errors
    /// As [`Self::get`], and when it is not JSON of that shape.
    pub async fn json<T: DeserializeOwned>(&self, url: Url, until: Instant) -> Result<T, Unreached> {
        let host = place(&url);
        let answer = self.get(url, JSON, None, until).await?;
        serde_json::from_slice(&answer.body).map_err(|_| Unreached::NotJson(host))
    }
}

/// Who is asked, as administrators know it: the host, and the port where it is an unusual one.
#[must_use]
pub fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    shown(&url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// A text of others within a sentence of ours: short, and without signs that could be taken for something else.
#[must_use]
pub fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn reason(error: reqwest::Error, host: &str) -> Unreached {
    let host = host.to_owned();
    if error.is_timeout() {
        return Unreached::Slow(host);
    }
    // Without the URL, in which there may be a query.
    let error = error.without_url();
    let mut cause: &(dyn Error + 'static) = &error;
    while let Some(next) = deeper(cause) {
        cause = next;
    }
    // The last of the causes is the one that helps, such as that a name does not exist.
    match cause.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(why)) => Unreached::Certificate(host, objection(why)),
        _ if cause.is::<NotPublic>() => Unreached::Private(host),
        _ => Unreached::Away(host, shown(&cause.to_string())),
    }
}

/// What is behind an error. Those of the operating system name as their source not what is in them, but what is behind that.
fn deeper<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(error) => error.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

fn objection(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "it is for another name",
        // The other is one of an authority that has the name of a trusted one, and is not.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "it was issued by an authority that this server does not trust",
        CertificateError::Revoked => "it was revoked",
        _ => "it is not one for a web server, or is broken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_lead_inside_are_refused_in_every_spelling() {
        let outside = Outside::new(Private::Refused, None).unwrap();
        for url in "https://127.0.0.1/ https://2130706433/ https://0x7f.1/ https://0177.0.0.1/ https://127.1/ https://0/ \
                    https://127.0.0.1./ https://１27.0.0.1/ https://169.254.169.254/latest https://[::1]/ https://[::ffff:10.0.0.1]/ \
                    https://[::ffff:a9fe:a9fe]/ https://[fd00::1]/"
            .split_whitespace()
        {
            assert!(matches!(outside.address(url), Err(Unreached::Private(_))), "{url}: {:?}", outside.address(url));
        }
        assert!(matches!(outside.address("http://example.com/"), Err(Unreached::NotEncrypted(_))));
        assert!(matches!(outside.address("https://me:secret@example.com/"), Err(Unreached::Credentials(host)) if host == "example.com"));
        for text in ["file:///etc/passwd", "ftp://example.com/", "example.com", "", "https://", "data:,x", "https://exa mple.com/"] {
            assert!(matches!(outside.address(text), Err(Unreached::NotAnAddress(_))), "{text}");
        }
        assert!(outside.address("https://example.com:8443/a?b").is_ok());
        let inside = Outside::new(Private::Allowed, None).unwrap();
        assert!(inside.address("http://127.0.0.1:1234/").is_ok());
        assert!(matches!(inside.address("file:///etc/passwd"), Err(Unreached::NotAnAddress(_))));
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused() {
        let outside = Outside::new(Private::Refused, None).unwrap();
        for url in ["https://localhost/", "https://localhost:8443/"] {
            let result = outside.json::<serde_json::Value>(Url::parse(url).unwrap(), Instant::now() + LONGEST).await;
            assert!(matches!(result, Err(Unreached::Private(_))), "{url}: {result:?}");
        }
    }

    #[test]
    fn certificates_that_are_none_are_told() {
        assert!(matches!(Outside::new(Private::Refused, Some(b"nothing")), Err(OutsideError::Certificates(_))));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(Outside::new(Private::Refused, Some(broken)), Err(OutsideError::Certificates(_))));
    }
}
