//! Credentials: authtokens, API keys and SSH keys. Of a secret only its hash is kept, but for a member's default authtoken, which is
//! sealed besides. A revoked one keeps its row without either, so that a secret that was pasted somewhere still names what it was.

mod gate;

use sqlx::FromRow;

pub use gate::{KeyFacts, RevokedRow};

use super::{InAccount, Reader, Result, Tx, containing, revoked, run, sql};
use crate::rules::{
    credentials::{Acl, CredentialId, Kind, Owner},
    ids::{BotId, UserId},
    members::fold,
    time::Millis,
};

/// A credential as lists and pages show one.
#[derive(Clone, Debug, FromRow)]
pub struct CredentialRow {
    /// The id.
    pub id: CredentialId,
    kind: String,
    user_id: Option<UserId>,
    bot_id: Option<BotId>,
    owner_name: Option<String>,
    owner_email: Option<String>,
    /// The public key, of an SSH key.
    pub public_key: Option<String>,
    /// Its fingerprint.
    pub fingerprint: Option<String>,
    acl: String,
    /// What it is for.
    pub description: String,
    /// Whatever its owner keeps beside it.
    pub metadata: String,
    /// When it was made.
    pub created_at: Millis,
    /// By whom: the id of a user or bot user.
    pub created_by: String,
    /// From when on it is worth nothing, if ever.
    pub expires_at: Option<Millis>,
    /// Since when it is its owner's default authtoken, if it is.
    pub default_since: Option<Millis>,
    /// When it was last used.
    pub last_used_at: Option<Millis>,
    /// From where.
    pub last_used_from: Option<String>,
    /// When it was last refused.
    pub refused_at: Option<Millis>,
    /// From where it came then.
    pub refused_from: Option<String>,
    /// Why it was.
    pub refused_why: Option<String>,
    /// How often it has changed.
    pub version: i64,
}

impl CredentialRow {
    /// What it is. A word that this program does not know is the kind that opens least.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::parse(&self.kind).unwrap_or(Kind::SshKey)
    }

    /// What lists call it: what it is for, or its id.
    #[must_use]
    pub fn title(&self) -> &str {
        if self.description.is_empty() { self.id.as_str() } else { &self.description }
    }

    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        self.user_id.clone().map(Owner::User).or_else(|| self.bot_id.clone().map(Owner::Bot))
    }

    /// The owner's id.
    #[must_use]
    pub fn owner_id(&self) -> &str {
        self.user_id.as_ref().map(UserId::as_str).or_else(|| self.bot_id.as_ref().map(BotId::as_str)).unwrap_or_default()
    }

    /// Whether a bot user owns it.
    #[must_use]
    pub const fn is_of_bot(&self) -> bool {
        self.bot_id.is_some()
    }

    /// What the owner is called.
    #[must_use]
    pub fn owner_name(&self) -> &str {
        self.owner_name.as_deref().unwrap_or_default()
    }

    /// What events call the owner: the address of a user.
    #[must_use]
    pub fn owner_label(&self) -> &str {
        self.owner_email.as_deref().or(self.owner_name.as_deref()).unwrap_or_default()
    }

    /// What may be bound with it.
    #[must_use]
    pub fn acl(&self) -> Acl {
        Acl::kept(&self.acl)
    }
}

/// A credential to be.
pub struct NewCredential<'a> {
    /// The id.
    pub id: &'a CredentialId,
    /// What it is.
    pub kind: Kind,
    /// Whose.
    pub owner: &'a Owner,
    /// By what it is found.
    pub hash: &'a str,
    /// The secret, sealed, of a default authtoken.
    pub sealed: Option<&'a str>,
    /// The public key and its fingerprint, of an SSH key.
    pub ssh: Option<(&'a str, &'a str)>,
    /// What may be bound with it.
    pub acl: &'a Acl,
    /// What it is for.
    pub description: &'a str,
    /// Whatever its owner keeps beside it.
    pub metadata: &'a str,
    /// From when on it is worth nothing, if ever.
    pub expires_at: Option<Millis>,
    /// Who makes it.
    pub by: &'a str,
}

/// What a credential says of itself, as it can be changed.
pub struct CredentialSays<'a> {
    /// What it is for.
    pub description: &'a str,
    /// Whatever its owner keeps beside it.
    pub metadata: &'a str,
    /// What may be bound with it.
    pub acl: &'a Acl,
    /// From when on it is worth nothing, if ever.
    pub expires_at: Option<Millis>,
}

/// Which credentials to list.
#[derive(Clone, Debug, Default)]
pub struct CredentialFilter {
    /// Whose owner has this id.
    pub owner: Option<String>,
    /// Whose folded description holds this; empty for all.
    pub description: String,
}

/// Those of the account that are not revoked, and what their owners are called.
macro_rules! credential_columns {
    () => {
        "SELECT k.id, k.kind, k.user_id, k.bot_id, COALESCE(m.name, b.name) AS owner_name, m.search_email AS owner_email, k.public_key,
                k.fingerprint, k.acl, k.description, k.metadata, k.created_at, k.created_by, k.expires_at, k.default_since, k.last_used_at,
                k.last_used_from, k.refused_at, k.refused_from, k.refused_why, k.version
         FROM credentials k
         LEFT JOIN members m ON m.account_id = k.account_id AND m.user_id = k.user_id
         LEFT JOIN bot_users b ON b.account_id = k.account_id AND b.id = k.bot_id
         WHERE k.account_id = $1 AND k.revoked_at IS NULL "
    };
}

impl Reader<InAccount> {
    /// The newest credentials of a kind, or those older than one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credentials(
        &mut self,
        kind: Kind,
        filter: &CredentialFilter,
        before: Option<&CredentialId>,
        limit: i64,
    ) -> Result<Vec<CredentialRow>> {
        let scope = self.scope.0.clone();
        // A condition that may be missing would not be looked up.
        let text = match filter.owner {
            Some(_) => concat!(
                credential_columns!(),
                "AND (k.user_id = $4 OR k.bot_id = $4) AND k.kind = $2 AND k.id < COALESCE(CAST($3 AS TEXT), '~')
               AND ($5 = '' OR k.search_description LIKE $6 ESCAPE '!') ORDER BY k.id DESC LIMIT CAST($7 AS BIGINT)"
            ),
            None => concat!(
                credential_columns!(),
                "AND CAST($4 AS TEXT) IS NULL AND k.kind = $2 AND k.id < COALESCE(CAST($3 AS TEXT), '~')
               AND ($5 = '' OR k.search_description LIKE $6 ESCAPE '!') ORDER BY k.id DESC LIMIT CAST($7 AS BIGINT)"
            ),
        };
        Ok(sql!(self, c => sqlx::query_as(text)
            .bind(&scope).bind(kind.word()).bind(before).bind(&filter.owner).bind(&filter.description).bind(containing(&filter.description))
            .bind(limit).fetch_all(c)))
    }

    /// One credential that is not revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credential(&mut self, id: &CredentialId) -> Result<Option<CredentialRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(credential_columns!(),
            "AND k.id = $2")).bind(&scope).bind(id).fetch_optional(c)))
    }

    /// What whoever made a credential is called, if they are still there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn maker_of_credential(&mut self, id: &CredentialId) -> Result<Option<String>> {
        let scope = self.scope.0.clone();
        let name: Option<Option<String>> = sql!(self, c => sqlx::query_scalar(
            "SELECT COALESCE(u.name, b.name) FROM credentials k LEFT JOIN users u ON u.id = k.created_by
             LEFT JOIN bot_users b ON b.id = k.created_by
             WHERE k.account_id = $1 AND k.id = $2").bind(&scope).bind(id).fetch_optional(c));
        Ok(name.flatten())
    }

    /// The newest credentials of an owner, of all kinds, the first few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credentials_owned_by(&mut self, owner: &Owner, limit: i64) -> Result<Vec<CredentialRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(credential_columns!(),
            "AND (k.user_id = $2 OR k.bot_id = $2)
             ORDER BY k.created_at DESC, k.id DESC LIMIT CAST($3 AS BIGINT)"))
            .bind(&scope).bind(owner.as_str()).bind(limit).fetch_all(c)))
    }

    /// Those that somebody made and that are not their own: what they may have kept the secrets of. The newest, the first few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credentials_made_for_others(&mut self, by: &UserId, limit: i64) -> Result<Vec<CredentialRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(credential_columns!(),
            "AND k.created_by = $2 AND (k.user_id IS NULL OR k.user_id <> $2)
             ORDER BY k.created_at DESC, k.id DESC LIMIT CAST($3 AS BIGINT)")).bind(&scope).bind(by).bind(limit).fetch_all(c)))
    }

    /// How many credentials of a kind an owner has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credential_count(&mut self, owner: &Owner, kind: Kind) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM credentials WHERE account_id = $1 AND (user_id = $2 OR bot_id = $2) AND kind = $3 AND revoked_at IS NULL")
            .bind(&scope).bind(owner.as_str()).bind(kind.word()).fetch_one(c)))
    }

    /// The default authtoken of a member: its id, and its secret, sealed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn default_authtoken(&mut self, user: &UserId) -> Result<Option<(CredentialId, String)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT id, sealed FROM credentials WHERE account_id = $1 AND user_id = $2 AND default_since IS NOT NULL AND revoked_at IS NULL
               AND sealed IS NOT NULL").bind(&scope).bind(user).fetch_optional(c)))
    }
}

impl Tx<InAccount> {
    /// Makes a credential. `false` when there is one that would be found by the same, or a second default authtoken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_credential(&mut self, new: &NewCredential<'_>) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(self, sqlx::query(
            "INSERT INTO credentials (id, account_id, kind, user_id, bot_id, secret_hash, sealed, public_key, fingerprint, acl, description,
                                      metadata, created_at, created_by, expires_at, default_since, search_description)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING")
            .bind(new.id).bind(&scope).bind(new.kind.word()).bind(new.owner.user()).bind(new.owner.bot()).bind(new.hash).bind(new.sealed)
            .bind(new.ssh.map(|(key, _)| key)).bind(new.ssh.map(|(_, fingerprint)| fingerprint)).bind(new.acl.json()).bind(new.description)
            .bind(new.metadata).bind(now).bind(new.by).bind(new.expires_at).bind(new.sealed.map(|_| now)).bind(fold(new.description)));
        Ok(made == 1)
    }

    /// Changes what a credential says of itself.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_credential(&mut self, id: &CredentialId, says: &CredentialSays<'_>) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "UPDATE credentials SET description = $1, metadata = $2, acl = $3, expires_at = $4, search_description = $5, version = version + 1
                 WHERE account_id = $6 AND id = $7 AND revoked_at IS NULL"
            )
            .bind(says.description)
            .bind(says.metadata)
            .bind(says.acl.json())
            .bind(says.expires_at)
            .bind(fold(says.description))
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }

    /// Makes a default authtoken one as any other, so that another can take its place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retire_default(&mut self, id: &CredentialId) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "UPDATE credentials SET default_since = NULL, sealed = NULL, version = version + 1 WHERE account_id = $1 AND id = $2"
            )
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }

    /// Revokes a credential for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_credential(&mut self, id: &CredentialId) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(self, sqlx::query(concat!(revoked!(), " AND id = $3")).bind(now).bind(&scope).bind(id));
        Ok(())
    }

    /// Revokes for good all that a bot user owns; answers how many that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_credentials_of_bot(&mut self, bot: &BotId) -> Result<u64> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        Ok(run!(self, sqlx::query(concat!(revoked!(), " AND bot_id = $3")).bind(now).bind(&scope).bind(bot)))
    }

    /// Notes that a credential was used, unless that was noted since a moment; answers whether it was not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch_credential(&mut self, id: &CredentialId, unless_since: Millis) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let address = self.context().address.clone();
        let noted = run!(
            self,
            sqlx::query(
                "UPDATE credentials SET last_used_at = $1, last_used_from = $2
                 WHERE account_id = $3 AND id = $4 AND (last_used_at IS NULL OR last_used_at <= $5)"
            )
            .bind(now)
            .bind(address)
            .bind(&scope)
            .bind(id)
            .bind(unless_since)
        );
        Ok(noted == 1)
    }

    /// Notes that a credential was used and refused.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_refused(&mut self, id: &CredentialId, from: &str, why: &str) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query("UPDATE credentials SET refused_at = $1, refused_from = $2, refused_why = $3 WHERE account_id = $4 AND id = $5")
                .bind(now)
                .bind(from)
                .bind(why)
                .bind(&scope)
                .bind(id)
        );
        Ok(())
    }
}
