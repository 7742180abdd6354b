//! Whoever is on the way to a provider, or has come back from one as nobody who is known: what is remembered of them, sealed for its row.

use serde::{Serialize, de::DeserializeOwned};

use super::{App, Stop, Visitor};
use crate::{
    protocols::secrets::token,
    store::{
        Why,
        away::{AwayRow, NewAway},
    },
};

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
    tx.create_away(new).await?;
    Ok(tx.commit_unrecorded(Why::HalfSignIn).await?)
}
