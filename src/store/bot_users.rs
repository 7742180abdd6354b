//! Bot users: principals of one account that are no people.

use sqlx::FromRow;

use super::{InAccount, Reader, Result, Tx, containing, run, sql};
use crate::rules::{ids::BotId, time::Millis};

/// A bot user.
#[derive(Clone, Debug, FromRow)]
pub struct BotRow {
    /// The id.
    pub id: BotId,
    /// The name.
    pub name: String,
    /// When it was made.
    pub created_at: Millis,
    /// Since when none of its credentials works, if so.
    pub inactive_at: Option<Millis>,
    /// How many credentials it has.
    pub credentials: i64,
    /// When one of them was last used.
    pub last_used_at: Option<Millis>,
    /// When one of them was last refused that has not gone well since.
    pub refused_at: Option<Millis>,
}

/// Which bot users to list.
#[derive(Clone, Debug, Default)]
pub struct BotFilter {
    /// Whose folded name holds this; empty for all.
    pub name: String,
    /// Only those that are inactive, or only those that are not.
    pub inactive: Option<bool>,
}

/// Those of the account that are not deleted, and what became of their credentials.
macro_rules! bot_user_columns {
    () => {
        "SELECT b.id, b.name, b.created_at, b.inactive_at,
                (SELECT COUNT(*) FROM credentials k WHERE k.account_id = b.account_id AND k.bot_id = b.id AND k.revoked_at IS NULL) AS credentials,
                (SELECT MAX(k.last_used_at) FROM credentials k WHERE k.account_id = b.account_id AND k.bot_id = b.id AND k.revoked_at IS NULL) AS last_used_at,
                (SELECT MAX(k.refused_at) FROM credentials k WHERE k.account_id = b.account_id AND k.bot_id = b.id AND k.revoked_at IS NULL
                    AND k.refused_at >= COALESCE(k.last_used_at, 0)) AS refused_at
         FROM bot_users b WHERE b.account_id = $1 AND b.deleted_at IS NULL "
    };
}

impl Reader<InAccount> {
    /// The newest bot users, or those older than one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bot_users(&mut self, filter: &BotFilter, before: Option<&BotId>, limit: i64) -> Result<Vec<BotRow>> {
        let scope = self.scope.0.clone();
        let inactive = filter.inactive.map(|inactive| if inactive { "yes" } else { "no" });
        Ok(sql!(self, c => sqlx::query_as(concat!(bot_user_columns!(),
            "AND b.id < COALESCE(CAST($2 AS TEXT), '~')
               AND ($3 = '' OR b.search_name LIKE $4 ESCAPE '!')
               AND (CAST($5 AS TEXT) IS NULL OR (CAST($5 AS TEXT) = 'yes' AND b.inactive_at IS NOT NULL)
                    OR (CAST($5 AS TEXT) = 'no' AND b.inactive_at IS NULL))
             ORDER BY b.id DESC LIMIT CAST($6 AS BIGINT)"))
            .bind(&scope).bind(before).bind(&filter.name).bind(containing(&filter.name)).bind(inactive).bind(limit).fetch_all(c)))
    }

    /// One bot user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bot_user(&mut self, id: &BotId) -> Result<Option<BotRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(bot_user_columns!(),
            "AND b.id = $2"))
            .bind(&scope).bind(id).fetch_optional(c)))
    }

    /// How many bot users there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bot_user_count(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM bot_users WHERE account_id = $1 AND deleted_at IS NULL")
            .bind(&scope).fetch_one(c)))
    }
}

impl Tx<InAccount> {
    /// Makes a bot user. `false` when there is one of this name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_bot_user(&mut self, id: &BotId, name: &str, folded: &str, by: &str) -> Result<bool> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let made = run!(
            self,
            sqlx::query(
                "INSERT INTO bot_users (id, account_id, name, search_name, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT DO NOTHING"
            )
            .bind(id)
            .bind(&scope)
            .bind(name)
            .bind(folded)
            .bind(now)
            .bind(by)
        );
        Ok(made == 1)
    }

    /// Whether another bot user has this folded name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bot_name_is_taken(&mut self, folded: &str, than: &BotId) -> Result<bool> {
        let scope = self.scope.0.clone();
        let taken: i64 = sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM bot_users WHERE account_id = $1 AND search_name = $2 AND id <> $3")
            .bind(&scope).bind(folded).bind(than).fetch_one(c));
        Ok(taken > 0)
    }

    /// Gives a bot user another name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_bot_user(&mut self, id: &BotId, name: &str, folded: &str) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query("UPDATE bot_users SET name = $1, search_name = $2, version = version + 1 WHERE account_id = $3 AND id = $4")
                .bind(name)
                .bind(folded)
                .bind(&scope)
                .bind(id)
        );
        Ok(())
    }

    /// Lets all credentials of a bot user rest, or work again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_bot_user_inactive(&mut self, id: &BotId, inactive: bool) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query("UPDATE bot_users SET inactive_at = $1, version = version + 1 WHERE account_id = $2 AND id = $3")
                .bind(inactive.then_some(now))
                .bind(&scope)
                .bind(id)
        );
        Ok(())
    }

    /// Ends a bot user: its row stays, under no name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_bot_user(&mut self, id: &BotId) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE bot_users SET deleted_at = $1, inactive_at = COALESCE(inactive_at, $1), search_name = id, version = version + 1
                 WHERE account_id = $2 AND id = $3"
            )
            .bind(now)
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }
}
