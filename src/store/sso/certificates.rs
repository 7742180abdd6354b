//! Providers by SAML: where they are, the certificates by which what they say is verified, and which of it has been used.

use sqlx::FromRow;

use crate::{
    rules::{ids::IdpId, time::Millis},
    store::{InAccount, Instance, Reader, Result, Tx, run, sql},
};

/// A provider by SAML, as its metadata describe it.
pub struct NewSaml<'a> {
    /// What people see.
    pub description: &'a str,
    /// Its entity id.
    pub entity_id: &'a str,
    /// Where people are sent.
    pub sso_url: &'a str,
    /// Whether by a form.
    pub is_posted_to: bool,
    /// Where its metadata are, if that was said.
    pub metadata_url: &'a str,
    /// Whether people may come from it unasked.
    pub initiates: bool,
}

/// A certificate of a provider.
#[derive(Clone, Debug, FromRow)]
pub struct CertificateRow {
    /// By which it is known: its SHA-256, in hexadecimal.
    pub fingerprint: String,
    /// The certificate in PEM.
    pub body: String,
    /// Until when it says to be good. It is told, and nothing is refused for it.
    pub not_after: Millis,
    /// When it was added.
    pub added_at: Millis,
}

/// A key of ours, by which requests to a provider are signed.
pub struct OurKey<'a> {
    /// The key, sealed for the provider's row.
    pub sealed: &'a str,
    /// Its certificate in PEM.
    pub certificate: &'a str,
}

impl<S> Reader<S> {
    /// The certificate by which requests to a provider are signed, if they are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_certificate(&mut self, idp: &IdpId) -> Result<Option<String>> {
        let found: Option<Option<String>> =
            sql!(self, c => sqlx::query_scalar("SELECT signing_certificate FROM idps WHERE id = $1").bind(idp).fetch_optional(c));
        Ok(found.flatten())
    }

    /// The certificates of a provider, those that last longest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn certificates(&mut self, idp: &IdpId) -> Result<Vec<CertificateRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT fingerprint, body, not_after, added_at FROM idp_certificates WHERE idp_id = $1 ORDER BY not_after DESC, fingerprint")
            .bind(idp).fetch_all(c)))
    }
}

impl Tx<InAccount> {
    /// Adds a provider by SAML, switched on; `false` where the id is one's already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_saml(&mut self, id: &IdpId, new: &NewSaml<'_>, by: &str) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO idps (id, account_id, protocol, description, issuer, sso_url, sso_binding, metadata_url, initiates_since, created_at,
                                   created_by)
                 VALUES ($1, $2, 'saml', $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING"
            )
            .bind(id)
            .bind(&scope)
            .bind(new.description)
            .bind(new.entity_id)
            .bind(new.sso_url)
            .bind(if new.is_posted_to { "post" } else { "redirect" })
            .bind(new.metadata_url)
            .bind(new.initiates.then_some(now))
            .bind(now)
            .bind(by)
        );
        self.note_first_idp().await?;
        Ok(made == 1)
    }

    /// Changes a provider by SAML; where its place is another one, what was tested before was another one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_saml(&mut self, id: &IdpId, new: &NewSaml<'_>) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE idps SET description = $1, sso_url = $2, sso_binding = $3, metadata_url = $4,
                        initiates_since = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(initiates_since, $5) END,
                        tested_at = CASE WHEN sso_url = $2 AND sso_binding = $3 THEN tested_at END,
                        last_error = NULL, last_error_at = NULL, version = version + 1
                 WHERE account_id = $6 AND id = $7"
            )
            .bind(new.description)
            .bind(new.sso_url)
            .bind(if new.is_posted_to { "post" } else { "redirect" })
            .bind(new.metadata_url)
            .bind(new.initiates.then_some(now))
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }

    /// Adds a certificate to a provider; `false` where it has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_certificate(&mut self, idp: &IdpId, fingerprint: &str, body: &str, not_after: Millis) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO idp_certificates (idp_id, fingerprint, body, not_after, added_at)
                 SELECT i.id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT)
                 FROM idps i WHERE i.id = $1 AND i.account_id = $6 ON CONFLICT DO NOTHING"
            )
            .bind(idp)
            .bind(fingerprint)
            .bind(body)
            .bind(not_after)
            .bind(now)
            .bind(&scope)
        );
        Ok(made == 1)
    }

    /// Takes a certificate away; `false` where there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_certificate(&mut self, idp: &IdpId, fingerprint: &str) -> Result<bool> {
        let scope = self.scope.0.clone();
        let gone = run!(
            self,
            sqlx::query(
                "DELETE FROM idp_certificates WHERE fingerprint = $1 AND idp_id IN (SELECT i.id FROM idps i WHERE i.id = $2 AND i.account_id = $3)"
            )
            .bind(fingerprint)
            .bind(idp)
            .bind(&scope)
        );
        Ok(gone == 1)
    }

    /// Signs what is asked of a provider with another key from now on, or with none; what was tested before was another one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_requests(&mut self, idp: &IdpId, key: Option<OurKey<'_>>) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "UPDATE idps SET signing_key = $1, signing_certificate = $2, tested_at = NULL, version = version + 1
                 WHERE account_id = $3 AND id = $4"
            )
            .bind(key.as_ref().map(|key| key.sealed))
            .bind(key.as_ref().map(|key| key.certificate))
            .bind(&scope)
            .bind(idp)
        );
        Ok(())
    }

    /// Counts up that a provider has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bump_idp(&mut self, idp: &IdpId) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(self, sqlx::query("UPDATE idps SET version = version + 1 WHERE account_id = $1 AND id = $2").bind(&scope).bind(idp));
        Ok(())
    }
}

impl Tx<Instance> {
    /// Remembers until a moment that an assertion was used; `false` where it has been.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_assertion(&mut self, idp: &IdpId, assertion: &str, until: Millis) -> Result<bool> {
        let made = run!(
            self,
            sqlx::query("INSERT INTO assertions (idp_id, assertion_id, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(idp)
                .bind(assertion)
                .bind(until)
        );
        Ok(made == 1)
    }
}
