//! Deeds on the members of an account. Each asks in its transaction, with fresh facts, whether the one may do this to the
//! other, and whether an administrator would remain; the transaction holds the account's log, so no two of them can both
//! be right and leave none.

use serde_json::json;

use super::{Bearer, Permit, Stop, invitations};
use crate::{
    rules::{
        events::{Event, Who, roles_value},
        faults::{
            Faults,
            codes::{self, Code},
        },
        ids::MemberId,
        members::{NewRoles, Roles, may_grant, may_touch},
        permissions::{May, Permission, may, rights},
        time::Millis,
    },
    store::{InAccount, MemberRow, Tx},
};

/// Gives a member other roles; answers, as other deeds do, with the member as they are then.
///
/// # Errors
/// [`Stop::Faults`] when that would be above the own rights, touch an administrator, leave no administrator, or undo what
/// somebody else changed meanwhile.
pub async fn change_roles<B: Bearer>(permit: &Permit<may::AssignRoles, B>, member: &MemberId, new: NewRoles) -> Result<MemberRow, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let target = load(&mut tx, member).await?;
    let before = target.roles();
    if target.version != new.version {
        let says = format!("Somebody changed this member meanwhile: the roles are now {}. Choose again.", before.summary());
        return Err(fault(codes::CHANGED_MEANWHILE, says));
    }
    if before == new.roles {
        return Ok(target);
    }
    demand_touchable(own, &target, codes::CHANGES_ADMINISTRATOR)?;
    let above = if new.roles.administrator { codes::PROMOTES } else { codes::ABOVE_OWN };
    may_grant(own, before, new.roles).map_err(|says| fault(above, says))?;
    permit.demand_fresh_over(&[before, new.roles])?;
    if is_lowered(before, new.roles) && !rights(own).allow(Permission::TakeRoles) {
        return Err(fault(codes::MISSING_TEAM, "You may not take roles from members."));
    }
    if before.administrator && !new.roles.administrator {
        demand_another_administrator(&mut tx, &target, codes::LAST_ADMINISTRATOR).await?;
    }
    tx.set_roles(member, new.roles).await?;
    let (before, after) = (json!({ "roles": roles_value(before) }), json!({ "roles": roles_value(new.roles) }));
    let account = permit.account().account.clone();
    done(tx, member, Event::MembershipUpdated { account, member: member.clone(), who: who(&target), before, after }).await
}

/// Keeps a member out until they are enabled again, and ends their sessions in this account. Their open invitations close,
/// or are taken over.
///
/// # Errors
/// [`Stop::Faults`] for oneself, for administrators by others, and for the last administrator.
pub async fn disable<B: Bearer>(permit: &Permit<may::SwitchMembers, B>, member: &MemberId, take_over: bool) -> Result<MemberRow, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let target = load_other(
        &mut tx,
        permit,
        own,
        member,
        ("You cannot disable yourself. Ask somebody else to, or leave the account.", codes::SWITCHES_ADMINISTRATOR),
    )
    .await?;
    if target.facts.disabled_at.is_some() {
        return Ok(target);
    }
    demand_another_administrator(&mut tx, &target, codes::LAST_IS_KEPT).await?;
    // Entries before members, as whoever notes that somebody is here takes them.
    tx.end_entries(&target.user_id).await?;
    tx.set_disabled(member, true).await?;
    invitations::settle(&mut tx, permit, own, &who(&target), take_over).await?;
    done(tx, member, Event::MembershipDisabled { account: permit.account().account.clone(), member: member.clone(), who: who(&target) })
        .await
}

/// Lets a member in again.
///
/// # Errors
/// [`Stop::Faults`] for administrators by others.
pub async fn enable<B: Bearer>(permit: &Permit<may::SwitchMembers, B>, member: &MemberId) -> Result<MemberRow, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let target = load(&mut tx, member).await?;
    demand_touchable(own, &target, codes::SWITCHES_ADMINISTRATOR)?;
    if target.facts.disabled_at.is_none() {
        return Ok(target);
    }
    permit.demand_fresh_over(&[target.roles()])?;
    tx.set_disabled(member, false).await?;
    done(tx, member, Event::MembershipEnabled { account: permit.account().account.clone(), member: member.clone(), who: who(&target) })
        .await
}

/// Ends what sessions a member has in this account, also the own others.
///
/// # Errors
/// [`Stop::Faults`] for administrators by others.
pub async fn end_sessions<B: Bearer>(permit: &Permit<may::EndMemberSessions, B>, member: &MemberId) -> Result<u64, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let target = load(&mut tx, member).await?;
    demand_touchable(own, &target, codes::CHANGES_ADMINISTRATOR)?;
    let sessions = tx.end_entries(&target.user_id).await?;
    if sessions > 0 {
        let account = permit.account().account.clone();
        tx.commit(Event::MembershipSessionsEnded { account, member: member.clone(), who: who(&target), sessions }).await?;
    }
    Ok(sessions)
}

/// Makes a member a guest until a moment, or a member for good.
///
/// # Errors
/// [`Stop::Faults`] for oneself, for administrators by others, for the last administrator, and for moments that are past.
pub async fn set_access_until<B: Bearer>(
    permit: &Permit<may::SetAccessPeriods, B>,
    member: &MemberId,
    until: Option<Millis>,
) -> Result<MemberRow, Stop> {
    let (mut tx, own) = permit.begin().await?;
    let target = load_other(
        &mut tx,
        permit,
        own,
        member,
        ("You cannot change your own access period. Ask somebody else to.", codes::CHANGES_ADMINISTRATOR),
    )
    .await?;
    if until.is_some_and(|until| until <= tx.now()) {
        return Err(Faults::coded("until", codes::ACCESS_PAST, "It has to lie in the future.").into());
    }
    if target.facts.access_until == until {
        return Ok(target);
    }
    if until.is_some() {
        demand_another_administrator(&mut tx, &target, codes::LAST_IS_KEPT).await?;
    }
    tx.set_access_until(member, until).await?;
    let value = |until: Option<Millis>| json!({ "access_until": until.map(Millis::rfc3339) });
    let (before, after) = (value(target.facts.access_until), value(until));
    let account = permit.account().account.clone();
    done(tx, member, Event::MembershipUpdated { account, member: member.clone(), who: who(&target), before, after }).await
}

/// Takes a member out of the account. The user stays, with their other accounts. Their open invitations close, or are taken
/// over.
///
/// # Errors
/// [`Stop::Faults`] for oneself, for administrators by others, and for the last administrator.
pub async fn remove<B: Bearer>(permit: &Permit<may::RemoveMembers, B>, member: &MemberId, take_over: bool) -> Result<(), Stop> {
    let (mut tx, own) = permit.begin().await?;
    let target = load_other(
        &mut tx,
        permit,
        own,
        member,
        ("You cannot remove yourself, and can leave the account on its page instead.", codes::REMOVES_ADMINISTRATOR),
    )
    .await?;
    invitations::settle(&mut tx, permit, own, &who(&target), take_over).await?;
    delete(tx, permit, &target, false).await
}

/// Leaves the account. The own open invitations close.
///
/// # Errors
/// [`Stop::Faults`] for the last administrator.
pub async fn leave(permit: &Permit<may::LeaveAccount>) -> Result<(), Stop> {
    let (mut tx, roles) = permit.begin().await?;
    let own = permit.account().member.member_id.clone().ok_or(Stop::Unknown)?;
    let target = load(&mut tx, &own).await?;
    invitations::settle(&mut tx, permit, roles, &who(&target), false).await?;
    delete(tx, permit, &target, true).await
}

async fn delete<M: May, B: Bearer>(mut tx: Tx<InAccount>, permit: &Permit<M, B>, target: &MemberRow, left: bool) -> Result<(), Stop> {
    demand_another_administrator(&mut tx, target, codes::LAST_ADMINISTRATOR).await?;
    tx.end_entries(&target.user_id).await?;
    let credentials = tx.delete_member(&target.id, &target.user_id).await?;
    let (account, member, roles) = (permit.account().account.clone(), target.id.clone(), target.roles());
    Ok(tx.commit(Event::MembershipDeleted { account, member, who: who(target), roles, left, credentials }).await?)
}

/// Commits a change; answers with the member as they are then.
async fn done(mut tx: Tx<InAccount>, member: &MemberId, event: Event) -> Result<MemberRow, Stop> {
    let row = load(&mut tx, member).await?;
    tx.commit(event).await?;
    Ok(row)
}

/// A member of this account; others do not exist.
async fn load(tx: &mut Tx<InAccount>, member: &MemberId) -> Result<MemberRow, Stop> {
    tx.member(member).await?.ok_or(Stop::Unknown)
}

/// A member who is not oneself and whom one may touch.
async fn load_other<M: May, B: Bearer>(
    tx: &mut Tx<InAccount>,
    permit: &Permit<M, B>,
    own: Roles,
    member: &MemberId,
    (oneself, touching): (&str, Code),
) -> Result<MemberRow, Stop> {
    let target = load(tx, member).await?;
    if target.user_id.as_str() == permit.actor().id() {
        return Err(fault(codes::ONESELF, oneself));
    }
    demand_touchable(own, &target, touching)?;
    permit.demand_fresh_over(&[target.roles()])?;
    Ok(target)
}

/// Whoever is about to stop administering must not be the last who does (`ERR_NGROK_6602`, `6622`).
async fn demand_another_administrator(tx: &mut Tx<InAccount>, target: &MemberRow, code: Code) -> Result<(), Stop> {
    let administers = target.roles().administrator && target.facts.disabled_at.is_none() && target.facts.access_until.is_none();
    if administers && tx.other_administrators(&target.id).await? == 0 {
        let says = format!("{} is the only administrator here. Make somebody else an administrator first.", target.name);
        return Err(fault(code, says));
    }
    Ok(())
}

fn is_lowered(before: Roles, after: Roles) -> bool {
    (after.developer as u8) < before.developer as u8
        || (after.team as u8) < before.team as u8
        || (after.billing as u8) < before.billing as u8
        || (before.administrator && !after.administrator)
}

fn who(target: &MemberRow) -> Who {
    Who { user: target.user_id.clone(), email: target.email.clone() }
}

/// Only administrators touch administrators; the code says what they would have done.
fn demand_touchable(own: Roles, target: &MemberRow, code: Code) -> Result<(), Stop> {
    may_touch(own, target.roles()).map_err(|says| fault(code, says))
}

fn fault(code: Code, message: impl Into<String>) -> Stop {
    Faults::coded("member", code, message).into()
}
