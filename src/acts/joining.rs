//! Becoming a member, in whichever way: set-up, an invitation and a new account differ in who may, and not in what happens.

use super::Stop;
use crate::{
    rules::{
        events::{Event, Who},
        ids::{AccountId, MemberId},
        members::{Roles, fold, search_words},
        time::Millis,
    },
    store::{Instance, NewMember, Tx},
};

/// What somebody gets who joins.
pub(super) struct Membership<'a> {
    /// The address by which they are found there, canonical.
    pub(super) email: &'a str,
    pub(super) roles: Roles,
    /// How they came in.
    pub(super) source: &'static str,
    /// Until when a guest may come in.
    pub(super) access_until: Option<Millis>,
}

/// Makes somebody a member, found by the words of their name and address, and notes it. `false` when they are one already.
pub(super) async fn enlist(tx: &mut Tx<Instance>, account: &AccountId, who: &Who, name: &str, new: Membership<'_>) -> Result<bool, Stop> {
    let member = MemberId::new(tx.now(), tx.dice());
    let Membership { email, roles, source, access_until } = new;
    let row = NewMember {
        id: &member,
        account,
        user: &who.user,
        roles,
        source,
        name,
        search_name: &fold(name),
        search_email: email,
        access_until,
    };
    if !tx.create_member(&row).await? {
        return Ok(false);
    }
    tx.set_member_words(account, &member, &search_words(name, email)).await?;
    tx.note(Event::MembershipCreated { account: account.clone(), member, who: who.clone(), roles, source, access_until });
    Ok(true)
}
