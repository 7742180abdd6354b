//! Bearers: who may hold a permit. A person in a session, or a program with an API key.

use std::future::Future;

use crate::{
    acts::{App, Caller, Stop},
    rules::{
        events::{Actor, Event, Log},
        ids::AccountId,
        members::Roles,
        network::neighbourhood,
        permissions::{Permission, Rights},
        sign_in,
        time::{Millis, Span},
    },
    store::{AccountFacts, Attempt, Context, InAccount, Instance, Tx, Why},
};

/// What a bearer is in an account, as it has just been read.
pub struct Admitted {
    /// The account.
    pub account: AccountFacts,
    /// The roles there.
    pub roles: Roles,
    /// The rights there.
    pub rights: Rights,
}

/// Whoever holds a permit. Acts that take any bearer are open to pages and API alike; those that take a person are not open to keys.
pub trait Bearer: Send + Sync + Sized {
    /// The application.
    fn app(&self) -> &App;
    /// Who asks.
    fn caller(&self) -> &Caller;
    /// Who acts, as events name them.
    fn actor(&self) -> Actor;
    /// How what they do is written down.
    fn context(&self) -> Context;
    /// From when on what it opens by is worth nothing, where that is a moment known beforehand: what it makes lasts no longer.
    fn ends_at(&self) -> Option<Millis>;
    /// The log that has to be held so that what the gate has found stays true, besides the account's.
    fn hold(&self) -> Option<Log>;
    /// By what refusals are told apart: the session, or the credential.
    fn means(&self) -> &str;
    /// Asks for a proof of who this is that was given a moment ago, of whoever can give one.
    ///
    /// # Errors
    /// [`Stop::Step`] when the last one is too old.
    fn demand_fresh(&self) -> Result<(), Stop>;
    /// Asks the gate again, inside a transaction.
    fn admitted(
        &self,
        tx: &mut Tx<InAccount>,
        account: &AccountFacts,
        wants: Permission,
    ) -> impl Future<Output = Result<Admitted, (Option<AccountFacts>, Stop)>> + Send;
    /// That the gate is closed, after putting it on record where it is the account that closes it.
    fn refused(&self, account: &AccountFacts, stop: Stop) -> impl Future<Output = Stop> + Send;

    /// Begins a transaction in an account that the bearer stands before or in: for the record of entering and refusals.
    fn begin_in(&self, account: &AccountFacts, hold: Vec<Log>) -> impl Future<Output = Result<Tx<InAccount>, Stop>> + Send {
        async move { Ok(self.app().0.db.begin(InAccount(account.account.clone()), hold, self.context(), &self.app().0.hands).await?) }
    }

    /// Puts a refusal on record, once an hour for each session or credential and reason: reloading a refused page is no news.
    fn record_refusal(&self, account: &AccountFacts, reason: &str, event: Event) -> impl Future<Output = Result<(), Stop>> + Send {
        async move {
            // Whoever goes on trying makes nobody wait: what is on record already is looked up without a writer's lock.
            let attempt = refusal(&account.account, self.means(), reason, self.app().now());
            if self.app().0.db.reader(Instance).attempts(&attempt).await? > 0 {
                return Ok(());
            }
            let tx = self.begin_in(account, vec![Log::Account(account.account.clone())]).await?;
            commit_refusal(tx, &account.account, self.means(), reason, event).await
        }
    }
}

/// Ends a transaction with the count of a refusal, and with its event where it is the first one within the hour.
pub(super) async fn commit_refusal(
    mut tx: Tx<InAccount>,
    account: &AccountId,
    means: &str,
    reason: &str,
    event: Event,
) -> Result<(), Stop> {
    let attempt = refusal(account, means, reason, tx.now());
    if tx.count_attempt(&attempt).await? == 1 {
        return Ok(tx.commit(event).await?);
    }
    Ok(tx.commit_unrecorded(Why::CountingAttempts).await?)
}

/// What is one and the same refusal, by its word: where it is the address, from another neighbourhood it is news again, and one person has
/// any number of addresses in their own.
pub(super) fn reason(word: &str, is_of_address: bool, address: std::net::IpAddr) -> String {
    if is_of_address { format!("{word} {}", neighbourhood(address)) } else { word.to_owned() }
}

pub(super) fn refusal(account: &AccountId, means: &str, reason: &str, now: Millis) -> Attempt {
    let key = format!("{account} {means} {reason}");
    Attempt { scope: "refusal", key, window_start: sign_in::window_start(now, Span::hours(1)) }
}
