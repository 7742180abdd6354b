//! Lockouts, and the browsers that have attempts of their own.

use sqlx::FromRow;

use super::{Instance, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::UserId,
    lockouts::{KNOWN_FOR, MOST_KNOWN, Scope},
    time::{Millis, Span},
};

/// By how much clocks may differ. A lockout that begins later than that was begun under a wrong clock, and would last too long.
const CLOCKS: Span = Span::minutes(1);

/// Sorted behind every place.
const LAST: &str = "~";

/// Somebody who has signed in with a browser.
#[derive(Clone, Debug, FromRow)]
pub struct KnownRow {
    /// Who.
    pub user_id: UserId,
    /// By which their attempts in it are counted.
    pub place: String,
    /// Since when the address is proven to be theirs, if it is.
    pub verified_at: Option<Millis>,
}

impl<S> Reader<S> {
    /// Until when an address is locked out, from where that lasts longest, if it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lockout(&mut self, canonical: &str, now: Millis) -> Result<Option<Millis>> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT MAX(until) FROM lockouts WHERE canonical = $1 AND until > $2 AND began_at <= $3")
            .bind(canonical).bind(now).bind(now.plus(CLOCKS)).fetch_one(c)))
    }
}

impl Tx<Instance> {
    /// Who has signed in with this browser of those whose address this is, the latest first; and by which place their attempts are
    /// counted. Those are whoever has proven that it is, or where nobody has, everybody who says so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_in(&mut self, token_hash: &str, canonical: &str) -> Result<Vec<KnownRow>> {
        let since = self.now().minus(KNOWN_FOR);
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT b.user_id, b.place, e.verified_at FROM known_browsers b JOIN user_emails e ON e.user_id = b.user_id
             WHERE b.token_hash = $1 AND b.seen_at > $2 AND e.canonical = $3 AND (e.verified_at IS NOT NULL OR NOT EXISTS
                   (SELECT 1 FROM user_emails v WHERE v.canonical = $3 AND v.verified_at IS NOT NULL))
             ORDER BY b.seen_at DESC, b.user_id").bind(token_hash).bind(since).bind(canonical).fetch_all(c)))
    }

    /// After how many wrong passwords the strictest of the accounts locks out that whoever has proven this address is in; where
    /// nobody has, whoever says that it is theirs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn strictest_lockout(&mut self, canonical: &str) -> Result<Option<i64>> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT MIN(CAST(s.value AS BIGINT)) FROM user_emails e JOIN members m ON m.user_id = e.user_id
             JOIN account_settings s ON s.account_id = m.account_id AND s.name = 'lockout_after'
             WHERE e.canonical = $1 AND (e.verified_at IS NOT NULL OR NOT EXISTS
                   (SELECT 1 FROM user_emails v WHERE v.canonical = $1 AND v.verified_at IS NOT NULL))").bind(canonical).fetch_one(c)))
    }

    /// Whether an address is locked out at one of two places; an empty one is everywhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_locked_out(&mut self, canonical: &str, places: [&str; 2]) -> Result<bool> {
        let now = self.now();
        let locked: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM lockouts WHERE canonical = $1 AND place IN ($2, $3) AND until > $4 AND began_at <= $5")
            .bind(canonical).bind(places[0]).bind(places[1]).bind(now).bind(now.plus(CLOCKS)).fetch_one(c));
        Ok(locked > 0)
    }

    /// Locks an address out at a place, or everywhere where that is empty, unless it is; answers whether it was not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lock_out(&mut self, canonical: &str, place: &str, until: Millis) -> Result<bool> {
        let now = self.now();
        let locked = run!(
            self,
            sqlx::query(
                "INSERT INTO lockouts (canonical, place, began_at, until) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (canonical, place) DO UPDATE SET began_at = $3, until = $4 WHERE lockouts.until <= $3 OR lockouts.began_at > $5"
            )
            .bind(canonical)
            .bind(place)
            .bind(now)
            .bind(until)
            .bind(now.plus(CLOCKS))
        );
        Ok(locked == 1)
    }

    /// Notes that somebody has signed in with a browser, which has another token from now on. Its attempts are counted by the place
    /// that it has had, or else by this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn know_browser(&mut self, user: &UserId, old: Option<&str>, token_hash: &str, place: &str) -> Result<()> {
        let now = self.now();
        if let Some(old) = old {
            // For everybody who has signed in with it.
            run!(self, sqlx::query("UPDATE known_browsers SET token_hash = $1 WHERE token_hash = $2").bind(token_hash).bind(old));
        }
        run!(
            self,
            sqlx::query(
                "INSERT INTO known_browsers (user_id, token_hash, place, seen_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id, token_hash) DO UPDATE SET seen_at = $4"
            )
            .bind(user)
            .bind(token_hash)
            .bind(place)
            .bind(now)
        );
        run!(
            self,
            sqlx::query(
                "DELETE FROM known_browsers WHERE user_id = $1 AND token_hash NOT IN (
                   SELECT n.token_hash FROM known_browsers n WHERE n.user_id = $1
                   ORDER BY n.seen_at DESC, CASE WHEN n.token_hash = $2 THEN 0 ELSE 1 END, n.token_hash LIMIT CAST($3 AS BIGINT))"
            )
            .bind(user)
            .bind(token_hash)
            .bind(MOST_KNOWN)
        );
        Ok(())
    }
}

impl<S> Tx<S> {
    /// Forgets with which browsers somebody has signed in, but for one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_browsers(&mut self, user: &UserId, keep: Option<&str>) -> Result<()> {
        run!(
            self,
            sqlx::query("DELETE FROM known_browsers WHERE user_id = $1 AND token_hash <> $2").bind(user).bind(keep.unwrap_or_default())
        );
        Ok(())
    }

    /// Lets an address be tried again, and forgets what was counted against it: everywhere and from one network, or where no
    /// network is named from all. Answers whether it was locked out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn let_in_again(&mut self, canonical: &str, network: Option<&str>) -> Result<bool> {
        let now = self.now();
        let (from, to) = (network.unwrap_or_default(), network.unwrap_or(LAST));
        let locked = run!(
            self,
            sqlx::query("DELETE FROM lockouts WHERE canonical = $1 AND until > $2 AND (place = '' OR (place >= $3 AND place <= $4))")
                .bind(canonical)
                .bind(now)
                .bind(from)
                .bind(to)
        );
        for scope in Scope::ALL {
            // The address alone, or the address and a place behind a space; no address holds one.
            run!(
                self,
                sqlx::query("DELETE FROM attempts WHERE scope = $1 AND (key = $2 OR (key >= $3 AND key <= $4))")
                    .bind(scope.word())
                    .bind(canonical)
                    .bind(format!("{canonical} {from}"))
                    .bind(format!("{canonical} {to}"))
            );
        }
        Ok(locked > 0)
    }
}
