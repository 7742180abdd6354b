//! Floor 2, left side: what is kept. All SQL of Frontdesk stands in this folder.
//!
//! # The fence
//!
//! One SQL text serves SQLite and PostgreSQL. It holds because every statement stays inside this fence, which the test
//! `house` patrols:
//!
//! - columns are `TEXT_C` (text that sorts by bytes) and `BIGINT`; moments are milliseconds since 1970, enums are text
//!   with a `CHECK`, and there are no booleans: a state is the moment it began, or nothing;
//! - parameters are `$1`, `$2` …; one that is only compared with `NULL` is written `CAST($n AS TEXT)` or `AS BIGINT`, and so
//!   is a limit: for a bare one SQLite plans the statement anew whenever it is run;
//! - `RETURNING`, `ON CONFLICT`, row values and keyset pages are fine; "already there" is `ON CONFLICT DO NOTHING …
//!   RETURNING`, never a caught error, because PostgreSQL gives up the whole transaction on one;
//! - no `NOW()`, `ILIKE`, arrays, JSON operators or `lower()`: text that is searched or compared is folded in Rust;
//! - what must differ has one address: this file, [`connect`](self) and, for copies of the whole, [`backup`].
//!
//! # Readers and transactions
//!
//! A [`Reader`] carries a scope and puts it into every statement, so that loading is scoping: what belongs to another
//! account does not exist. A [`Tx`] can read all that a reader of its scope can, and ends only by saying what happened.

mod accounts;
mod asking;
mod attempts;
pub mod away;
pub mod backup;
mod billing;
mod bot_users;
mod connect;
mod cookies;
mod credentials;
mod domains;
mod emails;
mod entries;
mod events;
mod flows;
mod instance;
mod invitations;
mod ip_policies;
mod ip_restrictions;
mod line;
mod lockouts;
mod members;
mod mfa;
mod outbox;
pub mod own_domains;
mod passwords;
mod readers;
pub mod rescue;
mod security;
mod sessions;
pub mod social;
pub mod sso;
mod tx;
mod typed;
mod types;
mod users;
mod visits;

pub use accounts::{AccountFacts, AccountOfUser, Belongings};
pub use asking::AskingFacts;
pub use attempts::Attempt;
pub use bot_users::{BotFilter, BotRow};
pub use connect::{Db, DbOptions, SqliteDurability};
pub use cookies::CookieStore;
pub(crate) use cookies::{carries, key as cookie_key};
pub use credentials::{CredentialFilter, CredentialRow, CredentialSays, KeyFacts, NewCredential, RevokedRow};
pub use emails::Owner;
pub use entries::Living;
pub use events::{EventFilter, EventPage, EventRow, SubjectRow};
pub use flows::{FlowRow, NewFlow};
pub use instance::InstanceRow;
pub use invitations::{InvitationCursor, InvitationFilter, InvitationRow, InvitationsInNeed, LinkRow, NewInvitationRow, NewLink};
pub use ip_policies::{IpPolicyRow, IpRuleRow, NewIpRule};
pub use ip_restrictions::{IpRestrictionRow, IpRestrictionSays, IpSetup, IpState, Provisional};
pub use line::{InAccount, Instance, OfUser, Reader};
pub use lockouts::KnownRow;
pub use members::{MemberCursor, MemberFacts, MemberFilter, MemberLine, MemberOrder, MemberRow, MembersByKind, NewMember};
pub use mfa::FactorRow;
pub use outbox::{LetterRow, NewLetter};
pub use passwords::{LastPasswords, OwnPassword};
pub use sessions::{NewSession, OwnSession, SessionFacts};
pub use tx::{Clock, Context, Dice, Hands, Source, Tx, Why};
pub use users::{NewUser, SignInRow};
pub use visits::VisitRow;

/// Why a statement or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// Migrating failed.
    #[error("migrations: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The user or account that a transaction was for is gone.
    #[error("{0} is gone")]
    Gone(String),
    /// An event was noted for a log that the transaction does not hold: a mistake in the act, not in the input.
    #[error("the transaction does not hold the log {0}")]
    NotHeld(String),
    /// The database is not one that this program can work with.
    #[error("{0}")]
    Unfit(String),
}

impl StoreError {
    /// Whether trying again in a moment may help: the database is busy or away.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed => true,
            sqlx::Error::Database(inner) => {
                // SQLite: busy, locked, full. PostgreSQL: lock time-out, deadlock, serialization, shutting down, full.
                let code = inner.code().unwrap_or_default();
                ["5", "6", "13", "261", "517", "55P03", "57014", "40P01", "40001", "53100", "53300", "57P01", "57P02", "57P03"]
                    .contains(&code.as_ref())
            }
            _ => false,
        }
    }
}

/// What this floor answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Runs one query on the reader's or transaction's line. The body is compiled once for each database:
/// `sql!(self, c => sqlx::query("…").bind(x).execute(c))`.
macro_rules! sql {
    ($on:expr, $connection:ident => $query:expr) => {
        match $on.line().await? {
            $crate::store::line::Line::Sqlite(mut held) => {
                let $connection = &mut *held;
                let answer = $query.await;
                held.ended(answer)?
            }
            $crate::store::line::Line::Postgres(mut held) => {
                let $connection = &mut *held;
                let answer = $query.await;
                held.ended(answer)?
            }
        }
    };
}
pub(crate) use sql;

/// Runs one statement and answers how many rows it touched: `run!(self, sqlx::query("…").bind(x))`.
macro_rules! run {
    ($on:expr, $query:expr) => {
        match $on.line().await? {
            $crate::store::line::Line::Sqlite(mut held) => {
                let answer = $query.execute(&mut *held).await;
                held.ended(answer)?.rows_affected()
            }
            $crate::store::line::Line::Postgres(mut held) => {
                let answer = $query.execute(&mut *held).await;
                held.ended(answer)?.rows_affected()
            }
        }
    };
}
pub(crate) use run;

/// What revoking sets: neither secret nor key is left, and `$1` is when.
macro_rules! revoked {
    () => {
        "UPDATE credentials SET revoked_at = $1, secret_hash = NULL, sealed = NULL, public_key = NULL, default_since = NULL, version = version + 1
         WHERE account_id = $2 AND revoked_at IS NULL"
    };
}
pub(crate) use revoked;

/// The pattern of texts that hold this one.
fn containing(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}
