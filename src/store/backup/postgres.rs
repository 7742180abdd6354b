//! Backups of PostgreSQL: what the machine's `pg_dump` writes, read by its `pg_restore`, and put back in one transaction.

use std::{path::Path, process::Stdio, str::FromStr};

use sqlx::{ConnectOptions, Connection, PgConnection, Postgres, Transaction, postgres::PgConnectOptions};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use super::{
    super::{Db, DbOptions, Result, connect, connect::Pools},
    Backup,
    files::{Format, Part, check_format, unfit},
    script::{Piece, Script, columns},
};

/// Whether Frontdesk's tables are there: in the schema that is found first.
const HAS_TABLES: &str = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name IN ('_sqlx_migrations', 'instance', 'events')";

pub(super) async fn make(options: &DbOptions, file: &Path) -> Result<Backup> {
    let part = Part::new(file)?;
    let connect = PgConnectOptions::from_str(&options.url)?;
    let mut connection = connect.connect().await?;
    let key_fingerprint = check(&mut connection).await?;
    connection.close().await?;
    let mut dump = program("pg_dump", &connect);
    dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(part.path());
    ended_well("pg_dump", dump.stdout(Stdio::null()).spawn().map_err(|error| not_there("pg_dump", &error))?).await?;
    // What it has written can be read, and is what was looked at.
    if examine(part.path()).await? != key_fingerprint {
        return Err(unfit("What pg_dump has written is not this database."));
    }
    Ok(Backup { key_fingerprint, bytes: part.settle()? })
}

/// Looks whether the database is Frontdesk's and of no newer one; answers which key belongs to it.
async fn check(connection: &mut PgConnection) -> Result<String> {
    let nobodys = || unfit("There is no Frontdesk in this database.");
    let tables: i64 = sqlx::query_scalar(HAS_TABLES).fetch_one(&mut *connection).await?;
    if tables != 3 {
        return Err(nobodys());
    }
    let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version").fetch_all(&mut *connection).await?;
    connect::knows_all(&applied)?;
    let key: Option<String> = sqlx::query_scalar("SELECT key_fingerprint FROM instance").fetch_optional(connection).await?;
    key.ok_or_else(nobodys)
}

/// Looks whether a file is a backup that this program can use; answers which key belongs to it.
async fn examine(file: &Path) -> Result<String> {
    let nobodys = || unfit(format!("{} is no backup of a Frontdesk.", file.display()));
    let applied = column(file, "_sqlx_migrations", "version").await?;
    let applied: Vec<i64> = applied.iter().filter_map(|version| version.parse().ok()).collect();
    if applied.is_empty() {
        return Err(nobodys());
    }
    connect::knows_all(&applied)?;
    column(file, "instance", "key_fingerprint").await?.pop().ok_or_else(nobodys)
}

/// One column of one table in a backup, as text.
async fn column(file: &Path, table: &str, name: &str) -> Result<Vec<String>> {
    let mut command = Command::new("pg_restore");
    command.args(["--data-only", "--table", table, "--file", "-"]).arg(file);
    let mut reading = Reading::begin(&mut command)?;
    let (mut position, mut found) = (None, Vec::new());
    while let Some(pieces) = reading.next().await? {
        for piece in pieces {
            match piece {
                Piece::Rows(statement) => {
                    let names = statement.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map_or("", |(names, _)| names);
                    position = names.split(", ").position(|column| column == name);
                }
                Piece::Row(row) => found.extend(position.and_then(|at| columns(&row).get(at).map(|text| (*text).to_owned()))),
                Piece::Statements(_) | Piece::NoMoreRows => {}
            }
        }
    }
    Ok(found)
}

/// `pg_restore` at work, its text line by line.
struct Reading {
    child: Option<Child>,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStdout>>,
    script: Script,
}

impl Reading {
    fn begin(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| not_there("pg_restore", &error))?;
        let output = child.stdout.take().ok_or_else(|| unfit("pg_restore cannot be read."))?;
        Ok(Self { child: Some(child), lines: BufReader::new(output).lines(), script: Script::default() })
    }

    /// What the next line completes; nothing once all has been read, and read well.
    async fn next(&mut self) -> Result<Option<Vec<Piece>>> {
        if let Some(line) = self.lines.next_line().await.map_err(sqlx::Error::Io)? {
            return Ok(Some(self.script.line(&line)));
        }
        let Some(child) = self.child.take() else { return Ok(None) };
        ended_well("pg_restore", child).await?;
        if self.script.is_torn() {
            return Err(unfit("The backup ends in the middle of a table."));
        }
        Ok(Some(self.script.rest()))
    }
}

/// One of PostgreSQL's programs, told by its environment where the database is: a command line can be read by everybody.
fn program(name: &str, connect: &PgConnectOptions) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let url = connect.to_url_lossy();
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let said = [
        ("PGHOST", url.host_str().map(decoded)),
        ("PGPORT", url.port().map(|port| port.to_string())),
        ("PGUSER", Some(decoded(url.username()))),
        ("PGPASSWORD", url.password().map(decoded)),
        ("PGDATABASE", Some(decoded(url.path().trim_start_matches('/'))).filter(|name| !name.is_empty())),
    ];
    let in_query = url.query_pairs().filter_map(|(key, value)| {
        let variable = match key.as_ref() {
            "sslmode" => "PGSSLMODE",
            "sslrootcert" => "PGSSLROOTCERT",
            "sslcert" => "PGSSLCERT",
            "sslkey" => "PGSSLKEY",
            _ => return None,
        };
        Some((variable, value.into_owned()))
    });
    let in_query: Vec<_> = in_query.collect();
    command.envs(said.into_iter().filter_map(|(variable, value)| Some((variable, value?)))).envs(in_query);
    command
}

fn not_there(name: &str, error: &std::io::Error) -> super::super::StoreError {
    if error.kind() == std::io::ErrorKind::NotFound {
        return unfit(format!(
            "{name} is not installed on this machine. It comes with the client programs of PostgreSQL (on Debian: apt install postgresql-client)."
        ));
    }
    unfit(format!("{name}: {error}"))
}

/// Waits for a program, and tells what it said where it failed.
async fn ended_well(name: &str, mut child: Child) -> Result<()> {
    let mut said = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_string(&mut said).await.map_err(sqlx::Error::Io)?;
    }
    if child.wait().await.map_err(sqlx::Error::Io)?.success() { Ok(()) } else { Err(unfit(format!("{name} failed: {}", said.trim()))) }
}

/// A transaction in which the backup has been put back, and that nobody has seen yet.
pub(super) struct Restore(pub(super) Transaction<'static, Postgres>);

pub(super) async fn begin(options: &DbOptions, file: &Path, replace: bool) -> Result<(Restore, Db, Backup)> {
    let bytes = check_format(file, Format::Postgres)?;
    let key_fingerprint = examine(file).await?;
    let db = Db::open(&DbOptions { connections: 1, ..options.clone() }).await?;
    let Pools::Postgres(pool) = &db.pools else { return Err(unfit("This is not PostgreSQL.")) };
    let mut tx = pool.begin().await?;
    if is_in_use(&mut tx).await? {
        return Err(connect::in_use());
    }
    if is_inhabited(&mut tx).await? && !replace {
        return Err(super::inhabited("the database that is configured"));
    }
    sqlx::raw_sql(MAKE_ROOM).execute(&mut *tx).await?;
    let mut command = Command::new("pg_restore");
    command.args(["--no-owner", "--no-privileges", "--exit-on-error", "--file", "-"]).arg(file);
    play(&mut tx, Reading::begin(&mut command)?).await?;
    // It has set what suits itself.
    sqlx::query("RESET ALL").execute(&mut *tx).await?;
    connect::migrate_in(&mut tx).await?;
    Ok((Restore(tx), db, Backup { key_fingerprint, bytes }))
}

/// Whether another Frontdesk is connected to this database.
async fn is_in_use(connection: &mut PgConnection) -> Result<bool> {
    let others: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()",
    )
    .bind(connect::APPLICATION)
    .fetch_one(connection)
    .await?;
    Ok(others > 0)
}

async fn is_inhabited(connection: &mut PgConnection) -> Result<bool> {
    let tables: i64 = sqlx::query_scalar(HAS_TABLES).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Ok(false);
    }
    // Tables that are not all there are somebody's.
    if tables != 3 {
        return Ok(true);
    }
    let rows: i64 =
        sqlx::query_scalar("SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM events)")
            .fetch_one(connection)
            .await?;
    Ok(rows > 0)
}

/// Takes Frontdesk's own tables away: those with columns of its own type, whatever version has made them. Other tables in
/// the same database stay.
const MAKE_ROOM: &str = r"
DO $$
DECLARE ours record;
BEGIN
    FOR ours IN SELECT DISTINCT table_schema, table_name FROM information_schema.columns WHERE domain_name = 'text_c' AND table_schema = current_schema() LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I.%I CASCADE', ours.table_schema, ours.table_name);
    END LOOP;
END $$;
DROP TABLE IF EXISTS _sqlx_migrations;
DROP DOMAIN IF EXISTS text_c;";

/// Does what the text says.
async fn play(connection: &mut PgConnection, mut reading: Reading) -> Result<()> {
    while let Some(pieces) = reading.next().await? {
        for piece in pieces {
            match piece {
                Piece::Statements(text) => {
                    // Not made of anything that a visitor has typed: it is what the administrator wants to run.
                    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut *connection).await?;
                }
                Piece::Rows(statement) => take_rows(connection, &statement, &mut reading).await?,
                Piece::Row(_) | Piece::NoMoreRows => return Err(unfit("The backup has rows of no table.")),
            }
        }
    }
    Ok(())
}

/// How much of a table is sent at once.
const CHUNK: usize = 64 * 1024;

async fn take_rows(connection: &mut PgConnection, statement: &str, reading: &mut Reading) -> Result<()> {
    let mut copy = connection.copy_in_raw(statement).await?;
    let mut chunk = String::new();
    let ended = 'rows: loop {
        match reading.next().await {
            Err(error) => break Err(error),
            Ok(None) => break Err(unfit("The backup ends in the middle of a table.")),
            Ok(Some(pieces)) => {
                for piece in pieces {
                    match piece {
                        Piece::Row(row) => chunk.push_str(&row),
                        Piece::NoMoreRows => break 'rows Ok(()),
                        Piece::Statements(_) | Piece::Rows(_) => break 'rows Err(unfit("The backup ends in the middle of a table.")),
                    }
                }
            }
        }
        if chunk.len() >= CHUNK {
            copy.send(std::mem::take(&mut chunk).into_bytes()).await?;
        }
    };
    if let Err(error) = ended {
        copy.abort(error.to_string()).await?;
        return Err(error);
    }
    copy.send(chunk.into_bytes()).await?;
    copy.finish().await?;
    Ok(())
}
