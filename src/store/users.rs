//! Users: people, by id and by verified address.

use sqlx::FromRow;

use super::{Instance, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{
    addresses::Email,
    chain,
    ids::{AccountId, MemberId, UserId},
    time::Millis,
};

/// A user to be.
pub struct NewUser<'a> {
    /// The id.
    pub id: &'a UserId,
    /// The name.
    pub name: &'a str,
    /// The address.
    pub email: &'a Email,
    /// Whether it is proven that the address is theirs.
    pub is_verified: bool,
    /// The hash of the password, of whoever has one.
    pub password_hash: Option<&'a str>,
    /// How the address came here.
    pub source: &'static str,
}

/// What signing in needs to know of a user.
#[derive(Clone, Debug, FromRow)]
pub struct SignInRow {
    /// The id.
    pub id: UserId,
    /// The address as they write it.
    pub address: String,
    /// The hash of the password, if there is one.
    pub password_hash: Option<String>,
    /// When the password was set.
    pub password_set_at: Option<Millis>,
    /// When they proved that the address is theirs, if they have.
    pub verified_at: Option<Millis>,
}

/// The most people who may say that one address is theirs without having proven it.
const UNPROVEN: i64 = 8;

impl Reader<Instance> {
    /// Who may be signing in with this address: whoever has proven that it is theirs, and then those who have only said
    /// so, those first who are in an account. Mostly there is one, and at most there are nine.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users_by_address(&mut self, canonical: &str) -> Result<Vec<SignInRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT u.id, e.address, u.password_hash, u.password_set_at, e.verified_at FROM user_emails e JOIN users u ON u.id = e.user_id
             WHERE e.canonical = $1
             ORDER BY CASE WHEN e.verified_at IS NOT NULL THEN 0 WHEN EXISTS (SELECT m.id FROM members m WHERE m.user_id = u.id) THEN 1
                      ELSE 2 END, u.created_at, u.id LIMIT CAST($2 AS BIGINT)")
            .bind(canonical).bind(UNPROVEN + 1).fetch_all(c)))
    }

    /// Whether one more may say that an address is theirs without proving it. Those who are in no account do not count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_room_for(&mut self, canonical: &str) -> Result<bool> {
        let unproven: i64 = sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM user_emails e WHERE e.canonical = $1 AND e.verified_at IS NULL
                AND EXISTS (SELECT m.id FROM members m WHERE m.user_id = e.user_id)")
            .bind(canonical).fetch_one(c));
        Ok(unproven < UNPROVEN)
    }
}

impl<S> Reader<S> {
    /// The name of a user, and their address, canonical.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn name_and_address(&mut self, user: &UserId) -> Result<Option<(String, String)>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT u.name, e.canonical FROM users u JOIN user_emails e ON e.user_id = u.id WHERE u.id = $1
             ORDER BY CASE WHEN e.verified_at IS NOT NULL THEN 0 ELSE 1 END, e.canonical LIMIT 1").bind(user).fetch_optional(c)))
    }
}

impl Tx<Instance> {
    /// Makes a user. `false` when the address is to count as proven and is somebody's already; nothing of this may stand
    /// then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_user(&mut self, new: &NewUser<'_>) -> Result<bool> {
        let now = self.now();
        run!(
            self,
            sqlx::query(
                "INSERT INTO users (id, name, password_hash, password_set_at, created_at, event_hash) VALUES ($1, $2, $3, $4, $5, $6)"
            )
            .bind(new.id)
            .bind(new.name)
            .bind(new.password_hash)
            .bind(new.password_hash.map(|_| now))
            .bind(now)
            .bind(chain::START)
        );
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO user_emails (user_id, address, canonical, verified_at, source) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING"
            )
            .bind(new.id)
            .bind(new.email.written())
            .bind(new.email.canonical())
            .bind(new.is_verified.then_some(now))
            .bind(new.source)
        );
        Ok(made == 1)
    }
}

impl Tx<OfUser> {
    /// Changes what a person decides of the own profile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn update_profile(&mut self, name: &str, theme: &str, time_zone: Option<&str>) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query("UPDATE users SET name = $1, theme = $2, time_zone = $3 WHERE id = $4")
                .bind(name)
                .bind(theme)
                .bind(time_zone)
                .bind(&scope)
        );
        Ok(())
    }

    /// Name, theme and time zone as they are now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn profile(&mut self) -> Result<(String, String, Option<String>)> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as("SELECT name, theme, time_zone FROM users WHERE id = $1").bind(&scope).fetch_one(c)))
    }

    /// The person's memberships: account, member and address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships(&mut self) -> Result<Vec<(AccountId, MemberId, String)>> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_as("SELECT account_id, id, search_email FROM members WHERE user_id = $1 ORDER BY account_id").bind(&scope).fetch_all(c)),
        )
    }

    /// Refreshes the copies of the name that member tables show and, folded, sort by.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn copy_name(&mut self, name: &str, folded: &str) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(self, sqlx::query("UPDATE members SET name = $1, search_name = $2 WHERE user_id = $3").bind(name).bind(folded).bind(&scope));
        Ok(())
    }
}

impl Reader<OfUser> {
    /// Since when this person has been a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_since(&mut self) -> Result<Millis> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar("SELECT created_at FROM users WHERE id = $1").bind(&scope).fetch_one(c)))
    }
}
