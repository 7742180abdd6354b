//! The way back in: who administers an account, links from the host, and that one was made.

use sqlx::FromRow;

use super::{Db, DbOptions, Instance, Reader, Result, StoreError, Tx, connect, run, sql};
use crate::rules::{
    flows::Flow,
    ids::{AccountId, UserId},
    time::Millis,
};

/// An account as it is listed at the host.
#[derive(Clone, Debug, FromRow)]
pub struct AccountRow {
    /// The account.
    pub account: AccountId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// One of its administrators, whether or not they may come in.
#[derive(Clone, Debug, FromRow)]
pub struct AdministratorRow {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their address, canonical.
    pub email: String,
    /// The same as they write it, where they have proven that it is theirs.
    pub proven: Option<String>,
    /// Since when they have a second factor, if they have one.
    pub factor_since: Option<Millis>,
    /// Since when they are disabled, if they are.
    pub disabled_at: Option<Millis>,
    /// Until when they may come in, if there is an end.
    pub access_until: Option<Millis>,
    /// When they were last noted in the account.
    pub last_seen_at: Option<Millis>,
}

impl AdministratorRow {
    /// Whether they administer it now: neither disabled nor there for a time only.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.disabled_at.is_none() && self.access_until.is_none()
    }
}

/// A link that could be used now, and where it leads.
#[derive(Clone, Debug, FromRow)]
pub struct RescueRow {
    /// The account that it opens.
    pub account: AccountId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whose session it begins.
    pub user: UserId,
    /// Their address, canonical.
    pub email: String,
}

/// Opens a database that is there and has this program's schema. Neither file nor table is made.
///
/// # Errors
/// When there is none, or its schema is another one's.
pub async fn open(options: &DbOptions) -> Result<Db> {
    if !connect::is_postgres(&options.url) {
        let file = connect::sqlite_options(options)?.get_filename().to_owned();
        if !file.exists() {
            return Err(StoreError::Unfit(format!("There is no database at {}.", file.display())));
        }
    }
    let db = Db::open(options).await?;
    match db.is_ready().await {
        Err(error) if error.is_passing() => Err(error),
        Ok(true) => Ok(db),
        // A table that is missing is an error of the database.
        Ok(false) | Err(_) => Err(StoreError::Unfit(
            "The database does not have this version's schema. Start this version of Frontdesk, or run `frontdesk migrate`, first."
                .to_owned(),
        )),
    }
}

impl Reader<Instance> {
    /// The accounts there are, by slug; or the one under this slug.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts_at_host(&mut self, slug: Option<&str>) -> Result<Vec<AccountRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT id AS account, slug, name FROM accounts WHERE deleted_at IS NULL AND (CAST($1 AS TEXT) IS NULL OR slug = $1) ORDER BY slug")
            .bind(slug).fetch_all(c)))
    }

    /// Who administers an account, longest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administrators_at_host(&mut self, account: &AccountId) -> Result<Vec<AdministratorRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT m.user_id AS user, m.name, m.search_email AS email, e.address AS proven, f.confirmed_at AS factor_since,
                    m.disabled_at, m.access_until, m.last_seen_at
             FROM members m
             LEFT JOIN user_emails e ON e.user_id = m.user_id AND e.canonical = m.search_email AND e.verified_at IS NOT NULL
             LEFT JOIN factors f ON f.user_id = m.user_id
             WHERE m.account_id = $1 AND m.administrator_since IS NOT NULL ORDER BY m.administrator_since, m.id")
            .bind(account).fetch_all(c)))
    }

    /// The link whose secret has this hash, if it could be used now, by somebody who still administers the account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_rescue(&mut self, id_hash: &str, now: Millis) -> Result<Option<RescueRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT a.id AS account, a.slug, a.name, m.user_id AS user, m.search_email AS email
             FROM flows f JOIN accounts a ON a.id = f.account_id JOIN members m ON m.account_id = f.account_id AND m.user_id = f.user_id
             WHERE f.id_hash = $1 AND f.kind = $2 AND f.used_at IS NULL AND f.expires_at > $3 AND a.deleted_at IS NULL
             AND m.administrator_since IS NOT NULL AND m.disabled_at IS NULL AND m.access_until IS NULL")
            .bind(id_hash).bind(Flow::Rescue.word()).bind(now).fetch_optional(c)))
    }
}

impl Tx<Instance> {
    /// Makes a link for somebody into an account, in the place of those that were made before; answers until when it works.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_rescue(&mut self, id_hash: &str, user: &UserId, account: &AccountId) -> Result<Millis> {
        let now = self.now();
        let until = now.plus(Flow::Rescue.lives());
        run!(
            self,
            sqlx::query("UPDATE flows SET used_at = $1 WHERE kind = $2 AND user_id = $3 AND account_id = $4 AND used_at IS NULL")
                .bind(now)
                .bind(Flow::Rescue.word())
                .bind(user)
                .bind(account)
        );
        run!(
            self,
            sqlx::query("INSERT INTO flows (id_hash, kind, user_id, account_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(id_hash)
                .bind(Flow::Rescue.word())
                .bind(user)
                .bind(account)
                .bind(now)
                .bind(until)
        );
        Ok(until)
    }

    /// Notes on an account that it was opened from the host, and for whom, as its pages are to say.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_rescued(&mut self, account: &AccountId, whom: &str) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("UPDATE accounts SET rescued_at = $1, rescued_for = $2 WHERE id = $3").bind(now).bind(whom).bind(account));
        Ok(())
    }
}
