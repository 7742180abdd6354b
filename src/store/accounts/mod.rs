//! Accounts: by slug together with who is asking, and by user. Their details and their end stand beside this.

mod details;
mod end;

pub use end::Belongings;
use sqlx::FromRow;

use super::{Instance, MemberFacts, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{
    chain,
    gate::Sso,
    ids::{AccountId, UserId},
    security::Entry,
    time::Millis,
};

/// An account and what it is to the person who asks for it. Read by `asking`.
#[derive(Clone, Debug)]
pub struct AccountFacts {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// The zone in which moments are shown to members who have chosen none; empty for UTC.
    pub time_zone: String,
    /// When it was last opened from the host, and for whom, if it ever was.
    pub rescued: Option<(Millis, String)>,
    /// What it has decided for itself about entering it.
    pub security: Entry,
    /// When it got its first identity provider, if it has.
    pub first_idp_at: Option<Millis>,
    /// What it demands about single sign-on.
    pub sso: Sso,
    /// How often what restricts its addresses has changed; 0 where nothing ever has.
    pub ip_version: i64,
    /// When this session came in, if it has.
    pub entered_at: Option<Millis>,
    /// When it was last noted there.
    pub entry_seen_at: Option<Millis>,
    /// When it was ended there, if it was.
    pub entry_ended_at: Option<Millis>,
    /// Why, if it was.
    pub entry_ended_why: Option<String>,
    /// The person as a member, if they are one.
    pub member: MemberFacts,
}

impl AccountFacts {
    /// Under what it is kept what restricts its addresses.
    #[must_use]
    pub const fn ip_key(&self) -> (&AccountId, i64) {
        (&self.account, self.ip_version)
    }
}

/// An account in the list of one's own.
#[derive(Clone, Debug, FromRow)]
pub struct AccountOfUser {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// When the person joined.
    pub joined_at: Millis,
    /// The person as a member.
    #[sqlx(flatten)]
    pub member: MemberFacts,
}

impl Reader<OfUser> {
    /// The accounts that the person is a member of, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_accounts(&mut self) -> Result<Vec<AccountOfUser>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT a.slug, a.name, m.joined_at, m.id AS member_id, m.developer, m.team, m.billing, m.administrator_since,
                    m.joined_at AS member_since, m.disabled_at, m.access_until
             FROM members m JOIN accounts a ON a.id = m.account_id WHERE m.user_id = $1 ORDER BY a.name, a.id")
            .bind(&scope).fetch_all(c)))
    }
}

impl Reader<OfUser> {
    /// How many accounts that still exist the person has created.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts_founded(&mut self) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE user_id = $1 AND source = 'created'").bind(&scope).fetch_one(c)),
        )
    }

    /// Whether the person administers an account now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administers(&mut self) -> Result<bool> {
        let scope = self.scope.0.clone();
        let found: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM members WHERE user_id = $1 AND administrator_since IS NOT NULL AND disabled_at IS NULL AND access_until IS NULL")
            .bind(&scope).fetch_one(c));
        Ok(found > 0)
    }
}

impl Reader<Instance> {
    /// The slug that an account has now which had this one before, if this user is a member there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn slug_now(&mut self, before: &str, user: &UserId) -> Result<Option<String>> {
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT a.slug FROM account_slugs s JOIN accounts a ON a.id = s.account_id JOIN members m ON m.account_id = a.id AND m.user_id = $2
             WHERE s.slug = $1 AND a.deleted_at IS NULL").bind(before).bind(user).fetch_optional(c)))
    }

    /// Whether no account has or had this slug.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn slug_is_free(&mut self, slug: &str) -> Result<bool> {
        let taken: i64 = sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM account_slugs WHERE slug = $1").bind(slug).fetch_one(c));
        Ok(taken == 0)
    }
}

impl Tx<Instance> {
    /// Makes an account. `false` when the slug is or was another's; nothing of this may stand then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_account(&mut self, id: &AccountId, name: &str, slug: &str) -> Result<bool> {
        let now = self.now();
        let made = run!(
            self,
            sqlx::query("INSERT INTO accounts (id, slug, name, created_at, event_hash) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
                .bind(id)
                .bind(slug)
                .bind(name)
                .bind(now)
                .bind(chain::START)
        );
        Ok(made == 1 && self.take_slug(id, slug).await?)
    }
}

impl<S> Tx<S> {
    /// Takes a slug for an account. `false` when it is or was another's.
    async fn take_slug(&mut self, account: &AccountId, slug: &str) -> Result<bool> {
        let now = self.now();
        let taken: Option<String> = sql!(self, c => sqlx::query_scalar(
            "INSERT INTO account_slugs (slug, account_id, taken_at) VALUES ($1, $2, $3)
             ON CONFLICT (slug) DO UPDATE SET taken_at = account_slugs.taken_at WHERE account_slugs.account_id = $2 RETURNING slug")
            .bind(slug).bind(account).bind(now).fetch_optional(c));
        Ok(taken.is_some())
    }
}
