//! Confirming the address that a provider says is somebody's, by a code in a letter: whoever reads the mailbox types it where they arrived.

use super::arrivals::{closed, look, seal};
use crate::{
    acts::{
        Person, Stop, Visitor,
        letters::{self, Envelope, count_asked},
    },
    protocols::secrets::hash_token,
    rules::{
        emails::Asked,
        faults::Faults,
        flows::Flow,
        letters::{ArrivalCode, Letter},
        mfa::{in_groups, mailed_code, read_mailed},
        sign_in::{window_rest, window_start},
        sso::arrival::Way,
    },
    store::{Attempt, NewFlow, Why},
};

/// How many codes may be typed for one arrival.
const MOST_CODES: i64 = 10;

/// How the code of a letter is known.
fn code_hash(id_hash: &str, code: &str) -> String {
    hash_token(&format!("{id_hash} {code}"))
}

/// Sends a code to the address that the provider said.
///
/// # Errors
/// [`Stop::Unknown`], [`Stop::TooMany`], or [`Stop::Faults`] where there is nothing to confirm.
pub async fn send_code(visitor: &Visitor, person: Option<&Person>, secret: &str, browser: &str) -> Result<(), Stop> {
    let view = look(visitor, person, secret, browser).await?;
    let email = view.arrived.said.email().filter(|_| view.way == Way::Confirm).ok_or_else(|| closed(view.way))?;
    if !count_asked(visitor, &email, Asked::Mailbox).await? {
        return Ok(());
    }
    let account = &view.door.idp.account;
    let mut tx = visitor.begin(vec![]).await?;
    let code = mailed_code(tx.dice());
    let id_hash = code_hash(&hash_token(secret), &code);
    let new = NewFlow { kind: Flow::ConfirmArrival, id_hash: &id_hash, user: None, email: Some(&email) };
    let expires_at = tx.create_flow(&new).await?;
    let letter =
        Letter::ArrivalCode(ArrivalCode { code: in_groups(&code), account: view.door.account_name.clone(), expires_at: expires_at.0 });
    let recipient = email.deliverable();
    let envelope = Envelope { account: Some(account), user: None, about: "", recipient: &recipient, withheld: None };
    letters::write(&visitor.app, &mut tx, envelope, &letter).await?;
    tx.commit_unrecorded(Why::HalfSignIn).await?;
    letters::ring(&visitor.app);
    Ok(())
}

/// Confirms the address by the code from the letter.
///
/// # Errors
/// [`Stop::Unknown`], [`Stop::TooMany`] after too many wrong ones, or [`Stop::Faults`] where it is not the code.
pub async fn confirm(visitor: &Visitor, person: Option<&Person>, secret: &str, browser: &str, typed: &str) -> Result<(), Stop> {
    let wrong = || Stop::from(Faults::one("code", "This is not the code from the last letter."));
    let mut view = look(visitor, person, secret, browser).await?;
    let id_hash = hash_token(secret);
    count_code(visitor, &id_hash).await?;
    let code = read_mailed(typed).ok_or_else(wrong)?;
    let mut tx = visitor.begin(vec![]).await?;
    if !tx.use_flow(Flow::ConfirmArrival, &code_hash(&id_hash, &code)).await? {
        return Err(wrong());
    }
    view.arrived.confirmed = true;
    let sealed = seal(visitor, &id_hash, &view.arrived)?;
    tx.seal_away(Flow::Arrival, &id_hash, &sealed).await?;
    Ok(tx.commit_unrecorded(Why::HalfSignIn).await?)
}

async fn count_code(visitor: &Visitor, id_hash: &str) -> Result<(), Stop> {
    let window = Flow::ConfirmArrival.lives();
    let mut tx = visitor.begin(vec![]).await?;
    let attempt = Attempt { scope: "arrival_code", key: id_hash.to_owned(), window_start: window_start(tx.now(), window) };
    let (count, rest) = (tx.count_attempt(&attempt).await?, window_rest(tx.now(), window));
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    if count > MOST_CODES { Err(Stop::TooMany(rest)) } else { Ok(()) }
}
