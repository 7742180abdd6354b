//! Entries: sessions in accounts. Idle time, how many may be open, and their end are counted for each account by itself.

use super::{InAccount, Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    chart::STEP,
    ids::{AccountId, SessionId, UserId},
    sessions::End,
    time::Millis,
};

/// Sessions that are not over: begun, seen, and seen in the account after these moments.
#[derive(Clone, Copy, Debug)]
pub struct Living {
    /// Begun.
    pub begun: Millis,
    /// Seen at all.
    pub seen: Millis,
    /// Seen in the account.
    pub seen_here: Millis,
}

impl Tx<Instance> {
    /// Opens an account again to a session that was in and was ended there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reopen_entry(&mut self, account: &AccountId, session: &SessionId) -> Result<()> {
        run!(
            self,
            sqlx::query("UPDATE entries SET ended_at = NULL, ended_why = NULL WHERE account_id = $1 AND session_id = $2")
                .bind(account)
                .bind(session)
        );
        Ok(())
    }
}

impl Reader<InAccount> {
    /// How many sessions came into the account since a moment, by steps of time: the step's number since 1970, and how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_by_step(&mut self, since: Millis) -> Result<Vec<(i64, i64)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT entered_at / $3 AS step, COUNT(*) AS entries FROM entries WHERE account_id = $1 AND entered_at >= $2
             GROUP BY entered_at / $3 ORDER BY step").bind(&scope).bind(since).bind(STEP.0).fetch_all(c)))
    }
}

impl Tx<InAccount> {
    /// Notes that a session has come into the account. `false` when it was in already, or its person is no member any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enter(&mut self, session: &SessionId) -> Result<bool> {
        let scope = self.scope.0.clone();
        let now = self.now();
        let entered = run!(
            self,
            sqlx::query(
                "INSERT INTO entries (session_id, account_id, entered_at, last_seen_at)
                 SELECT s.id, m.account_id, CAST($3 AS BIGINT), CAST($3 AS BIGINT)
                 FROM sessions s JOIN members m ON m.user_id = s.user_id WHERE s.id = $1 AND m.account_id = $2 ON CONFLICT DO NOTHING"
            )
            .bind(session)
            .bind(&scope)
            .bind(now)
        );
        Ok(entered == 1)
    }

    /// Ends the oldest of a session's person's in the account, all but so many of the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_oldest_entries(&mut self, of: &SessionId, keep: i64, living: Living) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE entries SET ended_at = $1, ended_why = $2 WHERE account_id = $3 AND session_id IN (
                   SELECT n.session_id FROM sessions s JOIN entries n ON n.session_id = s.id AND n.account_id = $3
                   WHERE s.user_id = (SELECT o.user_id FROM sessions o WHERE o.id = $4) AND s.ended_at IS NULL AND n.ended_at IS NULL
                     AND s.created_at > $7 AND s.last_seen_at > $8 AND n.last_seen_at > $9
                   ORDER BY n.entered_at DESC, n.session_id DESC LIMIT CAST($5 AS BIGINT) OFFSET CAST($6 AS BIGINT))"
            )
            .bind(now)
            .bind(End::Limit.word())
            .bind(&scope)
            .bind(of)
            .bind(i64::from(i32::MAX))
            .bind(keep)
            .bind(living.begun)
            .bind(living.seen)
            .bind(living.seen_here)
        );
        Ok(())
    }

    /// The same for everybody who is in the account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_surplus_entries(&mut self, keep: i64, living: Living) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE entries SET ended_at = $1, ended_why = $2 WHERE account_id = $3 AND session_id IN (
                   SELECT r.session_id FROM (
                     SELECT n.session_id, ROW_NUMBER() OVER (PARTITION BY s.user_id ORDER BY n.entered_at DESC, n.session_id DESC) AS place
                     FROM entries n JOIN sessions s ON s.id = n.session_id
                     WHERE n.account_id = $3 AND s.ended_at IS NULL AND n.ended_at IS NULL
                       AND s.created_at > $5 AND s.last_seen_at > $6 AND n.last_seen_at > $7) r WHERE r.place > $4)"
            )
            .bind(now)
            .bind(End::Limit.word())
            .bind(&scope)
            .bind(keep)
            .bind(living.begun)
            .bind(living.seen)
            .bind(living.seen_here)
        );
        Ok(())
    }

    /// Notes that a session is still used in the account, and so its member.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_entry(&mut self, session: &SessionId) -> Result<()> {
        let scope = self.scope.0.clone();
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE entries SET last_seen_at = $1 WHERE session_id = $2 AND account_id = $3")
                .bind(now)
                .bind(session)
                .bind(&scope)
        );
        run!(self, sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND ended_at IS NULL").bind(now).bind(session));
        run!(
            self,
            sqlx::query(
                "UPDATE members SET last_seen_at = $1 WHERE account_id = $2 AND user_id = (SELECT user_id FROM sessions WHERE id = $3)"
            )
            .bind(now)
            .bind(&scope)
            .bind(session)
        );
        Ok(())
    }

    /// Ends what sessions of this user have in the account; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_entries(&mut self, user: &UserId) -> Result<u64> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        Ok(run!(
            self,
            sqlx::query(
                "UPDATE entries SET ended_at = $1, ended_why = $2 WHERE account_id = $3 AND ended_at IS NULL
                 AND session_id IN (SELECT id FROM sessions WHERE user_id = $4 AND ended_at IS NULL)"
            )
            .bind(now)
            .bind(End::EndedInAccount.word())
            .bind(&scope)
            .bind(user)
        ))
    }
}
