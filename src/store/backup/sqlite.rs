//! Backups of SQLite: one file, written by SQLite while others write, and put back by one rename.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    super::{Db, DbOptions, Result, StoreError, connect},
    Backup,
    files::{Format, Part, Workshop, check_format, copy_private, failed, sync_file, sync_folder, unfit},
};
use crate::rules::time::Millis;

pub(super) async fn make(options: &DbOptions, file: &Path) -> Result<Backup> {
    let connect = connect::sqlite_options(options)?;
    let database = connect.get_filename().to_owned();
    if !database.exists() {
        return Err(unfit(format!("There is no database at {}.", database.display())));
    }
    let part = Part::new(file)?;
    let mut connection = connect.read_only(true).connect().await?;
    check(&mut connection, &database).await?;
    // What it reads is the database of one moment, whatever is written meanwhile.
    let copied = sqlx::query("VACUUM INTO $1").bind(part.path().to_string_lossy()).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    let key_fingerprint = examine(part.path()).await?;
    Ok(Backup { key_fingerprint, bytes: part.settle()? })
}

/// Looks whether a file is sound and a database of Frontdesk that this program can use; answers which key belongs to it.
/// Nothing is written, not even beside it.
async fn examine(file: &Path) -> Result<String> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut connection = options.connect().await.map_err(|error| damaged(file, error))?;
    let key = sound(&mut connection, file).await;
    connection.close().await?;
    key
}

async fn sound(connection: &mut SqliteConnection, file: &Path) -> Result<String> {
    let says: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check(5)").fetch_all(&mut *connection).await.map_err(|error| damaged(file, error))?;
    if says != ["ok"] {
        return Err(unfit(format!("{} is damaged: {}.", file.display(), says.join("; "))));
    }
    if !sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *connection).await?.is_empty() {
        return Err(unfit(format!("{} is damaged: it names rows that are not there.", file.display())));
    }
    check(connection, file).await
}

/// Looks whether a database is Frontdesk's and of no newer one; answers which key belongs to it.
async fn check(connection: &mut SqliteConnection, file: &Path) -> Result<String> {
    const TABLES: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('_sqlx_migrations', 'instance', 'events')";
    let nobodys = || unfit(format!("{} is no database of a Frontdesk.", file.display()));
    let tables: i64 = sqlx::query_scalar(TABLES).fetch_one(&mut *connection).await.map_err(|error| damaged(file, error))?;
    if tables != 3 {
        return Err(nobodys());
    }
    let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(&mut *connection).await?;
    connect::knows_all(&applied)?;
    let key: Option<String> = sqlx::query_scalar("SELECT key_fingerprint FROM instance").fetch_optional(connection).await?;
    key.ok_or_else(nobodys)
}

fn damaged(file: &Path, error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Database(inner) if inner.code().is_some_and(|code| ["11", "26"].contains(&code.as_ref())) => {
            unfit(format!("{} is damaged: {}.", file.display(), inner.message()))
        }
        other => other.into(),
    }
}

/// A restored database that stands ready beside the place where it belongs.
pub(super) struct Restore {
    target: PathBuf,
    /// Whether data are there that are to be kept aside.
    keeps: bool,
    fresh: PathBuf,
    workshop: Workshop,
    /// Nobody else uses the database meanwhile.
    _alone: File,
}

pub(super) async fn begin(options: &DbOptions, file: &Path, replace: bool) -> Result<(Restore, Db, Backup)> {
    let bytes = check_format(file, Format::Sqlite)?;
    let mut beside = file.as_os_str().to_owned();
    beside.push("-wal");
    if fs::metadata(&beside).is_ok_and(|metadata| metadata.len() > 0) {
        return Err(unfit(format!(
            "Beside {} is a file whose name ends in -wal: this is a database that was copied, and not a backup.",
            file.display()
        )));
    }
    let key_fingerprint = examine(file).await?;
    let target = connect::sqlite_options(options)?.get_filename().to_owned();
    let alone = connect::use_alone(&target)?;
    let keeps = is_inhabited(&target).await?;
    if keeps && !replace {
        return Err(super::inhabited(&target.display().to_string()));
    }
    let workshop = Workshop::new(target.with_extension("restoring"))?;
    let fresh = workshop.path().join("frontdesk.db");
    copy_private(file, &fresh)?;
    let db = Db::open(&DbOptions { url: String::new(), default_file: fresh.clone(), ..options.clone() }).await?;
    db.migrate().await?;
    Ok((Restore { target, keeps, fresh, workshop, _alone: alone }, db, Backup { key_fingerprint, bytes }))
}

/// Whether there is anything that should not be lost. What cannot be read counts as something.
async fn is_inhabited(target: &Path) -> Result<bool> {
    if !fs::metadata(target).is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(false);
    }
    let Ok(mut connection) = SqliteConnectOptions::new().filename(target).read_only(true).connect().await else { return Ok(true) };
    let rows: Result<i64, _> =
        sqlx::query_scalar("SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM events)")
            .fetch_one(&mut connection)
            .await;
    connection.close().await?;
    Ok(rows.map_or(true, |rows| rows > 0))
}

impl Restore {
    /// Puts it in its place with one rename: whoever is killed has the old database or the new one. Answers where the old
    /// one is kept.
    pub(super) async fn finish(self, now: Millis) -> Result<Option<PathBuf>> {
        fold(&self.fresh).await?;
        examine(&self.fresh).await?;
        sync_file(&self.fresh)?;
        let mut kept = None;
        if fs::symlink_metadata(&self.target).is_ok() {
            let stamp: String = now.rfc3339().chars().filter(char::is_ascii_alphanumeric).collect();
            let aside = self.target.with_extension(format!("before-{stamp}.db"));
            let folded = fold(&self.target).await?;
            if self.keeps {
                // A second name for the same file; where there are no such names, a copy.
                fs::hard_link(&self.target, &aside).or_else(|_| fs::copy(&self.target, &aside).map(drop)).map_err(failed(&aside))?;
            }
            if folded == Folded::Not {
                set_logs_aside(&self.target, &aside)?;
            }
            kept = self.keeps.then_some(aside);
            sync_folder(&self.target)?;
        }
        // Its owner is whoever owns the folder where it is to stand, and has been since before it is there.
        connect::give_to_owner_of(&self.target, &self.fresh);
        fs::rename(&self.fresh, &self.target).map_err(failed(&self.target))?;
        sync_folder(&self.target)?;
        drop(self.workshop);
        Ok(kept)
    }
}

#[derive(PartialEq, Eq)]
enum Folded {
    /// The file alone is the database.
    Whole,
    /// It is too damaged to be read.
    Not,
}

/// Takes what stands in the write-ahead log into the file itself, so that the file alone is the database: the log of one
/// database beside the file of another would damage it. Fails where anybody else has it open.
async fn fold(database: &Path) -> Result<Folded> {
    let options =
        SqliteConnectOptions::new().filename(database).synchronous(SqliteSynchronous::Full).journal_mode(SqliteJournalMode::Delete);
    let read = async {
        let mut connection = options.connect().await?;
        let read = sqlx::query("SELECT COUNT(*) FROM sqlite_master").execute(&mut connection).await;
        connection.close().await.and(read)
    };
    match read.await {
        Ok(_) if with_ending(database, "-wal").exists() => Err(connect::in_use()),
        Ok(_) => Ok(Folded::Whole),
        Err(sqlx::Error::Database(inner)) => match inner.code().unwrap_or_default().as_ref() {
            "5" | "6" | "261" | "517" => Err(connect::in_use()),
            "11" | "26" => Ok(Folded::Not),
            _ => Err(sqlx::Error::Database(inner).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Moves the logs of a file that SQLite cannot read to where the file is kept. Whoever is killed from here on has all of
/// what was damaged there.
fn set_logs_aside(database: &Path, aside: &Path) -> Result<()> {
    for ending in ["-wal", "-journal"] {
        let (from, to) = (with_ending(database, ending), with_ending(aside, ending));
        if from.exists() {
            fs::rename(&from, &to).map_err(failed(&from))?;
        }
    }
    match fs::remove_file(with_ending(database, "-shm")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(database)(error)),
        _ => Ok(()),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
