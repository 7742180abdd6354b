//! A mail server, talked to over one connection at a time. What it says while it is being reached (greeting, encryption,
//! sign-in) is about itself; what it says to a letter is about that letter. The two are never mixed up, because a letter is
//! offered only on a connection that stands.

use std::time::Duration;

use lettre::{
    Message,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        extension::ClientId,
    },
};
use tokio::{net::TcpStream, sync::Mutex, time::timeout};

use super::failures::{Failure, MailError, chain};

/// How long it may take to reach the server.
const CONNECTING: Duration = Duration::from_secs(15);
/// How long it may take to hand over a letter; with the above less than a letter is leased for.
const SENDING: Duration = Duration::from_secs(30);
/// How long a goodbye may take.
const LEAVING: Duration = Duration::from_secs(2);

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encryption {
    /// Not at all.
    Never,
    /// By STARTTLS where the server offers it (RFC 3207).
    Opportunistic,
    /// By STARTTLS, or there is no letter.
    Required,
    /// From the first byte (RFC 8314).
    Implicit,
}

/// A mail server.
pub(super) struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
    hello: ClientId,
    open: Mutex<Option<AsyncSmtpConnection>>,
}

impl Server {
    /// Reads `smtp://user:password@host:port?tls=required|opportunistic`, or `smtps://…`.
    pub(super) fn parse(text: &str) -> Result<Self, MailError> {
        let wrong = |what: &str| MailError(format!("The URL of the mail server {what}."));
        let url = url::Url::parse(text).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let host = url.host_str().ok_or_else(|| wrong("names no host"))?.trim_matches(['[', ']']).to_owned();
        let tls = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let (encryption, port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => (Encryption::Implicit, 465),
            ("smtp", None | Some("none")) => (Encryption::Never, 25),
            ("smtp", Some("opportunistic")) => (Encryption::Opportunistic, 587),
            ("smtp", Some("required")) => (Encryption::Required, 587),
            _ => return Err(wrong("takes tls=required, opportunistic or none with smtp://, and nothing with smtps://")),
        };
        let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
        let credentials = match (decode(url.username()), decode(url.password().unwrap_or_default())) {
            (Ok(user), Ok(_)) if user.is_empty() => None,
            (Ok(user), Ok(password)) => Some(Credentials::new(user, password)),
            _ => return Err(wrong("holds a name or a password that is no text")),
        };
        let port = url.port().unwrap_or(port);
        Ok(Self { host, port, encryption, credentials, hello: ClientId::default(), open: Mutex::new(None) })
    }

    /// Whether letters and the password would travel in the open, and not just within this machine.
    pub(super) fn is_in_the_open(&self) -> bool {
        let here = self.host == "localhost" || self.host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        self.encryption == Encryption::Never && !here
    }

    /// Makes sure that a connection stands.
    pub(super) async fn reach(&self) -> Result<(), String> {
        let mut open = self.open.lock().await;
        if let Some(mut connection) = open.take()
            && timeout(CONNECTING, connection.test_connected()).await == Ok(true)
        {
            *open = Some(connection);
            return Ok(());
        }
        match timeout(CONNECTING, self.connect()).await {
            Ok(Ok(connection)) => {
                *open = Some(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(format!("The mail server cannot be reached: {}.", chain(error.as_ref()))),
            Err(_) => Err("The mail server did not answer in time.".to_owned()),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Box<dyn std::error::Error + Send + Sync>> {
        let tls = || TlsParameters::new(self.host.clone());
        let server = (self.host.as_str(), self.port);
        let mut connection = if self.encryption == Encryption::Implicit {
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECTING), &self.hello, Some(tls()?), None).await?
        } else {
            let stream = TcpStream::connect(server).await?;
            // A letter and its end are two writes; without this the second waits 40 ms for a word about the first.
            stream.set_nodelay(true)?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello).await?
        };
        let upgrade = match self.encryption {
            Encryption::Never | Encryption::Implicit => false,
            Encryption::Opportunistic => connection.can_starttls(),
            // A server that does not offer it is an error then.
            Encryption::Required => true,
        };
        if upgrade {
            connection.starttls(tls()?, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    /// Offers a letter on the connection that stands.
    pub(super) async fn send(&self, message: &Message) -> Result<(), Failure> {
        // Taken out meanwhile: a connection that is given up in the middle of a letter is never used again.
        let Some(mut connection) = self.open.lock().await.take() else {
            return Err(Failure::Away("There is no connection to the mail server.".to_owned()));
        };
        match timeout(SENDING, connection.send(message.envelope(), &message.formatted())).await {
            Ok(Ok(_)) => {
                *self.open.lock().await = Some(connection);
                Ok(())
            }
            // About the server, or about us, and not about the letter: it ends the talk (RFC 5321, section 3.8), or wants us
            // signed in otherwise (RFC 4954, section 6).
            Ok(Err(error)) if error.status().is_some_and(|code| [421, 530, 534, 535, 538].contains(&u16::from(code))) => {
                Err(Failure::Away(format!("The mail server wants no letters now: {}.", chain(&error))))
            }
            Ok(Err(error)) if error.is_permanent() => Err(Failure::Never(format!("The mail server refused it: {}.", chain(&error)))),
            Ok(Err(error)) if error.is_transient() => Err(Failure::Later(format!("The mail server asks to wait: {}.", chain(&error)))),
            // Not the server's word, but ours: such as an address that it has no means for.
            Ok(Err(error)) if error.is_client() => Err(Failure::Never(chain(&error))),
            Ok(Err(error)) => Err(Failure::Away(format!("The mail server hung up: {}.", chain(&error)))),
            Err(_) => Err(Failure::Away("The mail server did not take the letter in time.".to_owned())),
        }
    }

    /// Says goodbye, until there is something to say again.
    pub(super) async fn leave(&self) {
        if let Some(mut connection) = self.open.lock().await.take() {
            // Whether it is heard does not matter.
            let _ = timeout(LEAVING, connection.quit()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_say_where_and_how() {
        for (url, host, port, encryption, user) in [
            ("smtps://u:p@mail.example.com", "mail.example.com", 465, Encryption::Implicit, true),
            ("smtp://u%40x:p%2F@mail.example.com?tls=required", "mail.example.com", 587, Encryption::Required, true),
            ("smtp://mail.example.com:2525?tls=opportunistic", "mail.example.com", 2525, Encryption::Opportunistic, false),
            ("smtp://127.0.0.1", "127.0.0.1", 25, Encryption::Never, false),
            ("smtp://[::1]:2525?tls=none", "::1", 2525, Encryption::Never, false),
        ] {
            let server = Server::parse(url).unwrap();
            let found = (server.host.as_str(), server.port, server.encryption, server.credentials.is_some());
            assert_eq!(found, (host, port, encryption, user), "{url}");
            assert!(!server.is_in_the_open(), "{url}");
        }
        assert!(Server::parse("smtp://mail.example.com").unwrap().is_in_the_open());
        for wrong in ["smtp://mail.example.com?tls=maybe", "smtps://mail.example.com?tls=none", "http://mail.example.com", "mail"] {
            assert!(Server::parse(wrong).is_err(), "{wrong}");
        }
    }
}
