//! Whoever is on the way to a provider, or has come back from one as nobody who is known: what is remembered of them, sealed for its row.

use serde::{Serialize, de::DeserializeOwned};

use super::{App, Stop, Visitor};
use crate::{
    protocols::secrets::token,
    rules::flows::Flow,
    store::{
        Instance, Reader, Tx, Why,
        away::{AwayRow, NewAway},
    },
};

/// Where the paths are sealed.
const PATH: &str = "flows.return_to";

/// A new secret by which somebody is found again.
pub(super) fn new_secret(visitor: &Visitor) -> String {
    let dice = &visitor.app.0.hands.dice;
    token([dice(), dice()])
}

/// Seals what is remembered, in this place and for this row.
pub(super) fn seal<T: Serialize>(app: &App, place: &str, id_hash: &str, what: &T) -> Result<String, Stop> {
    let (text, dice) = (serde_json::to_string(what).map_err(|error| Stop::Broken(error.to_string()))?, &app.0.hands.dice);
    Ok(app.0.key.seal(place, id_hash, &text, [dice(), dice()]))
}

/// What is remembered.
pub(super) fn opened<T: DeserializeOwned>(app: &App, place: &str, id_hash: &str, row: &AwayRow) -> Result<T, Stop> {
    let opened = app.0.key.open(place, id_hash, &row.sealed).and_then(|text| serde_json::from_str(&text).ok());
    opened.ok_or_else(|| Stop::Broken(format!("what is kept in {place} cannot be read")))
}

/// Keeps it until somebody comes for it, or its time is over.
pub(super) async fn keep(visitor: &Visitor, new: &NewAway<'_>) -> Result<(), Stop> {
    let mut tx = visitor.begin(vec![]).await?;
    create(&visitor.app, &mut tx, new).await?;
    Ok(tx.commit_unrecorded(Why::HalfSignIn).await?)
}

/// The same within a transaction. Where somebody wants to go afterwards is sealed: the path may be that of an invitation, whose link nobody
/// finds in the database.
pub(super) async fn create(app: &App, tx: &mut Tx<Instance>, new: &NewAway<'_>) -> Result<(), Stop> {
    let return_to = app.0.key.seal(PATH, new.id_hash, new.return_to, [tx.dice(), tx.dice()]);
    Ok(tx.create_away(&NewAway { return_to: &return_to, ..*new }).await?)
}

/// Whoever is found by a secret with this hash, if this browser could go on now; or any, where it is not known which one asks.
pub(super) async fn find<S>(
    app: &App,
    reader: &mut Reader<S>,
    kind: Flow,
    id_hash: &str,
    browser: Option<&str>,
) -> Result<Option<AwayRow>, Stop> {
    let row = reader.away(kind, id_hash, browser, app.now()).await?;
    Ok(row.and_then(|row| legible(app, id_hash, row)))
}

/// The same, used up; of those who are as fast as this, one does.
pub(super) async fn take(
    app: &App,
    tx: &mut Tx<Instance>,
    kind: Flow,
    id_hash: &str,
    browser: Option<&str>,
) -> Result<Option<AwayRow>, Stop> {
    let row = tx.take_away(kind, id_hash, browser).await?;
    Ok(row.and_then(|row| legible(app, id_hash, row)))
}

fn legible(app: &App, id_hash: &str, row: AwayRow) -> Option<AwayRow> {
    let return_to = app.0.key.open(PATH, id_hash, &row.return_to)?;
    Some(AwayRow { return_to, ..row })
}
