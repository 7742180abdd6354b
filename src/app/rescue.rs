//! The command `rescue`.

use std::path::Path;

use super::{StartError, bring_tls, database, key, terms};
use crate::{
    acts::{App, Means, Stop, rescue},
    config::Config,
    protocols::{breached::Breached, dns::Dns, mail::Mailer, outside::Outside, passwords::Hasher},
    rules::{
        rescue::{Draft, LASTS, Wanted, Wish, path},
        time::Millis,
        zones::Zone,
    },
    store::{self, Clock, Dice, Hands, rescue::AdministratorRow},
    web,
};

/// Does what is typed behind `frontdesk rescue`, beside a server that runs or without one; answers what to say about it.
///
/// # Errors
/// Whatever stands in the way, in a sentence. Then nothing was changed.
pub async fn rescue(config: &Config, asked: &Draft, clock: Clock, dice: Dice) -> Result<String, StartError> {
    let wish = asked.check().map_err(|faults| said(faults.into()))?;
    let desk = Desk::open(config, Hands { clock, dice }).await?;
    let answer = match &wish {
        Wish::Look(account) => desk.look(account.as_deref()).await,
        Wish::Open(wanted) => desk.open_for(wanted).await,
        Wish::Drill(account) => desk.drill(account.as_deref()).await,
    };
    desk.app.close().await;
    answer
}

/// The application without its faces, on the database that is there.
pub(super) struct Desk {
    pub(super) app: App,
    base_url: String,
}

impl Desk {
    pub(super) async fn open(config: &Config, hands: Hands) -> Result<Self, StartError> {
        bring_tls();
        let base_url = base_url(config)?;
        let other = |error: &dyn std::error::Error| StartError::Other(error.to_string());
        let mailer =
            Mailer::new(&config.smtp_url, config.data_dir.join("mail"), &config.mail_from, &base_url).map_err(|error| other(&error))?;
        let outside = Outside::new(config.private_idps, None).map_err(|error| other(&error))?;
        let hasher = Hasher::new(config.password_cost, 1).map_err(|error| other(&error))?;
        // Nobody chooses a password here: a list that cannot be read is in nobody's way.
        let terms = terms::of(config, Breached::open(Path::new(""))?);
        let db = store::rescue::open(&database(config)).await?;
        let key = key::existing(config, &db).await?;
        Ok(Self { app: App::new(db, Means { hasher, mailer, outside, dns: Dns::new(config.dns_server) }, terms, hands, key), base_url })
    }

    async fn look(&self, account: Option<&str>) -> Result<String, StartError> {
        let all = rescue::accounts(&self.app, account).await.map_err(said)?;
        if all.is_empty() {
            return Ok("There is no account yet.".to_owned());
        }
        let mut lines = Vec::new();
        for (account, administrators) in all {
            lines.push(format!("{}  {}", account.slug, account.name));
            lines.extend(administrators.iter().map(|person| format!("  {}", line(person))));
            if administrators.is_empty() {
                lines.push("  Nobody administers it.".to_owned());
            }
        }
        lines.push("\nA link for one of them: frontdesk rescue --account SLUG --person ADDRESS --reason TEXT".to_owned());
        Ok(lines.join("\n"))
    }

    async fn open_for(&self, wanted: &Wanted) -> Result<String, StartError> {
        let opened = rescue::open(&self.app, wanted).await.map_err(said)?;
        let ((secret, until), (name, email)) = (&opened.link, &opened.person);
        let mut lines = vec![
            format!("This link opens the security pages of {} as {name} <{email}>:\n", opened.account),
            format!("  {}{}\n", self.base_url, path(secret)),
            format!(
                "It works once, until {}. The session that it opens lasts {}, and opens nothing else.",
                exact(*until),
                LASTS.in_words()
            ),
        ];
        if let Some(ended) = opened.ended {
            let ended = if ended == 1 { "1 session of theirs".to_owned() } else { format!("{ended} sessions of theirs") };
            lines.push(format!("Their second factor and recovery codes are taken away, and {ended} ended."));
        }
        if opened.is_mixed {
            lines.push("Members who were there before single sign-on may do without it now.".to_owned());
        }
        if let Some(relaxed) = opened.relaxed {
            let those = if relaxed == 1 {
                "1 IP restriction that refused warns".to_owned()
            } else {
                format!("{relaxed} IP restrictions that refused warn")
            };
            lines.push(format!("{those} from now on, until an administrator enforces them again."));
        }
        if let Some((secret, until)) = &opened.password {
            lines.push(format!("\nBehind this link they choose a new password, once, until {}:\n", exact(*until)));
            lines.push(format!("  {}/password/reset/{secret}\n", self.base_url));
            lines.push("A new password ends their sessions and the first link: whoever needs both uses the first one first.".to_owned());
        }
        lines.push("It stands in the events of the account, and on its pages for a day.".to_owned());
        lines.push(letters(&opened.told));
        Ok(lines.join("\n"))
    }

    async fn drill(&self, account: Option<&str>) -> Result<String, StartError> {
        for method in ["GET", "POST"] {
            if !web::routes().iter().any(|route| route.method == method && route.path == path("{token}")) {
                return Err(StartError::Other(format!("Nothing answers {method} {}.", path("{token}"))));
            }
        }
        let all = rescue::accounts(&self.app, account).await.map_err(said)?;
        if all.is_empty() {
            return Err(StartError::Other("There is no account yet, so nothing could be proven.".to_owned()));
        }
        let (mut proven, mut failed) = (Vec::new(), Vec::new());
        for administered in &all {
            let slug = &administered.0.slug;
            match rescue::drill(&self.app, administered).await {
                Ok(opened) => proven.push(format!(
                    "{slug}: a link for {} would open its security pages, and nothing else. {}",
                    opened.person.1,
                    letters(&opened.told)
                )),
                Err(stop) => failed.push(format!("{slug}: {}", said(stop))),
            }
        }
        if !failed.is_empty() {
            return Err(StartError::Other(format!("The drill failed, and changed nothing.\n{}", [failed, proven].concat().join("\n"))));
        }
        proven.push(format!(
            "Links would begin with {}. The key belongs to the database, seals and opens. Nothing was changed.",
            self.base_url
        ));
        Ok(proven.join("\n"))
    }
}

/// Where links lead: where visitors find the server, as it would say itself.
fn base_url(config: &Config) -> Result<String, StartError> {
    if !config.base_url.is_empty() {
        return Ok(config.base_url.clone());
    }
    if config.listen.ip().is_unspecified() || config.listen.port() == 0 {
        let says = "Frontdesk cannot know under which address visitors find it. Say so with FRONTDESK_BASE_URL, as for the server.";
        return Err(StartError::Other(says.to_owned()));
    }
    Ok(format!("http://{}", config.listen))
}

/// Why something was not done, for whoever sits at the machine.
fn said(stop: Stop) -> StartError {
    StartError::Other(match stop {
        Stop::Faults(faults) => faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("\n"),
        Stop::Broken(error) => error,
        Stop::Busy => "The database is busy. Try again in a few seconds.".to_owned(),
        other => format!("{other:?}"),
    })
}

fn line(person: &AdministratorRow) -> String {
    let mut says = vec![if person.factor_since.is_some() { "second factor".to_owned() } else { "no second factor".to_owned() }];
    if person.disabled_at.is_some() {
        says.push("disabled".to_owned());
    }
    says.extend(person.access_until.map(|until| format!("until {}", exact(until))));
    if person.proven.is_none() {
        says.push("address not confirmed".to_owned());
    }
    says.push(person.last_seen_at.map_or_else(|| "never seen".to_owned(), |at| format!("last seen {}", exact(at))));
    format!("{} <{}>  {}", person.name, person.email, says.join(", "))
}

fn letters(to: &[String]) -> String {
    match to {
        [] => "No administrator has confirmed their address: nobody gets a letter.".to_owned(),
        all => format!("Letters that say so go to {}.", all.join(", ")),
    }
}

fn exact(at: Millis) -> String {
    at.exact(&Zone::utc())
}
