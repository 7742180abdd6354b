//! Flows: secrets that begin something in one request and end it in another, once.

use sqlx::FromRow;

use super::{Instance, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{addresses::Email, flows::Flow, ids::UserId, time::Millis};

/// A flow to be.
pub struct NewFlow<'a> {
    /// What for.
    pub kind: Flow,
    /// The hash of its secret.
    pub id_hash: &'a str,
    /// Whose, if it is somebody's.
    pub user: Option<&'a UserId>,
    /// The address that it is about, if it is about one.
    pub email: Option<&'a Email>,
}

/// A flow that could be used now.
#[derive(Clone, Debug, FromRow)]
pub struct FlowRow {
    /// Whose, if it is somebody's.
    pub user_id: Option<UserId>,
    /// The address that it is about, as written.
    pub address: Option<String>,
}

impl<S> Tx<S> {
    /// Makes a flow, which works for as long as its kind does; answers until when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_flow(&mut self, new: &NewFlow<'_>) -> Result<Millis> {
        let now = self.now();
        let until = now.plus(new.kind.lives());
        run!(
            self,
            sqlx::query(
                "INSERT INTO flows (id_hash, kind, user_id, address, canonical, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
            )
            .bind(new.id_hash)
            .bind(new.kind.word())
            .bind(new.user)
            .bind(new.email.map(Email::written))
            .bind(new.email.map(Email::canonical))
            .bind(now)
            .bind(until)
        );
        Ok(until)
    }

    /// Uses a flow up. `false` when there is none of this kind, or it has expired, been used or ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_flow(&mut self, kind: Flow, id_hash: &str) -> Result<bool> {
        let now = self.now();
        let used = run!(
            self,
            sqlx::query("UPDATE flows SET used_at = $1 WHERE id_hash = $2 AND kind = $3 AND used_at IS NULL AND expires_at > $1")
                .bind(now)
                .bind(id_hash)
                .bind(kind.word())
        );
        Ok(used == 1)
    }

    /// Ends the open flows of a kind about an address: a newer one takes their place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_flows_about(&mut self, kind: Flow, email: &Email) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE flows SET used_at = $1 WHERE kind = $2 AND canonical = $3 AND used_at IS NULL")
                .bind(now)
                .bind(kind.word())
                .bind(email.canonical())
        );
        Ok(())
    }

    /// Ends the open flows of a kind of somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_flows(&mut self, kind: Flow, user: &UserId) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE flows SET used_at = $1 WHERE kind = $2 AND user_id = $3 AND used_at IS NULL")
                .bind(now)
                .bind(kind.word())
                .bind(user)
        );
        Ok(())
    }

    /// Ends the open flows of a kind that are nobody's: what they lead to is done.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_flows_of_nobody(&mut self, kind: Flow) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE flows SET used_at = $1 WHERE kind = $2 AND user_id IS NULL AND used_at IS NULL")
                .bind(now)
                .bind(kind.word())
        );
        Ok(())
    }

    /// Ends all open flows of somebody: what was begun before their password, address or factor changed leads nowhere
    /// any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_flows_of(&mut self, user: &UserId) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("UPDATE flows SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL").bind(now).bind(user));
        Ok(())
    }
}

impl Reader<OfUser> {
    /// Whether a flow of this kind of the person's could be used now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_open_flow(&mut self, kind: Flow, now: Millis) -> Result<bool> {
        let scope = self.scope.0.clone();
        let open: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM flows WHERE user_id = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3")
            .bind(&scope).bind(kind.word()).bind(now).fetch_one(c));
        Ok(open > 0)
    }

    /// The address that the person is to have once it is confirmed, and until when that can be.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pending_address(&mut self, now: Millis) -> Result<Option<(String, Millis)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT address, expires_at FROM flows WHERE user_id = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3
             ORDER BY created_at DESC LIMIT 1").bind(&scope).bind(Flow::ConfirmEmail.word()).bind(now).fetch_optional(c)))
    }
}

impl Reader<Instance> {
    /// The flow of this kind whose secret has this hash, if it could be used now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_flow(&mut self, kind: Flow, id_hash: &str, now: Millis) -> Result<Option<FlowRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT user_id, address FROM flows WHERE id_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3")
            .bind(id_hash).bind(kind.word()).bind(now).fetch_optional(c)))
    }
}
