//! Opening a database, and all that must differ between the two.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Connection, PgConnection, PgPool, SqlitePool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Result, StoreError, readers::Readers};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Before this version SQLite could corrupt a WAL database in a race (facts/security-lessons.md 0.8).
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// How long to wait for a connection or a lock before saying that the database is busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// Waits no longer than that, for a connection and for a lock together.
pub(super) async fn patiently<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()))
}

/// As much as a busy moment writes.
const ROOM: usize = 256 * 1024;

/// What a commit on SQLite survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteDurability {
    /// Losing power: what was acknowledged is on disk.
    Full,
    /// The program being killed; the last commits may be lost with the power.
    Normal,
}

/// Where the database is and how to use it.
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// `sqlite:PATH`, or `postgres://…`.
    pub url: String,
    /// Where the database is when the URL is empty.
    pub default_file: PathBuf,
    /// For SQLite.
    pub durability: SqliteDurability,
    /// The most connections to PostgreSQL, or readers of SQLite.
    pub connections: u32,
}

#[derive(Clone)]
pub(super) enum Pools {
    Sqlite { read: Readers, write: SqlitePool },
    Postgres(PgPool),
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pub(super) pools: Pools,
    statements: Arc<AtomicU64>,
    /// Says to whoever wants to put another SQLite file in this one's place that it is in use.
    in_use: Option<Arc<File>>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({})", self.kind())
    }
}

impl Db {
    /// Opens the database; on SQLite creates the file where it is missing. Does not migrate.
    ///
    /// # Errors
    /// When it cannot be reached, or is a SQLite older than the oldest that is safe.
    pub async fn open(options: &DbOptions) -> Result<Self> {
        if is_postgres(&options.url) {
            return Ok(Self { pools: postgres(options).await?, statements: Arc::default(), in_use: None });
        }
        let (pools, in_use) = sqlite(options).await?;
        Ok(Self { pools, statements: Arc::default(), in_use: Some(Arc::new(in_use)) })
    }

    /// Brings the schema to this program's. Several processes may do so at once.
    ///
    /// # Errors
    /// When a migration fails, or the database has been migrated by a newer Frontdesk.
    pub async fn migrate(&self) -> Result<()> {
        let outcome = match &self.pools {
            Pools::Sqlite { write, .. } => {
                let _turn = sqlite_turn(write).await?;
                MIGRATIONS.run(write).await
            }
            Pools::Postgres(pool) => {
                sqlx::raw_sql(BYTE_SORTED_TEXT).execute(pool).await?;
                MIGRATIONS.run(pool).await
            }
        };
        outcome.map_err(unfit)
    }

    /// Whether there is room for what requests write. SQLite itself only says so once something does not fit, so a file of
    /// that size is made beside it for a moment; PostgreSQL's disk is out of sight.
    pub async fn has_room(&self) -> bool {
        let Pools::Sqlite { write, .. } = &self.pools else { return true };
        let path = write.connect_options().get_filename().with_extension("room");
        let tried = tokio::task::spawn_blocking(move || {
            let written = lock_file(&path).and_then(|mut file| std::io::Write::write_all(&mut file, &vec![0; ROOM]));
            // Two who try at the same moment may take it from each other.
            let _ = std::fs::remove_file(&path);
            written.is_ok()
        });
        tried.await.unwrap_or(false)
    }

    /// Whether the database answers and has this program's schema.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn is_ready(&self) -> Result<bool> {
        const COUNT: &str = "SELECT COUNT(*) FROM _sqlx_migrations";
        let applied: i64 = match &self.pools {
            Pools::Sqlite { read, .. } => {
                let mut held = read.acquire().await?;
                let answer = sqlx::query_scalar(COUNT).fetch_one(&mut *held).await;
                held.ended(&answer);
                answer?
            }
            Pools::Postgres(pool) => sqlx::query_scalar(COUNT).fetch_one(pool).await?,
        };
        Ok(usize::try_from(applied).is_ok_and(|applied| applied == MIGRATIONS.iter().count()))
    }

    /// `SQLite` or `PostgreSQL`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.pools {
            Pools::Sqlite { .. } => "SQLite",
            Pools::Postgres(_) => "PostgreSQL",
        }
    }

    /// How many statements have been run so far, `BEGIN` and `COMMIT` left out. Tests compare what two requests cost.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// The same database, with statements counted apart: for what runs beside requests.
    pub(crate) fn aside(&self) -> Self {
        Self { pools: self.pools.clone(), statements: Arc::default(), in_use: self.in_use.clone() }
    }

    pub(super) fn count_statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends all connections, once what runs on them has ended.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// Brings the schema to this program's inside a transaction that has begun.
pub(super) async fn migrate_in(connection: &mut PgConnection) -> Result<()> {
    MIGRATIONS.run_direct(None, connection, false).await.map_err(unfit)
}

/// Whether this program knows every one of these migrations.
///
/// # Errors
/// A sentence that says so where a newer program has been at work.
pub(super) fn knows_all(applied: &[i64]) -> Result<()> {
    applied.iter().find(|version| !MIGRATIONS.version_exists(**version)).map_or(Ok(()), |version| Err(too_new(*version)))
}

fn unfit(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => too_new(version),
        other => other.into(),
    }
}

fn too_new(version: i64) -> StoreError {
    StoreError::Unfit(format!(
        "This database was migrated by a newer Frontdesk (it has migration {version}, which this program does not know). Use that version, or restore a backup that this one has made."
    ))
}

/// Whether the URL is one of PostgreSQL.
pub(super) fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Text that sorts and compares by bytes whatever the locale of the database. Several processes may create it at once.
const BYTE_SORTED_TEXT: &str = r#"
DO $$ BEGIN
    CREATE DOMAIN text_c AS text COLLATE "C";
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;"#;

/// The SQLite file that is meant, and how to reach it.
pub(super) fn sqlite_options(options: &DbOptions) -> Result<SqliteConnectOptions> {
    if options.url.is_empty() {
        return Ok(SqliteConnectOptions::new().filename(&options.default_file).busy_timeout(PATIENCE));
    }
    Ok(SqliteConnectOptions::from_str(&options.url)?.busy_timeout(PATIENCE))
}

/// How much of the file, in bytes, those who read it see as memory: all of them share the system's cache of it, instead of each keeping
/// pages of its own and reading most of a large file again and again. It takes address space, and only what was read is resident. The
/// writer does without: a fault of the disk ends a process that reads so, and never in the middle of a write.
const MAPPED: &str = "1073741824";

async fn sqlite(options: &DbOptions) -> Result<(Pools, File)> {
    let connect = sqlite_options(options)?;
    let synchronous = match options.durability {
        SqliteDurability::Full => SqliteSynchronous::Full,
        SqliteDurability::Normal => SqliteSynchronous::Normal,
    };
    let connect = connect.journal_mode(SqliteJournalMode::Wal).synchronous(synchronous).foreign_keys(true);

    let in_use = use_together(connect.get_filename())?;
    make_private(connect.get_filename()).map_err(sqlx::Error::Io)?;
    // One writer: writers queue fairly in the pool instead of colliding in the file.
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        // SQLite undoes a transaction by itself when its disk is full. The driver does not notice, and would take the
        // connection to be in a transaction for ever.
        .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(!connection.is_in_transaction()))))
        // A file does not hang up.
        .test_before_acquire(false)
        .connect_with(connect.clone().create_if_missing(true))
        .await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
    if parse_version(&version) < Some(OLDEST_SQLITE) {
        return Err(StoreError::Unfit(format!("SQLite {version} may corrupt databases in WAL mode; 3.51.3 is the oldest that does not.")));
    }
    // A page of a list fits into the channel whole, so that the thread that reads it need not wait for whoever takes the rows.
    let reading = connect.read_only(true).row_buffer_size(128).pragma("mmap_size", MAPPED);
    let read = Readers::open(reading, options.connections, PATIENCE).await?;
    Ok((Pools::Sqlite { read, write }, in_use))
}

/// Everybody who uses a SQLite file shares a lock beside it for as long as they do. SQLite's own locks do not say so: they
/// are let go whenever the last connection of a pool has been idle for long.
fn use_together(database: &Path) -> Result<File> {
    let file = lock_file(&database.with_extension("in-use")).map_err(|error| folder_failed(&error))?;
    match file.try_lock_shared() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Unfit("A backup is being restored into this database. Start Frontdesk once that is done.".to_owned()))
        }
        Err(TryLockError::Error(error)) => Err(folder_failed(&error)),
    }
}

/// Keeps everybody else from using a SQLite file, until what this answers is dropped.
///
/// # Errors
/// When somebody uses it.
pub(super) fn use_alone(database: &Path) -> Result<File> {
    let file = lock_file(&database.with_extension("in-use")).map_err(|error| folder_failed(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(error)) => Err(folder_failed(&error)),
    }
}

/// That somebody uses a database that is to be replaced.
pub(super) fn in_use() -> StoreError {
    StoreError::Unfit("A running Frontdesk uses this database. Stop it, and then restore.".to_owned())
}

fn folder_failed(error: &std::io::Error) -> StoreError {
    StoreError::Unfit(format!("The database's folder cannot be written: {error}"))
}

/// A file that is nobody's data, made where it is missing, for its owner alone.
fn lock_file(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    give_to_owner_of(path, path);
    Ok(file)
}

/// Gives a file to whoever owns the folder of a place, where root does somebody else's work. Others cannot, and need not.
pub(super) fn give_to_owner_of(place: &Path, path: &Path) {
    #[cfg(unix)]
    if let (Some(Ok(folder)), Ok(file)) = (place.parent().map(std::fs::metadata), std::fs::metadata(path)) {
        use std::os::unix::fs::{MetadataExt, chown};
        if folder.uid() != file.uid() {
            let _ = chown(path, Some(folder.uid()), Some(folder.gid()));
        }
    }
}

/// PostgreSQL lets one process migrate at a time; beside a SQLite file, a lock on another file does. It is held until
/// what this answers is dropped.
async fn sqlite_turn(write: &SqlitePool) -> Result<File> {
    let options = write.connect_options();
    let locked = tokio::task::spawn_blocking(move || {
        let file = lock_file(&options.get_filename().with_extension("migrating"))?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    });
    locked.await.map_err(|error| folder_failed(&std::io::Error::other(error)))?.map_err(|error| folder_failed(&error))
}

/// Makes the file where there is none, for its owner alone; SQLite gives the files beside it the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next()??))
}

/// How the program is called among PostgreSQL's connections.
pub(super) const APPLICATION: &str = "frontdesk";

async fn postgres(options: &DbOptions) -> Result<Pools> {
    let connect = PgConnectOptions::from_str(&options.url)?.application_name(APPLICATION).options([
        ("lock_timeout", "5s"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "30s"),
    ]);
    // A pool only says that time ran out; one connection says why.
    PgConnection::connect_with(&connect).await?.close().await?;
    let pool = PgPoolOptions::new().max_connections(options.connections).acquire_timeout(PATIENCE).connect_with(connect).await?;
    Ok(Pools::Postgres(pool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(parse_version("3.9.9") < Some(OLDEST_SQLITE));
        assert!(parse_version("3.51.3") >= Some(OLDEST_SQLITE));
        assert!(parse_version("3.100.0") > Some(OLDEST_SQLITE));
        assert!(parse_version("three") < Some(OLDEST_SQLITE));
    }
}
