//! Sessions and their proofs: the truth about who is signed in.

use sqlx::FromRow;

use super::{Instance, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{
    gate::Proof,
    ids::{SessionId, UserId},
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
    /// When their password was set, if they have one.
    pub password_set_at: Option<Millis>,
    /// Since when they have a second factor, if they have one.
    pub factor_since: Option<Millis>,
    /// The look the person has chosen.
    pub theme: String,
    /// The time zone the person has chosen, if any.
    pub time_zone: Option<String>,
    /// What the cookie carries for the next page, as it is kept.
    pub carried: Option<String>,
}

impl SessionFacts {
    /// Whether there is anything of their own by which they could prove who they are: a second factor, or a password.
    #[must_use]
    pub const fn has_own(&self) -> bool {
        self.factor_since.is_some() || self.password_set_at.is_some()
    }
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
        run!(
            self,
            sqlx::query("INSERT INTO session_proofs (session_id, kind, idp_id, account_id, proven_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(new.id)
                .bind(new.proof.word())
                .bind(new.proof.idp())
                .bind(new.proof.account())
                .bind(now)
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
    /// Notes that a session's person has just proven who they are, once more or for the first time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prove(&mut self, session: &SessionId, proof: &Proof) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "INSERT INTO session_proofs (session_id, kind, idp_id, account_id, proven_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (session_id, kind, idp_id) DO UPDATE SET proven_at = $5"
            )
            .bind(session)
            .bind(proof.word())
            .bind(proof.idp())
            .bind(proof.account())
            .bind(now)
        );
        Ok(())
    }

    /// Notes that a provider was made to ask its person anew, in a session that it has proven.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_forced(&mut self, session: &SessionId, idp: &str) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE session_proofs SET forced_at = $1 WHERE session_id = $2 AND kind = 'idp' AND idp_id = $3")
                .bind(now)
                .bind(session)
                .bind(idp)
        );
        Ok(())
    }

    /// Gives a session another cookie, whose value has this hash; the old one opens nothing any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_session(&mut self, session: &SessionId, token_hash: &str) -> Result<()> {
        // What the old one carries for the next page goes along.
        run!(
            self,
            sqlx::query("UPDATE cookies SET token_hash = $1 WHERE token_hash = (SELECT token_hash FROM sessions WHERE id = $2)")
                .bind(token_hash)
                .bind(session)
        );
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
