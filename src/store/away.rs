//! Who is on the way to a provider, an account's own or GitHub and Google, or has come back from one as nobody who is known: flows that are
//! bound to a browser.

use sqlx::FromRow;

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    flows::Flow,
    ids::{AccountId, IdpId, UserId},
    time::Millis,
};

/// Somebody on the way.
#[derive(Clone, Copy)]
pub struct NewAway<'a> {
    /// What for.
    pub kind: Flow,
    /// The hash of its secret.
    pub id_hash: &'a str,
    /// The hash of what the browser is known by that began it.
    pub browser_hash: &'a str,
    /// Who it is, where that is known.
    pub user: Option<&'a UserId>,
    /// The account, where it is to a provider of one.
    pub account: Option<&'a AccountId>,
    /// The provider: an id, or a word.
    pub provider: &'a str,
    /// Where to go afterwards, sealed for this row.
    pub return_to: &'a str,
    /// What has to be remembered, sealed for this row.
    pub sealed: &'a str,
}

/// The same, as it is kept.
#[derive(Clone, Debug, FromRow)]
pub struct AwayRow {
    /// Who it is, where that is known.
    pub user_id: Option<UserId>,
    /// The provider: an id, or a word.
    #[sqlx(rename = "idp_id")]
    pub provider: String,
    /// Where to go afterwards, sealed for this row.
    pub return_to: String,
    /// What has to be remembered, sealed for this row.
    pub sealed: String,
    /// When it began.
    pub created_at: Millis,
    /// The hash of what the browser is known by that began it.
    #[sqlx(rename = "browser_hash")]
    pub browser: String,
}

impl AwayRow {
    /// The provider, where it is an account's.
    #[must_use]
    pub fn idp(&self) -> IdpId {
        IdpId::trusted(self.provider.clone())
    }
}

macro_rules! is_open {
    () => {
        " id_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $4 AND browser_hash = COALESCE(CAST($3 AS TEXT), browser_hash)
          AND idp_id IS NOT NULL AND return_to IS NOT NULL AND sealed IS NOT NULL"
    };
}

impl<S> Reader<S> {
    /// The flow of this kind whose secret has this hash, if this browser could use it now; or any, where it is not known which one asks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn away(&mut self, kind: Flow, id_hash: &str, browser_hash: Option<&str>, now: Millis) -> Result<Option<AwayRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            concat!("SELECT user_id, idp_id, return_to, sealed, created_at, browser_hash FROM flows WHERE", is_open!()))
            .bind(id_hash).bind(kind.word()).bind(browser_hash).bind(now).fetch_optional(c)))
    }
}

impl Tx<Instance> {
    /// Makes one, which works for as long as its kind does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_away(&mut self, new: &NewAway<'_>) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "INSERT INTO flows (id_hash, kind, browser_hash, user_id, account_id, idp_id, return_to, sealed, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            )
            .bind(new.id_hash)
            .bind(new.kind.word())
            .bind(new.browser_hash)
            .bind(new.user)
            .bind(new.account)
            .bind(new.provider)
            .bind(new.return_to)
            .bind(new.sealed)
            .bind(now)
            .bind(now.plus(new.kind.lives()))
        );
        Ok(())
    }

    /// Remembers something else of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_away(&mut self, kind: Flow, id_hash: &str, sealed: &str) -> Result<()> {
        run!(
            self,
            sqlx::query("UPDATE flows SET sealed = $1 WHERE id_hash = $2 AND kind = $3 AND used_at IS NULL")
                .bind(sealed)
                .bind(id_hash)
                .bind(kind.word())
        );
        Ok(())
    }

    /// Uses one up that this browser began, or any, where it is not known which one asks; of those who are as fast as this, one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_away(&mut self, kind: Flow, id_hash: &str, browser_hash: Option<&str>) -> Result<Option<AwayRow>> {
        let now = self.now();
        Ok(sql!(self, c => sqlx::query_as(concat!("UPDATE flows SET used_at = $4 WHERE", is_open!(),
            " RETURNING user_id, idp_id, return_to, sealed, created_at, browser_hash"))
            .bind(id_hash).bind(kind.word()).bind(browser_hash).bind(now).fetch_optional(c)))
    }
}
