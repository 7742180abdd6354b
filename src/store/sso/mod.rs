//! Identity providers of accounts. What SAML needs besides stands in [`certificates`], who people are at them stands in [`identities`].

pub mod certificates;
pub mod identities;

use sqlx::FromRow;

use super::{InAccount, Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::{AccountId, IdpId},
    sso::{Oidc, Protocol},
    time::Millis,
};

/// An identity provider.
#[derive(Clone, Debug, FromRow)]
pub struct IdpRow {
    /// The id.
    pub id: IdpId,
    /// Whose it is.
    #[sqlx(rename = "account_id")]
    pub account: AccountId,
    protocol: String,
    /// What people see of it.
    pub description: String,
    /// The issuer; by SAML the provider's entity id.
    pub issuer: String,
    /// The client id.
    pub client_id: String,
    /// The client secret, sealed for this row.
    pub sealed: Option<String>,
    /// The scopes, one blank between two.
    pub scopes: String,
    /// Where people are sent, by SAML.
    pub sso_url: String,
    sso_binding: String,
    /// Where its metadata are, by SAML and where that was said.
    pub metadata_url: String,
    /// Since when people may come from it unasked, by SAML and if they may.
    pub initiates_since: Option<Millis>,
    /// The key by which requests to it are signed, by SAML and if they are: sealed for this row.
    pub signing_key: Option<String>,
    /// The certificate of that key, in PEM.
    pub signing_certificate: Option<String>,
    /// When it was added.
    pub created_at: Millis,
    /// Since when it is switched off, if it is.
    pub disabled_at: Option<Millis>,
    /// When an administrator last came back from it, as it is now.
    pub tested_at: Option<Millis>,
    /// What last went wrong.
    pub last_error: Option<String>,
    /// When.
    pub last_error_at: Option<Millis>,
    /// How often it has changed.
    pub version: i64,
}

impl IdpRow {
    /// How it talks. A word that this program does not know is one that it cannot talk by.
    #[must_use]
    pub fn protocol(&self) -> Option<Protocol> {
        Protocol::parse(&self.protocol)
    }

    /// Whether people are sent there by a form, by SAML.
    #[must_use]
    pub fn is_posted_to(&self) -> bool {
        self.sso_binding == "post"
    }
}

/// A provider in the list of the account's.
#[derive(Clone, Debug, FromRow)]
pub struct ListedIdpRow {
    /// The provider.
    #[sqlx(flatten)]
    pub idp: IdpRow,
    /// How many people it knows.
    pub people: i64,
}

/// A provider as whoever signs in sees it.
#[derive(Clone, Debug, FromRow)]
pub struct DoorRow {
    /// The account's name.
    pub account_name: String,
    /// The account's slug.
    pub slug: String,
    /// How often what restricts the account's addresses has changed.
    pub ip_version: i64,
    /// The provider.
    #[sqlx(flatten)]
    pub idp: IdpRow,
}

macro_rules! idp_columns {
    () => {
        "i.id, i.account_id, i.protocol, i.description, i.issuer, i.client_id, i.sealed, i.scopes, i.sso_url, i.sso_binding, i.metadata_url, i.initiates_since, i.signing_key, i.signing_certificate, i.created_at, i.disabled_at, i.tested_at,
         i.last_error, i.last_error_at, i.version"
    };
}

impl Reader<Instance> {
    /// A provider and its account, switched on or off.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn door(&mut self, id: &IdpId) -> Result<Option<DoorRow>> {
        Ok(sql!(self, c => sqlx::query_as(concat!("SELECT a.name AS account_name, a.slug, a.ip_version, ", idp_columns!(),
            " FROM idps i JOIN accounts a ON a.id = i.account_id WHERE i.id = $1 AND a.deleted_at IS NULL")).bind(id).fetch_optional(c)))
    }

    /// The providers of the account under a slug that are switched on, by what people see of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn doors(&mut self, slug: &str) -> Result<Vec<DoorRow>> {
        Ok(sql!(self, c => sqlx::query_as(concat!("SELECT a.name AS account_name, a.slug, a.ip_version, ", idp_columns!(),
            " FROM idps i JOIN accounts a ON a.id = i.account_id
             WHERE a.slug = $1 AND a.deleted_at IS NULL AND i.disabled_at IS NULL ORDER BY i.description, i.id")).bind(slug).fetch_all(c)))
    }

    /// The providers, switched on, of the account that has shown a domain to be its own, by what people see of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn doors_of_domain(&mut self, domain: &str) -> Result<Vec<DoorRow>> {
        Ok(sql!(self, c => sqlx::query_as(concat!("SELECT a.name AS account_name, a.slug, a.ip_version, ", idp_columns!(),
            " FROM account_domains d JOIN accounts a ON a.id = d.account_id JOIN idps i ON i.account_id = a.id
             WHERE d.domain = $1 AND d.verified_at IS NOT NULL AND a.deleted_at IS NULL AND i.disabled_at IS NULL
             ORDER BY i.description, i.id")).bind(domain).fetch_all(c)))
    }
}

impl Reader<InAccount> {
    /// The account's providers, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn idps(&mut self) -> Result<Vec<IdpRow>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_as(concat!("SELECT ", idp_columns!(), " FROM idps i WHERE i.account_id = $1 ORDER BY i.created_at, i.id"))
            .bind(&scope).fetch_all(c)),
        )
    }

    /// The same, with how many people each knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn listed_idps(&mut self) -> Result<Vec<ListedIdpRow>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_as(concat!("SELECT ", idp_columns!(), ", (SELECT COUNT(*) FROM identities x WHERE x.provider = i.id) AS people
             FROM idps i WHERE i.account_id = $1 ORDER BY i.created_at, i.id")).bind(&scope).fetch_all(c)),
        )
    }

    /// Whether there is one that is switched on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_idp_on(&mut self) -> Result<bool> {
        let scope = self.scope.0.clone();
        let found: Option<IdpId> = sql!(self, c => sqlx::query_scalar("SELECT i.id FROM idps i WHERE i.account_id = $1 AND i.disabled_at IS NULL LIMIT 1")
            .bind(&scope).fetch_optional(c));
        Ok(found.is_some())
    }

    /// How many people one of them knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn people_at(&mut self, id: &IdpId) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM identities x JOIN idps i ON i.id = x.provider WHERE i.account_id = $1 AND i.id = $2")
            .bind(&scope).bind(id).fetch_one(c)))
    }

    /// One of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn idp(&mut self, id: &IdpId) -> Result<Option<IdpRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!("SELECT ", idp_columns!(), " FROM idps i WHERE i.account_id = $1 AND i.id = $2"))
            .bind(&scope).bind(id).fetch_optional(c)))
    }
}

impl Tx<InAccount> {
    /// Adds a provider by OpenID Connect, switched on; `false` where the id is one's already. The account's first one is remembered for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_oidc(&mut self, id: &IdpId, new: &Oidc, sealed: &str, by: &str) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO idps (id, account_id, protocol, description, issuer, client_id, sealed, scopes, created_at, created_by)
                 VALUES ($1, $2, 'oidc', $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"
            )
            .bind(id)
            .bind(&scope)
            .bind(&new.description)
            .bind(&new.issuer)
            .bind(&new.client_id)
            .bind(sealed)
            .bind(&new.scopes)
            .bind(now)
            .bind(by)
        );
        self.note_first_idp().await?;
        Ok(made == 1)
    }

    /// Remembers when the account got its first provider.
    pub(super) async fn note_first_idp(&mut self) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(self, sqlx::query("UPDATE accounts SET first_idp_at = $1 WHERE id = $2 AND first_idp_at IS NULL").bind(now).bind(&scope));
        Ok(())
    }

    /// Changes a provider by OpenID Connect; what was tested before was another one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_oidc(&mut self, id: &IdpId, new: &Oidc, sealed: &str) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "UPDATE idps SET description = $1, issuer = $2, client_id = $3, sealed = $4, scopes = $5,
                        tested_at = CASE WHEN issuer = $2 AND client_id = $3 AND sealed = $4 AND scopes = $5 THEN tested_at END,
                        last_error = NULL, last_error_at = NULL, version = version + 1
                 WHERE account_id = $6 AND id = $7"
            )
            .bind(&new.description)
            .bind(&new.issuer)
            .bind(&new.client_id)
            .bind(sealed)
            .bind(&new.scopes)
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }

    /// Switches a provider off, or on again; `false` when it is so already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn switch_idp(&mut self, id: &IdpId, on: bool) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let switched = run!(
            self,
            sqlx::query(
                "UPDATE idps SET disabled_at = $1, version = version + 1
                 WHERE account_id = $2 AND id = $3 AND (disabled_at IS NULL) <> (CAST($1 AS BIGINT) IS NULL)"
            )
            .bind((!on).then_some(now))
            .bind(&scope)
            .bind(id)
        );
        Ok(switched == 1)
    }

    /// Deletes a provider, and with it who people are there; answers how many that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_idp(&mut self, id: &IdpId) -> Result<u64> {
        let scope = self.scope.0.clone();
        let identities = run!(
            self,
            sqlx::query("DELETE FROM identities WHERE provider IN (SELECT i.id FROM idps i WHERE i.account_id = $1 AND i.id = $2)")
                .bind(&scope)
                .bind(id)
        );
        run!(self, sqlx::query("DELETE FROM session_proofs WHERE account_id = $1 AND idp_id = $2").bind(&scope).bind(id));
        run!(
            self,
            sqlx::query("DELETE FROM idp_certificates WHERE idp_id IN (SELECT i.id FROM idps i WHERE i.account_id = $1 AND i.id = $2)")
                .bind(&scope)
                .bind(id)
        );
        run!(self, sqlx::query("DELETE FROM idps WHERE account_id = $1 AND id = $2").bind(&scope).bind(id));
        Ok(identities)
    }
}

impl<S> Tx<S> {
    /// Notes that an administrator came back from a provider as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_idp_tested(&mut self, id: &IdpId) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("UPDATE idps SET tested_at = $1, last_error = NULL, last_error_at = NULL WHERE id = $2").bind(now).bind(id));
        Ok(())
    }

    /// Notes that what went wrong with a provider goes wrong no longer: somebody has come in by it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_idp_works(&mut self, id: &IdpId) -> Result<()> {
        let text = "UPDATE idps SET last_error = NULL, last_error_at = NULL WHERE id = $1 AND last_error IS NOT NULL";
        run!(self, sqlx::query(text).bind(id));
        Ok(())
    }

    /// Notes what went wrong with a provider, for whoever administers it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_idp_error(&mut self, id: &IdpId, error: &str) -> Result<()> {
        let now = self.now();
        run!(self, sqlx::query("UPDATE idps SET last_error = $1, last_error_at = $2 WHERE id = $3").bind(error).bind(now).bind(id));
        Ok(())
    }
}
