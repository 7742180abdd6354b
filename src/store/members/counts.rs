//! Who is in an account, counted.

use sqlx::FromRow;

use crate::{
    rules::{
        attention::{ACCESS_SOON, QUIET},
        time::Millis,
    },
    store::{InAccount, Reader, Result, sql},
};

/// How many members there are of each kind. Those with a role are counted by the strongest they have of its kind, and
/// administrators, who may do everything, as administrators alone.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct MembersByKind {
    /// All.
    pub members: i64,
    /// Those who administer: neither disabled nor there for a time only.
    pub administrators: i64,
    /// Team managers.
    pub managers: i64,
    /// Those who may invite.
    pub inviters: i64,
    /// Developers who may write.
    pub developers: i64,
    /// Those with access to billing.
    pub billing: i64,
    /// Guests: members with an access period.
    pub guests: i64,
    /// Guests whose access ends soon.
    pub guests_ending: i64,
    /// Guests whose access is over.
    pub guests_over: i64,
    /// Disabled members.
    pub disabled: i64,
    /// Those who could come in and have not for long.
    pub quiet: i64,
}

impl Reader<InAccount> {
    /// Who is in, counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members_by_kind(&mut self, now: Millis) -> Result<MembersByKind> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT COUNT(*) AS members,
                    COUNT(CASE WHEN administrator_since IS NOT NULL AND disabled_at IS NULL AND access_until IS NULL THEN 1 END) AS administrators,
                    COUNT(CASE WHEN administrator_since IS NULL AND team = 'manager' THEN 1 END) AS managers,
                    COUNT(CASE WHEN administrator_since IS NULL AND team = 'invite' THEN 1 END) AS inviters,
                    COUNT(CASE WHEN administrator_since IS NULL AND developer = 'read_write' THEN 1 END) AS developers,
                    COUNT(CASE WHEN administrator_since IS NULL AND billing = 'access' THEN 1 END) AS billing,
                    COUNT(access_until) AS guests, COUNT(disabled_at) AS disabled,
                    COUNT(CASE WHEN access_until > $2 AND access_until <= $3 AND disabled_at IS NULL THEN 1 END) AS guests_ending,
                    COUNT(CASE WHEN access_until <= $2 THEN 1 END) AS guests_over,
                    COUNT(CASE WHEN COALESCE(last_seen_at, joined_at) < $4 AND disabled_at IS NULL THEN 1 END) AS quiet
             FROM members WHERE account_id = $1")
            .bind(&scope).bind(now).bind(now.plus(ACCESS_SOON)).bind(now.minus(QUIET)).fetch_one(c)))
    }

    /// How many members have an address that nobody has confirmed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unconfirmed_members(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM user_emails e JOIN members m ON m.user_id = e.user_id AND m.search_email = e.canonical
             WHERE e.verified_at IS NULL AND m.account_id = $1").bind(&scope).fetch_one(c)))
    }
}
