//! Letters on their way out: how they read, and who takes them. By SMTP where a server is configured; as files in a folder
//! otherwise, so that an instance without mail loses none.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use askama::Template;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};

use super::failures::chain;
pub use super::failures::{Failure, MailError};
use super::smtp::Server;
use crate::rules::{
    ids::LetterId,
    letters::{Letter, Reading},
    time::Millis,
};

enum Taker {
    Server(Box<Server>),
    Folder(PathBuf),
}

/// Writes letters and hands them over.
pub struct Mailer {
    taker: Taker,
    from: Mailbox,
    base_url: String,
    host: String,
}

/// The button of a letter: what stands on it, and where it leads.
struct Button {
    label: &'static str,
    link: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    reading: &'a Reading,
    button: Option<&'a Button>,
    home: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    subject: &'a str,
    reading: &'a Reading,
    button: Option<&'a Button>,
    home: &'a str,
}

impl Mailer {
    /// A mailer that hands letters to the server at `smtp_url`, or where that is empty puts them into `folder`. Links in
    /// letters lead to `base_url`; they come from `from`, or where that is empty from an address at the base URL's host.
    ///
    /// # Errors
    /// When an address or the URL cannot be used.
    pub fn new(smtp_url: &str, folder: PathBuf, from: &str, base_url: &str) -> Result<Self, MailError> {
        let host = match url::Url::parse(base_url).ok().and_then(|url| url.domain().map(str::to_owned)) {
            Some(domain) => domain,
            // An address of numbers is no place where mail comes from.
            None => "localhost".to_owned(),
        };
        let from = sender(from, &host)?;
        let taker = if smtp_url.is_empty() {
            Taker::Folder(folder)
        } else {
            let server = Server::parse(smtp_url)?;
            if server.is_in_the_open() {
                tracing::warn!("letters go to the mail server unencrypted; put ?tls=required behind its URL, or use smtps://");
            }
            Taker::Server(Box::new(server))
        };
        Ok(Self { taker, from, base_url: base_url.to_owned(), host })
    }

    /// Whether letters leave this machine. If they do not, whoever invites hands over links by themselves.
    #[must_use]
    pub const fn is_sending(&self) -> bool {
        matches!(self.taker, Taker::Server(_))
    }

    /// Where a path of ours leads from outside.
    #[must_use]
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// Whether whoever takes letters can be talked to now. The connection is kept for the letter that follows.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub async fn reach(&self) -> Result<(), String> {
        match &self.taker {
            Taker::Server(server) => server.reach().await,
            Taker::Folder(_) => Ok(()),
        }
    }

    /// Ends the connection, if there is one: nothing is left to be said.
    pub async fn leave(&self) {
        if let Taker::Server(server) = &self.taker {
            server.leave().await;
        }
    }

    /// Hands one letter over. Tried again, it is the same letter to the byte but for its boundary: same date, same id.
    ///
    /// # Errors
    /// Why not, and whether trying again makes sense.
    pub async fn deliver(&self, id: &LetterId, to: &str, written_at: Millis, letter: &Letter) -> Result<(), Failure> {
        let message = self.message(id, to, written_at, letter)?;
        match &self.taker {
            Taker::Server(server) => server.send(&message).await,
            Taker::Folder(folder) => {
                let (folder, name, bytes) = (folder.clone(), format!("{id}.eml"), message.formatted());
                // Whoever runs this may be asked for it, and has to find it.
                tracing::info!(kind = letter.kind(), file = %folder.join(&name).display(), "a letter is put into the folder");
                let put = tokio::task::spawn_blocking(move || put(&folder, &name, &bytes)).await;
                match put {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(Failure::Away(error.to_string())),
                    Err(error) => Err(Failure::Away(error.to_string())),
                }
            }
        }
    }

    /// Whether a letter can be composed: all that [`Mailer::deliver`] does before it hands it over.
    ///
    /// # Errors
    /// Why not.
    pub fn compose(&self, id: &LetterId, to: &str, written_at: Millis, letter: &Letter) -> Result<(), Failure> {
        self.message(id, to, written_at, letter).map(drop)
    }

    /// Removes letters from the folder that were put there before a moment; answers how many.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn clear(&self, before: SystemTime) -> std::io::Result<u64> {
        let Taker::Folder(folder) = &self.taker else { return Ok(0) };
        if !folder.exists() {
            return Ok(0);
        }
        let mut gone = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // Also what a process that was killed has left half written.
            let is_letter = entry.path().extension().is_some_and(|ending| ending == "eml" || ending == "new");
            if is_letter && entry.metadata()?.modified()? < before {
                std::fs::remove_file(entry.path())?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    fn message(&self, id: &LetterId, to: &str, written_at: Millis, letter: &Letter) -> Result<Message, Failure> {
        let never = |error: &dyn std::error::Error| Failure::Never(format!("This letter cannot be written: {}", chain(error)));
        let address: Address = to.parse().map_err(|error| never(&error))?;
        // What looks like an encoded word would be decoded (RFC 2047, section 2): a name shows as it is, or nearly.
        let subject = letter.subject().replace("=?", "= ?");
        let (text, html) = self.read(to, &subject, letter).map_err(|error| never(&error))?;
        let seconds = u64::try_from(written_at.seconds()).unwrap_or(0);
        let mut builder = Message::builder();
        if let Some(reply_to) = letter.reply_to().and_then(|address| address.parse().ok()) {
            builder = builder.reply_to(Mailbox::new(None, reply_to));
        }
        builder
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(&subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{id}@{}>", self.host)))
            // Nobody's holiday is answered to us (RFC 3834, section 5).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(|error| never(&error))
    }

    fn read(&self, to: &str, subject: &str, letter: &Letter) -> askama::Result<(String, String)> {
        let (home, reading) = (&self.base_url, &letter.reading(to));
        let button = reading.button.as_ref().map(|(label, path)| Button { label, link: self.link(path) });
        let button = button.as_ref();
        Ok((Text { reading, button, home }.render()?, Html { subject, reading, button, home }.render()?))
    }
}

/// Who letters come from: an address, with or without a name in front.
fn sender(from: &str, host: &str) -> Result<Mailbox, MailError> {
    let text = if from.is_empty() { format!("Frontdesk <frontdesk@{host}>") } else { from.to_owned() };
    text.parse().map_err(|error| MailError(format!("{text:?} is no address that letters can come from: {error}")))
}

/// Puts a file into a folder whole or not at all, on disk before this returns, for its owner alone.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let aside = folder.join(format!("{name}.{}.new", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&aside, folder.join(name))?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter::Invitation {
            token: "secret".into(),
            account: "Müller <b>& Söhne</b>".into(),
            inviter: "Ada".into(),
            inviter_email: "ada@example.com".into(),
            expires_at: 1_795_867_200_000,
        }
    }

    #[tokio::test]
    async fn without_a_server_letters_are_files_of_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let mail = folder.path().join("mail");
        let mailer = Mailer::new("", mail.clone(), "", "https://desk.example.com").unwrap();
        let id = LetterId::new(Millis(1_795_262_400_000), [7; 16]);
        assert!(!mailer.is_sending() && mailer.reach().await.is_ok());
        for _ in 0..2 {
            mailer.deliver(&id, "bob@example.com", Millis(1_795_262_400_000), &letter()).await.unwrap();
        }
        let files: Vec<_> = std::fs::read_dir(&mail).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files, [mail.join(format!("{id}.eml"))], "the same letter is one file");
        let text = std::fs::read_to_string(&files[0]).unwrap();
        for part in [
            "From: Frontdesk <frontdesk@desk.example.com>",
            "To: bob@example.com",
            "Reply-To: ada@example.com",
            "Date: Sat, 21 Nov 2026 12:00:00 +0000",
            &format!("Message-ID: <{id}@desk.example.com>"),
            "Auto-Submitted: auto-generated",
            "multipart/alternative",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(text.matches("Content-Type: multipart").count(), 1);
        let html = text.split_once("Content-Type: text/html").unwrap().1;
        assert!(html.contains("&#60;b&#62;") && !html.contains("<b>"), "names are text, also in HTML: {html}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(std::fs::metadata(&mail).unwrap().permissions().mode() & 0o777, 0o700);
        }
        assert_eq!(mailer.clear(SystemTime::UNIX_EPOCH).unwrap(), 0);
        assert_eq!(mailer.clear(std::fs::metadata(&files[0]).unwrap().modified().unwrap() + Duration::from_secs(9)).unwrap(), 1);
    }

    #[test]
    fn who_letters_come_from_is_an_address() {
        for (from, base, expected) in [
            ("", "http://127.0.0.1:3000", "Frontdesk <frontdesk@localhost>"),
            ("", "https://desk.example.com", "Frontdesk <frontdesk@desk.example.com>"),
            ("desk@example.org", "https://desk.example.com", "desk@example.org"),
        ] {
            assert_eq!(Mailer::new("", PathBuf::new(), from, base).unwrap().from.to_string(), expected);
        }
        assert!(Mailer::new("", PathBuf::new(), "nobody", "https://desk.example.com").is_err());
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_no_fault_of_the_letter() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mailer = Mailer::new(&format!("smtp://{closed}"), PathBuf::new(), "", "https://desk.example.com").unwrap();
        let id = LetterId::new(Millis(0), [7; 16]);
        assert!(mailer.reach().await.is_err());
        assert!(matches!(mailer.deliver(&id, "bob@example.com", Millis(0), &letter()).await, Err(Failure::Away(_))));
        assert!(matches!(mailer.deliver(&id, "no address", Millis(0), &letter()).await, Err(Failure::Never(_))));
    }
}
