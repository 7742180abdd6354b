//! The connections that read SQLite.
//!
//! A connection to SQLite is a thread, and whatever it is asked is a message to it and back. The pool of sqlx asks each one
//! whether it is still there, when it is taken and again when it is given back, on a task made for the purpose: right for a
//! server that may have gone, and two more messages for every statement to a file that has not.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

type Idle<C> = Arc<Mutex<Vec<C>>>;

/// Connections that read, opened as they are wanted, and kept. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers {
    options: Arc<SqliteConnectOptions>,
    most: u32,
    patience: Duration,
    turns: Arc<Semaphore>,
    idle: Idle<SqliteConnection>,
}

impl Readers {
    /// At most `most` connections, for which at most `patience` is waited. The first is opened now, to find out whether it
    /// can be.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) async fn open(options: SqliteConnectOptions, most: u32, patience: Duration) -> sqlx::Result<Self> {
        let first = options.connect().await?;
        let turns = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS)));
        Ok(Self { options: Arc::new(options), most, patience, turns, idle: Arc::new(Mutex::new(vec![first])) })
    }

    /// A connection, as soon as one is free.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] when none is for too long, [`sqlx::Error::PoolClosed`] after [`Readers::close`].
    pub(super) async fn acquire(&self) -> sqlx::Result<Lent<SqliteConnection>> {
        let waiting = timeout(self.patience, self.turns.clone().acquire_owned()).await;
        let turn = waiting.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let kept = lock(&self.idle).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        Ok(Lent { connection: Some(connection), home: self.idle.clone(), sound: false, _turn: turn })
    }

    /// Ends all connections, once what runs on them has ended.
    pub(super) async fn close(&self) {
        let _ = timeout(self.patience, self.turns.acquire_many(self.most)).await;
        self.turns.close();
        let kept = std::mem::take(&mut *lock(&self.idle));
        for connection in kept {
            if let Err(error) = connection.close().await {
                tracing::warn!(%error, "a connection to SQLite ended badly");
            }
        }
    }
}

fn lock<C>(idle: &Mutex<Vec<C>>) -> std::sync::MutexGuard<'_, Vec<C>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection for one statement. It goes home once that has ended; where nobody waited for the end, or the thread behind
/// it has gone, it is let go, and another one is opened when it is wanted.
pub struct Lent<C> {
    connection: Option<C>,
    home: Idle<C>,
    sound: bool,
    _turn: OwnedSemaphorePermit,
}

impl<C> Lent<C> {
    /// Looks at how its statement ended.
    pub(super) fn ended<T>(&mut self, answer: &sqlx::Result<T>) {
        self.sound = !matches!(answer, Err(sqlx::Error::WorkerCrashed));
    }
}

#[expect(clippy::expect_used, reason = "it is taken when this is dropped, and nobody comes after that")]
impl<C> Deref for Lent<C> {
    type Target = C;
    fn deref(&self) -> &C {
        self.connection.as_ref().expect("lent")
    }
}

#[expect(clippy::expect_used, reason = "it is taken when this is dropped, and nobody comes after that")]
impl<C> DerefMut for Lent<C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("lent")
    }
}

impl<C> Drop for Lent<C> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(|_| self.sound) {
            lock(&self.home).push(connection);
        }
    }
}
