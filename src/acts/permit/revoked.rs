//! Secrets that were revoked and are shown all the same: of a deleted credential, or of somebody who was removed. Nothing is found by
//! them any more, but they name their row, and whoever manages the account should see that something still uses one.

use super::{
    asking::{context, not_noted},
    bearer::{commit_refusal, refusal},
};
use crate::{
    acts::{App, Caller, Stop},
    rules::{
        credentials::{Denial, secret},
        events::{self, CredentialEvent, Event, Log},
    },
    store::{Context, InAccount, Instance, RevokedRow, Source},
};

/// The revoked credential that a secret names, if there is one. Of the secret nothing is kept that could be compared: whoever knows the
/// id of a revoked credential can make one up that names it.
pub(in crate::acts) async fn find(app: &App, token: &str) -> Result<Option<RevokedRow>, Stop> {
    match secret::row_of(token) {
        Some(ksuid) => Ok(app.0.db.reader(Instance).revoked_credential(ksuid).await?),
        None => Ok(None),
    }
}

/// Notes that it was shown, as an event once an hour, in the name of whoever showed it; nobody knows who comes with nothing else.
pub(in crate::acts) async fn note(app: &App, caller: &Caller, row: &RevokedRow, by: Option<Context>) {
    let by = by.unwrap_or_else(|| Context { source: Source::Api, ..context(caller, "visitor", "", None) });
    record(app, caller, row, by).await.unwrap_or_else(|stop| not_noted(&stop));
}

async fn record(app: &App, caller: &Caller, row: &RevokedRow, by: Context) -> Result<(), Stop> {
    let (account, why) = (&row.account, Denial::Revoked);
    // Whoever goes on trying makes no work for the writers.
    let attempt = refusal(account, row.id.as_str(), why.word(), app.now());
    if app.0.db.reader(Instance).attempts(&attempt).await? > 0 {
        return Ok(());
    }
    let tx = app.0.db.begin(InAccount(account.clone()), vec![Log::Account(account.clone())], by, &app.0.hands).await?;
    let credential = events::Credential {
        id: row.id.clone(),
        kind: row.kind(),
        description: row.description.clone(),
        owner: row.owner().to_owned(),
        owner_name: row.owner_name.clone().unwrap_or_default(),
    };
    let what = CredentialEvent::Refused { why, from: caller.address.to_string() };
    commit_refusal(tx, account, row.id.as_str(), why.word(), Event::Credential { account: account.clone(), credential, what }).await
}
