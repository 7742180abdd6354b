//! Looking up the names of others' machines, so that one that does not answer holds up nobody but whoever wants it.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::{Private, is_public};

/// How many names may be looked up at the same time. A lookup cannot be broken off and holds a thread until it ends by itself.
const LOOKUPS: usize = 32;
/// How many of them may be of the same name: one whose servers do not answer holds up whoever wants it, and nobody else.
const LOOKUPS_OF_A_NAME: usize = 4;

/// A name has an address that is not public.
#[derive(Debug)]
pub(super) struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has an address in a private network")
    }
}

impl Error for NotPublic {}

/// Looks names up as the operating system does, and looks at what comes of it.
pub(super) struct Resolver {
    private: Private,
    lookups: Arc<Lookups>,
}

/// How many names are being looked up, and how many people wait for each.
struct Lookups {
    all: Arc<Semaphore>,
    names: Mutex<HashMap<String, Weak<Semaphore>>>,
}

impl Lookups {
    fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(LOOKUPS)), names: Mutex::default() }
    }

    /// The turns of a name.
    fn of(&self, name: &str) -> Arc<Semaphore> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = names.get(name).and_then(Weak::upgrade) {
            return turns;
        }
        names.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(LOOKUPS_OF_A_NAME));
        names.insert(name.to_owned(), Arc::downgrade(&turns));
        turns
    }

    /// A turn to look a name up, once there is one.
    async fn turn(&self, name: &str) -> Result<[OwnedSemaphorePermit; 2], AcquireError> {
        let of_name = self.of(name).acquire_owned().await?;
        Ok([of_name, self.all.clone().acquire_owned().await?])
    }
}

impl Resolver {
    pub(super) fn new(private: Private) -> Self {
        Self { private, lookups: Arc::new(Lookups::new()) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (private, lookups) = (self.private, self.lookups.clone());
        Box::pin(async move {
            let turn = lookups.turn(name.as_str()).await?;
            let found = spawn_blocking(move || {
                let found = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
                // Not before: whoever asked may have gone long ago.
                drop(turn);
                found
            });
            let found = found.await??;
            // One address that is not public spoils the name: nobody has such names by chance.
            if private == Private::Refused && !found.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocols::outside::LONGEST;

    #[tokio::test(start_paused = true)]
    async fn a_name_that_nobody_answers_for_holds_up_itself_alone() {
        let lookups = Lookups::new();
        let mut held = Vec::new();
        for _ in 0..LOOKUPS_OF_A_NAME {
            held.push(lookups.turn("slow.example").await.unwrap());
        }
        assert!(tokio::time::timeout(LONGEST, lookups.turn("slow.example")).await.is_err());
        assert!(tokio::time::timeout(LONGEST, lookups.turn("other.example")).await.is_ok());
        held.pop();
        assert!(tokio::time::timeout(LONGEST, lookups.turn("slow.example")).await.is_ok());
        drop(held);
        drop(lookups.turn("other.example").await);
        assert_eq!(lookups.names.lock().unwrap().len(), 1, "those that nobody waits for are forgotten");
    }
}
