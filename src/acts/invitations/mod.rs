//! Deeds on the invitations of an account. Whoever sends an invitation, sends it again or changes it answers for it from
//! then on: it never gives more than they may give at the moment when it is accepted. Accepting stands in [`join`], and by a
//! login of GitHub or Google in `social`.

pub mod join;
pub(super) mod provider;
pub(super) mod social;

use serde_json::json;

use super::{
    App, Bearer, Permit, Stop,
    letters::{self, Envelope},
};
use crate::{
    protocols::secrets::{hash_token, token},
    rules::{
        addresses::Email,
        domains,
        events::{Actor, Event, InvitationEvent, Invited, Who, roles_value},
        faults::{
            Faults,
            codes::{self, Code},
        },
        ids::{AccountId, InvitationId, LetterId},
        invitations::{Closed, LETTERS_PER_ADDRESS, LETTERS_PER_MAILBOX, LIVES, NewInvitation, Purpose, State, has_seat},
        letters::Letter,
        members::{NewRoles, Roles, may_grant, may_touch},
        permissions::{May, Permission, may, rights},
        sign_in::{window_rest, window_start},
        time::{Millis, Span},
    },
    store::{Attempt, InAccount, InvitationRow, MemberRow, NewInvitationRow, NewLink, Tx},
};

/// An invitation that is on its way.
pub struct Sent {
    /// The invitation as it is now.
    pub row: InvitationRow,
    /// Where letters do not leave this machine: the link to hand over, which is shown once.
    pub link: Option<String>,
}

/// Invites somebody: an invitation, a letter, and where letters do not leave this machine a link to hand over.
///
/// # Errors
/// [`Stop::Faults`] when that would be above the own rights, for members, for addresses that are invited already, and when
/// no seat is left, or the address has got too many letters.
pub async fn invite<B: Bearer>(permit: &Permit<may::InviteMembers, B>, new: NewInvitation) -> Result<Sent, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let NewInvitation { email, roles } = new;
    let sender = sender(&mut tx, permit).await?;
    may_grant(own, Roles::LEAST, roles).map_err(|says| above("roles", roles, says))?;
    permit.demand_fresh_over(&[roles])?;
    demand_domain(&mut tx, "email", email.canonical()).await?;
    demand_stranger(&mut tx, email.canonical()).await?;
    let account = permit.account().account.clone();
    if let Some(before) = tx.unclosed_invitation(email.canonical()).await? {
        if before.state(tx.now()) == State::Open {
            let says = "This address has an open invitation. Find it under Invitations, to send it again or change it.";
            return Err(Faults::coded("email", codes::INVITED_ALREADY, says).into());
        }
        tx.close_invitation(&account, &before.id, Closed::Expired).await?;
        tx.note(Event::Invitation { account: account.clone(), invitation: invited(&before), what: InvitationEvent::Expired });
    }
    demand_seat(permit.app(), &mut tx).await?;
    count_letter(permit.app(), &mut tx, &account, &email).await?;

    let id = InvitationId::new(tx.now(), tx.dice());
    let expires_at = tx.now().plus(LIVES);
    let (secret, letter) = write(permit, &mut tx, &sender, &id, &email.deliverable(), expires_at).await?;
    let (address, canonical, invited_by) = (email.written(), email.canonical(), &sender.user_id);
    let row = NewInvitationRow { id: &id, address, canonical, roles, invited_by, expires_at, letter: &letter };
    if !tx.create_invitation(&row).await? {
        return Err(Stop::Broken("the invitation's place was taken under the account's lock".to_owned()));
    }
    let link = links(permit.app(), &mut tx, &id, &secret).await?;
    let invitation = Invited { id: id.clone(), email: canonical.to_owned() };
    let row = load(&mut tx, &id).await?;
    tx.commit(Event::Invitation { account, invitation, what: InvitationEvent::Created { roles } }).await?;
    letters::ring(permit.app());
    Ok(Sent { row, link })
}

/// Sends an open or expired invitation again, for another seven days: with a new link, which ends the old ones. Told which
/// version was looked at, it does so once: the page of a new link can be loaded anew without making another.
///
/// # Errors
/// [`Stop::Faults`] when it is closed, was changed since that version, offers more than the own rights, is for a member, or
/// no seat is left.
pub async fn resend<B: Bearer>(permit: &Permit<may::ResendInvitations, B>, id: &InvitationId, version: Option<i64>) -> Result<Sent, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let row = load(&mut tx, id).await?;
    let state = row.state(tx.now());
    if let Some(why) = row.closed() {
        let says = format!("This invitation is closed: {}. Invite them anew.", why.label().to_lowercase());
        return Err(fault(codes::INVITATION_CLOSED, says));
    }
    if version.is_some_and(|version| version != row.version) {
        let says = "This was done already, or somebody changed the invitation meanwhile. The newest link goes on working.";
        return Err(fault(codes::CHANGED_MEANWHILE, says));
    }
    let sender = sender(&mut tx, permit).await?;
    may_grant(own, Roles::LEAST, row.roles()).map_err(|says| above("invitation", row.roles(), says))?;
    permit.demand_fresh_over(&[row.roles()])?;
    demand_domain(&mut tx, "invitation", &row.canonical).await?;
    demand_stranger(&mut tx, &row.canonical).await?;
    if state == State::Expired {
        demand_seat(permit.app(), &mut tx).await?;
    }
    let account = permit.account().account.clone();
    let email = Email::parse(&row.address).map_err(Stop::Broken)?;
    count_letter(permit.app(), &mut tx, &account, &email).await?;

    let expires_at = tx.now().plus(LIVES);
    tx.unpost(id.as_str(), "The invitation was sent again before this was sent.").await?;
    tx.end_links(id).await?;
    let (secret, letter) = write(permit, &mut tx, &sender, id, &email.deliverable(), expires_at).await?;
    tx.renew_invitation(id, expires_at, &letter, &sender.user_id).await?;
    let link = links(permit.app(), &mut tx, id, &secret).await?;
    let (before, after) = (json!({ "sent_by": row.inviter }), json!({ "sent_by": sender.name }));
    let row = load(&mut tx, id).await?;
    tx.commit(Event::Invitation { account, invitation: invited(&row), what: InvitationEvent::Resent { before, after } }).await?;
    letters::ring(permit.app());
    Ok(Sent { row, link })
}

/// That the account lets in addresses of this domain.
async fn demand_domain(tx: &mut Tx<InAccount>, field: &'static str, canonical: &str) -> Result<(), Stop> {
    if tx.domains().await?.admit(canonical) {
        return Ok(());
    }
    Err(Faults::coded(field, codes::DOMAIN_REFUSED, domains::refusal(canonical)).into())
}

/// Offers other roles; answers with the invitation as it is then.
///
/// # Errors
/// [`Stop::Faults`] when it is not open, when that would be above the own rights, or when somebody else changed it
/// meanwhile.
pub async fn change_roles<B: Bearer>(
    permit: &Permit<may::AssignRoles, B>,
    id: &InvitationId,
    new: NewRoles,
) -> Result<InvitationRow, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let row = load(&mut tx, id).await?;
    let before = row.roles();
    if row.state(tx.now()) != State::Open {
        return Err(fault(codes::INVITATION_CLOSED, "This invitation is not open any more."));
    }
    if row.version != new.version {
        let says = format!("Somebody changed this invitation meanwhile: it now offers {}. Choose again.", before.summary());
        return Err(fault(codes::CHANGED_MEANWHILE, says));
    }
    if before == new.roles {
        return Ok(row);
    }
    may_touch(own, before).map_err(|says| fault(codes::OFFERS_ADMINISTRATOR, says))?;
    may_grant(own, Roles::LEAST, new.roles).map_err(|says| above("roles", new.roles, says))?;
    permit.demand_fresh_over(&[before, new.roles])?;
    let sender = sender(&mut tx, permit).await?;
    tx.set_invitation_roles(id, new.roles, &sender.user_id).await?;
    let value = |roles: Roles, sent_by: &str| json!({ "roles": roles_value(roles), "sent_by": sent_by });
    let (before, after) = (value(before, &row.inviter), value(new.roles, &sender.name));
    let account = permit.account().account.clone();
    let now = load(&mut tx, id).await?;
    tx.commit(Event::Invitation { account, invitation: invited(&row), what: InvitationEvent::Updated { before, after } }).await?;
    Ok(now)
}

/// Takes an invitation back: its links end, and a letter that has not left yet stays here. Whoever may invite may take back
/// what they answer for themselves; for others' it takes the permission to revoke.
///
/// # Errors
/// [`Stop::Missing`] for others' without that, [`Stop::Faults`] when it is closed already, or is for an administrator and
/// oneself is none.
pub async fn revoke<B: Bearer>(permit: &Permit<may::InviteMembers, B>, id: &InvitationId) -> Result<(), Stop> {
    let (mut tx, own) = permit.begin().await?;
    let row = load(&mut tx, id).await?;
    if row.invited_by.as_str() != permit.actor().id() && !rights(own).allow(Permission::RevokeInvitations) {
        drop(tx);
        return Err(permit.missing(Permission::RevokeInvitations).await);
    }
    may_touch(own, row.roles()).map_err(|says| fault(codes::OFFERS_ADMINISTRATOR, says))?;
    let account = permit.account().account.clone();
    if !tx.close_invitation(&account, id, Closed::Revoked).await? {
        return Err(fault(codes::INVITATION_CLOSED, "This invitation is closed already."));
    }
    Ok(tx.commit(Event::Invitation { account, invitation: invited(&row), what: InvitationEvent::Revoked }).await?)
}

/// What becomes of the open invitations of somebody who goes: whoever sends them away may answer for them, as far as their
/// own rights reach; the others close. However many there are, this takes a few statements and two events at most.
pub(super) async fn settle<M: May, B: Bearer>(
    tx: &mut Tx<InAccount>,
    permit: &Permit<M, B>,
    own: Roles,
    leaver: &Who,
    take_over: bool,
) -> Result<(), Stop> {
    let account = permit.account().account.clone();
    let heir = match permit.actor() {
        Actor::Person(who) => Some(who),
        Actor::Bot(_) => None,
    };
    let mut taken = Vec::new();
    if let Some(heir) = heir.as_ref().filter(|_| take_over && rights(own).allow(Permission::InviteMembers)) {
        for roles in tx.roles_offered_by(&leaver.user).await? {
            if may_grant(own, Roles::LEAST, roles).is_ok() {
                taken.extend(tx.take_over_invitations(&leaver.user, roles, &heir.user).await?);
            }
        }
    }
    let closed = tx.close_invitations_of(&leaver.user, Closed::InviterGone).await?;
    for (invitations, heir) in [(taken, heir.map(|heir| heir.email)), (closed, None)] {
        if !invitations.is_empty() {
            let invitations = invitations.into_iter().map(|(id, email)| Invited { id, email }).collect();
            tx.note(Event::InvitationsSettled { account: account.clone(), who: leaver.clone(), invitations, heir });
        }
    }
    Ok(())
}

/// An invitation of this account; others do not exist.
async fn load(tx: &mut Tx<InAccount>, id: &InvitationId) -> Result<InvitationRow, Stop> {
    tx.invitation(id).await?.ok_or(Stop::Unknown)
}

/// Whoever answers for what is sent now: only people invite.
async fn sender<M: May, B: Bearer>(tx: &mut Tx<InAccount>, permit: &Permit<M, B>) -> Result<MemberRow, Stop> {
    match permit.actor() {
        Actor::Person(who) => tx.member_of_user(&who.user).await?.ok_or(Stop::Unknown),
        Actor::Bot(_) => Err(Stop::Unknown),
    }
}

/// Members are not invited (`ERR_NGROK_6601`).
async fn demand_stranger(tx: &mut Tx<InAccount>, canonical: &str) -> Result<(), Stop> {
    if tx.has_member_with(canonical).await? {
        return Err(Faults::coded("email", codes::ALREADY_MEMBER, "Somebody with this address is a member already.").into());
    }
    Ok(())
}

/// Open invitations take seats too: nobody is to be invited for nothing (`ERR_NGROK_4402`).
async fn demand_seat(app: &App, tx: &mut Tx<InAccount>) -> Result<(), Stop> {
    let (seats, now) = (app.0.terms.seats, tx.now());
    let taken = tx.members_by_kind(now).await?.members + tx.open_invitations(now).await?;
    if has_seat(taken, seats) {
        return Ok(());
    }
    let all = format!("All {seats} seats are taken, open invitations included. Remove a member or take an invitation back first.");
    Err(Faults::coded("email", codes::SEATS, all).into())
}

/// Counts a letter to an address, from this account and from all of them. What is said does not tell of the others.
async fn count_letter(app: &App, tx: &mut Tx<InAccount>, account: &AccountId, email: &Email) -> Result<(), Stop> {
    let hour = Span::hours(1);
    let window = window_start(tx.now(), hour);
    let address = Attempt { scope: "letter_to_address", key: format!("{account} {}", email.canonical()), window_start: window };
    let mailbox = Attempt { scope: "letter_to_mailbox", key: email.mailbox(), window_start: window };
    let mut is_too_many = tx.count_attempt(&address).await? > LETTERS_PER_ADDRESS;
    if app.sends_letters() {
        is_too_many |= tx.count_attempt(&mailbox).await? > LETTERS_PER_MAILBOX;
    }
    if !is_too_many {
        return Ok(());
    }
    let minutes = (window_rest(tx.now(), hour).0 + 59_999) / 60_000;
    let says = format!("This address gets no more letters within this hour. Try again in {minutes} minutes.");
    Err(Faults::coded("email", codes::LETTERS_TOO_MANY, says).into())
}

/// Writes the letter; answers the secret of its link, and its id.
async fn write<M: May, B: Bearer>(
    permit: &Permit<M, B>,
    tx: &mut Tx<InAccount>,
    sender: &MemberRow,
    id: &InvitationId,
    recipient: &str,
    expires_at: Millis,
) -> Result<(String, LetterId), Stop> {
    let account = permit.account();
    let secret = token([tx.dice(), tx.dice()]);
    let letter = Letter::Invitation {
        token: secret.clone(),
        account: account.name.clone(),
        inviter: sender.name.clone(),
        // An address that somebody only says is theirs is not passed on as theirs.
        inviter_email: sender.email_verified_at.map(|_| sender.address.clone()).unwrap_or_default(),
        expires_at: expires_at.0,
    };
    let envelope = Envelope { account: Some(&account.account), user: None, about: id.as_str(), recipient, withheld: None };
    let letter = letters::write(permit.app(), tx, envelope, &letter).await?;
    Ok((secret, letter))
}

/// Makes the mailed link, and where letters do not leave this machine the one to hand over, which it answers.
async fn links(app: &App, tx: &mut Tx<InAccount>, id: &InvitationId, secret: &str) -> Result<Option<String>, Stop> {
    tx.create_invitation_link(&NewLink { hash: &hash_token(secret), invitation: id, purpose: Purpose::Mail }).await?;
    if app.sends_letters() {
        return Ok(None);
    }
    let secret = token([tx.dice(), tx.dice()]);
    tx.create_invitation_link(&NewLink { hash: &hash_token(&secret), invitation: id, purpose: Purpose::Copy }).await?;
    Ok(Some(app.0.mailer.link(&format!("/invitations/{secret}"))))
}

fn invited(row: &InvitationRow) -> Invited {
    Invited { id: row.id.clone(), email: row.canonical.clone() }
}

fn fault(code: Code, message: impl Into<String>) -> Stop {
    Faults::coded("invitation", code, message).into()
}

/// That more is offered than whoever offers it has.
fn above(field: &'static str, offered: Roles, says: String) -> Stop {
    let code = if offered.administrator { codes::OFFERS_ADMINISTRATOR } else { codes::OFFER_ABOVE_OWN };
    Faults::coded(field, code, says).into()
}
