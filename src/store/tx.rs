//! Transactions: how writers queue, and why none can end without saying what happened.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{
    Db, Reader, Result, StoreError,
    connect::{self, Pools},
    line::Carrier,
    run, sql,
};
use crate::rules::{
    chain,
    credentials::CredentialId,
    events::{Event, Log},
    ids::{OperationId, SessionId},
    time::Millis,
};

/// Through which face something was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The pages.
    Dashboard,
    /// The API.
    Api,
    /// Whoever sits at the machine, by a command.
    Console,
    /// Frontdesk itself: chores.
    System,
}

impl Source {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Api => "api",
            Self::Console => "console",
            Self::System => "system",
        }
    }
}

/// Who does what is written down, from where, in which request, and when.
#[derive(Clone, Debug)]
pub struct Context {
    /// The face.
    pub source: Source,
    /// The id of who acts: a user, a bot user, `visitor`, `console` for whoever sits at the machine, or `system`.
    pub principal: String,
    /// What they are called; for users the address.
    pub principal_name: String,
    /// The session they act in.
    pub session: Option<SessionId>,
    /// The credential they act with.
    pub credential: Option<CredentialId>,
    /// Where the request comes from.
    pub address: String,
    /// The request.
    pub request: OperationId,
}

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;
/// Throws sixteen random bytes.
pub type Dice = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Clock and dice, as `app` has made them.
#[derive(Clone)]
pub struct Hands {
    /// The clock.
    pub clock: Clock,
    /// The dice.
    pub dice: Dice,
}

/// Reasons to end a transaction without an event. A closed list: whoever adds to it argues here.
#[derive(Clone, Copy, Debug)]
pub enum Why {
    /// Attempts are counted whether or not anything happens; the outcome has its event.
    CountingAttempts,
    /// That somebody is still here is not news; entering was.
    LastSeen,
    /// That the record of a domain is where it was is not news; that it was found, or is lost, is.
    DomainSeen,
    /// That a session has run out of time follows from a setting; it is kept for the case that the clock is set back.
    Expired,
    /// Clearing out what has expired, by a setting that says when.
    Clearing,
    /// A sign-in that is half done is none yet; both its ends, done and refused, are events.
    HalfSignIn,
    /// What was typed waits for its person and does nothing; doing it will be an event.
    Typed,
    /// That a letter is on its way is the state of its row; writing it was part of an event, and giving it up is one.
    Delivering,
    /// The console's link for set-up, printed at each start until set-up is done.
    SetupLink,
}

/// A transaction. Dropping it undoes everything; [`Tx::commit`] is the way to keep it.
pub struct Tx<S> {
    reader: Reader<S>,
    context: Context,
    dice: Dice,
    now: Millis,
    heads: Vec<Head>,
    notes: Vec<Event>,
}

/// Where a log ends at present.
struct Head {
    log: Log,
    seq: i64,
    hash: String,
    moved: bool,
}

impl<S> Deref for Tx<S> {
    type Target = Reader<S>;
    fn deref(&self) -> &Reader<S> {
        &self.reader
    }
}

impl<S> DerefMut for Tx<S> {
    fn deref_mut(&mut self) -> &mut Reader<S> {
        &mut self.reader
    }
}

impl Db {
    /// Begins a transaction that writes within a scope and holds these logs.
    ///
    /// Holding a log bumps the version of the row that owns it, which is what makes writers of one account queue on
    /// PostgreSQL as they do on SQLite: whatever is read afterwards stays true until the commit, so invariants such as
    /// "at least one administrator" need plain reads only. Rows are taken in one order (instance, users, accounts; ids
    /// ascending), and what belongs to several in the order entries, sessions, members, so no two transactions wait for
    /// each other.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when a user or account no longer exists.
    pub(crate) async fn begin<S>(&self, scope: S, hold: Vec<Log>, context: Context, hands: &Hands) -> Result<Tx<S>> {
        let carrier = match &self.pools {
            // IMMEDIATE: a read lock that has to become a write lock fails at once when another writer was first.
            Pools::Sqlite { write, .. } => {
                let begun = async { Ok(write.begin_with("BEGIN IMMEDIATE").await?) };
                Carrier::Sqlite(connect::patiently(begun).await?)
            }
            Pools::Postgres(pool) => Carrier::Postgres(pool.begin().await?),
        };
        self.go_on(carrier, scope, hold, context, hands).await
    }

    /// The same in a database's transaction that has begun already.
    pub(super) async fn go_on<S>(&self, carrier: Carrier, scope: S, mut hold: Vec<Log>, context: Context, hands: &Hands) -> Result<Tx<S>> {
        let reader = Reader { carrier, db: self.clone(), scope };
        let mut tx = Tx { reader, context, dice: hands.dice.clone(), now: (hands.clock)(), heads: Vec::new(), notes: Vec::new() };
        hold.sort_by_key(order);
        hold.dedup();
        for log in hold {
            let head = tx.hold(log).await?;
            tx.heads.push(head);
        }
        // Only now, after whatever wait: events of a log are stamped in the order in which they are numbered.
        tx.now = (hands.clock)();
        Ok(tx)
    }
}

fn order(log: &Log) -> (u8, String) {
    match log {
        Log::Instance => (0, String::new()),
        Log::User(id) => (1, id.to_string()),
        Log::Account(id) => (2, id.to_string()),
    }
}

impl<S> Tx<S> {
    /// The moment of everything in here.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// Sixteen random bytes, for an id.
    pub fn dice(&self) -> [u8; 16] {
        (self.dice)()
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// From here on somebody else acts: whoever has just proven who they are.
    pub fn acting_as(&mut self, principal: String, name: String, session: SessionId) {
        self.context.principal = principal;
        self.context.principal_name = name;
        self.context.session = Some(session);
    }

    /// Holds the log of something that this transaction has just created.
    pub fn adopt(&mut self, log: Log) {
        self.heads.push(Head { log, seq: 0, hash: chain::START.to_owned(), moved: false });
    }

    async fn hold(&mut self, log: Log) -> Result<Head> {
        let row: Option<(i64, String)> = match &log {
            Log::Instance => {
                sql!(self.reader, c => sqlx::query_as("UPDATE instance SET version = version + 1 RETURNING event_seq, event_hash").fetch_optional(c))
            }
            Log::User(id) => {
                sql!(self.reader, c => sqlx::query_as("UPDATE users SET version = version + 1 WHERE id = $1 RETURNING event_seq, event_hash").bind(id).fetch_optional(c))
            }
            Log::Account(id) => {
                sql!(self.reader, c => sqlx::query_as("UPDATE accounts SET version = version + 1 WHERE id = $1 RETURNING event_seq, event_hash").bind(id).fetch_optional(c))
            }
        };
        let (seq, hash) = row.ok_or_else(|| match &log {
            Log::Instance => StoreError::Unfit("The instance's row is missing from the database.".to_owned()),
            gone => StoreError::Gone(gone.key().to_owned()),
        })?;
        Ok(Head { log, seq, hash, moved: false })
    }

    /// Notes one more thing that happened; it is written at the commit.
    pub fn note(&mut self, event: Event) {
        self.notes.push(event);
    }

    /// Keeps everything, and what happened with it: both or neither.
    ///
    /// # Errors
    /// When the database fails; then nothing was kept.
    pub async fn commit(mut self, event: Event) -> Result<()> {
        self.notes.push(event);
        self.commit_notes().await
    }

    /// Keeps everything with what was noted; where nothing was, nothing happened, and everything is undone.
    ///
    /// # Errors
    /// When the database fails; then nothing was kept.
    pub async fn commit_noted(self) -> Result<()> {
        if self.notes.is_empty() { Ok(()) } else { self.commit_notes().await }
    }

    /// Does all that [`Tx::commit`] does, up to the very end, and then undoes everything: to find out whether it would have been
    /// kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rehearse(mut self, event: Event) -> Result<()> {
        self.notes.push(event);
        self.write_notes().await?;
        self.undo().await
    }

    async fn commit_notes(mut self) -> Result<()> {
        self.write_notes().await?;
        self.finish().await
    }

    async fn write_notes(&mut self) -> Result<()> {
        for event in std::mem::take(&mut self.notes) {
            let record = event.record();
            let head = self
                .heads
                .iter()
                .position(|head| head.log == record.log)
                .ok_or_else(|| StoreError::NotHeld(format!("{:?}", record.log)))?;
            let seq = self.heads[head].seq + 1;
            let previous = self.heads[head].hash.clone();
            let hash = self.append(record, seq, &previous).await?;
            self.heads[head] = Head { log: self.heads[head].log.clone(), seq, hash, moved: true };
        }
        for head in std::mem::take(&mut self.heads) {
            if head.moved {
                self.save_head(&head).await?;
            }
        }
        Ok(())
    }

    async fn save_head(&mut self, head: &Head) -> Result<()> {
        match &head.log {
            Log::Instance => {
                run!(self.reader, sqlx::query("UPDATE instance SET event_seq = $1, event_hash = $2").bind(head.seq).bind(&head.hash))
            }
            Log::User(id) => run!(
                self.reader,
                sqlx::query("UPDATE users SET event_seq = $1, event_hash = $2 WHERE id = $3").bind(head.seq).bind(&head.hash).bind(id)
            ),
            Log::Account(id) => run!(
                self.reader,
                sqlx::query("UPDATE accounts SET event_seq = $1, event_hash = $2 WHERE id = $3").bind(head.seq).bind(&head.hash).bind(id)
            ),
        };
        Ok(())
    }

    /// Keeps everything without an event, for one of few reasons. What was noted all the same is written.
    ///
    /// # Errors
    /// When the database fails; then nothing was kept.
    pub async fn commit_unrecorded(self, _why: Why) -> Result<()> {
        self.commit_notes().await
    }

    async fn finish(self) -> Result<()> {
        match self.reader.carrier {
            Carrier::Sqlite(tx) => tx.commit().await?,
            Carrier::Postgres(tx) => tx.commit().await?,
            Carrier::Pool => {}
        }
        Ok(())
    }

    async fn undo(self) -> Result<()> {
        match self.reader.carrier {
            Carrier::Sqlite(tx) => tx.rollback().await?,
            Carrier::Postgres(tx) => tx.rollback().await?,
            Carrier::Pool => {}
        }
        Ok(())
    }
}
