//! Becoming a user, and a member, in whichever way: set-up, sign-up, an invitation, a provider and a new account differ in who may, and not
//! in what happens.

use super::Stop;
use crate::{
    rules::{
        addresses::Email,
        events::{Event, Log, Who},
        faults::Faults,
        ids::{AccountId, MemberId, UserId},
        members::{Roles, fold, search_words},
        time::Millis,
    },
    store::{Instance, NewMember, NewUser, Tx},
};

/// Somebody who becomes a user.
pub(super) struct Newcomer<'a> {
    pub(super) name: &'a str,
    pub(super) email: &'a Email,
    /// Whether it is proven that the address is theirs.
    pub(super) is_verified: bool,
    /// The hash of the password, of whoever chooses one.
    pub(super) password_hash: Option<&'a str>,
    /// How they came in.
    pub(super) source: &'static str,
    /// Where the terms of use stand that they have accepted.
    pub(super) terms: Option<String>,
}

/// Makes somebody a user who has accepted the terms of use that are demanded; the transaction holds their log from then on, and it is noted.
/// `None` where the address is somebody's.
pub(super) async fn make_user(tx: &mut Tx<Instance>, demanded: Option<&str>, new: Newcomer<'_>) -> Result<Option<Who>, Stop> {
    if new.terms.as_deref() != demanded {
        return Err(Faults::one("terms", "The terms of use have changed. Read them again.").into());
    }
    let id = UserId::new(tx.now(), tx.dice());
    let Newcomer { name, email, is_verified, password_hash, source, terms } = new;
    if !tx.create_user(&NewUser { id: &id, name, email, is_verified, password_hash, source }).await? {
        return Ok(None);
    }
    tx.adopt(Log::User(id.clone()));
    let who = Who { user: id, email: email.canonical().to_owned() };
    tx.note(Event::UserCreated { who: who.clone(), name: name.to_owned(), terms });
    Ok(Some(who))
}

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
