//! The end of an account: what goes with it, and that it goes.

use sqlx::FromRow;

use crate::{
    rules::ids::UserId,
    store::{InAccount, Reader, Result, Tx, revoked, run, sql},
};

/// What belongs to an account, counted.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Belongings {
    /// Members, guests and disabled ones included.
    pub members: i64,
    /// Open invitations, expired ones included.
    pub invitations: i64,
    /// Bot users.
    pub bot_users: i64,
    /// Credentials that have not been revoked.
    pub credentials: i64,
}

impl Reader<InAccount> {
    /// What goes with the account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn belongings(&mut self) -> Result<Belongings> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM members WHERE account_id = $1) AS members,
                    (SELECT COUNT(*) FROM invitations WHERE account_id = $1 AND closed_at IS NULL) AS invitations,
                    (SELECT COUNT(*) FROM bot_users WHERE account_id = $1 AND deleted_at IS NULL) AS bot_users,
                    (SELECT COUNT(*) FROM credentials WHERE account_id = $1 AND revoked_at IS NULL) AS credentials")
            .bind(&scope).fetch_one(c)))
    }

    /// The other administrators, and the addresses that they have proven to be theirs: the first few.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn other_administrators_to_tell(&mut self, than: &UserId, limit: i64) -> Result<Vec<String>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT e.address FROM members m JOIN user_emails e ON e.user_id = m.user_id AND e.canonical = m.search_email
             WHERE m.account_id = $1 AND m.user_id <> $2 AND m.administrator_since IS NOT NULL AND m.disabled_at IS NULL
             AND m.access_until IS NULL AND e.verified_at IS NOT NULL ORDER BY m.id LIMIT CAST($3 AS BIGINT)")
            .bind(&scope).bind(than).bind(limit).fetch_all(c)))
    }
}

impl Tx<InAccount> {
    /// Ends the account. Its row stays, under no slug, as the head of its log and for what still names it: old invitations,
    /// of which the open ones close. Everything else of it goes, and what could let somebody in is worth nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_account(&mut self) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        for gone in [
            "UPDATE entries SET ended_at = $1, ended_why = 'account_deleted' WHERE account_id = $2 AND ended_at IS NULL",
            "UPDATE flows SET used_at = $1 WHERE account_id = $2 AND used_at IS NULL",
            "UPDATE invitations SET closed_at = $1, closed_why = 'account_deleted', version = version + 1 WHERE account_id = $2 AND closed_at IS NULL",
            "UPDATE outbox SET failed_at = $1, last_error = 'The account was deleted before this was sent.', body = '', sent_as = 'withdrawn'
             WHERE account_id = $2 AND sent_at IS NULL AND failed_at IS NULL",
            revoked!(),
            "UPDATE bot_users SET inactive_at = COALESCE(inactive_at, $1) WHERE account_id = $2",
            "UPDATE accounts SET deleted_at = $1, slug = id, company = '', address = '', website = '', time_zone = '', currency = '',
                    rescued_at = NULL, rescued_for = NULL WHERE id = $2",
        ] {
            run!(self, sqlx::query(gone).bind(now).bind(&scope));
        }
        for gone in [
            "DELETE FROM session_proofs WHERE account_id = $1",
            "DELETE FROM member_words WHERE account_id = $1",
            "DELETE FROM members WHERE account_id = $1",
            "DELETE FROM account_settings WHERE account_id = $1",
            "DELETE FROM billing WHERE account_id = $1",
            "DELETE FROM visits WHERE account_id = $1",
            "DELETE FROM identities WHERE provider IN (SELECT i.id FROM idps i WHERE i.account_id = $1)",
            "DELETE FROM idp_certificates WHERE idp_id IN (SELECT i.id FROM idps i WHERE i.account_id = $1)",
            "DELETE FROM idps WHERE account_id = $1",
            "DELETE FROM account_domains WHERE account_id = $1",
            "DELETE FROM ip_provisional WHERE account_id = $1",
            "DELETE FROM ip_restriction_policies WHERE restriction_id IN (SELECT x.id FROM ip_restrictions x WHERE x.account_id = $1)",
            "DELETE FROM ip_restrictions WHERE account_id = $1",
            "DELETE FROM ip_policy_rules WHERE account_id = $1",
            "DELETE FROM ip_policies WHERE account_id = $1",
        ] {
            run!(self, sqlx::query(gone).bind(&scope));
        }
        Ok(())
    }
}
