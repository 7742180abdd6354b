//! The outbox: letters that wait to be sent, written in the transaction that causes them. Their contents come sealed and
//! are forgotten once they are sent or given up.

use sqlx::FromRow;

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::{AccountId, LetterId, UserId},
    time::{Millis, Span},
};

/// A letter to be.
pub struct NewLetter<'a> {
    /// The id.
    pub id: &'a LetterId,
    /// The account that it concerns, if it concerns one.
    pub account: Option<&'a AccountId>,
    /// The person whom it concerns, if it concerns one.
    pub user: Option<&'a UserId>,
    /// The id of what it is about.
    pub about: &'a str,
    /// What kind of letter.
    pub kind: &'static str,
    /// To which address.
    pub recipient: &'a str,
    /// What it says, sealed.
    pub body: &'a str,
    /// Why it is never to leave, if it is not: it stands there so that writing it cost what writing one costs.
    pub withheld: Option<&'static str>,
}

/// A letter that is due.
#[derive(Clone, Debug, FromRow)]
pub struct LetterRow {
    /// The id.
    pub id: LetterId,
    /// The account that it concerns, if it concerns one.
    pub account_id: Option<AccountId>,
    /// The person whom it concerns, if it concerns one.
    pub user_id: Option<UserId>,
    /// To which address.
    pub recipient: String,
    /// What it says, sealed.
    pub body: String,
    /// When it was written.
    pub created_at: Millis,
    /// How often delivery has been tried, this time included.
    pub attempts: i64,
}

impl<S> Tx<S> {
    /// Puts a letter into the outbox. It is due at once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn post(&mut self, new: &NewLetter<'_>) -> Result<()> {
        let now = self.now();
        let withheld_at = new.withheld.map(|_| now);
        let (body, sent_as) = if new.withheld.is_some() { ("", Some("withdrawn")) } else { (new.body, None) };
        run!(self, sqlx::query(
            "INSERT INTO outbox (id, account_id, user_id, subject_id, kind, recipient, body, created_at, next_attempt_at, failed_at, last_error, sent_as)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11)")
            .bind(new.id).bind(new.account).bind(new.user).bind(new.about).bind(new.kind).bind(new.recipient).bind(body).bind(now)
            .bind(withheld_at).bind(new.withheld).bind(sent_as));
        Ok(())
    }

    /// Takes back what is not sent yet of the letters about something, saying why.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unpost(&mut self, about: &str, why: &'static str) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "UPDATE outbox SET failed_at = $1, last_error = $2, body = '', sent_as = 'withdrawn' WHERE subject_id = $3 AND sent_at IS NULL AND failed_at IS NULL"
            )
            .bind(now)
            .bind(why)
            .bind(about)
        );
        Ok(())
    }
}

impl<S> Reader<S> {
    /// Why letters wait, if whoever takes them cannot be talked to. It is the same for everybody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail_error(&mut self) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT mail_error FROM instance").fetch_optional(c)).flatten())
    }
}

/// No letter waits longer than an hour. One that seems to was put off by a clock that has been set back since.
const TOO_LATE: Span = Span::hours(2);

impl Reader<Instance> {
    /// Whether a letter is due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_due_letters(&mut self, now: Millis) -> Result<bool> {
        let due: Option<LetterId> = sql!(self, c => sqlx::query_scalar(
            "SELECT id FROM outbox WHERE (next_attempt_at <= $1 OR next_attempt_at > $2) AND sent_at IS NULL AND failed_at IS NULL LIMIT 1")
            .bind(now).bind(now.plus(TOO_LATE)).fetch_optional(c));
        Ok(due.is_some())
    }
}

impl Tx<Instance> {
    /// Takes the letter that is due first; no other process takes it before `until`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_letter(&mut self, until: Millis) -> Result<Option<LetterRow>> {
        let now = self.now();
        // The moment is asked for twice, so that of two processes which wait for one row the second finds it taken.
        Ok(sql!(self, c => sqlx::query_as(
            "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $1
             WHERE (next_attempt_at <= $2 OR next_attempt_at > $3) AND sent_at IS NULL AND failed_at IS NULL AND id IN
                   (SELECT id FROM outbox WHERE (next_attempt_at <= $2 OR next_attempt_at > $3) AND sent_at IS NULL AND failed_at IS NULL
                    ORDER BY next_attempt_at, id LIMIT 1)
             RETURNING id, account_id, user_id, recipient, body, created_at, attempts")
            .bind(until).bind(now).bind(now.plus(TOO_LATE)).fetch_optional(c)))
    }

    /// Notes that a letter is delivered, and forgets what it said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn letter_sent(&mut self, id: &LetterId, sent_as: &'static str) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE outbox SET sent_at = $1, failed_at = NULL, last_error = NULL, body = '', sent_as = $2 WHERE id = $3")
                .bind(now)
                .bind(sent_as)
                .bind(id)
        );
        Ok(())
    }

    /// Puts a letter off, and says why.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn letter_put_off(&mut self, id: &LetterId, until: Millis, why: &str) -> Result<()> {
        run!(
            self,
            sqlx::query("UPDATE outbox SET next_attempt_at = $1, last_error = $2 WHERE id = $3 AND sent_at IS NULL AND failed_at IS NULL")
                .bind(until)
                .bind(why)
                .bind(id)
        );
        Ok(())
    }

    /// Says why letters wait, or that they do not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_mail_error(&mut self, why: Option<&str>) -> Result<()> {
        run!(
            self,
            sqlx::query("UPDATE instance SET mail_error = $1 WHERE COALESCE(mail_error, '') <> COALESCE(CAST($1 AS TEXT), '')").bind(why)
        );
        Ok(())
    }

    /// Gives a letter up, and forgets what it said. `false` when it was given up already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn letter_failed(&mut self, id: &LetterId, why: &str) -> Result<bool> {
        let now = self.now();
        let failed = run!(
            self,
            sqlx::query(
                "UPDATE outbox SET failed_at = $1, last_error = $2, body = '' WHERE id = $3 AND sent_at IS NULL AND failed_at IS NULL"
            )
            .bind(now)
            .bind(why)
            .bind(id)
        );
        Ok(failed == 1)
    }

    /// Clears out letters that were done before a moment; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn clear_letters(&mut self, before: Millis) -> Result<u64> {
        Ok(run!(
            self,
            sqlx::query("DELETE FROM outbox WHERE created_at < $1 AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)").bind(before)
        ))
    }
}
