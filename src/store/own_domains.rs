//! Domains of which accounts have shown that they are their own, or want to.

use sqlx::FromRow;

use super::{InAccount, Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::AccountId,
    own_domains::{name, record},
    time::Millis,
};

/// A domain of an account.
#[derive(Clone, Debug, FromRow)]
pub struct OwnDomainRow {
    /// Whose.
    #[sqlx(rename = "account_id")]
    pub account: AccountId,
    /// The domain, in ASCII.
    pub domain: String,
    /// What its record has to say.
    pub token: String,
    /// Since when it has been shown to be the account's, if it has.
    pub verified_at: Option<Millis>,
    /// When it was last looked at.
    pub checked_at: Option<Millis>,
    /// Since when its record is missing, if it is.
    pub missing_since: Option<Millis>,
    /// Since when nobody signs up with an address of it, if so.
    pub closes_since: Option<Millis>,
}

impl OwnDomainRow {
    /// Under which name its record stands.
    #[must_use]
    pub fn record_name(&self) -> String {
        name(&self.domain)
    }

    /// What its record has to say.
    #[must_use]
    pub fn record(&self) -> String {
        record(&self.token)
    }
}

macro_rules! own_domain_columns {
    () => {
        "d.account_id, d.domain, d.token, d.verified_at, d.checked_at, d.missing_since, d.closes_since"
    };
}

impl<S> Reader<S> {
    /// Whether an account has verified that a domain is its own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_domain_of(&mut self, account: &AccountId, domain: &str) -> Result<bool> {
        let found: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM account_domains WHERE account_id = $1 AND domain = $2 AND verified_at IS NOT NULL")
            .bind(account).bind(domain).fetch_one(c));
        Ok(found > 0)
    }
}

impl Reader<InAccount> {
    /// The account's domains, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_domains(&mut self) -> Result<Vec<OwnDomainRow>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_as(concat!("SELECT ", own_domain_columns!(), " FROM account_domains d WHERE d.account_id = $1 ORDER BY d.domain"))
            .bind(&scope).fetch_all(c)),
        )
    }
}

impl Reader<Instance> {
    /// Whether there is a domain whose account has a provider that is switched on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_domains_with_providers(&mut self) -> Result<bool> {
        let found: Option<String> = sql!(self, c => sqlx::query_scalar(
            "SELECT d.domain FROM account_domains d JOIN accounts a ON a.id = d.account_id JOIN idps i ON i.account_id = d.account_id
             WHERE d.verified_at IS NOT NULL AND a.deleted_at IS NULL AND i.disabled_at IS NULL LIMIT 1").fetch_optional(c));
        Ok(found.is_some())
    }

    /// Whether nobody signs up with an address of a domain, as its account wants it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_closed_for_sign_up(&mut self, domain: &str) -> Result<bool> {
        let found: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM account_domains WHERE domain = $1 AND verified_at IS NOT NULL AND closes_since IS NOT NULL")
            .bind(domain).fetch_one(c));
        Ok(found > 0)
    }

    /// Domains that have not been looked at since a moment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_domains_due(&mut self, before: Millis, limit: i64) -> Result<Vec<OwnDomainRow>> {
        Ok(sql!(self, c => sqlx::query_as(concat!("SELECT ", own_domain_columns!(),
            " FROM account_domains d WHERE d.verified_at IS NOT NULL AND d.checked_at <= $1 ORDER BY d.checked_at LIMIT CAST($2 AS BIGINT)"))
            .bind(before).bind(limit).fetch_all(c)))
    }
}

impl Tx<InAccount> {
    /// Adds a domain that is to be shown; `false` where it is there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_own_domain(&mut self, domain: &str, token: &str) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query("INSERT INTO account_domains (account_id, domain, token, asked_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
                .bind(&scope)
                .bind(domain)
                .bind(token)
                .bind(now)
        );
        Ok(made == 1)
    }

    /// Takes a domain away; `false` where there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_own_domain(&mut self, domain: &str) -> Result<bool> {
        let scope = self.scope.0.clone();
        let gone = run!(self, sqlx::query("DELETE FROM account_domains WHERE account_id = $1 AND domain = $2").bind(&scope).bind(domain));
        Ok(gone == 1)
    }

    /// Closes sign-up for a domain, or opens it again; `false` where it is so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_own_domain(&mut self, domain: &str, closes: bool) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let changed = run!(
            self,
            sqlx::query(
                "UPDATE account_domains SET closes_since = $1 WHERE account_id = $2 AND domain = $3 AND verified_at IS NOT NULL
                 AND (closes_since IS NULL) <> (CAST($1 AS BIGINT) IS NULL)"
            )
            .bind(closes.then_some(now))
            .bind(&scope)
            .bind(domain)
        );
        Ok(changed == 1)
    }

    /// Notes that the record of a domain was found; a domain that another account has shown stays that one's. Answers whether it is this
    /// account's now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_domain_found(&mut self, domain: &str) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE account_domains SET verified_at = COALESCE(verified_at, $1), checked_at = $1, missing_since = NULL
                 WHERE account_id = $2 AND domain = $3
                 AND NOT EXISTS (SELECT 1 FROM account_domains o WHERE o.domain = $3 AND o.account_id <> $2 AND o.verified_at IS NOT NULL)"
            )
            .bind(now)
            .bind(&scope)
            .bind(domain)
        );
        self.is_domain_of(&scope, domain).await
    }

    /// Notes that the record of a domain is missing; one that has been missing since before `patience` is nobody's any more. Answers whether
    /// it is this account's still.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_domain_missing(&mut self, domain: &str, patience: Millis) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE account_domains SET checked_at = $1, missing_since = COALESCE(missing_since, $1),
                        verified_at = CASE WHEN missing_since <= $2 THEN NULL ELSE verified_at END
                 WHERE account_id = $3 AND domain = $4"
            )
            .bind(now)
            .bind(patience)
            .bind(&scope)
            .bind(domain)
        );
        self.is_domain_of(&scope, domain).await
    }

    /// Notes that nobody answered when a domain was asked for: it has had its turn.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_domain_unanswered(&mut self, domain: &str) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let text = "UPDATE account_domains SET checked_at = $1 WHERE account_id = $2 AND domain = $3";
        run!(self, sqlx::query(text).bind(now).bind(&scope).bind(domain));
        Ok(())
    }
}
