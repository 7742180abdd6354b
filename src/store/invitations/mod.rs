//! Invitations, as their account sees them. What whoever holds a link sees stands in [`links`].

mod counts;
mod links;
mod page;

use sqlx::FromRow;

pub use counts::InvitationsInNeed;
pub use links::{LinkRow, NewLink};
pub use page::{InvitationCursor, InvitationFilter};

use super::{InAccount, Reader, Result, Tx, run, sql};
use crate::rules::{
    ids::{AccountId, InvitationId, LetterId, UserId},
    invitations::{Closed, State, state},
    members::{Billing, Developer, Roles, Team},
    time::Millis,
};

/// Why a letter about a closed invitation did not leave.
const CLOSED_BEFORE: &str = "The invitation was closed before this was sent.";

/// An invitation to be.
pub struct NewInvitationRow<'a> {
    /// The id.
    pub id: &'a InvitationId,
    /// The address as written.
    pub address: &'a str,
    /// The address as compared.
    pub canonical: &'a str,
    /// The roles offered.
    pub roles: Roles,
    /// Who invites.
    pub invited_by: &'a UserId,
    /// From when on it no longer counts.
    pub expires_at: Millis,
    /// The letter that carries its link.
    pub letter: &'a LetterId,
}

/// An invitation as lists and its page show one.
#[derive(Clone, Debug, FromRow)]
pub struct InvitationRow {
    /// The id.
    pub id: InvitationId,
    /// The address as written.
    pub address: String,
    /// The address as compared.
    pub canonical: String,
    developer: String,
    team: String,
    billing: String,
    administrator: Option<String>,
    /// Who answers for it.
    pub invited_by: UserId,
    /// Their name.
    pub inviter: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last sent.
    pub sent_at: Option<Millis>,
    /// From when on it no longer counts.
    pub expires_at: Millis,
    closed_why: Option<String>,
    /// How often it has changed.
    pub version: i64,
    /// The letter that carries its link.
    pub letter_id: Option<LetterId>,
    /// When its letter was delivered.
    pub letter_sent_at: Option<Millis>,
    /// When its letter was given up.
    pub letter_failed_at: Option<Millis>,
    /// When its letter is tried next.
    pub letter_next_at: Option<Millis>,
    /// What went wrong with it last.
    pub letter_error: Option<String>,
    /// How it left.
    pub letter_sent_as: Option<String>,
    /// When the invitation was closed, if it was.
    pub closed_at: Option<Millis>,
}

impl InvitationRow {
    /// The roles offered. A row whose words this program does not know offers the least.
    #[must_use]
    pub fn roles(&self) -> Roles {
        roles_of(&self.developer, &self.team, &self.billing, self.administrator.as_deref())
    }

    /// Why it is closed for good, if it is; also one that expired and whose address was invited anew since.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        closed_of(self.closed_why.as_deref())
    }

    /// What it is now.
    #[must_use]
    pub fn state(&self, now: Millis) -> State {
        state(now, self.closed(), self.expires_at)
    }
}

fn roles_of(developer: &str, team: &str, billing: &str, administrator: Option<&str>) -> Roles {
    Roles {
        developer: Developer::parse(developer).unwrap_or(Developer::ReadOnly),
        team: Team::parse(team).unwrap_or(Team::ReadOnly),
        billing: Billing::parse(billing).unwrap_or(Billing::None),
        administrator: administrator == Some("yes"),
    }
}

/// A reason that this program does not know closes all the same.
fn closed_of(why: Option<&str>) -> Option<Closed> {
    why.map(|why| Closed::parse(why).unwrap_or(Closed::Revoked))
}

macro_rules! invitation_columns {
    () => {
        "SELECT i.id, i.address, i.canonical, i.developer, i.team, i.billing, i.administrator, i.invited_by, u.name AS inviter,
                i.created_at, i.sent_at, i.expires_at, i.closed_why, i.version, i.letter_id,
                o.sent_at AS letter_sent_at, o.failed_at AS letter_failed_at, o.next_attempt_at AS letter_next_at, o.last_error AS letter_error,
                o.sent_as AS letter_sent_as, i.closed_at
         FROM invitations i JOIN users u ON u.id = i.invited_by LEFT JOIN outbox o ON o.id = i.letter_id
         WHERE i.account_id = $1 AND i.kind = 'email' "
    };
}
use invitation_columns;

impl Reader<InAccount> {
    /// One invitation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation(&mut self, id: &InvitationId) -> Result<Option<InvitationRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(invitation_columns!(), "AND i.id = $2")).bind(&scope).bind(id).fetch_optional(c)))
    }

    /// The invitation to an address that is not closed, whether or not its time is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unclosed_invitation(&mut self, canonical: &str) -> Result<Option<InvitationRow>> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_as(concat!(invitation_columns!(), "AND i.canonical = $2 AND i.closed_at IS NULL"))
            .bind(&scope).bind(canonical).fetch_optional(c)))
    }

    /// How many open invitations somebody answers for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_invitations_of(&mut self, inviter: &UserId, now: Millis) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM invitations WHERE account_id = $1 AND invited_by = $2 AND closed_at IS NULL AND expires_at > $3")
            .bind(&scope).bind(inviter).bind(now).fetch_one(c)))
    }

    /// How many invitations are open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_invitations(&mut self, now: Millis) -> Result<i64> {
        let scope = self.scope.0.clone();
        Ok(
            sql!(self, c => sqlx::query_scalar("SELECT COUNT(*) FROM invitations WHERE account_id = $1 AND closed_at IS NULL AND expires_at > $2")
            .bind(&scope).bind(now).fetch_one(c)),
        )
    }

    /// Whether somebody with this address, proven or not, is a member.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_member_with(&mut self, canonical: &str) -> Result<bool> {
        let scope = self.scope.0.clone();
        let found: i64 = sql!(self, c => sqlx::query_scalar(
            "SELECT COUNT(*) FROM members m JOIN user_emails e ON e.user_id = m.user_id WHERE m.account_id = $1 AND e.canonical = $2")
            .bind(&scope).bind(canonical).fetch_one(c));
        Ok(found > 0)
    }
}

impl Tx<InAccount> {
    /// Makes an invitation. `false` when one to this address is not closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_invitation(&mut self, new: &NewInvitationRow<'_>) -> Result<bool> {
        let (scope, now, roles) = (self.scope.0.clone(), self.now(), new.roles);
        let made = run!(self, sqlx::query(
            "INSERT INTO invitations (id, account_id, kind, address, canonical, developer, team, billing, administrator, invited_by, created_at,
                                      sent_at, expires_at, letter_id)
             VALUES ($1, $2, 'email', $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12) ON CONFLICT DO NOTHING")
            .bind(new.id).bind(&scope).bind(new.address).bind(new.canonical).bind(roles.developer.word()).bind(roles.team.word())
            .bind(roles.billing.word()).bind(roles.administrator.then_some("yes")).bind(new.invited_by).bind(now).bind(new.expires_at)
            .bind(new.letter));
        Ok(made == 1)
    }

    /// Opens an invitation anew, with the letter that carries its new link, and whoever answers for it now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_invitation(&mut self, id: &InvitationId, expires_at: Millis, letter: &LetterId, invited_by: &UserId) -> Result<()> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE invitations SET sent_at = $1, expires_at = $2, letter_id = $3, invited_by = $4, version = version + 1
                 WHERE account_id = $5 AND id = $6"
            )
            .bind(now)
            .bind(expires_at)
            .bind(letter)
            .bind(invited_by)
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }

    /// Which combinations of roles the open invitations of somebody offer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn roles_offered_by(&mut self, inviter: &UserId) -> Result<Vec<Roles>> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        let rows: Vec<(String, String, String, Option<String>)> = sql!(self, c => sqlx::query_as(
            "SELECT DISTINCT developer, team, billing, administrator FROM invitations
             WHERE account_id = $1 AND invited_by = $2 AND closed_at IS NULL AND expires_at > $3")
            .bind(&scope).bind(inviter).bind(now).fetch_all(c));
        Ok(rows
            .iter()
            .map(|(developer, team, billing, administrator)| roles_of(developer, team, billing, administrator.as_deref()))
            .collect())
    }

    /// Lets somebody else answer for the open invitations of one person that offer these roles; answers which.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_over_invitations(&mut self, from: &UserId, roles: Roles, to: &UserId) -> Result<Vec<(InvitationId, String)>> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        Ok(sql!(self, c => sqlx::query_as(
            "UPDATE invitations SET invited_by = $1, version = version + 1
             WHERE account_id = $2 AND invited_by = $3 AND closed_at IS NULL AND expires_at > $4 AND developer = $5 AND team = $6
                   AND billing = $7 AND COALESCE(administrator, '') = $8 RETURNING id, canonical")
            .bind(to).bind(&scope).bind(from).bind(now).bind(roles.developer.word()).bind(roles.team.word()).bind(roles.billing.word())
            .bind(if roles.administrator { "yes" } else { "" }).fetch_all(c)))
    }

    /// Closes the open invitations of somebody, and with them what of their letters is not sent yet; answers which.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_invitations_of(&mut self, inviter: &UserId, why: Closed) -> Result<Vec<(InvitationId, String)>> {
        let (scope, now) = (self.scope.0.clone(), self.now());
        run!(
            self,
            sqlx::query(
                "UPDATE outbox SET failed_at = $1, last_error = $2, body = '', sent_as = 'withdrawn' WHERE sent_at IS NULL AND failed_at IS NULL AND subject_id IN
                        (SELECT id FROM invitations WHERE account_id = $3 AND invited_by = $4 AND closed_at IS NULL AND expires_at > $1)"
            )
            .bind(now)
            .bind(CLOSED_BEFORE)
            .bind(&scope)
            .bind(inviter)
        );
        Ok(sql!(self, c => sqlx::query_as(
            "UPDATE invitations SET closed_at = $1, closed_why = $2, version = version + 1
             WHERE account_id = $3 AND invited_by = $4 AND closed_at IS NULL AND expires_at > $1 RETURNING id, canonical")
            .bind(now).bind(why.word()).bind(&scope).bind(inviter).fetch_all(c)))
    }

    /// Changes what is offered, and who answers for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_invitation_roles(&mut self, id: &InvitationId, roles: Roles, invited_by: &UserId) -> Result<()> {
        let scope = self.scope.0.clone();
        run!(
            self,
            sqlx::query(
                "UPDATE invitations SET developer = $1, team = $2, billing = $3, administrator = $4, invited_by = $5, version = version + 1
             WHERE account_id = $6 AND id = $7"
            )
            .bind(roles.developer.word())
            .bind(roles.team.word())
            .bind(roles.billing.word())
            .bind(roles.administrator.then_some("yes"))
            .bind(invited_by)
            .bind(&scope)
            .bind(id)
        );
        Ok(())
    }
}

impl<S> Tx<S> {
    /// Closes an invitation, and with it what of its letters is not sent yet. `false` when it is closed already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_invitation(&mut self, account: &AccountId, id: &InvitationId, why: Closed) -> Result<bool> {
        let now = self.now();
        let closed = run!(
            self,
            sqlx::query(
                "UPDATE invitations SET closed_at = $1, closed_why = $2, version = version + 1 WHERE account_id = $3 AND id = $4 AND closed_at IS NULL"
            )
            .bind(now)
            .bind(why.word())
            .bind(account)
            .bind(id)
        );
        self.unpost(id.as_str(), CLOSED_BEFORE).await?;
        Ok(closed == 1)
    }
}
