//! Members: users in accounts.

mod counts;
mod page;

use sqlx::FromRow;

use super::{InAccount, Instance, Reader, Result, Tx, revoked, run, sql};
pub use counts::MembersByKind;
pub use page::{MemberCursor, MemberFilter, MemberLine, MemberOrder};

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
    /// The person's name.
    pub name: &'a str,
    /// The same, folded for searching.
    pub search_name: &'a str,
    /// The canonical address.
    pub search_email: &'a str,
    /// Until when they may come in, if there is an end.
    pub access_until: Option<Millis>,
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
            "INSERT INTO members (id, account_id, user_id, developer, team, billing, administrator_since, source, joined_at, name, search_name, search_email, access_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING")
            .bind(new.id).bind(new.account).bind(new.user).bind(roles.developer.word()).bind(roles.team.word()).bind(roles.billing.word())
            .bind(roles.administrator.then_some(now)).bind(new.source).bind(now).bind(new.name).bind(new.search_name).bind(new.search_email)
            .bind(new.access_until));
        Ok(made == 1)
    }
}

impl Reader<InAccount> {
    /// Who administers this account: names and addresses of the first few, longest first. Administering means the same
    /// here, in the count above and in [`Tx::other_administrators`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administrators(&mut self, limit: i64) -> Result<Vec<(String, String)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT m.name, m.search_email FROM members m
             WHERE m.account_id = $1 AND m.administrator_since IS NOT NULL AND m.disabled_at IS NULL AND m.access_until IS NULL
             ORDER BY m.administrator_since, m.id LIMIT CAST($2 AS BIGINT)").bind(&scope).bind(limit).fetch_all(c)))
    }
}

/// A member as their page shows one.
#[derive(Clone, Debug, FromRow)]
pub struct MemberRow {
    /// The id.
    #[sqlx(rename = "member_id")]
    pub id: MemberId,
    /// The person.
    pub user_id: UserId,
    /// The person's name.
    pub name: String,
    /// The person's address, canonical.
    pub email: String,
    /// The same as they have written it.
    pub address: String,
    /// How they came in.
    pub source: String,
    /// When they were last noted.
    pub last_seen_at: Option<Millis>,
    /// How often the membership has changed.
    pub version: i64,
    /// When it was proven that the address is theirs, if it was.
    pub email_verified_at: Option<Millis>,
    /// Since when they have a second factor, if they have one.
    pub factor_since: Option<Millis>,
    /// Roles and state.
    #[sqlx(flatten)]
    pub facts: MemberFacts,
}

impl MemberRow {
    /// The roles. A row whose words this program does not know has the least.
    #[must_use]
    pub fn roles(&self) -> Roles {
        self.facts.roles().unwrap_or(LEAST)
    }
}

const LEAST: Roles = Roles { developer: Developer::ReadOnly, team: Team::ReadOnly, billing: Billing::None, administrator: false };

/// Those of the account.
macro_rules! member_columns {
    () => {
        "SELECT m.user_id, m.name, m.search_email AS email, m.source, m.last_seen_at, m.version, e.verified_at AS email_verified_at,
                COALESCE(e.address, m.search_email) AS address,
                (SELECT f.confirmed_at FROM factors f WHERE f.user_id = m.user_id) AS factor_since,
                m.id AS member_id, m.developer, m.team, m.billing, m.administrator_since, m.joined_at AS member_since,
                m.disabled_at, m.access_until
         FROM members m LEFT JOIN user_emails e ON e.user_id = m.user_id AND e.canonical = m.search_email
         WHERE m.account_id = $1 "
    };
}

impl Reader<InAccount> {
    /// One member.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn member(&mut self, id: &MemberId) -> Result<Option<MemberRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(member_columns!(), "AND m.id = $2")).bind(&scope).bind(id).fetch_optional(c)))
    }

    /// The members who came last, or those before one; of them those with an address, if one is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_members(&mut self, email: Option<&str>, before: Option<&MemberId>, limit: i64) -> Result<Vec<MemberRow>> {
        let scope = self.scope.0.clone();
        // A condition that may be missing would not be looked up.
        let text = match email {
            Some(_) => concat!(
                member_columns!(),
                "AND m.search_email = $2 AND m.id < COALESCE(CAST($3 AS TEXT), '~') ORDER BY m.id DESC LIMIT CAST($4 AS BIGINT)"
            ),
            None => concat!(
                member_columns!(),
                "AND CAST($2 AS TEXT) IS NULL AND m.id < COALESCE(CAST($3 AS TEXT), '~') ORDER BY m.id DESC LIMIT CAST($4 AS BIGINT)"
            ),
        };
        Ok(sql!(self, c => sqlx::query_as(text).bind(&scope).bind(email).bind(before).bind(limit).fetch_all(c)))
    }

    /// The user of a member, by their canonical address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_of_member(&mut self, canonical: &str) -> Result<Option<UserId>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_scalar("SELECT user_id FROM members WHERE account_id = $1 AND search_email = $2 ORDER BY id LIMIT 1")
            .bind(&scope).bind(canonical).fetch_optional(c)),
        )
    }

    /// One member, by their user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn member_of_user(&mut self, user: &UserId) -> Result<Option<MemberRow>> {
        let scope = self.scope.0.clone();
        let id: Option<MemberId> = sql!(self, c => sqlx::query_scalar("SELECT id FROM members WHERE account_id = $1 AND user_id = $2")
            .bind(&scope).bind(user).fetch_optional(c));
        match id {
            Some(id) => self.member(&id).await,
            None => Ok(None),
        }
    }

    /// By whose invitation a member came: their name, if they came by one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invited_by(&mut self, user: &UserId) -> Result<Option<String>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT u.name FROM invitation_uses x JOIN invitations i ON i.id = x.invitation_id JOIN users u ON u.id = i.invited_by
             WHERE i.account_id = $1 AND x.user_id = $2 ORDER BY x.used_at DESC LIMIT 1").bind(&scope).bind(user).fetch_optional(c)))
    }

    /// How many living credentials a member owns here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credentials_of(&mut self, user: &UserId) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM credentials WHERE account_id = $1 AND user_id = $2 AND revoked_at IS NULL")
            .bind(&scope).bind(user).fetch_one(c)),
        )
    }
}

impl Tx<InAccount> {
    /// How many other administrators could come in if this member could not: neither disabled nor there for a time only.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn other_administrators(&mut self, than: &MemberId) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM members WHERE account_id = $1 AND id <> $2 AND administrator_since IS NOT NULL
             AND disabled_at IS NULL AND access_until IS NULL").bind(&scope).bind(than).fetch_one(c)))
    }

    /// Gives a member these roles.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_roles(&mut self, member: &MemberId, roles: Roles) -> Result<()> {
        let (scope, since) = (self.scope.0.clone(), roles.administrator.then_some(self.now()));
        run!(
            self,
            sqlx::query(
                "UPDATE members SET developer = $1, team = $2, billing = $3, version = version + 1,
                        administrator_since = CASE WHEN CAST($4 AS BIGINT) IS NULL THEN NULL ELSE COALESCE(administrator_since, $4) END
                 WHERE account_id = $5 AND id = $6"
            )
            .bind(roles.developer.word())
            .bind(roles.team.word())
            .bind(roles.billing.word())
            .bind(since)
            .bind(&scope)
            .bind(member)
        );
        Ok(())
    }

    /// Disables a member from now on, or enables them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_disabled(&mut self, member: &MemberId, disabled: bool) -> Result<()> {
        let (scope, at) = (self.scope.0.clone(), disabled.then_some(self.now()));
        run!(
            self,
            sqlx::query("UPDATE members SET disabled_at = $1, version = version + 1 WHERE account_id = $2 AND id = $3")
                .bind(at)
                .bind(&scope)
                .bind(member)
        );
        Ok(())
    }

    /// Lets a member in until then, or for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_access_until(&mut self, member: &MemberId, until: Option<Millis>) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query("UPDATE members SET access_until = $1, version = version + 1 WHERE account_id = $2 AND id = $3")
                .bind(until)
                .bind(&scope)
                .bind(member)
        );
        Ok(())
    }

    /// Deletes a membership and revokes for good what the user owned here; answers how many credentials that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_member(&mut self, member: &MemberId, user: &UserId) -> Result<u64> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let revoked = run!(self, sqlx::query(concat!(revoked!(), " AND user_id = $3")).bind(now).bind(&scope).bind(user));
        run!(self, sqlx::query("DELETE FROM member_words WHERE member_id = $1").bind(member));
        run!(self, sqlx::query("DELETE FROM members WHERE account_id = $1 AND id = $2").bind(&scope).bind(member));
        Ok(revoked)
    }
}

impl<S> Tx<S> {
    /// How many accounts somebody is a member of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts_of(&mut self, user: &UserId) -> Result<i64> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE user_id = $1").bind(user).fetch_one(c)))
    }

    /// Writes anew by which words a member is found.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_member_words(&mut self, account: &AccountId, member: &MemberId, words: &[String]) -> Result<()> {
        run!(self, sqlx::query("DELETE FROM member_words WHERE member_id = $1").bind(member));
        for word in words {
            run!(
                self,
                sqlx::query("INSERT INTO member_words (account_id, word, member_id) VALUES ($1, $2, $3)")
                    .bind(account)
                    .bind(word)
                    .bind(member)
            );
        }
        Ok(())
    }
}
