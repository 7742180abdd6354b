//! Scanning: what a secret is that was found lying somewhere.

use crate::{
    acts::{
        App,
        permit::{actor, judge},
    },
    protocols::secrets::hash_token,
    rules::{
        credentials::{CredentialId, Denial, Kind, secret},
        gate::Ip,
    },
    store::{Instance, StoreError},
};

/// A secret that was found, as far as this database knows it.
pub enum Leaked {
    /// It works: whoever has it may use it.
    Live {
        /// Which.
        id: CredentialId,
        /// What it is.
        kind: Kind,
        /// Whose account.
        account: String,
        /// Whose it is.
        owner: String,
    },
    /// It is one that is refused at present, and why.
    Resting(CredentialId, Denial),
    /// It was one, and is revoked.
    Revoked(CredentialId),
    /// It has the shape of one, and is none of this database.
    Foreign,
}

/// Looks a secret up. Nothing is noted. From where it would be used nobody knows.
///
/// # Errors
/// When the database fails.
pub async fn recognise(app: &App, text: &str) -> Result<Leaked, StoreError> {
    let mut reader = app.0.db.reader(Instance);
    if let Some(facts) = reader.key(&hash_token(text)).await? {
        if let Err(why) = judge(app, app.now(), &facts, Ip::Allowed) {
            return Ok(Leaked::Resting(facts.credential, why));
        }
        let owner = actor(&facts).name().to_owned();
        return Ok(Leaked::Live { id: facts.credential, kind: facts.kind, account: facts.account.name, owner });
    }
    let Some(ksuid) = secret::row_of(text) else { return Ok(Leaked::Foreign) };
    Ok(reader.revoked_credential(ksuid).await?.map_or(Leaked::Foreign, |row| Leaked::Revoked(row.id)))
}
