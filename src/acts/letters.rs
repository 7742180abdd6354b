//! Letters: put into the outbox by the deed that causes them, and delivered by a chore that any process may do.

use super::{App, Stop, Visitor, permit::system};
use crate::{
    protocols::mail::Failure,
    rules::{
        addresses::Email,
        emails::Asked,
        events::{Event, Log},
        ids::{AccountId, LetterId, UserId},
        letters::{LEASE, Letter, PATIENCE, next_attempt},
        network::neighbourhood,
        sign_in::{window_rest, window_start},
        time::Millis,
    },
    store::{Attempt, Instance, LetterRow, NewLetter, Owner, Tx, Why},
};

/// Where what letters say is sealed.
const PLACE: &str = "outbox.body";

/// How often the outbox is looked into when nobody rings: for what other processes have left there.
pub const EVERY: std::time::Duration = std::time::Duration::from_secs(15);

/// Whom a letter goes to, and what it is about.
pub(super) struct Envelope<'a> {
    pub(super) account: Option<&'a AccountId>,
    pub(super) user: Option<&'a UserId>,
    pub(super) about: &'a str,
    pub(super) recipient: &'a str,
    /// Why it is never to leave, if it is not.
    pub(super) withheld: Option<&'static str>,
}

impl<'a> Envelope<'a> {
    /// For a person, about their user.
    pub(super) const fn to_person(user: &'a UserId, recipient: &'a str) -> Self {
        Self { account: None, user: Some(user), about: "", recipient, withheld: None }
    }
}

/// Whoever has proven that an address is theirs, or the address alone where nobody has: the same rows are written then, and the
/// letter never leaves, so that nobody can tell by the work whether somebody has it.
pub(super) struct Addressee {
    pub(super) user: Option<UserId>,
    pub(super) email: Email,
}

impl Addressee {
    /// To the mailbox that was proven, as it was written then, and not as somebody writes it now.
    pub(super) fn new(owner: Option<Owner>, email: &Email) -> Result<Self, Stop> {
        Ok(match owner {
            Some((user, address)) => Self { user: Some(user), email: Email::parse(&address).map_err(Stop::Broken)? },
            None => Self { user: None, email: email.clone() },
        })
    }

    /// Writes to them, as part of a transaction.
    pub(super) async fn write<S>(&self, app: &App, tx: &mut Tx<S>, letter: &Letter) -> Result<(), Stop> {
        let recipient = self.email.deliverable();
        let withheld = if self.user.is_some() { None } else { Some("Nobody has proven that this address is theirs.") };
        let envelope = Envelope { account: None, user: self.user.as_ref(), about: "", recipient: &recipient, withheld };
        write(app, tx, envelope, letter).await.map(drop)
    }
}

/// Puts a letter into the outbox, as part of a transaction. Ring the bell once that is kept.
pub(super) async fn write<S>(app: &App, tx: &mut Tx<S>, envelope: Envelope<'_>, letter: &Letter) -> Result<LetterId, Stop> {
    let id = LetterId::new(tx.now(), tx.dice());
    let text = serde_json::to_string(letter).map_err(|error| Stop::Broken(error.to_string()))?;
    let body = app.0.key.seal(PLACE, id.as_str(), &text, [tx.dice(), tx.dice()]);
    let Envelope { account, user, about, recipient, withheld } = envelope;
    tx.post(&NewLetter { id: &id, account, user, about, kind: letter.kind(), recipient, body: &body, withheld }).await?;
    Ok(id)
}

/// Whether a letter could be sealed, opened again and composed: what happens to one on its way, without sending any.
pub(super) fn rehearse(app: &App, now: Millis, recipient: &str, letter: &Letter) -> Result<(), String> {
    let id = LetterId::new(now, (app.0.hands.dice)());
    let text = serde_json::to_string(letter).map_err(|error| error.to_string())?;
    let body = app.0.key.seal(PLACE, id.as_str(), &text, [(app.0.hands.dice)(), (app.0.hands.dice)()]);
    let opened = app.0.key.open(PLACE, id.as_str(), &body).and_then(|text| serde_json::from_str::<Letter>(&text).ok());
    if opened.as_ref() != Some(letter) {
        return Err("What the key seals it does not open.".to_owned());
    }
    match app.0.mailer.compose(&id, recipient, now, letter) {
        Ok(()) => Ok(()),
        Err(Failure::Never(why) | Failure::Later(why) | Failure::Away(why)) => Err(why),
    }
}

/// Writes to a person about what happened to their user: to the address that they have proven, as it was written then, and to
/// nobody where there is none, as it may be a stranger's.
pub(super) async fn tell<S>(app: &App, tx: &mut Tx<S>, user: &UserId, letter: &Letter) -> Result<(), Stop> {
    if let Some(address) = tx.proven_address(user).await? {
        let recipient = Email::parse(&address).map_err(Stop::Broken)?.deliverable();
        write(app, tx, Envelope::to_person(user, &recipient), letter).await?;
    }
    Ok(())
}

/// Counts a letter that somebody asks for, and says whether the mailbox has had too many within the hour: whoever asks is not
/// told then, as they may be a stranger who wants to fill it.
///
/// Letters to reset a password are counted by themselves and by the whole address: they go to whoever has proven it alone, and
/// nobody uses up by other addresses and other letters what somebody locked out depends on.
///
/// # Errors
/// [`Stop::TooMany`] when too many were asked for from the same place.
pub(super) async fn count_asked(visitor: &Visitor, email: &Email, by: Asked) -> Result<bool, Stop> {
    let address = visitor.caller.address;
    let mut tx = visitor.begin(vec![]).await?;
    let window_start = window_start(tx.now(), Asked::WINDOW);
    let mut refused = None;
    let key = if by == Asked::Reset { email.canonical().to_owned() } else { email.mailbox() };
    for (scope, key) in [(Asked::Network, neighbourhood(address)), (Asked::Address, address.to_string()), (by, key)] {
        let count = tx.count_attempt(&Attempt { scope: scope.word(), key, window_start }).await?;
        if count > scope.limit() {
            refused = Some(scope);
            break;
        }
    }
    let rest = window_rest(tx.now(), Asked::WINDOW);
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    match refused {
        None => Ok(true),
        Some(Asked::Mailbox | Asked::Reset) => Ok(false),
        Some(Asked::Network | Asked::Address) => Err(Stop::TooMany(rest)),
    }
}

/// Says that a letter waits.
pub(super) fn ring(app: &App) {
    app.0.bell.notify_one();
}

/// Waits until somebody says that a letter waits.
pub async fn rung(app: &App) {
    app.0.bell.notified().await;
}

/// What came of looking into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// No letter was due.
    Idle,
    /// One was taken, and was delivered, put off, or given up.
    Done,
    /// Whoever takes letters could not be talked to; they wait.
    Away,
}

/// Delivers the letter that is due first. One after the other over one connection, which is tried before each: so what a
/// server says of its own state, such as that it has no room, is never taken for its answer to a letter.
///
/// # Errors
/// When the database fails. What was delivered and could not be noted is delivered once more, as the same letter.
pub async fn deliver(app: &App) -> Result<Round, Stop> {
    let _turn = app.0.round.lock().await;
    if !app.0.db.aside().reader(Instance).has_due_letters(app.now()).await? {
        app.0.mailer.leave().await;
        return Ok(Round::Idle);
    }
    if let Err(why) = app.0.mailer.reach().await {
        tracing::warn!(%why, "letters wait: whoever takes them cannot be talked to");
        note_mail_error(app, Some(&why)).await?;
        return Ok(Round::Away);
    }
    note_mail_error(app, None).await?;
    let mut tx = begin(app, vec![]).await?;
    let until = tx.now().plus(LEASE);
    let row = tx.take_letter(until).await?;
    tx.commit_unrecorded(Why::Delivering).await?;
    // Another process may have been faster.
    let Some(row) = row else { return Ok(Round::Done) };
    let outcome = deliver_one(app, &row).await;
    metrics::counter!("frontdesk_letters_total", "outcome" => word(&outcome)).increment(1);
    settle(app, &row, outcome).await?;
    // Whether the server has gone away with it shows when it is reached for the next one.
    Ok(Round::Done)
}

/// Writes down why letters wait, where that is news.
async fn note_mail_error(app: &App, why: Option<&str>) -> Result<(), Stop> {
    if app.0.db.aside().reader(Instance).mail_error().await?.as_deref() == why {
        return Ok(());
    }
    let mut tx = begin(app, vec![]).await?;
    tx.set_mail_error(why).await?;
    Ok(tx.commit_unrecorded(Why::Delivering).await?)
}

async fn begin(app: &App, hold: Vec<Log>) -> Result<Tx<Instance>, Stop> {
    Ok(app.0.db.aside().begin(Instance, hold, system(app.operation()), &app.0.hands).await?)
}

async fn deliver_one(app: &App, row: &LetterRow) -> Result<(), Failure> {
    let text = app.0.key.open(PLACE, row.id.as_str(), &row.body);
    let letter = text.and_then(|text| serde_json::from_str::<Letter>(&text).ok());
    let Some(letter) = letter else { return Err(Failure::Never("What it says cannot be read any more.".to_owned())) };
    if letter.is_over(app.now()) || app.now().since(row.created_at) >= PATIENCE {
        return Err(Failure::Never("It could not be delivered in time.".to_owned()));
    }
    app.0.mailer.deliver(&row.id, &row.recipient, row.created_at, &letter).await
}

/// Notes what came of a letter.
async fn settle(app: &App, row: &LetterRow, outcome: Result<(), Failure>) -> Result<(), Stop> {
    let why = match outcome {
        Ok(()) => {
            let mut tx = begin(app, vec![]).await?;
            tx.letter_sent(&row.id, if app.sends_letters() { "smtp" } else { "file" }).await?;
            return Ok(tx.commit_unrecorded(Why::Delivering).await?);
        }
        Err(Failure::Never(why)) => return give_up(app, row, &why).await,
        Err(Failure::Later(why) | Failure::Away(why)) => why,
    };
    tracing::warn!(letter = %row.id, attempts = row.attempts, %why, "a letter was not taken");
    let Some(next) = next_attempt(app.now(), row.created_at, row.attempts) else { return give_up(app, row, &why).await };
    let mut tx = begin(app, vec![]).await?;
    tx.letter_put_off(&row.id, next, &why).await?;
    Ok(tx.commit_unrecorded(Why::Delivering).await?)
}

async fn give_up(app: &App, row: &LetterRow, why: &str) -> Result<(), Stop> {
    tracing::error!(letter = %row.id, attempts = row.attempts, %why, "a letter is given up");
    let log = match (&row.account_id, &row.user_id) {
        (Some(account), _) => Log::Account(account.clone()),
        (None, Some(user)) => Log::User(user.clone()),
        (None, None) => Log::Instance,
    };
    let mut tx = begin(app, vec![log.clone()]).await?;
    if !tx.letter_failed(&row.id, why).await? {
        return Ok(());
    }
    let (letter, recipient, why) = (row.id.clone(), row.recipient.clone(), why.to_owned());
    Ok(tx.commit(Event::LetterFailed { log, letter, recipient, why }).await?)
}

const fn word(outcome: &Result<(), Failure>) -> &'static str {
    match outcome {
        Ok(()) => "delivered",
        Err(Failure::Never(_)) => "given_up",
        Err(Failure::Later(_)) => "put_off",
        Err(Failure::Away(_)) => "away",
    }
}

/// Clears out letters that are done and older than the settings keep them; answers how many.
///
/// # Errors
/// When the database fails.
pub(super) async fn clear(app: &App, before: Millis) -> Result<u64, Stop> {
    let mut tx = begin(app, vec![]).await?;
    let gone = tx.clear_letters(before).await?;
    tx.commit_unrecorded(Why::Clearing).await?;
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(before.0).unwrap_or(0));
    match app.0.mailer.clear(moment) {
        Ok(files) => Ok(gone + files),
        Err(error) => {
            tracing::warn!(%error, "old letters could not be removed");
            Ok(gone)
        }
    }
}
