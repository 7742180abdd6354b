//! Invitations: offers to join an account (product §2.6). What may be offered, for how long, to whom it still counts, and
//! with which rights it is accepted; decided anew each time somebody looks.

use serde::{Deserialize, Serialize};

use super::{
    addresses::{Email, MAX_BYTES},
    faults::{Faults, codes},
    members::{Roles, cap, choose},
    permissions::{Permission, rights},
    time::{Millis, Span},
    words::words,
};

/// How long an invitation is open. Sending it again begins anew.
pub const LIVES: Span = Span::days(7);
/// How many letters an account may send to one address in an hour.
pub const LETTERS_PER_ADDRESS: i64 = 10;
/// How many letters one mailbox may be sent in an hour by all accounts together: nobody's is to be filled from here.
pub const LETTERS_PER_MAILBOX: i64 = 30;

words! {
    /// Why an invitation is closed.
    Closed {
        Accepted = "accepted", "Accepted", "Somebody has joined by it.";
        Declined = "declined", "Declined", "The invited person does not want to join.";
        Revoked = "revoked", "Taken back", "It was taken back.";
        Expired = "expired", "Expired", "It was open for seven days.";
        InviterGone = "inviter_gone", "Closed with its sender", "Whoever sent it was removed or disabled.";
        AccountDeleted = "account_deleted", "Account gone", "The account exists no more.";
    }
}

words! {
    /// How a link came to whoever holds it.
    Purpose {
        Mail = "mail", "By mail, which proves that the address is theirs.";
        Copy = "copy", "By hand, which proves nothing about the address.";
    }
}

words! {
    /// Why a link leads nowhere any more, or not now.
    Ended {
        Used = "used", "This invitation has been used", "It was accepted, and each invitation works once.";
        Declined = "declined", "This invitation was declined", "It was declined with this link or another one.";
        Revoked = "revoked", "This invitation was taken back", "Somebody in the account took it back.";
        Expired = "expired", "This invitation has expired", "Invitations are open for seven days.";
        Replaced = "replaced", "There is a newer link", "A newer link was made for this invitation, and only that one works.";
        InviterGone = "inviter_gone", "This invitation is closed", "Whoever sent it can no longer invite people.";
        InviterMayNot = "inviter_may_not", "This invitation cannot be accepted now", "Whoever sent it may no longer invite people.";
        Full = "full", "There is no seat left", "The account has as many members as it may have.";
        AccountDeleted = "account_deleted", "This account is gone", "The account that this invitation was for no longer exists.";
        Domain = "domain", "This address cannot join", "The account does not let in addresses of this domain.";
        Elsewhere = "ip", "This invitation cannot be accepted from here", "The account does not allow access from your network address.";
    }
}

/// What an invitation is, for lists and filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be accepted.
    Open,
    /// Its time is over; it can be sent again.
    Expired,
    /// It is closed for good.
    Closed(Closed),
}

impl State {
    /// Whether it is closed for good.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Closed(_))
    }
}

/// What it is now. The moment at which it expires is the first at which it no longer counts.
#[must_use]
pub fn state(now: Millis, closed: Option<Closed>, expires_at: Millis) -> State {
    match closed {
        Some(Closed::Expired) => State::Expired,
        Some(why) => State::Closed(why),
        None if now >= expires_at => State::Expired,
        None => State::Open,
    }
}

/// Whoever sent an invitation, as a member of its account now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inviter {
    /// Their roles.
    pub roles: Roles,
    /// Whether they are disabled.
    pub is_disabled: bool,
    /// Until when they may come in, if there is an end.
    pub access_until: Option<Millis>,
}

/// A link and all that decides whether it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked by itself")]
pub struct Link {
    /// Whether a newer link has taken its place.
    pub is_replaced: bool,
    /// Why the invitation is closed, if it is.
    pub closed: Option<Closed>,
    /// From when on it no longer counts.
    pub expires_at: Millis,
    /// The roles that were offered.
    pub offered: Roles,
    /// Who offered them; nobody where they are no member any more.
    pub inviter: Option<Inviter>,
    /// Whether there is a seat for one more member.
    pub has_seat: bool,
    /// Whether the account lets in addresses of this domain.
    pub is_domain_let_in: bool,
    /// Whether the account refuses the address that whoever holds it comes from.
    pub is_refused_here: bool,
}

/// What whoever accepts now would get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The roles.
    pub roles: Roles,
    /// Whether that is less than was offered, because the inviter may no longer give it.
    pub is_lowered: bool,
    /// Until when, where the inviter is a guest: nobody lets others stay longer than themselves.
    pub access_until: Option<Millis>,
}

/// Whether a link still counts, and what for. The order of the answers is from what never changes again to what may.
///
/// # Errors
/// Why not.
pub fn offer(now: Millis, link: &Link) -> Result<Offer, Ended> {
    match state(now, link.closed, link.expires_at) {
        State::Closed(Closed::Accepted) => return Err(Ended::Used),
        State::Closed(Closed::Declined) => return Err(Ended::Declined),
        State::Closed(Closed::Revoked) => return Err(Ended::Revoked),
        State::Closed(Closed::InviterGone) => return Err(Ended::InviterGone),
        State::Closed(Closed::AccountDeleted) => return Err(Ended::AccountDeleted),
        State::Closed(Closed::Expired) | State::Expired => return Err(Ended::Expired),
        State::Open => {}
    }
    if link.is_replaced {
        return Err(Ended::Replaced);
    }
    let Some(inviter) = link.inviter else { return Err(Ended::InviterGone) };
    if inviter.is_disabled || inviter.access_until.is_some_and(|until| now >= until) {
        return Err(Ended::InviterGone);
    }
    if !rights(inviter.roles).allow(Permission::InviteMembers) {
        return Err(Ended::InviterMayNot);
    }
    if !link.is_domain_let_in {
        return Err(Ended::Domain);
    }
    if link.is_refused_here {
        return Err(Ended::Elsewhere);
    }
    if !link.has_seat {
        return Err(Ended::Full);
    }
    let roles = cap(inviter.roles, link.offered);
    Ok(Offer { roles, is_lowered: roles != link.offered, access_until: inviter.access_until })
}

/// Who holds an open link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody who is signed in: they may sign in or sign up.
    Visitor,
    /// The invited person.
    Invited,
    /// Somebody with the invited address, who has not proven that it is theirs; and a link that proves nothing either, to an
    /// account where they have not been with it.
    Unproven,
    /// Somebody else.
    SomebodyElse,
}

/// Who holds it: `own` says of somebody signed in whether the invited address is theirs, and proven.
#[must_use]
pub fn holder(purpose: Purpose, own: Option<Address>) -> Holder {
    match (own, purpose) {
        (None, _) => Holder::Visitor,
        (Some(Address::Proven | Address::UnprovenHere), _) | (Some(Address::Unproven), Purpose::Mail) => Holder::Invited,
        (Some(Address::Unproven), Purpose::Copy) => Holder::Unproven,
        (Some(Address::Foreign), _) => Holder::SomebodyElse,
    }
}

/// What an address is to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Theirs, and they have proven it.
    Proven,
    /// Said to be theirs, and by it they have been in this very account.
    UnprovenHere,
    /// Said to be theirs.
    Unproven,
    /// Not theirs.
    Foreign,
}

/// What is typed to invite somebody.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Draft {
    /// The address.
    pub email: String,
    /// The Developer role.
    pub developer: String,
    /// The Team role.
    pub team: String,
    /// The Billing role.
    pub billing: String,
    /// `yes` for administrators.
    pub administrator: String,
}

/// An invitation to be, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInvitation {
    /// To whom.
    pub email: Email,
    /// The roles offered.
    pub roles: Roles,
}

impl Draft {
    /// The form as it is shown first: no address, and the least of each role.
    #[must_use]
    pub fn blank() -> Self {
        Self { developer: "read_only".to_owned(), team: "read_only".to_owned(), billing: "none".to_owned(), ..Self::default() }
    }

    /// Checks everything at once.
    ///
    /// # Errors
    /// All faults, each at its field.
    pub fn check(&self) -> Result<NewInvitation, Faults> {
        let mut faults = Faults::none();
        let email = faults.take(address(&self.email));
        let roles = choose(&mut faults, [&self.developer, &self.team, &self.billing, &self.administrator]);
        match (email, roles) {
            (Some(email), Some(roles)) if faults.is_empty() => Ok(NewInvitation { email, roles }),
            _ => Err(faults),
        }
    }
}

/// An address that somebody can be invited by.
///
/// # Errors
/// A fault at the field.
pub fn address(text: &str) -> Result<Email, Faults> {
    let code = match text.trim().len() {
        0 => codes::ADDRESS_MISSING,
        1..=MAX_BYTES => codes::NO_ADDRESS,
        _ => codes::ADDRESS_LONG,
    };
    Email::parse(text).map_err(|says| Faults::coded("email", code, says))
}

/// Whether one more fits: `taken` seats of `seats`, where zero is any number.
#[must_use]
pub const fn has_seat(taken: i64, seats: i64) -> bool {
    seats == 0 || taken < seats
}

#[cfg(test)]
#[path = "invitations_tests.rs"]
mod tests;
