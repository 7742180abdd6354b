//! Visits: who came from where on which day. What IP rules are tried out on before they are enforced.

use sqlx::FromRow;

use super::{InAccount, Reader, Result, Tx, run, sql};
use crate::rules::{credentials::CredentialId, ip_restrictions::Surface, time::Millis};

/// Somebody who came from an address by a surface, on all days of a time.
#[derive(Clone, Debug, FromRow)]
pub struct VisitRow {
    /// Who: a user or a bot user.
    pub principal: String,
    /// What they are called, as far as the account knows; for people the address.
    pub name: Option<String>,
    /// With which credential; empty for a browser.
    pub credential_id: String,
    surface: String,
    /// From where.
    pub address: String,
    /// How often.
    pub count: i64,
    /// When last.
    pub last_at: Millis,
}

impl VisitRow {
    /// Where they came.
    #[must_use]
    pub fn surface(&self) -> Surface {
        Surface::parse(&self.surface).unwrap_or(Surface::Dashboard)
    }
}

impl Tx<InAccount> {
    /// Counts a visit of whoever acts, from where they act, on the day of this transaction; where it is not one `more`, only whether there
    /// was any: several processes may each take it for the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_visit(&mut self, surface: Surface, more: bool) -> Result<()> {
        let scope = self.scope.0.clone();
        let (context, now) = (self.context().clone(), self.now());
        run!(
            self,
            sqlx::query(
                "INSERT INTO visits (account_id, principal, credential_id, surface, address, day, count, first_at, last_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)
             ON CONFLICT (account_id, principal, credential_id, surface, address, day)
             DO UPDATE SET count = visits.count + $8, last_at = excluded.last_at"
            )
            .bind(&scope)
            .bind(&context.principal)
            .bind(context.credential.as_ref().map_or("", CredentialId::as_str))
            .bind(surface.word())
            .bind(&context.address)
            .bind(now.day())
            .bind(now)
            .bind(i64::from(more))
        );
        Ok(())
    }

    /// Notes that whoever acts was warned, from where they act, on the day of this transaction; whether that is news.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_warned(&mut self, surface: Surface) -> Result<bool> {
        let scope = self.scope.0.clone();
        let (context, now) = (self.context().clone(), self.now());
        let noted = run!(
            self,
            sqlx::query(
                "INSERT INTO visits (account_id, principal, credential_id, surface, address, day, count, first_at, last_at, warned_at)
             VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7, $7)
             ON CONFLICT (account_id, principal, credential_id, surface, address, day)
             DO UPDATE SET warned_at = excluded.warned_at WHERE visits.warned_at IS NULL"
            )
            .bind(&scope)
            .bind(&context.principal)
            .bind(context.credential.as_ref().map_or("", CredentialId::as_str))
            .bind(surface.word())
            .bind(&context.address)
            .bind(now.day())
            .bind(now)
        );
        Ok(noted == 1)
    }

    /// Notes until when somebody has looked at who was warned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn see_warned(&mut self) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(self, sqlx::query("UPDATE accounts SET warned_seen_at = $1 WHERE id = $2").bind(now).bind(&scope));
        Ok(())
    }
}

impl Reader<InAccount> {
    /// Who came from where since a day, by the day's number: each once, whoever came most lately first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visits_since(&mut self, day: i64) -> Result<Vec<VisitRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT v.principal, COALESCE(m.search_email, b.name) AS name, v.credential_id, v.surface, v.address, v.count, v.last_at
             FROM (SELECT w.principal, w.credential_id, w.surface, w.address, CAST(SUM(w.count) AS BIGINT) AS count, MAX(w.last_at) AS last_at
                   FROM visits w WHERE w.account_id = $1 AND w.day >= $2 GROUP BY w.principal, w.credential_id, w.surface, w.address) v
             LEFT JOIN members m ON m.account_id = $1 AND m.user_id = v.principal
             LEFT JOIN bot_users b ON b.account_id = $1 AND b.id = v.principal
             ORDER BY v.last_at DESC").bind(&scope).bind(day).fetch_all(c)))
    }

    /// The day of the first visit that is kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_visit_day(&mut self) -> Result<Option<i64>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar("SELECT MIN(day) FROM visits WHERE account_id = $1").bind(&scope).fetch_one(c)))
    }

    /// From where administrators who may come in came to the dashboard since a day, whoever came most lately first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn addresses_of_administrators(&mut self, day: i64) -> Result<Vec<String>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT v.address FROM members m JOIN visits v ON v.account_id = m.account_id AND v.principal = m.user_id AND v.credential_id = ''
                    AND v.surface = 'dashboard' AND v.day >= $2 AND v.last_at >= m.administrator_since
             WHERE m.account_id = $1 AND m.administrator_since IS NOT NULL AND m.disabled_at IS NULL AND m.access_until IS NULL
             GROUP BY v.address ORDER BY MAX(v.last_at) DESC").bind(&scope).bind(day).fetch_all(c)))
    }

    /// Who was warned where and from where since a day, by the day's number, and on how many days; whoever came most lately first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn warned_since(&mut self, day: i64, limit: i64) -> Result<Vec<VisitRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT v.principal, COALESCE(m.search_email, b.name) AS name, v.credential_id, v.surface, v.address, v.count, v.last_at
             FROM (SELECT w.principal, w.credential_id, w.surface, w.address, COUNT(*) AS count, MAX(w.last_at) AS last_at
                   FROM visits w WHERE w.account_id = $1 AND w.day >= $2 AND w.warned_at IS NOT NULL GROUP BY w.principal, w.credential_id, w.surface, w.address) v
             LEFT JOIN members m ON m.account_id = $1 AND m.user_id = v.principal
             LEFT JOIN bot_users b ON b.account_id = $1 AND b.id = v.principal
             ORDER BY v.last_at DESC LIMIT CAST($3 AS BIGINT)").bind(&scope).bind(day).bind(limit).fetch_all(c)))
    }

    /// How many visits were warned of on each day since one, by surface.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn warned_by_day(&mut self, day: i64) -> Result<Vec<(String, i64, i64)>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT v.surface, v.day, COUNT(*) FROM visits v WHERE v.account_id = $1 AND v.day >= $2 AND v.warned_at IS NOT NULL
             GROUP BY v.surface, v.day ORDER BY v.day").bind(&scope).bind(day).fetch_all(c)))
    }

    /// How many visits were warned of since a day, by its number and by what warns still, that nobody has looked at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn warned_unseen(&mut self, day: i64) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM accounts a JOIN visits v ON v.account_id = a.id AND v.warned_at > a.warned_seen_at AND v.day >= $2
             JOIN ip_restrictions x ON x.account_id = a.id AND x.surface = v.surface AND x.enforced_at IS NULL WHERE a.id = $1")
            .bind(&scope).bind(day).fetch_one(c)))
    }
}
