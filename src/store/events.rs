//! Events: appended by transactions, read in pages. The table is append-only: there is no other statement on it.

use sqlx::FromRow;

use super::{InAccount, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{
    chain,
    events::{Kind, Log, Record},
    ids::EventId,
    time::Millis,
};

/// What to look for. Everything missing matches everything.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// The type.
    pub kind: Option<Kind>,
    /// The id, or the name at that time, of who acted.
    pub actor: Option<String>,
    /// The id, or the name at that time, of what it is about.
    pub target: Option<String>,
    /// The network address.
    pub address: Option<String>,
    /// The credential that was used.
    pub credential: Option<String>,
    /// Not before this moment.
    pub from: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
}

/// Where in the log a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPage {
    /// The newest.
    Newest,
    /// The next older than this number.
    Before(i64),
    /// The next newer than this number.
    After(i64),
}

/// An event as lists show it, with the main thing it is about.
#[derive(Clone, Debug, FromRow)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Its number in the log.
    pub seq: i64,
    /// When.
    pub at: Millis,
    /// Its type.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// The face.
    pub source: String,
    /// Who acted.
    pub principal: String,
    /// What they were called.
    pub principal_name: String,
    /// With which credential.
    pub credential_id: Option<String>,
    /// In which session.
    pub session_id: Option<String>,
    /// From where.
    pub address: String,
    /// In which request.
    pub request_id: String,
    /// Done or refused.
    pub outcome: String,
    /// The values before, as JSON.
    pub before: Option<String>,
    /// The values after, as JSON.
    pub after: Option<String>,
    /// The hash of the event before.
    pub prev_hash: String,
    /// Its own hash.
    pub hash: String,
    /// The main thing it is about.
    pub subject_id: Option<String>,
    /// What that was called.
    pub subject_label: Option<String>,
}

/// One thing that an event is about.
#[derive(Clone, Debug, FromRow)]
pub struct SubjectRow {
    /// What kind of thing.
    pub kind: String,
    /// Its id.
    pub subject_id: String,
    /// What it was called.
    pub label: String,
}

impl Log {
    /// The text that names the log in the database.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Instance => "instance",
            Self::User(id) => id.as_str(),
            Self::Account(id) => id.as_str(),
        }
    }
}

impl<S> Tx<S> {
    /// Writes one event behind the head of its log and answers its hash.
    pub(super) async fn append(&mut self, record: Record, seq: i64, previous: &str) -> Result<String> {
        let (context, now) = (self.context().clone(), self.now());
        let id = EventId::new(now, self.dice());
        let before = record.before.map(|value| value.to_string());
        let after = record.after.map(|value| value.to_string());
        let (account, user) = match &record.log {
            Log::Instance => (None, None),
            Log::User(id) => (None, Some(id.clone())),
            Log::Account(id) => (Some(id.clone()), None),
        };
        let (seq_text, at_text) = (seq.to_string(), now.0.to_string());
        let mut fields = vec![
            Some(record.log.key()),
            Some(&seq_text),
            Some(id.as_str()),
            Some(&at_text),
            Some(record.kind.word()),
            Some(context.source.word()),
            Some(&context.principal),
            Some(&context.principal_name),
            context.credential.as_ref().map(crate::rules::credentials::CredentialId::as_str),
            context.session.as_ref().map(crate::rules::ids::SessionId::as_str),
            Some(&context.address),
            Some(context.request.as_str()),
            Some(record.outcome.word()),
            before.as_deref(),
            after.as_deref(),
        ];
        for subject in &record.subjects {
            fields.extend([Some(subject.kind), Some(subject.id.as_str()), Some(subject.label.as_str())]);
        }
        let hash = chain::link(previous, &fields);

        run!(
            self,
            sqlx::query(
                "INSERT INTO events (id, log, account_id, user_id, seq, at, type, source, principal, principal_name, credential_id, session_id,
                                 address, request_id, outcome, before, after, prev_hash, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
            )
            .bind(&id)
            .bind(record.log.key())
            .bind(&account)
            .bind(&user)
            .bind(seq)
            .bind(now)
            .bind(record.kind.word())
            .bind(context.source.word())
            .bind(&context.principal)
            .bind(&context.principal_name)
            .bind(&context.credential)
            .bind(&context.session)
            .bind(&context.address)
            .bind(&context.request)
            .bind(record.outcome.word())
            .bind(&before)
            .bind(&after)
            .bind(previous)
            .bind(&hash)
        );

        for (position, subject) in (0_i64..).zip(&record.subjects) {
            run!(
                self,
                sqlx::query(
                    "INSERT INTO event_subjects (event_id, position, log, seq, account_id, kind, subject_id, label)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
                )
                .bind(&id)
                .bind(position)
                .bind(record.log.key())
                .bind(seq)
                .bind(&account)
                .bind(subject.kind)
                .bind(&subject.id)
                .bind(&subject.label)
            );
        }
        Ok(hash)
    }
}

macro_rules! columns {
    () => {
        "SELECT e.id, e.seq, e.at, e.type, e.source, e.principal, e.principal_name, e.credential_id, e.session_id, e.address,
                e.request_id, e.outcome, e.before, e.after, e.prev_hash, e.hash, s.subject_id, s.label AS subject_label
         FROM events e LEFT JOIN event_subjects s ON s.event_id = e.id AND s.position = 0
         WHERE e.log = $1 "
    };
}

/// One page. The lead is the condition that an index answers; the rest narrows what it finds.
macro_rules! page {
    ($direction:literal, $lead:literal) => {
        concat!(
            columns!(),
            $lead,
            " AND (CAST($3 AS TEXT) IS NULL OR e.type = $3)
              AND (CAST($4 AS TEXT) IS NULL OR e.principal = $4 OR e.principal_name = $4)
              AND (CAST($5 AS TEXT) IS NULL OR e.id IN
                   (SELECT event_id FROM event_subjects WHERE log = $1 AND subject_id = $5
                    UNION SELECT event_id FROM event_subjects WHERE log = $1 AND label = $5))
              AND (CAST($6 AS TEXT) IS NULL OR e.address = $6)
              AND (CAST($7 AS BIGINT) IS NULL OR e.at >= $7)
              AND (CAST($8 AS BIGINT) IS NULL OR e.at < $8)
              AND (CAST($10 AS TEXT) IS NULL OR e.credential_id = $10) ",
            $direction
        )
    };
}

macro_rules! pages {
    ($lead:literal) => {
        (
            page!("AND e.seq < $2 ORDER BY e.seq DESC LIMIT CAST($9 AS BIGINT)", $lead),
            page!("AND e.seq > $2 ORDER BY e.seq LIMIT CAST($9 AS BIGINT)", $lead),
        )
    };
}

/// The text for older and the text for newer pages.
fn texts(filter: &EventFilter) -> (&'static str, &'static str) {
    if filter.target.is_some() {
        pages!(
            "AND e.id IN (SELECT event_id FROM event_subjects WHERE log = $1 AND subject_id = $5
                          UNION SELECT event_id FROM event_subjects WHERE log = $1 AND label = $5)"
        )
    } else if filter.actor.as_ref().is_some_and(|actor| actor.contains('@')) {
        pages!("AND e.principal_name = $4")
    } else if filter.actor.is_some() {
        pages!("AND e.principal = $4")
    } else if filter.kind.is_some() {
        pages!("AND e.type = $3")
    } else if filter.credential.is_some() {
        pages!("AND e.credential_id = $10")
    } else if filter.address.is_some() {
        pages!("AND e.address = $6")
    } else {
        pages!("")
    }
}

impl<S> Reader<S> {
    async fn page_of(&mut self, log: &Log, filter: &EventFilter, page: EventPage, limit: i64) -> Result<Vec<EventRow>> {
        let (older, newer) = texts(filter);
        let (text, from) = match page {
            EventPage::Newest => (older, i64::MAX),
            EventPage::Before(seq) => (older, seq),
            EventPage::After(seq) => (newer, seq),
        };
        let mut rows: Vec<EventRow> = sql!(self, c => sqlx::query_as(text)
            .bind(log.key()).bind(from).bind(filter.kind.map(Kind::word)).bind(&filter.actor).bind(&filter.target)
            .bind(&filter.address).bind(filter.from).bind(filter.until).bind(limit).bind(&filter.credential).fetch_all(c));
        if matches!(page, EventPage::After(_)) {
            rows.reverse();
        }
        Ok(rows)
    }

    async fn one_of(&mut self, log: &Log, id: &EventId) -> Result<Option<(EventRow, Vec<SubjectRow>)>> {
        let row: Option<EventRow> =
            sql!(self, c => sqlx::query_as(concat!(columns!(), "AND e.id = $2")).bind(log.key()).bind(id).fetch_optional(c));
        let Some(row) = row else { return Ok(None) };
        let subjects = sql!(self, c => sqlx::query_as(
            "SELECT kind, subject_id, label FROM event_subjects WHERE event_id = $1 ORDER BY position").bind(id).fetch_all(c));
        Ok(Some((row, subjects)))
    }
}

impl Reader<InAccount> {
    /// The least and the greatest number among the account's events from a moment on and before another, if there are any. Clocks are
    /// set back, and numbers are not: between the two there may be events of other moments, and none of these is anywhere else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_between(&mut self, from: Option<Millis>, until: Option<Millis>) -> Result<Option<(i64, i64)>> {
        let scope = self.scope.0.clone();
        let (from, until) = (from.unwrap_or(Millis(i64::MIN)), until.unwrap_or(Millis(i64::MAX)));
        let ends: (Option<i64>, Option<i64>) = sql!(self, c => sqlx::query_as(
            "SELECT MIN(e.seq), MAX(e.seq) FROM events e WHERE e.log = $1 AND e.at >= $2 AND e.at < $3")
            .bind(&scope).bind(from).bind(until).fetch_one(c));
        Ok(ends.0.zip(ends.1))
    }

    /// A page of the account's log, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&mut self, filter: &EventFilter, page: EventPage, limit: i64) -> Result<Vec<EventRow>> {
        let log = Log::Account(self.scope.0.clone());
        self.page_of(&log, filter, page, limit).await
    }

    /// One event of the account, and all that it is about.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event(&mut self, id: &EventId) -> Result<Option<(EventRow, Vec<SubjectRow>)>> {
        let log = Log::Account(self.scope.0.clone());
        self.one_of(&log, id).await
    }
}

impl Reader<OfUser> {
    /// A page of the person's own log, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_events(&mut self, page: EventPage, limit: i64) -> Result<Vec<EventRow>> {
        let log = Log::User(self.scope.0.clone());
        self.page_of(&log, &EventFilter::default(), page, limit).await
    }
}
