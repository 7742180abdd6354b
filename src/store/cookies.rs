//! What the cookie carries between requests, for tower-sessions. Not the truth about who is signed in: see `sessions`.

use async_trait::async_trait;
use tower_sessions::{
    SessionStore,
    cookie::time::OffsetDateTime,
    session::{Id, Record},
    session_store,
};

use super::{Db, Instance, Result, Tx, connect::patiently, run, sql};
use crate::{protocols::secrets::hash_token, rules::time::Millis};

/// Keeps cookies' contents by the hash of their value, so that a copy of the database opens no session.
#[derive(Clone, Debug)]
pub struct CookieStore(Db);

impl CookieStore {
    /// On this database.
    #[must_use]
    pub const fn new(db: Db) -> Self {
        Self(db)
    }

    async fn insert(&self, record: &Record) -> Result<bool> {
        let (data, expires) = encode(record);
        let made = run!(
            self.0.writer().await?,
            sqlx::query("INSERT INTO cookies (token_hash, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(key(&record.id))
                .bind(data)
                .bind(expires)
        );
        Ok(made == 1)
    }

    async fn update(&self, record: &Record) -> Result<()> {
        let (data, expires) = encode(record);
        run!(
            self.0.writer().await?,
            // What is kept already is not written again, for that would be a commit to wait for.
            sqlx::query("UPDATE cookies SET data = $1, expires_at = $2 WHERE token_hash = $3 AND (data <> $1 OR expires_at <> $2)")
                .bind(data)
                .bind(expires)
                .bind(key(&record.id))
        );
        Ok(())
    }

    async fn select(&self, id: &Id) -> Result<Option<(String, i64)>> {
        Ok(
            sql!(self.0.reader(Instance), c => sqlx::query_as("SELECT data, expires_at FROM cookies WHERE token_hash = $1").bind(key(id)).fetch_optional(c)),
        )
    }

    async fn remove(&self, id: &Id) -> Result<()> {
        run!(self.0.writer().await?, sqlx::query("DELETE FROM cookies WHERE token_hash = $1").bind(key(id)));
        Ok(())
    }
}

impl<S> Tx<S> {
    /// Makes a cookie whose value has this hash, and which carries nothing yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_cookie(&mut self, token_hash: &str, until: Millis) -> Result<()> {
        run!(
            self,
            sqlx::query("INSERT INTO cookies (token_hash, data, expires_at) VALUES ($1, '{}', $2) ON CONFLICT DO NOTHING")
                .bind(token_hash)
                .bind(until)
        );
        Ok(())
    }

    /// Takes away what a cookie carries: another one is in its place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_cookie(&mut self, token_hash: &str) -> Result<()> {
        run!(self, sqlx::query("DELETE FROM cookies WHERE token_hash = $1").bind(token_hash));
        Ok(())
    }
}

/// The hash under which a cookie's value is known, here and in `sessions`.
pub(crate) fn key(id: &Id) -> String {
    hash_token(&id.to_string())
}

/// Whether what a cookie carries, as it is kept, has something under this name.
pub(crate) fn carries(data: &str, name: &str) -> bool {
    serde_json::from_str::<serde_json::Map<_, _>>(data).is_ok_and(|carried| carried.contains_key(name))
}

fn encode(record: &Record) -> (String, i64) {
    let data = serde_json::to_string(&record.data).unwrap_or_else(|_| "{}".to_owned());
    (data, record.expiry_date.unix_timestamp() * 1_000)
}

fn backend(error: &super::StoreError) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for CookieStore {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        while !patiently(self.insert(record)).await.map_err(|error| backend(&error))? {
            record.id = Id::default();
        }
        Ok(())
    }

    /// Never makes a row: a request that was under way while its session ended must not bring it back. Nor does it fail: what
    /// is kept here is a message for the next page, and losing it is no reason to call a request broken that is done.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        if let Err(error) = patiently(self.update(record)).await {
            tracing::warn!(%error, "what a cookie carries could not be kept");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some((data, expires)) = self.select(id).await.map_err(|error| backend(&error))? else { return Ok(None) };
        let expiry_date =
            OffsetDateTime::from_unix_timestamp(expires / 1_000).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        let data = serde_json::from_str(&data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        patiently(self.remove(id)).await.map_err(|error| backend(&error))
    }
}
