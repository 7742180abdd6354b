//! Who people are at providers: found by provider and subject, and by nothing else.

use sqlx::FromRow;

use crate::{
    rules::{
        addresses::Email,
        ids::{AccountId, IdpId, MemberId, UserId},
        time::Millis,
    },
    store::{InAccount, OfUser, Reader, Result, Tx, run, sql},
};

/// Whom a provider knows.
#[derive(Clone, Debug, FromRow)]
pub struct KnownAsRow {
    /// The user.
    pub user: UserId,
    /// Their address, canonical.
    pub email: String,
    /// The membership in the account that was asked about, if there is one.
    pub member: Option<MemberId>,
}

/// Who a member is at a provider.
#[derive(Clone, Debug, FromRow)]
pub struct IdentityRow {
    /// The provider.
    pub idp: IdpId,
    /// What people see of it.
    pub description: String,
    /// The subject there.
    pub subject: String,
    /// Since when.
    pub linked_at: Millis,
    /// The address that the provider last said.
    pub said_email: Option<String>,
    /// When somebody last came by it.
    pub seen_at: Option<Millis>,
}

impl IdentityRow {
    /// The address that the provider says, where it is another one than theirs, which is canonical.
    #[must_use]
    pub fn says_another_than(&self, canonical: &str) -> Option<&str> {
        let said = self.said_email.as_deref()?;
        let is_same = Email::parse(said).is_ok_and(|email| email.canonical() == canonical);
        (!is_same).then_some(said)
    }
}

/// Who somebody is at a provider of an account of theirs, as they see it themselves.
#[derive(Clone, Debug, FromRow)]
pub struct OwnIdentityRow {
    /// The account.
    pub account: String,
    /// What people see of the provider.
    pub description: String,
    /// Since when.
    pub linked_at: Millis,
    /// When they last came by it.
    pub seen_at: Option<Millis>,
}

/// A member whom no provider that is switched on knows.
#[derive(Clone, Debug, FromRow)]
pub struct UnlinkedRow {
    /// The member.
    pub id: MemberId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// How many API keys of theirs would stop working.
    pub api_keys: i64,
    /// When they were last noted.
    pub last_seen_at: Option<Millis>,
}

impl<S> Reader<S> {
    /// The user whom a provider knows by a subject, and whether they are in an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_as(&mut self, provider: &str, subject: &str, account: &AccountId) -> Result<Option<KnownAsRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT x.user_id AS user, e.canonical AS email, m.id AS member
             FROM identities x
             JOIN user_emails e ON e.user_id = x.user_id AND e.canonical = COALESCE(
                  (SELECT MIN(v.canonical) FROM user_emails v WHERE v.user_id = x.user_id AND v.verified_at IS NOT NULL),
                  (SELECT MIN(v.canonical) FROM user_emails v WHERE v.user_id = x.user_id))
             LEFT JOIN members m ON m.user_id = x.user_id AND m.account_id = $3
             WHERE x.provider = $1 AND x.subject = $2").bind(provider).bind(subject).bind(account).fetch_optional(c)))
    }

    /// Whether a provider knows a user by whichever subject.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_known_at(&mut self, provider: &str, user: &UserId) -> Result<bool> {
        let known: i64 = sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM identities WHERE user_id = $1 AND provider = $2")
            .bind(user).bind(provider).fetch_one(c));
        Ok(known > 0)
    }

    /// A user as a member of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn member_in(&mut self, account: &AccountId, user: &UserId) -> Result<Option<MemberId>> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT id FROM members WHERE account_id = $1 AND user_id = $2")
            .bind(account).bind(user).fetch_optional(c)))
    }
}

impl<S> Reader<S> {
    /// The name of an account of somebody's where everybody has to use single sign-on, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enforcing_account(&mut self, user: &UserId) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT a.name FROM members m JOIN accounts a ON a.id = m.account_id
             JOIN account_settings g ON g.account_id = a.id AND g.name = 'sso' AND g.value = 'enforced'
             WHERE m.user_id = $1 AND EXISTS (SELECT 1 FROM idps i WHERE i.account_id = a.id AND i.disabled_at IS NULL)
             ORDER BY a.name LIMIT 1").bind(user).fetch_optional(c)))
    }

    /// The same of whoever has no password: they get none as long as that is so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_to_sso(&mut self, user: Option<&UserId>) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT a.name FROM members m JOIN users u ON u.id = m.user_id JOIN accounts a ON a.id = m.account_id
             JOIN account_settings g ON g.account_id = a.id AND g.name = 'sso' AND g.value = 'enforced'
             WHERE m.user_id = $1 AND u.password_set_at IS NULL AND m.disabled_at IS NULL
             AND EXISTS (SELECT 1 FROM idps i WHERE i.account_id = a.id AND i.disabled_at IS NULL)
             ORDER BY a.name LIMIT 1").bind(user).fetch_optional(c)))
    }
}

impl Reader<OfUser> {
    /// Who the person is at providers of accounts that they are in, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_identities(&mut self) -> Result<Vec<OwnIdentityRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT a.name AS account, i.description, x.linked_at, x.seen_at
             FROM identities x JOIN idps i ON i.id = x.provider JOIN accounts a ON a.id = i.account_id
             JOIN members m ON m.account_id = a.id AND m.user_id = x.user_id
             WHERE x.user_id = $1 AND a.deleted_at IS NULL ORDER BY x.linked_at, i.id").bind(&scope).fetch_all(c)))
    }
}

impl Reader<InAccount> {
    /// Who a user is at the account's providers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identities_of(&mut self, user: &UserId) -> Result<Vec<IdentityRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT i.id AS idp, i.description, x.subject, x.linked_at, x.said_email, x.seen_at
             FROM identities x JOIN idps i ON i.id = x.provider WHERE x.user_id = $1 AND i.account_id = $2 ORDER BY x.linked_at, i.id")
            .bind(user).bind(&scope).fetch_all(c)))
    }

    /// The members whom no provider that is switched on knows, by name, and how many there are: they could not come in if
    /// everybody had to use one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unlinked(&mut self, limit: i64) -> Result<(Vec<UnlinkedRow>, i64)> {
        let scope = self.scope.0.clone();
        let count = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM members m WHERE m.account_id = $1 AND m.disabled_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM identities x JOIN idps i ON i.id = x.provider
                 WHERE x.user_id = m.user_id AND i.account_id = m.account_id AND i.disabled_at IS NULL)").bind(&scope).fetch_one(c));
        let rows = sql!(self, c => sqlx::query_as(
            "SELECT m.id, m.name, m.search_email AS email, m.last_seen_at,
                    (SELECT COUNT(*) FROM credentials k WHERE k.account_id = m.account_id AND k.user_id = m.user_id AND k.kind = 'api_key'
                     AND k.revoked_at IS NULL) AS api_keys
             FROM members m WHERE m.account_id = $1 AND m.disabled_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM identities x JOIN idps i ON i.id = x.provider
                 WHERE x.user_id = m.user_id AND i.account_id = m.account_id AND i.disabled_at IS NULL)
             ORDER BY m.search_name, m.id LIMIT CAST($2 AS BIGINT)").bind(&scope).bind(limit).fetch_all(c));
        Ok((rows, count))
    }

    /// How many sessions are in the account that no provider of it, switched on, has proven: they end where everybody has to use one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions_without_idp(&mut self, seen: Millis) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM entries n JOIN sessions s ON s.id = n.session_id
             WHERE n.account_id = $1 AND n.ended_at IS NULL AND n.last_seen_at > $2 AND s.ended_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM session_proofs p JOIN idps i ON i.id = p.idp_id
                 WHERE p.session_id = s.id AND p.account_id = n.account_id AND i.disabled_at IS NULL)").bind(&scope).bind(seen).fetch_one(c)))
    }

    /// How many API keys of members stop working where everybody has to be known by a provider.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_keys_without_idp(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM credentials k JOIN members m ON m.account_id = k.account_id AND m.user_id = k.user_id
             WHERE k.account_id = $1 AND k.kind = 'api_key' AND k.revoked_at IS NULL AND m.disabled_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM identities x JOIN idps i ON i.id = x.provider
                 WHERE x.user_id = k.user_id AND i.account_id = k.account_id AND i.disabled_at IS NULL)").bind(&scope).fetch_one(c)))
    }
}

impl<S> Tx<S> {
    /// Links a user to who they are at a provider. `false` when it knows somebody by this subject already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn link_identity(&mut self, provider: &str, subject: &str, user: &UserId, said_email: Option<&str>) -> Result<bool> {
        let now = self.now();
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO identities (provider, subject, user_id, linked_at, said_email, seen_at) VALUES ($1, $2, $3, $4, $5, $4)
                 ON CONFLICT DO NOTHING"
            )
            .bind(provider)
            .bind(subject)
            .bind(user)
            .bind(now)
            .bind(said_email)
        );
        Ok(made == 1)
    }

    /// Notes that somebody came by it, and which address the provider said.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_identity(&mut self, provider: &str, subject: &str, said_email: Option<&str>) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("UPDATE identities SET said_email = $1, seen_at = $2 WHERE provider = $3 AND subject = $4")
                .bind(said_email)
                .bind(now)
                .bind(provider)
                .bind(subject)
        );
        Ok(())
    }

    /// Takes the link away, and what was proven by it; `false` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unlink_identity(&mut self, provider: &str, subject: &str, user: &UserId) -> Result<bool> {
        let gone = run!(
            self,
            sqlx::query("DELETE FROM identities WHERE provider = $1 AND subject = $2 AND user_id = $3")
                .bind(provider)
                .bind(subject)
                .bind(user)
        );
        run!(
            self,
            sqlx::query(
                "DELETE FROM session_proofs WHERE idp_id = $1 AND session_id IN (SELECT s.id FROM sessions s WHERE s.user_id = $2)"
            )
            .bind(provider)
            .bind(user)
        );
        Ok(gone == 1)
    }
}
