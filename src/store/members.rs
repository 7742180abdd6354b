//! Members: users in accounts.

use sqlx::FromRow;

use super::{InAccount, Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::{AccountId, MemberId, UserId},
    members::{Billing, Developer, Roles, Team},
    time::Millis,
};

/// A membership as it is joined to other rows: all missing where there is none.
#[derive(Clone, Debug, FromRow)]
pub struct MemberFacts {
    /// The id.
    pub member_id: Option<MemberId>,
    developer: Option<String>,
    team: Option<String>,
    billing: Option<String>,
    administrator_since: Option<Millis>,
    /// When the person joined.
    pub member_since: Option<Millis>,
    /// Since when the member is disabled.
    pub disabled_at: Option<Millis>,
    /// Until when a guest may come in.
    pub access_until: Option<Millis>,
}

impl MemberFacts {
    /// The roles; `None` where there is no membership, or one whose words this program does not know.
    #[must_use]
    pub fn roles(&self) -> Option<Roles> {
        Some(Roles {
            developer: Developer::parse(self.developer.as_deref()?)?,
            team: Team::parse(self.team.as_deref()?)?,
            billing: Billing::parse(self.billing.as_deref()?)?,
            administrator: self.administrator_since.is_some(),
        })
    }
}

/// A member to be.
pub struct NewMember<'a> {
    /// The id.
    pub id: &'a MemberId,
    /// Where.
    pub account: &'a AccountId,
    /// Who.
    pub user: &'a UserId,
    /// With which roles.
    pub roles: Roles,
    /// How they came in.
    pub source: &'static str,
    /// The person's name, folded for searching.
    pub search_name: &'a str,
    /// The canonical address.
    pub search_email: &'a str,
}

/// How many members an account has, by what they are.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct MembersByKind {
    /// All.
    pub members: i64,
    /// Administrators who can come in.
    pub administrators: i64,
    /// Guests: members with an access period.
    pub guests: i64,
    /// Disabled members.
    pub disabled: i64,
}

impl Tx<Instance> {
    /// Makes a user a member. `false` when they are one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_member(&mut self, new: &NewMember<'_>) -> Result<bool> {
        let now = self.now();
        let roles = new.roles;
        let made = run!(self, sqlx::query(
            "INSERT INTO members (id, account_id, user_id, developer, team, billing, administrator_since, source, joined_at, search_name, search_email)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING")
            .bind(new.id).bind(new.account).bind(new.user).bind(roles.developer.word()).bind(roles.team.word()).bind(roles.billing.word())
            .bind(roles.administrator.then_some(now)).bind(new.source).bind(now).bind(new.search_name).bind(new.search_email));
        Ok(made == 1)
    }
}

impl Reader<InAccount> {
    /// Who is in, counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members_by_kind(&mut self) -> Result<MembersByKind> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT COUNT(*) AS members,
                    COUNT(CASE WHEN administrator_since IS NOT NULL AND disabled_at IS NULL THEN 1 END) AS administrators,
                    COUNT(access_until) AS guests, COUNT(disabled_at) AS disabled
             FROM members WHERE account_id = $1").bind(&scope).fetch_one(c)))
    }

    /// Who administers this account: names and addresses of the first few who can come in, longest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administrators(&mut self, limit: i64) -> Result<Vec<(String, String)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT u.name, m.search_email FROM members m JOIN users u ON u.id = m.user_id
             WHERE m.account_id = $1 AND m.administrator_since IS NOT NULL AND m.disabled_at IS NULL
             ORDER BY m.administrator_since, m.id LIMIT $2").bind(&scope).bind(limit).fetch_all(c)))
    }
}
