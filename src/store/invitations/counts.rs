//! Invitations that somebody should look at, counted.

use sqlx::FromRow;

use crate::{
    rules::{
        attention::{LATELY, SOON},
        time::Millis,
    },
    store::{InAccount, Reader, Result, sql},
};

/// How many invitations are open, and how many of the unanswered ones need somebody.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct InvitationsInNeed {
    /// Open.
    pub open: i64,
    /// Open, but not for long.
    pub ending: i64,
    /// Expired unanswered not long ago, and neither sent again nor taken back.
    pub expired: i64,
    /// Whose letter was given up.
    pub undelivered: i64,
    /// Whose letter waits.
    pub waiting: i64,
}

impl Reader<InAccount> {
    /// What is open and what needs somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitations_in_need(&mut self, now: Millis) -> Result<InvitationsInNeed> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT COUNT(CASE WHEN i.expires_at > $2 THEN 1 END) AS open,
                    COUNT(CASE WHEN i.expires_at > $2 AND i.expires_at <= $3 THEN 1 END) AS ending,
                    COUNT(CASE WHEN i.expires_at <= $2 AND i.expires_at > $4 THEN 1 END) AS expired,
                    COUNT(o.failed_at) AS undelivered,
                    COUNT(CASE WHEN o.id IS NOT NULL AND o.sent_at IS NULL AND o.failed_at IS NULL THEN 1 END) AS waiting
             FROM invitations i LEFT JOIN outbox o ON o.id = i.letter_id
             WHERE i.account_id = $1 AND i.kind = 'email' AND i.closed_at IS NULL")
            .bind(&scope).bind(now).bind(now.plus(SOON)).bind(now.minus(LATELY)).fetch_one(c)))
    }
}
