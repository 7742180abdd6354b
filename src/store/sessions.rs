//! Sessions, their proofs, and their entries into accounts: the truth about who is signed in.

use sqlx::FromRow;

use super::{InAccount, Instance, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{
    chart::STEP,
    gate::Proof,
    ids::{AccountId, SessionId, UserId},
    sessions::End,
    time::Millis,
};

/// A session and its person. Read by `asking`.
#[derive(Clone, Debug, FromRow)]
pub struct SessionFacts {
    /// The session.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// Since when.
    pub created_at: Millis,
    /// When last noted.
    pub last_seen_at: Millis,
    /// Why it is over, if it is.
    pub ended_why: Option<String>,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The same, canonical.
    pub canonical: String,
    /// When it was proven that it is theirs, if it was.
    pub email_verified_at: Option<Millis>,
    /// Since when they have a second factor, if they have one.
    pub factor_since: Option<Millis>,
    /// The look the person has chosen.
    pub theme: String,
    /// The time zone the person has chosen, if any.
    pub time_zone: Option<String>,
    /// What the cookie carries for the next page, as it is kept.
    pub carried: Option<String>,
}

/// A session to be.
pub struct NewSession<'a> {
    /// The id.
    pub id: &'a SessionId,
    /// The hash of the cookie's value.
    pub token_hash: &'a str,
    /// Whose.
    pub user: &'a UserId,
    /// From where.
    pub address: &'a str,
    /// With what; cut to 300 characters.
    pub agent: &'a str,
    /// How it was proven.
    pub proof: &'a Proof,
}

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

/// One's own session, in the list of them.
#[derive(Clone, Debug, FromRow)]
pub struct OwnSession {
    /// The session.
    pub id: SessionId,
    /// From where it began.
    pub address: String,
    /// With what it began.
    pub agent: String,
    /// When it began.
    pub created_at: Millis,
    /// When it was last noted.
    pub last_seen_at: Millis,
}

impl Tx<Instance> {
    /// From where and with what somebody has signed in lately: addresses and programs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn places(&mut self, user: &UserId) -> Result<Vec<(String, String)>> {
        Ok(sql!(self, c => sqlx::query_as("SELECT address, agent FROM sessions WHERE user_id = $1 ORDER BY created_at DESC LIMIT 50")
            .bind(user).fetch_all(c)))
    }

    /// Begins a session with its first proof.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_session(&mut self, new: &NewSession<'_>) -> Result<()> {
        let now = self.now();
        let agent: String = new.agent.chars().filter(|c| !c.is_control()).take(300).collect();
        run!(self, sqlx::query(
            "INSERT INTO sessions (id, token_hash, user_id, address, agent, created_at, last_seen_at) VALUES ($1, $2, $3, $4, $5, $6, $6)")
            .bind(new.id).bind(new.token_hash).bind(new.user).bind(new.address).bind(&agent).bind(now));
        let account = match new.proof {
            Proof::Idp { account } => Some(account.clone()),
            _ => None,
        };
        run!(
            self,
            sqlx::query("INSERT INTO session_proofs (session_id, kind, account_id, proven_at) VALUES ($1, $2, $3, $4)")
                .bind(new.id)
                .bind(new.proof.word())
                .bind(account)
                .bind(now)
        );
        Ok(())
    }

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

    /// Notes that a session is still used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_session(&mut self, session: &SessionId) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND ended_at IS NULL").bind(now).bind(session));
        Ok(())
    }
}

impl Tx<Instance> {
    /// Writes down that a session has run out of time, unless it has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn expire_session(&mut self, session: &SessionId, why: End) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE sessions SET ended_at = $1, ended_why = $2 WHERE id = $3 AND ended_at IS NULL")
                .bind(now)
                .bind(why.word())
                .bind(session)
        );
        Ok(())
    }

    /// Ends the session that another one replaces in its browser, unless it has ended; answers whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace_session(&mut self, session: &SessionId) -> Result<bool> {
        let now = self.now();
        let ended = run!(
            self,
            sqlx::query("UPDATE sessions SET ended_at = $1, ended_why = $2 WHERE id = $3 AND ended_at IS NULL")
                .bind(now)
                .bind(End::Replaced.word())
                .bind(session)
        );
        Ok(ended == 1)
    }
}

impl Reader<OfUser> {
    /// The person's sessions that have neither been ended nor begun before `since`, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_sessions(&mut self, since: Millis, seen_since: Millis) -> Result<Vec<OwnSession>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT id, address, agent, created_at, last_seen_at FROM sessions
             WHERE user_id = $1 AND ended_at IS NULL AND created_at > $2 AND last_seen_at > $3 ORDER BY created_at DESC, id DESC LIMIT 100")
            .bind(&scope).bind(since).bind(seen_since).fetch_all(c)))
    }
}

impl Tx<OfUser> {
    /// Ends one of the person's sessions, unless it has ended; answers whether it did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&mut self, session: &SessionId, why: End) -> Result<bool> {
        let scope = self.scope.0.clone();
        let now = self.now();
        let ended = run!(
            self,
            sqlx::query("UPDATE sessions SET ended_at = $1, ended_why = $2 WHERE id = $3 AND user_id = $4 AND ended_at IS NULL")
                .bind(now)
                .bind(why.word())
                .bind(session)
                .bind(&scope)
        );
        Ok(ended == 1)
    }
}

impl<S> Tx<S> {
    /// The address that somebody has proven to be theirs, as written, if they have.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proven_address(&mut self, user: &UserId) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT address FROM user_emails WHERE user_id = $1 AND verified_at IS NOT NULL LIMIT 1")
            .bind(user).fetch_optional(c)))
    }

    /// Notes that a session's person has just proven who they are by something of their own, once more or for the first time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prove(&mut self, session: &SessionId, proof: &Proof) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "INSERT INTO session_proofs (session_id, kind, proven_at) VALUES ($1, $2, $3)
                 ON CONFLICT (session_id, kind, idp_id) DO UPDATE SET proven_at = $3"
            )
            .bind(session)
            .bind(proof.word())
            .bind(now)
        );
        Ok(())
    }

    /// Gives a session another cookie, whose value has this hash; the old one opens nothing any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_session(&mut self, session: &SessionId, token_hash: &str) -> Result<()> {
        run!(self, sqlx::query("UPDATE sessions SET token_hash = $1 WHERE id = $2 AND ended_at IS NULL").bind(token_hash).bind(session));
        Ok(())
    }

    /// Ends all living sessions of somebody but the one that is kept; answers which. Living are those begun and seen after
    /// these moments.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions_of(
        &mut self,
        user: &UserId,
        keep: Option<&SessionId>,
        why: End,
        (begun, seen): (Millis, Millis),
    ) -> Result<Vec<SessionId>> {
        let (now, keep) = (self.now(), keep.map_or("", SessionId::as_str));
        Ok(sql!(self, c => sqlx::query_scalar(
            "UPDATE sessions SET ended_at = $1, ended_why = $2 WHERE user_id = $3 AND id <> $4 AND ended_at IS NULL AND created_at > $5 AND last_seen_at > $6 RETURNING id")
            .bind(now).bind(why.word()).bind(user).bind(keep).bind(begun).bind(seen).fetch_all(c)))
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
}
