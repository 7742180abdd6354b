//! What an account's IP restrictions say to whoever stands before the gate. A process keeps what it has read under the version that every
//! change counts up: asking costs nothing where nothing has changed.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{asking::not_noted, bearer::Bearer};
use crate::{
    acts::{App, Stop},
    rules::{
        events::{Event, IpEvent, Log},
        gate::Ip,
        ids::AccountId,
        ip_restrictions::{InForce, Surface},
        time::Millis,
    },
    store::{AccountFacts, Reader, StoreError, Why},
};

/// The most accounts of which something is kept.
const MOST_KEPT: usize = 1_000;

/// The most visits and warnings that are known to be noted.
const MOST_KNOWN: usize = 100_000;

/// What a process remembers.
#[derive(Default)]
pub(in crate::acts) struct Addresses {
    kept: Mutex<HashMap<AccountId, (i64, Arc<InForce>)>>,
    /// Who has been noted to have come from where today, and who was warned: by what is noted, account, principal, credential, surface,
    /// address and day.
    noted: Mutex<HashSet<String>>,
}

/// What is noted once a day.
#[derive(Clone, Copy)]
pub(super) enum Noted {
    /// That somebody came.
    Visit,
    /// That somebody was warned.
    Warning,
}

/// By what it is known that it is noted today.
fn key<B: Bearer>(bearer: &B, account: &AccountFacts, surface: Surface, what: Noted) -> String {
    let context = bearer.context();
    let credential = context.credential.as_ref().map_or("", |id| id.as_str());
    let (day, what) = (bearer.app().now().day(), what as u8);
    format!("{what} {} {} {credential} {} {} {day}", account.account, context.principal, surface.word(), context.address)
}

/// Whether this process has not noted yet today that somebody came from where they come.
pub(super) fn is_new<B: Bearer>(bearer: &B, account: &AccountFacts, surface: Surface) -> bool {
    !lock(&bearer.app().0.addresses.noted).contains(&key(bearer, account, surface, Noted::Visit))
}

/// Remembers that it is noted.
pub(super) fn remember<B: Bearer>(bearer: &B, account: &AccountFacts, surface: Surface, what: Noted) {
    let mut noted = lock(&bearer.app().0.addresses.noted);
    if noted.len() >= MOST_KNOWN {
        noted.clear();
    }
    noted.insert(key(bearer, account, surface, what));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What restricts an account under this number, as it is to this reader.
///
/// # Errors
/// When the database fails.
pub(in crate::acts) async fn in_force<S>(
    app: &App,
    reader: &mut Reader<S>,
    (account, version): (&AccountId, i64),
) -> Result<Arc<InForce>, StoreError> {
    if version == 0 {
        return Ok(Arc::default());
    }
    let kept = lock(&app.0.addresses.kept).get(account).filter(|(kept, _)| *kept == version).cloned();
    if let Some((_, in_force)) = kept {
        return Ok(in_force);
    }
    let state = reader.ip_state(account).await?;
    let in_force = Arc::new(state.in_force());
    // What a transaction reads may never be kept, and another one may come by under its number.
    if reader.is_in_transaction() {
        return Ok(in_force);
    }
    let mut kept = lock(&app.0.addresses.kept);
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(account.clone(), (state.version, in_force.clone()));
    Ok(in_force)
}

/// What it says to whoever comes from an address by a surface.
pub(in crate::acts) async fn ip<S>(
    app: &App,
    reader: &mut Reader<S>,
    facts: &AccountFacts,
    (surface, address): (Surface, std::net::IpAddr),
    now: Millis,
) -> Result<Ip, StoreError> {
    Ok(in_force(app, reader, facts.ip_key()).await?.at(now).ip(surface, address))
}

/// Notes that somebody was warned: once for each person, address, surface and day.
pub(super) async fn note_warned<B: Bearer>(bearer: &B, account: &AccountFacts, surface: Surface) {
    if lock(&bearer.app().0.addresses.noted).contains(&key(bearer, account, surface, Noted::Warning)) {
        return;
    }
    match record(bearer, account, surface).await {
        Ok(()) => remember(bearer, account, surface, Noted::Warning),
        Err(stop) => not_noted(&stop),
    }
}

async fn record<B: Bearer>(bearer: &B, account: &AccountFacts, surface: Surface) -> Result<(), Stop> {
    let mut tx = bearer.begin_in(account, vec![Log::Account(account.account.clone())]).await?;
    if tx.note_warned(surface).await? {
        let (who, address) = (bearer.actor(), bearer.caller().address.to_string());
        tx.note(Event::Ip { account: account.account.clone(), what: IpEvent::Warned { who, surface, address } });
    }
    Ok(tx.commit_unrecorded(Why::LastSeen).await?)
}
