//! Readers, their scopes, and the line on which their statements run.

use std::ops::{Deref, DerefMut};

use sqlx::{Database, PgConnection, Postgres, Sqlite, SqliteConnection, pool::PoolConnection};

use super::{Db, Result, connect::Pools, readers::Lent};
use crate::rules::ids::{AccountId, UserId};

/// Scope of what belongs to nobody in particular: finding out who is asking, and set-up.
#[derive(Clone, Debug)]
pub struct Instance;

/// Scope of one user: what is theirs, in no account.
#[derive(Clone, Debug)]
pub struct OfUser(pub UserId);

/// Scope of one account.
#[derive(Clone, Debug)]
pub struct InAccount(pub AccountId);

/// Reads within a scope. Its methods stand with the things they read, in the other files of this floor.
pub struct Reader<S> {
    pub(super) carrier: Carrier,
    pub(super) db: Db,
    pub(super) scope: S,
}

impl<S> Reader<S> {
    /// Whether it reads what a transaction has written, which may never be kept.
    pub(crate) const fn is_in_transaction(&self) -> bool {
        !matches!(self.carrier, Carrier::Pool)
    }
}

/// What carries statements: a connection of the pool for each, or one transaction for all.
pub(super) enum Carrier {
    Pool,
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A connection for one statement.
pub enum Line<'a> {
    /// To SQLite.
    Sqlite(Held<'a, Sqlite>),
    /// To PostgreSQL.
    Postgres(Held<'a, Postgres>),
}

/// A connection, owned for the moment or lent by a transaction.
pub enum Held<'a, DB: Database> {
    /// From the pool.
    Pooled(PoolConnection<DB>),
    /// One of SQLite's readers.
    Reader(Lent<DB::Connection>),
    /// From a transaction.
    Lent(&'a mut DB::Connection),
}

impl<DB: Database> Held<'_, DB> {
    /// What a statement on it was answered, after a look at whether the connection is still good for another one.
    pub(super) fn ended<T>(&mut self, answer: sqlx::Result<T>) -> sqlx::Result<T> {
        if let Self::Reader(connection) = self {
            connection.ended(&answer);
        }
        answer
    }
}

impl<DB: Database> Deref for Held<'_, DB> {
    type Target = DB::Connection;
    fn deref(&self) -> &DB::Connection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Reader(connection) => connection,
            Self::Lent(connection) => connection,
        }
    }
}

impl<DB: Database> DerefMut for Held<'_, DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Reader(connection) => connection,
            Self::Lent(connection) => connection,
        }
    }
}

impl Db {
    /// Reads within a scope, outside of any transaction. Whoever holds a permit may have one; see `acts`.
    pub(crate) fn reader<S>(&self, scope: S) -> Reader<S> {
        Reader { carrier: Carrier::Pool, db: self.clone(), scope }
    }
}

impl<S> Reader<S> {
    /// A line for one statement, which is counted.
    pub(super) async fn line(&mut self) -> Result<Line<'_>> {
        self.db.count_statement();
        Ok(match &mut self.carrier {
            Carrier::Pool => match &self.db.pools {
                Pools::Sqlite { read, .. } => Line::Sqlite(Held::Reader(read.acquire().await?)),
                Pools::Postgres(pool) => Line::Postgres(Held::Pooled(pool.acquire().await?)),
            },
            Carrier::Sqlite(tx) => {
                let connection: &mut SqliteConnection = tx;
                Line::Sqlite(Held::Lent(connection))
            }
            Carrier::Postgres(tx) => {
                let connection: &mut PgConnection = tx;
                Line::Postgres(Held::Lent(connection))
            }
        })
    }
}

impl Db {
    /// A line that may write outside of any transaction: for the cookies' contents, which are nobody's record.
    pub(super) async fn writer(&self) -> Result<Writer> {
        self.count_statement();
        Ok(match &self.pools {
            Pools::Sqlite { write, .. } => Writer::Sqlite(write.acquire().await?),
            Pools::Postgres(pool) => Writer::Postgres(pool.acquire().await?),
        })
    }
}

/// See [`Db::writer`].
pub(super) enum Writer {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Writer {
    /// The line, in the shape that `sql!` takes.
    #[expect(clippy::unused_async, reason = "sql! awaits every line")]
    pub(super) async fn line(self) -> Result<Line<'static>> {
        Ok(match self {
            Self::Sqlite(connection) => Line::Sqlite(Held::Pooled(connection)),
            Self::Postgres(connection) => Line::Postgres(Held::Pooled(connection)),
        })
    }
}
