//! Configuration: one table of settings ([`SETTINGS`]), filled from defaults, a TOML file, the environment and flags.
//!
//! Later ones win in that order. A key that is not in the table is an error wherever it stands, so that a typing mistake
//! is never taken for a decision. From the same table come `--help` and `check-config`.

mod settings;

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

use ipnet::IpNet;

pub use settings::{SETTINGS, Setting};

use crate::{
    protocols::passwords::Cost,
    rules::{accounts::Creation, gate::Mfa, lockouts, mfa, network::Header, sessions, sign_in, sign_up::Policy, social, time::Span},
    store::SqliteDurability,
};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Everything that is configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where visitors find it; empty for `http://` and where it listens.
    pub base_url: String,
    /// Where the data are.
    pub data_dir: PathBuf,
    /// The database; empty for SQLite in the data folder.
    pub database_url: String,
    /// The most connections to it.
    pub database_connections: u32,
    /// What a commit on SQLite survives.
    pub sqlite_durability: SqliteDurability,
    /// The key file; empty for the one in the data folder.
    pub key_file: PathBuf,
    /// The server that takes letters; empty for none.
    pub smtp_url: String,
    /// Who letters come from; empty for an address at the base URL's host.
    pub mail_from: String,
    /// How long letters are kept once they are done.
    pub letters_kept: Span,
    /// The most members of an account; 0 for any number.
    pub seats: i64,
    /// Who may sign up without an invitation.
    pub sign_up: Policy,
    /// Where the terms of use stand that whoever becomes a user accepts; empty for none.
    pub terms_of_use: String,
    /// The name server that is asked whether a domain is an account's own, if not those of this machine.
    pub dns_server: Option<std::net::SocketAddr>,
    /// Whether identity providers may be in private networks.
    pub private_idps: crate::protocols::outside::Private,
    /// GitHub and Google as ways to sign in, as far as they are set up.
    pub social: Vec<social::Client>,
    /// Who may create accounts.
    pub account_creation: Creation,
    /// The name of the plan.
    pub plan: String,
    /// Whose forwarded headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// In which header.
    pub forwarded_header: Header,
    /// Where to serve the API at its root, if at all.
    pub api_listen: Option<SocketAddr>,
    /// Where programs find that listener: scheme, host and port; empty for the address itself.
    pub api_base_url: String,
    /// How many requests to the API an account may make within a minute.
    pub api_rate: usize,
    /// Where to serve metrics, if at all.
    pub metrics_listen: Option<SocketAddr>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written.
    pub log_level: String,
    /// The most connections at once.
    pub max_connections: usize,
    /// How long requests are still taken once it is told to stop.
    pub stop_notice: Span,
    /// How long sessions last.
    pub sessions: sessions::Limits,
    /// What a password hash costs.
    pub password_cost: Cost,
    /// A list of passwords that nobody may choose; empty for none.
    pub breached_passwords: PathBuf,
    /// How many passwords somebody may not choose again, the present one included.
    pub password_history: i64,
    /// How many are computed at once.
    pub hashing_at_once: usize,
    /// How often signing in may be tried.
    pub attempts: sign_in::Limits,
    /// How many wrong passwords an address may get.
    pub lockouts: lockouts::Limits,
    /// How many sessions of a person may be open in an account at most.
    pub session_limit: i64,
    /// What is demanded about second factors in all accounts.
    pub mfa: Mfa,
    /// How many wrong codes of a second factor a person may get.
    pub codes: mfa::Limits,
    /// How long a proof of who somebody is counts as fresh.
    pub fresh_proof: Span,
    /// How long counted attempts are kept.
    pub attempts_kept: Span,
    /// How long visits are kept.
    pub visits_kept: Span,
    /// How long sessions are kept after they were last seen.
    pub sessions_kept: Span,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// A variable of the environment.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// What was found, before it is checked: each setting's text and where it stood.
#[derive(Clone, Debug, Default)]
pub struct Found(BTreeMap<&'static str, (String, Origin)>);

/// What is wrong with the configuration, in a sentence that names key and place.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Found {
    /// The defaults.
    #[must_use]
    pub fn defaults() -> Self {
        Self(SETTINGS.iter().map(|setting| (setting.key, (setting.default.to_owned(), Origin::Default))).collect())
    }

    /// Takes over what a TOML file says.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, or holds a key that is no setting.
    pub fn read_file(&mut self, path: &std::path::Path) -> Result<(), ConfigError> {
        let place = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError(format!("{place}: {error}")))?;
        // The line itself is not shown: it may hold a secret.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = text[..error.span().map_or(0, |span| span.start.min(text.len()))].lines().count().max(1);
            ConfigError(format!("{place}: line {line}: {}", error.message()))
        })?;
        for (key, value) in table {
            let setting = SETTINGS.iter().find(|setting| setting.key == key);
            let setting = setting.ok_or_else(|| ConfigError(format!("{place}: there is no setting {key}.{}", did_you_mean(&key))))?;
            let text = flat(&value).ok_or_else(|| ConfigError(format!("{place}: {key} takes text, a number, or a list of texts.")))?;
            self.0.insert(setting.key, (text, Origin::File(path.to_owned())));
        }
        Ok(())
    }

    /// Takes over what the environment says. A setting may also stand in a file that a variable ending in `_FILE` names,
    /// which keeps secrets out of the environment.
    ///
    /// # Errors
    /// When a `FRONTDESK_` variable is no setting, or a file cannot be read.
    pub fn read_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) -> Result<(), ConfigError> {
        let mut said = BTreeMap::<&str, String>::new();
        for (name, value) in variables {
            let setting = SETTINGS.iter().find(|setting| name == setting.variable || name.strip_suffix("_FILE") == Some(setting.variable));
            if let Some(before) = setting.and_then(|setting| said.insert(setting.key, name.clone())) {
                return Err(ConfigError(format!("{before} and {name} say the same thing. Keep one of them.")));
            }
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.variable == name) {
                self.0.insert(setting.key, (value, Origin::Environment(name)));
            } else if let Some(setting) =
                name.strip_suffix("_FILE").and_then(|stem| SETTINGS.iter().find(|setting| setting.variable == stem))
            {
                let text = std::fs::read_to_string(&value).map_err(|error| ConfigError(format!("{name}: {value}: {error}")))?;
                self.0.insert(setting.key, (text.trim().to_owned(), Origin::Environment(name)));
            } else if name.starts_with("FRONTDESK_") && name != "FRONTDESK_CONFIG" {
                let key = name.trim_start_matches("FRONTDESK_").to_ascii_lowercase();
                return Err(ConfigError(format!("There is no setting {name}.{}", did_you_mean(&key))));
            }
        }
        Ok(())
    }

    /// Takes over a flag.
    pub fn set_flag(&mut self, setting: &'static Setting, value: String) {
        self.0.insert(setting.key, (value, Origin::Flag(format!("--{}", setting.flag()))));
    }

    fn text(&self, key: &str) -> &str {
        self.0.get(key).map_or("", |(text, _)| text.as_str())
    }

    /// Checks everything.
    ///
    /// # Errors
    /// The first setting whose value cannot be used, with its place and what it takes.
    pub fn check(&self) -> Result<Config, ConfigError> {
        settings::check(self)
    }

    /// What is in force and where each comes from, secrets masked.
    #[must_use]
    pub fn report(&self) -> String {
        let mut report = String::new();
        for setting in SETTINGS {
            let Some((value, origin)) = self.0.get(setting.key) else { continue };
            let shown = if setting.secret { mask(value) } else { value.clone() };
            let shown = if shown.is_empty() { setting.empty.to_owned() } else { shown };
            report.push_str(&format!("{:<22} {shown}\n{:<22}   from {origin}\n", setting.key, ""));
        }
        report
    }
}

/// A URL without its password; what is no URL is not shown at all.
fn mask(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let Ok(mut url) = url::Url::parse(text) else { return "(hidden)".to_owned() };
    // A secret that is no address may look like one.
    if !url.has_host() && url.scheme() != "sqlite" {
        return "(hidden)".to_owned();
    }
    if url.password().is_none() && !url.username().is_empty() && url.set_username("hidden").is_err() {
        return "(hidden)".to_owned();
    }
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return "(hidden)".to_owned();
    }
    let pairs: Vec<_> = url.query_pairs().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    if pairs.iter().any(|(key, _)| key.contains("pass")) {
        let shown = pairs.into_iter().map(|(key, value)| if key.contains("pass") { (key, "hidden".to_owned()) } else { (key, value) });
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(shown).finish();
        url.set_query(Some(&query));
    }
    url.to_string()
}

/// A TOML value as the text that flags and variables would carry.
fn flat(value: &toml::Value) -> Option<String> {
    Some(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Array(items) => items.iter().map(toml::Value::as_str).collect::<Option<Vec<_>>>()?.join(","),
        _ => return None,
    })
}

/// The setting whose name shares most of its beginning with a key that is none.
fn did_you_mean(key: &str) -> String {
    let shared = |setting: &&Setting| setting.key.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
    match SETTINGS.iter().max_by_key(shared) {
        Some(setting) if shared(&setting) >= 4 => format!(" Did you mean {}?", setting.key),
        _ => String::new(),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
