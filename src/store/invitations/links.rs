//! The links of invitations, and what whoever holds one needs to know: found by the hash of the link's secret, before
//! there is an account that they are in.

use sqlx::FromRow;

use super::{closed_of, roles_of};
use crate::{
    rules::{
        ids::{AccountId, InvitationId, UserId},
        invitations::{Address, Closed, Inviter, Purpose},
        members::Roles,
        time::Millis,
    },
    store::{InAccount, Instance, MemberFacts, Reader, Result, Tx, run, sql},
};

/// A link to be.
pub struct NewLink<'a> {
    /// The hash of its secret.
    pub hash: &'a str,
    /// Whose it is.
    pub invitation: &'a InvitationId,
    /// How it reaches whoever is invited.
    pub purpose: Purpose,
}

/// A link, its invitation, and who sent it.
#[derive(Clone, Debug, FromRow)]
pub struct LinkRow {
    /// The invitation.
    pub invitation: InvitationId,
    /// To which account.
    pub account: AccountId,
    /// The account's name now.
    pub account_name: String,
    /// Its slug.
    pub slug: String,
    /// The number of what restricts its addresses.
    pub ip_version: i64,
    /// The company it is of, as it says.
    pub company: String,
    /// The invited address as written.
    pub address: String,
    /// The same as compared.
    pub canonical: String,
    offered_developer: String,
    offered_team: String,
    offered_billing: String,
    offered_administrator: Option<String>,
    /// From when on it no longer counts.
    pub expires_at: Millis,
    closed_why: Option<String>,
    purpose: String,
    /// Since when a newer link has its place.
    pub ended_at: Option<Millis>,
    /// The name of who sent it.
    pub inviter_name: String,
    /// Their address, where it is proven to be theirs.
    pub inviter_email: Option<String>,
    /// They as a member, if they are one.
    #[sqlx(flatten)]
    inviter: MemberFacts,
}

impl LinkRow {
    /// How it reached whoever holds it. What this program does not know proves nothing.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        Purpose::parse(&self.purpose).unwrap_or(Purpose::Copy)
    }

    /// The roles offered.
    #[must_use]
    pub fn offered(&self) -> Roles {
        roles_of(&self.offered_developer, &self.offered_team, &self.offered_billing, self.offered_administrator.as_deref())
    }

    /// Why the invitation is closed, if it is.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        closed_of(self.closed_why.as_deref())
    }

    /// Who sent it, as they are now.
    #[must_use]
    pub fn inviter(&self) -> Option<Inviter> {
        let facts = &self.inviter;
        facts.roles().map(|roles| Inviter { roles, is_disabled: facts.disabled_at.is_some(), access_until: facts.access_until })
    }
}

impl Reader<Instance> {
    /// The link whose secret has this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation_link(&mut self, hash: &str) -> Result<Option<LinkRow>> {
        Ok(sql!(self, c => sqlx::query_as(
            "SELECT i.id AS invitation, i.account_id AS account, a.name AS account_name, a.slug, a.ip_version, a.company, i.address, i.canonical,
                    i.developer AS offered_developer, i.team AS offered_team, i.billing AS offered_billing,
                    i.administrator AS offered_administrator, i.expires_at, i.closed_why, t.purpose, t.ended_at,
                    u.name AS inviter_name, e.canonical AS inviter_email, m.id AS member_id, m.developer, m.team, m.billing,
                    m.administrator_since, m.joined_at AS member_since, m.disabled_at, m.access_until
             FROM invitation_tokens t JOIN invitations i ON i.id = t.invitation_id
             JOIN accounts a ON a.id = i.account_id JOIN users u ON u.id = i.invited_by
             LEFT JOIN members m ON m.account_id = i.account_id AND m.user_id = i.invited_by
             LEFT JOIN user_emails e ON e.user_id = i.invited_by AND e.canonical = m.search_email AND e.verified_at IS NOT NULL
             WHERE t.hash = $1").bind(hash).fetch_optional(c)))
    }

    /// How many seats of an account are taken: its members, disabled ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seats_taken(&mut self, account: &AccountId) -> Result<i64> {
        Ok(sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE account_id = $1").bind(account).fetch_one(c)))
    }

    /// Whether somebody is a member of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_member(&mut self, account: &AccountId, user: &UserId) -> Result<bool> {
        let found: i64 = sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM members WHERE account_id = $1 AND user_id = $2")
            .bind(account).bind(user).fetch_one(c));
        Ok(found > 0)
    }

    /// What an address is to a user who stands before an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn address_of(&mut self, user: &UserId, canonical: &str, account: &AccountId) -> Result<Address> {
        let found: Option<(Option<Millis>,)> = sql!(self, c => sqlx::query_as("SELECT verified_at FROM user_emails WHERE user_id = $1 AND canonical = $2")
            .bind(user).bind(canonical).fetch_optional(c));
        match found {
            Some((Some(_),)) => return Ok(Address::Proven),
            Some((None,)) => {}
            None => return Ok(Address::Foreign),
        }
        let here: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM invitation_uses x JOIN invitations i ON i.id = x.invitation_id
             WHERE x.user_id = $1 AND i.account_id = $2 AND i.canonical = $3").bind(user).bind(account).bind(canonical).fetch_one(c));
        Ok(if here > 0 { Address::UnprovenHere } else { Address::Unproven })
    }
}

impl Tx<Instance> {
    /// Notes who joined by an invitation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_invitation(&mut self, id: &InvitationId, user: &UserId) -> Result<()> {
        let now = self.now();
        run!(
            self,
            sqlx::query("INSERT INTO invitation_uses (invitation_id, user_id, used_at) VALUES ($1, $2, $3)").bind(id).bind(user).bind(now)
        );
        run!(self, sqlx::query("UPDATE invitations SET uses = uses + 1 WHERE id = $1").bind(id));
        Ok(())
    }
}

impl Tx<InAccount> {
    /// Makes a link of an invitation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_invitation_link(&mut self, new: &NewLink<'_>) -> Result<()> {
        let (now, scope) = (self.now(), self.scope.0.clone());
        run!(
            self,
            sqlx::query(
                "INSERT INTO invitation_tokens (hash, invitation_id, purpose, created_at)
                 SELECT $1, id, $2, $3 FROM invitations WHERE id = $4 AND account_id = $5"
            )
            .bind(new.hash)
            .bind(new.purpose.word())
            .bind(now)
            .bind(new.invitation)
            .bind(&scope)
        );
        Ok(())
    }

    /// Ends the links of an invitation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_links(&mut self, id: &InvitationId) -> Result<()> {
        let (now, scope) = (self.now(), self.scope.0.clone());
        run!(
            self,
            sqlx::query(
                "UPDATE invitation_tokens SET ended_at = $1 WHERE ended_at IS NULL
                 AND invitation_id IN (SELECT id FROM invitations WHERE id = $2 AND account_id = $3)"
            )
            .bind(now)
            .bind(id)
            .bind(&scope)
        );
        Ok(())
    }
}
