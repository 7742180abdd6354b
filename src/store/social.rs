//! Who people are at GitHub and Google, and who is on the way there or has come back: flows that are bound to a browser and to no account.

use sqlx::FromRow;

use super::{Instance, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{flows::Flow, ids::UserId, social::Provider, time::Millis};

/// The user to whom a login belongs.
#[derive(Clone, Debug, FromRow)]
pub struct OwnerRow {
    /// The user.
    pub user: UserId,
    /// Their address, as they write it; the proven one, where one is.
    pub address: String,
}

/// A login of the person's own.
#[derive(Clone, Debug, FromRow)]
pub struct LoginRow {
    provider: String,
    /// The subject there.
    pub subject: String,
    /// Since when.
    pub linked_at: Millis,
}

impl LoginRow {
    /// Of whom it is; of nobody whom this version knows, where it is an identity at an account's provider.
    #[must_use]
    pub fn provider(&self) -> Option<Provider> {
        Provider::parse(&self.provider)
    }
}

/// Somebody on the way.
pub struct NewOnTheWay<'a> {
    /// What for.
    pub kind: Flow,
    /// The hash of its secret.
    pub id_hash: &'a str,
    /// The hash of what the browser is known by that began it.
    pub browser_hash: &'a str,
    /// Who it is, where that is known.
    pub user: Option<&'a UserId>,
    /// Where they go, or come from.
    pub provider: Provider,
    /// Where to go afterwards.
    pub return_to: &'a str,
    /// What has to be remembered, sealed for this row.
    pub sealed: &'a str,
}

/// The same, as it is kept.
#[derive(Clone, Debug, FromRow)]
pub struct OnTheWayRow {
    /// Who it is, where that is known.
    pub user_id: Option<UserId>,
    /// Where to go afterwards.
    pub return_to: String,
    /// What has to be remembered, sealed for this row.
    pub sealed: String,
}

macro_rules! is_on_the_way {
    () => {
        " id_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $5 AND browser_hash = $3 AND idp_id = $4
          AND return_to IS NOT NULL AND sealed IS NOT NULL"
    };
}

impl<S> Reader<S> {
    /// The user to whom a login belongs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn owner_of_login(&mut self, provider: Provider, subject: &str) -> Result<Option<OwnerRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT x.user_id AS user, e.address FROM identities x JOIN user_emails e ON e.user_id = x.user_id
             WHERE x.provider = $1 AND x.subject = $2
             ORDER BY CASE WHEN e.verified_at IS NOT NULL THEN 0 ELSE 1 END, e.canonical LIMIT 1")
            .bind(provider.word()).bind(subject).fetch_optional(c)))
    }
}

impl Reader<OfUser> {
    /// All that the person is at providers, accounts' ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_logins(&mut self) -> Result<Vec<LoginRow>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_as("SELECT provider, subject, linked_at FROM identities WHERE user_id = $1 ORDER BY linked_at, provider")
            .bind(&scope).fetch_all(c)),
        )
    }
}

impl Reader<Instance> {
    /// Whoever is on the way by this secret, if this browser could go on now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn on_the_way(
        &mut self,
        kind: Flow,
        id_hash: &str,
        browser_hash: &str,
        provider: Provider,
        now: Millis,
    ) -> Result<Option<OnTheWayRow>> {
        Ok(sql!(self, c => sqlx::query_as(concat!("SELECT user_id, return_to, sealed FROM flows WHERE", is_on_the_way!()))
            .bind(id_hash).bind(kind.word()).bind(browser_hash).bind(provider.word()).bind(now).fetch_optional(c)))
    }
}

impl Tx<Instance> {
    /// Notes that somebody is on the way, for as long as the kind of the flow says.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_out(&mut self, new: &NewOnTheWay<'_>) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "INSERT INTO flows (id_hash, kind, browser_hash, user_id, idp_id, return_to, sealed, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            )
            .bind(new.id_hash)
            .bind(new.kind.word())
            .bind(new.browser_hash)
            .bind(new.user)
            .bind(new.provider.word())
            .bind(new.return_to)
            .bind(new.sealed)
            .bind(now)
            .bind(now.plus(new.kind.lives()))
        );
        Ok(())
    }

    /// Uses that up; of those who are as fast as this, one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_on_the_way(
        &mut self,
        kind: Flow,
        id_hash: &str,
        browser_hash: &str,
        provider: Provider,
    ) -> Result<Option<OnTheWayRow>> {
        let now = self.now();
        Ok(
            sql!(self, c => sqlx::query_as(concat!("UPDATE flows SET used_at = $5 WHERE", is_on_the_way!(), " RETURNING user_id, return_to, sealed"))
            .bind(id_hash).bind(kind.word()).bind(browser_hash).bind(provider.word()).bind(now).fetch_optional(c)),
        )
    }
}
