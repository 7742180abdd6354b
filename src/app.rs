//! Puts the house together: configuration, key, database, faces, listener. The one place that makes the clock and the
//! dice; everything below is given them.

mod backup;
pub mod demo;
mod key;
mod listen;
pub mod logs;
mod rescue;
mod scan;
mod terms;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

pub use backup::{backup, restore};
use listen::Room;
pub use rescue::rescue;
pub use scan::{Scanned, scan};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    acts::{
        App, Means, Stop, chores,
        letters::{self, Round},
        setup,
    },
    config::Config,
    protocols::{
        breached::{Breached, ListError},
        dns::Dns,
        mail::Mailer,
        outside::Outside,
        passwords::Hasher,
        secrets::KeyError,
    },
    rules::{letters::pause, time::Millis},
    store::{Clock, Db, DbOptions, Dice, Hands, StoreError},
    web::{Draining, Face, Site},
};

/// Why Frontdesk does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made.
    #[error("the data folder {0} cannot be used: {1}")]
    Folder(String, std::io::Error),
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The key file cannot be used.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The key file is missing or another one.
    #[error("{0}")]
    WrongKey(String),
    /// The list of breached passwords cannot be used.
    #[error("{0}")]
    Breached(#[from] ListError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// The real clock.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the clock is made")]
pub fn clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    })
}

/// The real dice: the operating system's.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the dice are made")]
pub fn dice() -> Dice {
    Arc::new(|| {
        let mut bytes = [0; 16];
        // Without random numbers nothing here is safe; there is no way to go on.
        getrandom::fill(&mut bytes).unwrap_or_else(|_| std::process::abort());
        bytes
    })
}

/// A running Frontdesk.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where visitors find it.
    pub base_url: String,
    /// Where programs find the API at its root, if anywhere.
    pub api_url: Option<String>,
    /// The one-time link for set-up, while set-up is not done.
    pub setup_link: Option<String>,
    app: App,
    /// Where letters are put that leave no machine.
    mail_folder: PathBuf,
    draining: Draining,
    stop: watch::Sender<bool>,
    notice: std::time::Duration,
    tasks: Vec<JoinHandle<()>>,
}

/// Opens the database and brings it to this program's schema; makes the data folder where it is missing.
///
/// # Errors
/// [`StartError::Folder`] or [`StartError::Store`].
pub async fn open(config: &Config) -> Result<Db, StartError> {
    bring_tls();
    let folder = &config.data_dir;
    let failed = |error| StartError::Folder(folder.display().to_string(), error);
    if !folder.exists() {
        make_private_folder(folder).map_err(failed)?;
    }
    let db = Db::open(&database(config)).await?;
    db.migrate().await?;
    Ok(db)
}

/// Two crates could bring TLS; this one does. A second call, in a test, changes nothing.
fn bring_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Where the database is.
fn database(config: &Config) -> DbOptions {
    DbOptions {
        url: config.database_url.clone(),
        default_file: config.data_dir.join("frontdesk.db"),
        durability: config.sqlite_durability,
        connections: config.database_connections,
    }
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Starts everything and answers once it listens.
///
/// # Errors
/// Whatever stands in the way, in a sentence for whoever started it.
pub async fn start(config: &Config, clock: Clock, dice: Dice) -> Result<Running, StartError> {
    if config.listen.ip().is_unspecified() && config.base_url.is_empty() {
        return Err(StartError::Other(
            "Listening on every address, Frontdesk cannot know under which visitors find it. Say so with FRONTDESK_BASE_URL.".to_owned(),
        ));
    }
    let breached = Breached::open(&config.breached_passwords)?;
    let db = open(config).await?;
    let hands = Hands { clock, dice };
    let key = key::find(config, &db, &hands).await?;
    let (cost, at_once) = (config.password_cost, config.hashing_at_once);
    let hasher = Hasher::new(cost, at_once).map_err(|error| StartError::Other(error.to_string()))?;
    let terms = terms::of(config, breached);

    // Where it listens may be where visitors find it, and that is where links in letters lead.
    let listener = listen::open(config.listen).map_err(|error| StartError::Listen(config.listen, error))?;
    let address = listener.local_addr().map_err(|error| StartError::Listen(config.listen, error))?;
    let base_url = if config.base_url.is_empty() { format!("http://{address}") } else { config.base_url.clone() };
    let mailer = Mailer::new(&config.smtp_url, config.data_dir.join("mail"), &config.mail_from, &base_url)
        .map_err(|error| StartError::Other(error.to_string()))?;
    let outside = Outside::new(config.private_idps, None).map_err(|error| StartError::Other(error.to_string()))?;
    let app = App::new(db, Means { hasher, mailer, outside, dns: Dns::new(config.dns_server) }, terms, hands, key);

    let token = setup::new_token(&app).await.map_err(started)?;
    let setup_link = token.map(|token| format!("{base_url}/setup?token={token}"));

    let draining = Draining::default();
    let face = Face {
        hosts: hosts(&base_url, address),
        secure: base_url.starts_with("https://"),
        base_url: base_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        forwarded_header: config.forwarded_header,
        api_rate: config.api_rate,
        is_for_programs: false,
    };
    let site = Site::new(app.clone(), face, draining.clone());
    let (stop, stopped) = watch::channel(false);
    let mut tasks = vec![
        tokio::spawn(listen::serve(listener, site.clone().router(), Room::for_visitors(config), stopped.clone())),
        tokio::spawn(do_chores(app.clone(), stopped.clone())),
        tokio::spawn(deliver_letters(app.clone(), stopped.clone())),
    ];
    let mut api_url = None;
    if let Some(at) = config.api_listen {
        let listener = listen::open(at).map_err(|error| StartError::Listen(at, error))?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(at, error))?;
        let base_url = if config.api_base_url.is_empty() { format!("http://{address}") } else { config.api_base_url.clone() };
        let router = site.for_programs(base_url.clone(), hosts(&base_url, address));
        tasks.push(tokio::spawn(listen::serve(listener, router, Room::for_programs(config), stopped.clone())));
        api_url = Some(base_url);
    }
    if let Some(at) = config.metrics_listen {
        let listener = listen::open(at).map_err(|error| StartError::Listen(at, error))?;
        tasks.push(tokio::spawn(listen::serve(listener, listen::metrics(app.clone()), Room::of(16), stopped)));
    }
    let mail_folder = config.data_dir.join("mail");
    let notice = std::time::Duration::from_millis(config.stop_notice.0.unsigned_abs());
    Ok(Running { address, base_url, api_url, setup_link, app, mail_folder, draining, stop, notice, tasks })
}

fn started(stop: Stop) -> StartError {
    StartError::Other(match stop {
        Stop::Broken(error) => error,
        _ => "The database could not answer.".to_owned(),
    })
}

/// The names under which requests may ask for this instance: the public one, and the address it listens on. A port that
/// goes without saying may be said or not.
fn hosts(base_url: &str, address: SocketAddr) -> Vec<String> {
    let mut hosts = vec![address.to_string()];
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        hosts.extend([format!("localhost:{}", address.port()), format!("127.0.0.1:{}", address.port())]);
    }
    let bare: Vec<_> = hosts.iter().filter_map(|host| host.strip_suffix(":80").map(str::to_owned)).collect();
    hosts.extend(bare);
    if let Ok(url) = url::Url::parse(base_url) {
        let host = url.host_str().unwrap_or_default();
        match (url.port(), url.port_or_known_default()) {
            (Some(port), _) => hosts.push(format!("{host}:{port}")),
            (None, Some(port)) => hosts.extend([host.to_owned(), format!("{host}:{port}")]),
            (None, None) => {}
        }
    }
    hosts
}

async fn do_chores(app: App, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(chores::EVERY) => {}
            () = listen::told(&mut stopped) => return,
        }
        // Whoever stops does not wait for name servers.
        let cleared = tokio::select! {
            cleared = chores::clear(&app) => cleared,
            () = listen::told(&mut stopped) => return,
        };
        match cleared {
            Ok(gone) => tracing::debug!(gone, "cleared out what has expired"),
            Err(stop) => tracing::warn!(?stop, "clearing out failed; it will be tried again"),
        }
    }
}

/// How long a letter that is under way may take once the process is told to stop.
const LAST_LETTER: std::time::Duration = std::time::Duration::from_secs(5);

/// Delivers letters as they are written, and what other processes or earlier rounds have left.
async fn deliver_letters(app: App, mut stopped: watch::Receiver<bool>) {
    let mut failures = 0_u32;
    loop {
        let mut delivering = std::pin::pin!(letters::deliver(&app));
        let delivered = tokio::select! {
            delivered = &mut delivering => delivered,
            () = listen::told(&mut stopped) => {
                // A letter that is under way may arrive; one that hangs is tried again by whoever comes next.
                let _ = tokio::time::timeout(LAST_LETTER, delivering).await;
                return;
            }
        };
        let round = delivered.unwrap_or_else(|stop| {
            tracing::warn!(?stop, "letters could not be looked after; it will be tried again");
            Round::Away
        });
        failures = if round == Round::Away { failures.saturating_add(1) } else { 0 };
        let wait = match round {
            Round::Done => std::time::Duration::ZERO,
            Round::Idle => letters::EVERY,
            Round::Away => std::time::Duration::from_millis(u64::try_from(pause(failures).0).unwrap_or(1_000)),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // Whoever cannot be talked to is not asked more often because more is to be said.
            () = letters::rung(&app), if round != Round::Away => {}
            () = listen::told(&mut stopped) => return,
        }
    }
}

impl Running {
    /// Delivers letters that are due, until none is or nobody takes them; answers whether somebody does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliver(&self) -> Result<bool, StartError> {
        loop {
            match letters::deliver(&self.app).await.map_err(started)? {
                Round::Done => {}
                Round::Idle => return Ok(true),
                Round::Away => return Ok(false),
            }
        }
    }

    /// How many statements were run and how many passwords hashed so far.
    #[must_use]
    pub fn costs(&self) -> (u64, u64) {
        self.app.costs()
    }

    /// Does the chores now instead of at their time; answers how many rows were cleared out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chores(&self) -> Result<u64, StartError> {
        chores::clear(&self.app).await.map_err(started)
    }

    /// Stops: no longer ready; once that has been noticed, nothing new taken, everything begun finished, the database closed.
    pub async fn stop(self) {
        self.draining.begin();
        tokio::time::sleep(self.notice).await;
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task ended badly");
            }
        }
        self.app.close().await;
    }
}
