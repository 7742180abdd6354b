//! Taking away the factor of a member who has lost it. Only an administrator may, and only where the person is in this account
//! alone: what opens other accounts too is not for one of them to weaken.

use crate::{
    acts::{Permit, Stop, letters, sessions::end_all},
    rules::{
        events::{Event, PersonEvent, Who},
        faults::Faults,
        ids::MemberId,
        letters::{Letter, MfaLetter},
        members::may_touch,
        mfa::Reset,
        permissions::may,
        sessions::End,
    },
};

/// Takes the second factor of a member away, for a reason that is kept. Their sessions end, and a letter tells them.
///
/// # Errors
/// [`Stop::Faults`] without a reason, for oneself, for who has no factor or is in other accounts too.
pub async fn reset(permit: &Permit<may::ResetFactors>, member: &MemberId, reset: &Reset) -> Result<(), Stop> {
    let reason = reset.check()?;
    let fault = |message: &str| Stop::from(Faults::one("reason", message));
    let target = permit.read().member(member).await?.ok_or(Stop::Unknown)?;
    let who = Who { user: target.user_id.clone(), email: target.email.clone() };
    if who.user == permit.person().facts().user {
        return Err(fault("Your own second factor is on your security page."));
    }
    let (mut tx, own) = permit.begin_holding(vec![crate::rules::events::Log::User(who.user.clone())]).await?;
    let target = tx.member(member).await?.ok_or(Stop::Unknown)?;
    may_touch(own, target.roles()).map_err(|message| fault(&message))?;
    if tx.accounts_of(&who.user).await? != 1 {
        return Err(fault("They are in other accounts too. Whoever runs this Frontdesk can help them."));
    }
    if !tx.remove_factor(&who.user).await? {
        return Err(fault("They have no second factor."));
    }
    tx.end_flows_of(&who.user).await?;
    end_all(permit.app(), &mut tx, &who, None, End::FactorChanged).await?;
    let by = permit.person().facts().name.clone();
    let account = permit.account();
    let letter = Letter::Mfa(MfaLetter::FactorReset { account: account.name.clone(), by, reason: reason.clone() });
    letters::tell(permit.app(), &mut tx, &who.user, &letter).await?;
    tx.note(Event::Person { who: who.clone(), what: PersonEvent::FactorReset });
    let (account, member) = (account.account.clone(), member.clone());
    tx.commit(Event::MembershipFactorReset { account, member, who, reason }).await?;
    letters::ring(permit.app());
    Ok(())
}
