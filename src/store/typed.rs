//! Forms that wait for their person, sealed.

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::{flows::Flow, ids::UserId, time::Millis, typed::MOST};

impl Tx<Instance> {
    /// Keeps a form that somebody sent; the oldest of theirs goes where there are too many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_typed(&mut self, id_hash: &str, user: &UserId, sealed: &str) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "DELETE FROM flows WHERE user_id = $1 AND kind = $2 AND used_at IS NULL AND id_hash NOT IN (
                   SELECT n.id_hash FROM flows n WHERE n.user_id = $1 AND n.kind = $2 AND n.used_at IS NULL
                   ORDER BY n.created_at DESC, n.id_hash LIMIT CAST($3 AS BIGINT))"
            )
            .bind(user)
            .bind(Flow::Typed.word())
            .bind(MOST - 1)
        );
        run!(
            self,
            sqlx::query("INSERT INTO flows (id_hash, kind, user_id, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(id_hash)
                .bind(Flow::Typed.word())
                .bind(user)
                .bind(sealed)
                .bind(now)
                .bind(now.plus(Flow::Typed.lives()))
        );
        Ok(())
    }
}

impl Reader<Instance> {
    /// The form of this person's that waits under this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn typed(&mut self, id_hash: &str, user: &UserId, now: Millis) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT sealed FROM flows WHERE id_hash = $1 AND kind = $2 AND user_id = $3 AND sealed IS NOT NULL AND used_at IS NULL AND expires_at > $4")
            .bind(id_hash).bind(Flow::Typed.word()).bind(user).bind(now).fetch_optional(c)))
    }
}
