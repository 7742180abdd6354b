//! Whoever becomes a member by what a provider says of them.

use super::{
    arrivals::{View, closed, look, note_link, take, tell},
    entering::{How, Traveller, enter},
};
use crate::{
    acts::{
        Holder, Person, Stop, Visitor,
        invitations::provider::take_up,
        joining::{Membership, Newcomer, enlist, make_user},
    },
    rules::{
        events::{Log, Who},
        ids::UserId,
        members::Roles,
        sign_up::{NewProven, Proven},
        sso::arrival::{Closed, Way},
    },
    store::{Instance, Tx},
};

/// How users and members who came so are marked.
const SOURCE: &str = "idp";

/// Makes a member of whoever waits: of somebody new, who says their name, or of the user who sits there; lets them in. Answers where they
/// wanted to go.
///
/// Of twenty who are as fast as this, one does: the arrival is used up, and what the provider says is linked once.
///
/// # Errors
/// [`Stop::Unknown`], or [`Stop::Faults`] where it is no way any more.
pub async fn join(
    visitor: &Visitor,
    person: Option<&Person>,
    secret: &str,
    typed: &Proven,
    traveller: &Traveller<'_>,
) -> Result<String, Stop> {
    let seen = look(visitor, person, secret, traveller.browser).await?;
    // What a test has shown makes nobody a member.
    if seen.arrived.claims.is_some() {
        return Err(Stop::Unknown);
    }
    let account = seen.door.idp.account.clone();
    let user = person.map(|person| person.facts().user.clone());
    let before = traveller.before.map(Holder::person);
    let browser = traveller.browser;
    let mut tx = if let Some(person) = person {
        // Asked again in the transaction: a session that has ended meanwhile makes nobody a member.
        person.begin_joining(&account).await?
    } else {
        let mut hold = vec![Log::Account(account.clone())];
        hold.extend(before.map(|person| Log::User(person.facts().user.clone())));
        visitor.begin(hold).await?
    };
    let view = take(visitor, &mut tx, person, secret, browser).await?;
    let (who, email, name) = match (view.way, user) {
        (Way::JoinAsThemselves, Some(user)) => existing(&mut tx, user).await?,
        (Way::Join, None) => create(&mut tx, &view, typed, visitor.terms_of_use()).await?,
        (way, _) => return Err(closed(way)),
    };
    if let Some(invited) = view.invited.as_ref().filter(|_| view.way == Way::Join) {
        take_up(&mut tx, invited, &who, &name).await?;
    } else {
        let new = Membership { email: &email, roles: Roles::PROVISIONED, source: SOURCE, access_until: None };
        if !enlist(&mut tx, &account, &who, &name, new).await? {
            return Err(closed(Way::Link));
        }
    }
    let member = tx.member_in(&account, &who.user).await?.ok_or(Stop::Unknown)?;
    let (idp, subject) = (view.door.idp.id.as_str(), &view.arrived.said.subject);
    match tx.known_as(idp, subject, &account).await? {
        Some(known) if known.user == who.user => {}
        None if !tx.is_known_at(idp, &who.user).await? => {
            note_link(&mut tx, &view, member, &who).await?;
            if view.way == Way::JoinAsThemselves {
                tell(visitor, &mut tx, &view, &who).await?;
            }
        }
        // One is one person there, and that one is one here.
        Some(_) | None => return Err(closed(Way::Closed(Closed::LinkedOtherwise))),
    }
    enter(visitor, tx, &who, &view.door, (before, How::AsItIs), traveller.cookies).await?;
    // An invitation that is used up leads nowhere.
    Ok(if view.invited.is_some() { format!("/accounts/{}", view.door.slug) } else { view.next })
}

async fn existing(tx: &mut Tx<Instance>, user: UserId) -> Result<(Who, String, String), Stop> {
    let (name, email) = tx.name_and_address(&user).await?.ok_or(Stop::Unknown)?;
    Ok((Who { user, email: email.clone() }, email, name))
}

async fn create(tx: &mut Tx<Instance>, view: &View, typed: &Proven, terms: Option<&str>) -> Result<(Who, String, String), Stop> {
    let NewProven { name, terms: accepted } = typed.check(terms)?;
    let email = view.arrived.said.email().ok_or_else(|| closed(Way::Confirm))?;
    if !view.is_proven && !tx.has_room_for(email.canonical()).await? {
        return Err(closed(Way::Confirm));
    }
    // Nobody knows a password of theirs, as there is none.
    let is_verified = view.is_proven;
    let user = Newcomer { name: &name, email: &email, is_verified, password_hash: None, source: SOURCE, terms: accepted };
    let who = make_user(tx, terms, user).await?.ok_or_else(|| closed(Way::SignIn))?;
    Ok((who, email.canonical().to_owned(), name))
}
