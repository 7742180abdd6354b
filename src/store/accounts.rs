//! Accounts: by slug together with who is asking, and by user.

use sqlx::FromRow;

use super::{InAccount, Instance, MemberFacts, OfUser, Reader, Result, Tx, run, sql};
use crate::rules::{chain, ids::AccountId, time::Millis};

/// An account and what it is to the person who asks for it. Read by `asking`.
#[derive(Clone, Debug)]
pub struct AccountFacts {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
    /// When it got its first identity provider, if it has.
    pub first_idp_at: Option<Millis>,
    /// When this session came in, if it has.
    pub entered_at: Option<Millis>,
    /// When it was last noted there.
    pub entry_seen_at: Option<Millis>,
    /// When it was ended there, if it was.
    pub entry_ended_at: Option<Millis>,
    /// The person as a member, if they are one.
    pub member: MemberFacts,
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

impl Tx<Instance> {
    /// Makes an account. `false` when the slug is taken.
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
        Ok(made == 1)
    }
}

impl Reader<InAccount> {
    /// The account's name, and how often its details have changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn details(&mut self) -> Result<(String, i64)> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as("SELECT name, details_version FROM accounts WHERE id = $1").bind(&scope).fetch_one(c)))
    }
}

impl Tx<InAccount> {
    /// Changes the account's name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_account(&mut self, name: &str) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query("UPDATE accounts SET name = $1, details_version = details_version + 1 WHERE id = $2").bind(name).bind(&scope)
        );
        Ok(())
    }
}
