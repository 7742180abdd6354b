//! Deeds on an account itself: creating, changing, deleting.

use serde_json::json;

use super::{
    Permit, Person, Stop,
    joining::{Membership, enlist},
    letters::{self, Envelope},
    passwords::prove_again,
};
use crate::{
    rules::{
        accounts::{Creation, MAX_FOUNDED, MAX_SLUGS, NewAccount, slugs},
        details::Details,
        events::{Event, Log},
        faults::Faults,
        ids::AccountId,
        letters::Letter,
        members::Roles,
        passwords::Password,
        permissions::may,
    },
    store::{Belongings, Instance, Tx},
};

/// How members who made their account are marked.
const SOURCE: &str = "created";
/// The most administrators who get a letter when their account is deleted.
const MOST_TOLD: i64 = 100;

/// Whether this person may create accounts, by the instance's setting.
///
/// # Errors
/// When the database fails.
pub async fn may_create(person: &Person) -> Result<bool, Stop> {
    let is_confirmed = person.facts().email_verified_at.is_some();
    Ok(match person.app.0.terms.account_creation {
        Creation::Nobody => false,
        Creation::Administrators => is_confirmed && person.read().administers().await?,
        Creation::Everybody => is_confirmed,
    })
}

/// Creates an account, whose first administrator the person is; answers its slug.
///
/// # Errors
/// [`Stop::Faults`] when the person may not, or the slug is taken.
pub async fn create(person: &Person, new: &NewAccount) -> Result<String, Stop> {
    if !may_create(person).await? {
        return Err(Faults::one("name", "You may not create accounts on this Frontdesk.").into());
    }
    if person.read().accounts_founded().await? >= MAX_FOUNDED {
        return Err(Faults::one("name", format!("You have created {MAX_FOUNDED} accounts. Delete or leave one first.")).into());
    }
    let mut tx = person.begin_founding().await?;
    let slug = free_slug(&mut tx, new).await?;
    let account = AccountId::new(tx.now(), tx.dice());
    if !tx.create_account(&account, &new.name, &slug).await? {
        return Err(taken());
    }
    tx.adopt(Log::Account(account.clone()));
    tx.note(Event::AccountCreated { account: account.clone(), name: new.name.clone(), slug: slug.clone() });
    let who = person.who();
    let founder = Membership { email: &who.email, roles: Roles::ADMINISTRATOR, source: SOURCE, access_until: None };
    if !enlist(&mut tx, &account, &who, &person.facts().name, founder).await? {
        return Err(Stop::Broken("a new account had a member".to_owned()));
    }
    tx.commit_noted().await?;
    Ok(slug)
}

/// The slug that was asked for, or the first free one that the name suggests.
async fn free_slug(tx: &mut Tx<Instance>, new: &NewAccount) -> Result<String, Stop> {
    if let Some(slug) = &new.slug {
        return Ok(slug.clone());
    }
    for slug in slugs(&new.name) {
        if tx.slug_is_free(&slug).await? {
            return Ok(slug);
        }
    }
    Err(Faults::one("slug", "Choose a slug: everything like this name is taken.").into())
}

fn taken() -> Stop {
    Faults::one("slug", "This one is taken.").into()
}

/// What came of saving the details.
pub enum Saved {
    /// They stand.
    Done,
    /// Somebody else changed them since the form was filled in: what stands now, and its version.
    Conflict(Box<Details>, i64),
}

/// Changes the account's details, unless somebody else did since the form was filled in.
///
/// # Errors
/// [`Stop::Faults`] at `slug` when it is or was another account's.
pub async fn update(permit: &Permit<may::ManageAccount>, new: Details, version: i64) -> Result<Saved, Stop> {
    let (mut tx, _) = permit.begin().await?;
    let (old, current) = tx.details().await?;
    if current != version {
        return Ok(Saved::Conflict(Box::new(old), current));
    }
    if old == new {
        return Ok(Saved::Done);
    }
    if !tx.set_details(&new).await? {
        return Err(taken());
    }
    if old.slug != new.slug && tx.slugs_held().await? > MAX_SLUGS {
        return Err(
            Faults::one("slug", format!("This account has had {MAX_SLUGS} slugs. Keep this one, or go back to an earlier one.")).into()
        );
    }
    let account = permit.account().account.clone();
    let (before, after) = (old.value(), new.value());
    tx.commit(Event::AccountUpdated { account, name: new.name, before, after }).await?;
    Ok(Saved::Done)
}

/// Deletes the account with everything in it, for good. Its other administrators get a letter.
///
/// # Errors
/// [`Stop::Faults`] when the name that was typed is not the account's, or the password is wrong.
pub async fn delete(permit: &Permit<may::DeleteAccount>, typed: &str, password: &Password) -> Result<(), Stop> {
    let app = permit.app();
    permit.person().demand_factor()?;
    let proven = prove_again(permit.person(), password, "password").await?;
    let (mut tx, _) = permit.begin_holding(vec![Log::Instance]).await?;
    proven.demand(&mut tx).await?;
    let name = tx.details().await?.0.name;
    if typed.trim() != name {
        return Err(Faults::one("name", format!("Type the name as it stands here: {name}")).into());
    }
    let person = permit.person();
    let account = permit.account().account.clone();
    let goes = tx.belongings().await?;
    let told = tx.other_administrators_to_tell(&person.facts().user, MOST_TOLD).await?;
    tx.delete_account().await?;
    for address in told {
        let letter = Letter::AccountDeleted { account: name.clone(), by: person.facts().name.clone() };
        let envelope = Envelope { account: Some(&account), user: None, about: account.as_str(), recipient: &address, withheld: None };
        letters::write(app, &mut tx, envelope, &letter).await?;
    }
    let before = value(goes, &permit.account().slug);
    tx.note(Event::AccountDeleted { log: Log::Instance, account: account.clone(), name: name.clone(), before: before.clone() });
    tx.commit(Event::AccountDeleted { log: Log::Account(account.clone()), account, name, before }).await?;
    letters::ring(app);
    Ok(())
}

fn value(goes: Belongings, slug: &str) -> serde_json::Value {
    let Belongings { members, invitations, bot_users, credentials } = goes;
    json!({ "slug": slug, "members": members, "invitations": invitations, "bot_users": bot_users, "credentials": credentials })
}
