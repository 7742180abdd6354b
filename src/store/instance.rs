//! The instance's one row.

use sqlx::FromRow;

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::{chain, time::Millis};

/// What the database says of the instance.
#[derive(Clone, Debug, FromRow)]
pub struct InstanceRow {
    /// Which key file belongs to this database.
    pub key_fingerprint: String,
    /// When set-up was done, if it was.
    pub set_up_at: Option<Millis>,
}

impl Reader<Instance> {
    /// The row, if the database has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instance(&mut self) -> Result<Option<InstanceRow>> {
        Ok(sql!(self, c => sqlx::query_as("SELECT key_fingerprint, set_up_at FROM instance").fetch_optional(c)))
    }

    /// Whether anybody or anything has ever been here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_inhabited(&mut self) -> Result<bool> {
        let rows: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT (SELECT COUNT(*) FROM users) + (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM events)").fetch_one(c));
        Ok(rows > 0)
    }
}

impl Tx<Instance> {
    /// Makes the row, unless another process was faster. `set_up_at` is given where the database is inhabited already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_instance(&mut self, key_fingerprint: &str, set_up_at: Option<Millis>) -> Result<()> {
        let now = self.now();
        // Where the row was lost, its log goes on from where it ended.
        let last: Option<(i64, String)> = sql!(self, c => sqlx::query_as("SELECT seq, hash FROM events WHERE log = 'instance' ORDER BY seq DESC LIMIT 1").fetch_optional(c));
        let (seq, hash) = last.unwrap_or_else(|| (0, chain::START.to_owned()));
        run!(
            self,
            sqlx::query(
                "INSERT INTO instance (id, key_fingerprint, created_at, set_up_at, event_seq, event_hash) VALUES ('instance', $1, $2, $3, $4, $5)
                 ON CONFLICT DO NOTHING"
            )
            .bind(key_fingerprint)
            .bind(now)
            .bind(set_up_at)
            .bind(seq)
            .bind(&hash)
        );
        Ok(())
    }

    /// Ends set-up for good. `false` when somebody else has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_setup(&mut self) -> Result<bool> {
        let now = self.now();
        let ended = run!(self, sqlx::query("UPDATE instance SET set_up_at = $1 WHERE set_up_at IS NULL").bind(now));
        Ok(ended == 1)
    }
}
