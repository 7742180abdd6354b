//! The table of settings, and what each takes.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use super::{Config, ConfigError, Found, LogFormat};
use crate::{
    protocols::{outside::Private, passwords::Cost},
    rules::{
        accounts::Creation,
        gate::Mfa,
        lockouts, mfa,
        network::{Header, parse_net},
        passwords::MOST_REMEMBERED,
        sessions, sign_in,
        sign_up::Policy,
        social::{Client, Provider},
        time::Span,
    },
    store::SqliteDurability,
};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file.
    pub key: &'static str,
    /// Its name in the environment.
    pub variable: &'static str,
    /// Its value where nobody says anything.
    pub default: &'static str,
    /// What an empty value means.
    pub empty: &'static str,
    /// Whether it may hold a password.
    pub secret: bool,
    /// What it is for, in a sentence.
    pub sentence: &'static str,
}

impl Setting {
    /// Its name as a flag, without the dashes in front.
    #[must_use]
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

macro_rules! settings {
    ($($key:ident $variable:literal = $default:literal $(or $empty:literal)? $(, $secret:ident)?: $sentence:literal;)*) => {
        /// Every setting there is.
        pub static SETTINGS: &[Setting] = &[$(Setting {
            key: stringify!($key),
            variable: $variable,
            default: $default,
            empty: concat!("" $(, $empty)?),
            secret: !matches!(concat!("" $(, stringify!($secret))?).as_bytes(), b""),
            sentence: $sentence,
        }),*];
    };
}

settings! {
    listen "FRONTDESK_LISTEN" = "127.0.0.1:3000": "The address and port to listen on.";
    base_url "FRONTDESK_BASE_URL" = "" or "(http:// and the listen address)": "Where visitors find Frontdesk: scheme, host and port. All links lead there; https makes cookies secure.";
    data_dir "FRONTDESK_DATA_DIR" = "./data": "The folder for the SQLite database and the instance key. Made with mode 0700.";
    database_url "DATABASE_URL" = "" or "(SQLite in the data folder)", secret: "The database: postgres://user:password@host/name, or sqlite:PATH.";
    database_connections "FRONTDESK_DATABASE_CONNECTIONS" = "8": "The most connections to PostgreSQL, or readers of SQLite.";
    sqlite_synchronous "FRONTDESK_SQLITE_SYNCHRONOUS" = "full": "full: what was acknowledged survives losing power. normal: faster, but may lose the last moments with the power.";
    key_file "FRONTDESK_KEY_FILE" = "" or "(instance.key in the data folder)": "The file with the instance key, which seals secrets in the database. Machines that share a database share it.";
    smtp_url "FRONTDESK_SMTP_URL" = "" or "(none)", secret: "The server that takes letters: smtps://user:password@host, or smtp://user:password@host:587?tls=required. Without one, letters are files in the folder mail of the data folder, and whoever invites hands over a link.";
    mail_from "FRONTDESK_MAIL_FROM" = "" or "(frontdesk@ and the base URL's host)": "Who letters come from: an address, or Name <address>.";
    letters_kept "FRONTDESK_LETTERS_KEPT" = "30d": "How long the record of a letter, and its file where letters are files, is kept after it was written.";
    seats "FRONTDESK_SEATS" = "0": "The most members that an account may have, disabled ones included; 0 for any number. Open invitations take a seat too.";
    sign_up "FRONTDESK_SIGN_UP" = "closed": "closed: people come by invitation. open: whoever can read letters to an address may sign up with it.";
    terms_of_use "FRONTDESK_TERMS_OF_USE" = "" or "(none)": "The address of the terms of use that whoever becomes a user has to accept, except at set-up: at sign-up, by an invitation or through a provider.";
    account_creation "FRONTDESK_ACCOUNT_CREATION" = "administrators": "Who may create accounts: nobody, administrators (people who administer one already), or everybody.";
    plan "FRONTDESK_PLAN" = "Self-hosted": "The name of the plan, as the billing page shows it.";
    trusted_proxies "FRONTDESK_TRUSTED_PROXIES" = "" or "(none)": "Addresses or networks, separated by commas, of proxies: what they say of who asks counts, in the header that is set beside this.";
    forwarded_header "FRONTDESK_FORWARDED_HEADER" = "x-forwarded-for": "The header in which trusted proxies say who asks: x-forwarded-for, or forwarded (RFC 7239). Of several hops the rightmost counts that is no trusted proxy. The proxy has to write it itself on every request: what it only lets through is what the visitor says.";
    api_listen "FRONTDESK_API_LISTEN" = "" or "(off)": "A second address and port, with the API at its root, for programs that cannot have a path such as /api in front. The API stands under /api in any case.";
    api_base_url "FRONTDESK_API_BASE_URL" = "" or "(http:// and that address)": "Where programs find that listener: scheme, host and port.";
    api_rate "FRONTDESK_API_RATE" = "120": "How many requests to the API an account may make within any minute, on each machine.";
    metrics_listen "FRONTDESK_METRICS_LISTEN" = "" or "(off)": "The address and port for Prometheus metrics. Keep it private.";
    log_format "FRONTDESK_LOG_FORMAT" = "human": "human or json.";
    log_level "FRONTDESK_LOG_LEVEL" = "info": "error, warn, info, debug or trace, or a filter such as frontdesk=debug,sqlx=warn.";
    max_connections "FRONTDESK_MAX_CONNECTIONS" = "12000": "The most connections at once, as far as the limit on open files leaves room for them; more are answered with 503.";
    stop_notice "FRONTDESK_STOP_NOTICE" = "1s": "How long requests are still taken after SIGTERM, while /readyz says no: time for a load balancer to notice. What has begun then has nine seconds more.";
    session_idle "FRONTDESK_SESSION_IDLE" = "12h": "How long a session lasts without a request: 30m, 12h, 7d.";
    session_lifetime "FRONTDESK_SESSION_LIFETIME" = "14d": "How long a session lasts in any case.";
    session_limit "FRONTDESK_SESSION_LIMIT" = "100": "How many sessions of one person may be open in an account; one more ends the oldest there. An account may allow fewer.";
    password_memory_kib "FRONTDESK_PASSWORD_MEMORY_KIB" = "19456": "argon2id: memory of a password hash in KiB. Hashes made otherwise are renewed at the next sign-in.";
    password_iterations "FRONTDESK_PASSWORD_ITERATIONS" = "2": "argon2id: passes over the memory.";
    password_parallelism "FRONTDESK_PASSWORD_PARALLELISM" = "1": "argon2id: lanes.";
    breached_passwords "FRONTDESK_BREACHED_PASSWORDS" = "" or "(none)": "A file with passwords that nobody may choose: SHA-1 hashes or their beginnings, one a line and best sorted, or plain passwords, one a line.";
    password_history "FRONTDESK_PASSWORD_HISTORY" = "0": "How many passwords, the present one included, somebody may not choose again; 0 to remember none, at most 24. An account may demand more.";
    hashing_at_once "FRONTDESK_HASHING_AT_ONCE" = "0" : "How many passwords are hashed at the same time, each in as much memory as password_memory_kib says; 0 for one less than there are processors, and at least one.";
    attempts_window "FRONTDESK_ATTEMPTS_WINDOW" = "15m": "The length of the window in which attempts to sign in are counted, and of a lockout.";
    lockout_after "FRONTDESK_LOCKOUT_AFTER" = "10": "After how many wrong passwords in a window an email address is locked out, from the network or the known browser that they came from. An account may demand fewer.";
    attempts_per_user "FRONTDESK_ATTEMPTS_PER_USER" = "50": "How many wrong passwords one email address may get in a window from all networks together; more lock it out everywhere but in browsers that its person has signed in with.";
    attempts_per_user_day "FRONTDESK_ATTEMPTS_PER_USER_DAY" = "100": "How many in a day; half of it from one network.";
    attempts_per_address "FRONTDESK_ATTEMPTS_PER_ADDRESS" = "30": "How many may come from one network address in a window.";
    attempts_per_network "FRONTDESK_ATTEMPTS_PER_NETWORK" = "120": "How many may come from one /24 of IPv4 or /64 of IPv6 in a window.";
    private_idps "FRONTDESK_PRIVATE_IDPS" = "refused": "refused: identity providers are asked by https and at public addresses alone. allowed: also in private networks and on this machine, and by http.";
    dns_server "FRONTDESK_DNS_SERVER" = "" or "(those of this machine)": "The address and port of the name server that is asked whether a domain is an account's own.";
    github_client_id "FRONTDESK_GITHUB_CLIENT_ID" = "" or "(off)": "The client id of an OAuth app of GitHub: with it, people may link their GitHub logins and sign in by them. The app's callback URL is the base URL and /login/social/github/callback.";
    github_client_secret "FRONTDESK_GITHUB_CLIENT_SECRET" = "" or "(none)", secret: "The secret of that app.";
    github_url "FRONTDESK_GITHUB_URL" = "https://github.com": "Where GitHub is: another scheme and host for a GitHub Enterprise server.";
    google_client_id "FRONTDESK_GOOGLE_CLIENT_ID" = "" or "(off)": "The client id of a web application of Google: with it, people may link their Google logins and sign in by them. Its redirect URI is the base URL and /login/social/google/callback.";
    google_client_secret "FRONTDESK_GOOGLE_CLIENT_SECRET" = "" or "(none)", secret: "The secret of that application.";
    google_issuer "FRONTDESK_GOOGLE_ISSUER" = "https://accounts.google.com": "The issuer by which Google is known: another one for what stands in for it.";
    mfa "FRONTDESK_MFA" = "off": "Who needs a second factor, in all accounts: off, required_except_sso, or required. An account may demand more.";
    codes_per_user "FRONTDESK_CODES_PER_USER" = "10": "How many wrong codes of a second factor a person may get in a window of attempts_window, on all screens together.";
    codes_per_user_day "FRONTDESK_CODES_PER_USER_DAY" = "100": "How many in a day.";
    fresh_proof "FRONTDESK_FRESH_PROOF" = "10m": "How long a proof of who somebody is counts for what is worth asking again: from one minute to one day.";
    attempts_kept "FRONTDESK_ATTEMPTS_KEPT" = "7d": "How long counted attempts are kept; at least two days.";
    sessions_kept "FRONTDESK_SESSIONS_KEPT" = "90d": "How long the row of a session is kept after it was last seen; at least as long as sessions last.";
    visits_kept "FRONTDESK_VISITS_KEPT" = "400d": "How long it is kept who came from which address on which day.";
}

/// Checks every value.
pub(super) fn check(found: &Found) -> Result<Config, ConfigError> {
    let at_once: usize = number(found, "hashing_at_once", 0..=1024)?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let config = Config {
        listen: parsed(found, "listen", "an address and a port, such as 127.0.0.1:3000")?,
        base_url: origin(found, "base_url")?,
        data_dir: PathBuf::from(found.text("data_dir")),
        database_url: database_url(found)?,
        database_connections: number(found, "database_connections", 2..=1000)?,
        sqlite_durability: one_of(found, "sqlite_synchronous", &[("full", SqliteDurability::Full), ("normal", SqliteDurability::Normal)])?,
        key_file: PathBuf::from(found.text("key_file")),
        smtp_url: url_of(found, "smtp_url", &["smtp", "smtps"])?,
        mail_from: found.text("mail_from").to_owned(),
        letters_kept: span(found, "letters_kept")?,
        seats: number(found, "seats", 0..=1_000_000_000)?,
        sign_up: word_of(found, "sign_up", Policy::ALL, Policy::word)?,
        terms_of_use: url_of(found, "terms_of_use", &["https", "http"])?,
        dns_server: optional(found, "dns_server", "an address and a port, such as 127.0.0.1:53")?,
        private_idps: one_of(found, "private_idps", &[("refused", Private::Refused), ("allowed", Private::Allowed)])?,
        social: social(found)?,
        account_creation: word_of(found, "account_creation", Creation::ALL, Creation::word)?,
        plan: found.text("plan").to_owned(),
        trusted_proxies: networks(found)?,
        forwarded_header: word_of(found, "forwarded_header", Header::ALL, Header::word)?,
        api_listen: optional(found, "api_listen", "an address and a port, such as 127.0.0.1:3001")?,
        api_base_url: origin(found, "api_base_url")?,
        api_rate: number(found, "api_rate", 1..=1_000_000)?,
        metrics_listen: optional(found, "metrics_listen", "an address and a port, such as 127.0.0.1:9100")?,
        log_format: one_of(found, "log_format", &[("human", LogFormat::Human), ("json", LogFormat::Json)])?,
        log_level: found.text("log_level").to_owned(),
        max_connections: number(found, "max_connections", 1..=1_000_000)?,
        stop_notice: span(found, "stop_notice")?,
        sessions: sessions::Limits { idle: span(found, "session_idle")?, lifetime: span(found, "session_lifetime")? },
        password_cost: Cost {
            memory_kib: number(found, "password_memory_kib", 8..=4_194_304)?,
            iterations: number(found, "password_iterations", 1..=1_000)?,
            parallelism: number(found, "password_parallelism", 1..=64)?,
        },
        breached_passwords: PathBuf::from(found.text("breached_passwords")),
        password_history: number(found, "password_history", 0..=MOST_REMEMBERED)?,
        hashing_at_once: if at_once == 0 { processors.saturating_sub(1).max(1) } else { at_once },
        attempts: sign_in::Limits {
            window: span(found, "attempts_window")?,
            address: number(found, "attempts_per_address", 1..=1_000_000)?,
            network: number(found, "attempts_per_network", 1..=1_000_000)?,
        },
        lockouts: lockouts::Limits {
            window: span(found, "attempts_window")?,
            wrong: number(found, "lockout_after", 1..=1_000)?,
            everywhere: number(found, "attempts_per_user", 1..=1_000_000)?,
            day: number(found, "attempts_per_user_day", 1..=1_000_000)?,
        },
        session_limit: number(found, "session_limit", 1..=10_000)?,
        mfa: word_of(found, "mfa", Mfa::ALL, Mfa::word)?,
        codes: mfa::Limits {
            window: span(found, "attempts_window")?,
            user: number(found, "codes_per_user", 1..=1_000)?,
            user_day: number(found, "codes_per_user_day", 1..=10_000)?,
        },
        fresh_proof: span(found, "fresh_proof")?,
        attempts_kept: span(found, "attempts_kept")?,
        visits_kept: span(found, "visits_kept")?,
        sessions_kept: span(found, "sessions_kept")?,
    };
    if config.password_cost.memory_kib < 8 * config.password_cost.parallelism {
        return Err(wrong(found, "password_memory_kib", "at least 8 KiB for each lane"));
    }
    if config.lockouts.everywhere <= config.lockouts.wrong {
        return Err(wrong(found, "attempts_per_user", "more than lockout_after: one network alone would lock an address out everywhere"));
    }
    if config.lockouts.day < 2 * config.lockouts.wrong {
        return Err(wrong(found, "attempts_per_user_day", "at least twice lockout_after"));
    }
    if config.sessions.idle > config.sessions.lifetime {
        return Err(wrong(found, "session_idle", "at most session_lifetime"));
    }
    if config.sessions_kept < config.sessions.lifetime {
        return Err(wrong(found, "sessions_kept", "at least session_lifetime"));
    }
    if config.attempts_kept < Span::days(2) {
        return Err(wrong(found, "attempts_kept", "at least 2d"));
    }
    if config.fresh_proof < Span::minutes(1) || config.fresh_proof > Span::days(1) {
        return Err(wrong(found, "fresh_proof", "from 1m to 1d"));
    }
    if config.data_dir.as_os_str().is_empty() {
        return Err(wrong(found, "data_dir", "a folder"));
    }
    Ok(config)
}

fn wrong(found: &Found, key: &str, takes: &str) -> ConfigError {
    let setting = super::SETTINGS.iter().find(|setting| setting.key == key);
    let secret = setting.is_some_and(|setting| setting.secret);
    let origin = found.0.get(key).map_or_else(String::new, |(_, origin)| origin.to_string());
    let value = if secret { "This value".to_owned() } else { format!("{:?}", found.text(key)) };
    ConfigError(format!("{key} (from {origin}): {value} is not {takes}."))
}

fn parsed<T: FromStr>(found: &Found, key: &str, takes: &str) -> Result<T, ConfigError> {
    found.text(key).parse().map_err(|_| wrong(found, key, takes))
}

fn optional(found: &Found, key: &str, takes: &str) -> Result<Option<SocketAddr>, ConfigError> {
    if found.text(key).is_empty() { Ok(None) } else { parsed(found, key, takes).map(Some) }
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    found: &Found,
    key: &str,
    range: std::ops::RangeInclusive<T>,
) -> Result<T, ConfigError> {
    let takes = format!("a number from {} to {}", range.start(), range.end());
    parsed(found, key, &takes).and_then(|number| if range.contains(&number) { Ok(number) } else { Err(wrong(found, key, &takes)) })
}

fn span(found: &Found, key: &str) -> Result<Span, ConfigError> {
    Span::parse(found.text(key)).ok_or_else(|| wrong(found, key, "a length of time, such as 90s, 30m, 12h or 7d"))
}

fn one_of<T: Copy>(found: &Found, key: &str, words: &[(&str, T)]) -> Result<T, ConfigError> {
    let value = words.iter().find(|(word, _)| *word == found.text(key)).map(|(_, value)| *value);
    let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    value.ok_or_else(|| wrong(found, key, &all.join(" or ")))
}

fn word_of<T: Copy>(found: &Found, key: &str, all: &[T], word: fn(T) -> &'static str) -> Result<T, ConfigError> {
    let words: Vec<_> = all.iter().map(|value| (word(*value), *value)).collect();
    one_of(found, key, &words)
}

fn networks(found: &Found) -> Result<Vec<ipnet::IpNet>, ConfigError> {
    let items = found.text("trusted_proxies").split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| parse_net(item).ok_or_else(|| wrong(found, "trusted_proxies", "a list of addresses and networks"))).collect()
}

fn url_of(found: &Found, key: &str, schemes: &[&str]) -> Result<String, ConfigError> {
    let text = found.text(key);
    let fits = |text: &str| url::Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host());
    if text.is_empty() || fits(text) {
        Ok(text.to_owned())
    } else {
        Err(wrong(found, key, &format!("a {}:// URL", schemes.join(":// or "))))
    }
}

/// GitHub and Google, as far as they are set up: id and secret both or neither.
fn social(found: &Found) -> Result<Vec<Client>, ConfigError> {
    let mut clients = Vec::new();
    for (provider, id, secret, url) in [
        (Provider::GitHub, "github_client_id", "github_client_secret", origin(found, "github_url")?),
        (Provider::Google, "google_client_id", "google_client_secret", url_of(found, "google_issuer", &["https", "http"])?),
    ] {
        match (found.text(id), found.text(secret)) {
            ("", "") => {}
            ("", _) => return Err(wrong(found, id, &format!("given, but {secret} is: both belong together"))),
            (_, "") => return Err(wrong(found, secret, &format!("given, but {id} is: both belong together"))),
            (id, secret) => clients.push(Client { provider, id: id.to_owned(), secret: secret.to_owned(), url }),
        }
    }
    Ok(clients)
}

fn database_url(found: &Found) -> Result<String, ConfigError> {
    let text = found.text("database_url");
    if text.starts_with("sqlite:") { Ok(text.to_owned()) } else { url_of(found, "database_url", &["postgres", "postgresql"]) }
}

/// Links are made by putting a path behind this, so it must be an origin and nothing more.
fn origin(found: &Found, key: &str) -> Result<String, ConfigError> {
    let text = url_of(found, key, &["http", "https"])?;
    if text.is_empty() {
        return Ok(text);
    }
    let origin = url::Url::parse(&text).ok().filter(|url| {
        matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    origin
        .map(|url| url.origin().ascii_serialization())
        .ok_or_else(|| wrong(found, key, "a scheme, host and port alone, such as https://desk.example.com"))
}
