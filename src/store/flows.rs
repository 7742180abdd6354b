//! Flows: secrets that begin something in one request and end it in another, once.

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::time::Millis;

impl Tx<Instance> {
    /// Makes a flow of a kind, known by the hash of its secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_flow(&mut self, kind: &'static str, id_hash: &str, expires_at: Millis) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("INSERT INTO flows (id_hash, kind, created_at, expires_at) VALUES ($1, $2, $3, $4)")
                .bind(id_hash)
                .bind(kind)
                .bind(now)
                .bind(expires_at)
        );
        Ok(())
    }

    /// Uses a flow up. `false` when there is none of this kind, or it has expired or been used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_flow(&mut self, kind: &'static str, id_hash: &str) -> Result<bool> {
        let now = self.now();
        let used = run!(
            self,
            sqlx::query("UPDATE flows SET used_at = $1 WHERE id_hash = $2 AND kind = $3 AND used_at IS NULL AND expires_at > $1")
                .bind(now)
                .bind(id_hash)
                .bind(kind)
        );
        Ok(used == 1)
    }
}

impl Reader<Instance> {
    /// Whether a flow of this kind could be used now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn flow_is_open(&mut self, kind: &'static str, id_hash: &str, now: Millis) -> Result<bool> {
        let open: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM flows WHERE id_hash = $1 AND kind = $2 AND used_at IS NULL AND expires_at > $3")
            .bind(id_hash).bind(kind).bind(now).fetch_one(c));
        Ok(open == 1)
    }
}
