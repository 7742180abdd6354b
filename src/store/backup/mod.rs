//! Backups: a consistent copy of the database while it is used, and putting one back whole or not at all.
//!
//! What must differ between the databases stands in the files beside this one: a copy of SQLite is one file that SQLite
//! itself writes, a copy of PostgreSQL is what `pg_dump` writes.

mod files;
mod postgres;
mod script;
mod sqlite;

use std::path::{Path, PathBuf};

use super::{Context, Db, DbOptions, Hands, Instance, Result, StoreError, Tx, connect, line::Carrier, run};
use crate::rules::{events::Log, sessions::End, time::Millis};

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Which key file belongs to it.
    pub key_fingerprint: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// A backup that is about to be put back. Dropping it changes nothing.
pub struct Restore {
    /// What it says of itself.
    pub backup: Backup,
    db: Db,
    way: Way,
}

enum Way {
    Sqlite(sqlite::Restore),
    Postgres(Option<Box<postgres::Restore>>),
}

/// Writes a copy of the database to a file that does not exist yet. It holds everything that was acknowledged before this
/// began, is checked before it gets its name, and may be read by its owner alone.
///
/// # Errors
/// When there is no database, or one of a newer Frontdesk, or the file exists or cannot be written.
pub async fn make(options: &DbOptions, file: &Path) -> Result<Backup> {
    if connect::is_postgres(&options.url) { postgres::make(options, file).await } else { sqlite::make(options, file).await }
}

/// Begins to put a backup back: checks it, and that nobody uses the database, and makes everything ready aside, in this
/// program's schema. `replace` says that there may be data in the way.
///
/// # Errors
/// When the file is not a backup that this program can use, or the database is in use, or inhabited without `replace`.
pub async fn begin(options: &DbOptions, file: &Path, replace: bool) -> Result<Restore> {
    if connect::is_postgres(&options.url) {
        let (restore, db, backup) = postgres::begin(options, file, replace).await?;
        return Ok(Restore { backup, db, way: Way::Postgres(Some(Box::new(restore))) });
    }
    let (restore, db, backup) = sqlite::begin(options, file, replace).await?;
    Ok(Restore { backup, db, way: Way::Sqlite(restore) })
}

impl Restore {
    /// The one transaction in which all is done that comes with restoring.
    ///
    /// # Errors
    /// When the database fails, or this is asked for twice.
    pub(crate) async fn transaction(&mut self, context: Context, hands: &Hands) -> Result<Tx<Instance>> {
        match &mut self.way {
            Way::Sqlite(_) => self.db.begin(Instance, vec![Log::Instance], context, hands).await,
            Way::Postgres(restore) => {
                let restore = restore.take().ok_or_else(|| StoreError::Unfit("This is restored already.".to_owned()))?;
                self.db.go_on(Carrier::Postgres(restore.0), Instance, vec![Log::Instance], context, hands).await
            }
        }
    }

    /// Puts it in its place; answers where the data that were there are kept, where they are.
    ///
    /// # Errors
    /// When that fails; then everything is as it was.
    pub async fn finish(self, now: Millis) -> Result<Option<PathBuf>> {
        self.db.close().await;
        match self.way {
            Way::Sqlite(restore) => restore.finish(now).await,
            // The transaction's commit was all.
            Way::Postgres(_) => Ok(None),
        }
    }
}

fn inhabited(what: &str) -> StoreError {
    StoreError::Unfit(format!("There are data in {what}. To put the backup in their place, say --replace."))
}

impl Tx<Instance> {
    /// Ends every session that has not ended; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_all_sessions(&mut self, why: End) -> Result<u64> {
        let now = self.now();
        let ended =
            run!(self, sqlx::query("UPDATE sessions SET ended_at = $1, ended_why = $2 WHERE ended_at IS NULL").bind(now).bind(why.word()));
        // What cookies carry is for whoever holds them, and nobody does any more.
        run!(self, sqlx::query("DELETE FROM cookies"));
        Ok(ended)
    }

    /// Uses up every flow that could still be used; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_all_flows(&mut self) -> Result<u64> {
        let now = self.now();
        let mut ended = run!(self, sqlx::query("UPDATE flows SET used_at = $1 WHERE used_at IS NULL AND expires_at > $1").bind(now));
        // An invitation may have been taken back since: whoever is to come gets a new link.
        ended += run!(
            self,
            sqlx::query(
                "UPDATE invitation_tokens SET ended_at = $1 WHERE ended_at IS NULL
                 AND invitation_id IN (SELECT id FROM invitations WHERE closed_at IS NULL)"
            )
            .bind(now)
        );
        run!(
            self,
            sqlx::query(
                "UPDATE outbox SET failed_at = $1, last_error = 'A backup was restored before this was sent.', body = '', sent_as = 'withdrawn'
                 WHERE sent_at IS NULL AND failed_at IS NULL"
            )
            .bind(now)
        );
        Ok(ended)
    }
}
