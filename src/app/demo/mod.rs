//! `frontdesk demo`: a Frontdesk on a throw-away database, in which a company has lived for some months.
//!
//! Nothing of it is made up behind the program's back: its people set up, invite, join, sign in and change things by the
//! same deeds as everybody, while the clock is turned for them. So its logs are whole, and its letters lie in its folder.

mod cast;
mod programs;
mod story;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use super::{Running, StartError, start};
use crate::{
    config::{Config, Found},
    rules::{accounts::Creation, sign_up::Policy, time::Millis},
    store::{Clock, Dice, SqliteDurability},
};

/// Everybody's password.
pub const PASSWORD: &str = "look around as you like";

/// A running demonstration. Its folder goes with it.
pub struct Demo {
    /// The program.
    pub running: Running,
    /// Who is worth signing in as: addresses, and what they are.
    pub people: Vec<(&'static str, &'static str)>,
    folder: tempfile::TempDir,
}

/// A clock that runs behind another one.
#[derive(Clone)]
struct Turned {
    clock: Clock,
    behind: Arc<AtomicI64>,
}

impl Turned {
    fn now(&self) -> Millis {
        Millis((self.clock)().0 - self.behind.load(Ordering::SeqCst))
    }

    /// Turns it on to a moment, never back.
    fn turn_to(&self, at: Millis) {
        let behind = ((self.clock)().0 - at.0).clamp(0, self.behind.load(Ordering::SeqCst));
        self.behind.store(behind, Ordering::SeqCst);
    }
}

/// Starts a demonstration where the configuration says to listen, and under which name. Of the rest it takes nothing.
///
/// # Errors
/// Whatever stands in the way, in a sentence for whoever started it.
pub async fn demo(config: &Config, clock: Clock, dice: Dice) -> Result<Demo, StartError> {
    let failed = |error: std::io::Error| StartError::Folder(std::env::temp_dir().display().to_string(), error);
    let folder = tempfile::Builder::new().prefix("frontdesk-demo-").tempdir().map_err(failed)?;
    // The story is told under the defaults, whatever the configuration demands of real people.
    let defaults = Found::defaults().check().map_err(|error| StartError::Other(error.to_string()))?;
    let mut config = Config {
        listen: config.listen,
        base_url: config.base_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        forwarded_header: config.forwarded_header,
        metrics_listen: config.metrics_listen,
        max_connections: config.max_connections,
        plan: config.plan.clone(),
        data_dir: folder.path().join("data"),
        ..defaults
    };
    // It is to live as long as the process, and no longer; and nobody's secrets are in it.
    config.sqlite_durability = SqliteDurability::Normal;
    (config.password_cost.memory_kib, config.password_cost.iterations, config.password_cost.parallelism) = (64, 1, 1);
    (config.sign_up, config.account_creation) = (Policy::Open, Creation::Everybody);
    let turned = Turned { clock, behind: Arc::new(AtomicI64::new(story::LENGTH.0)) };
    let hands = turned.clone();
    let running = start(&config, Arc::new(move || hands.now()), dice).await?;
    let told = Box::pin(story::Teller::new(&running, &turned).tell()).await;
    if let Err(stop) = told {
        running.stop().await;
        return Err(StartError::Other(format!("The demonstration's story broke off: {stop:?}")));
    }
    turned.behind.store(0, Ordering::SeqCst);
    Ok(Demo { running, people: cast::worth_signing_in_as(), folder })
}

impl Demo {
    /// What whoever started it should know.
    #[must_use]
    pub fn says(&self) -> String {
        let mut says = format!("A demonstration of Frontdesk is at {}\n\nSign in with the password: {PASSWORD}\n", self.running.base_url);
        for (email, what) in &self.people {
            says.push_str(&format!("  {email:<26} {what}\n"));
        }
        says.push_str(&format!("\nLetters are files in {}\n", self.folder.path().join("data/mail").display()));
        says.push_str("Everything in it is gone when this stops (Ctrl-C).");
        says
    }

    /// Stops it, and removes its folder.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub async fn stop(self) -> std::io::Result<()> {
        self.running.stop().await;
        self.folder.close()
    }
}
