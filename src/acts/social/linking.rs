//! The logins by which a person signs in: which there are, adding one, taking one away.

use super::{journey::Back, of};
use crate::{
    acts::{Person, Stop, Visitor, letters},
    rules::{
        events::{Event, PersonEvent},
        faults::Faults,
        ids::UserId,
        letters::{Letter, SocialLetter},
        social::{Provider, may_unlink},
        sso::Said,
        time::Millis,
    },
    store::social::LoginRow,
};

/// A way to sign in that is offered here.
pub struct Own {
    /// Whose login.
    pub provider: Provider,
    /// Since when the person is linked to one, if they are.
    pub since: Option<Millis>,
}

/// Those that are offered here, and to which of them the person is linked.
///
/// # Errors
/// When the database fails.
pub async fn own(person: &Person) -> Result<Vec<Own>, Stop> {
    let offered = of(&person.app);
    if offered.is_empty() {
        return Ok(Vec::new());
    }
    let logins = person.read().own_logins().await?;
    let since = |provider| logins.iter().find(|login| login.provider() == Some(provider)).map(|login| login.linked_at);
    Ok(offered.into_iter().map(|provider| Own { provider, since: since(provider) }).collect())
}

/// The logins by which the person can prove again who they are: of whoever has neither a second factor nor a password.
///
/// # Errors
/// When the database fails.
pub async fn proofs(person: &Person) -> Result<Vec<Provider>, Stop> {
    if of(&person.app).is_empty() || person.facts().has_own() {
        return Ok(Vec::new());
    }
    Ok(own(person).await?.into_iter().filter(|own| own.since.is_some()).map(|own| own.provider).collect())
}

/// Links whoever set out to do so to the login that the provider has just proven.
pub(super) async fn link(visitor: &Visitor, user: &UserId, provider: Provider, said: &Said) -> Result<Back, Stop> {
    let person = visitor.person().await?.filter(|person| person.facts().user == *user).ok_or(Stop::Unknown)?;
    let (who, label) = (person.who(), provider.label());
    let mut tx = person.begin().await?;
    match tx.owner_of_login(provider, &said.subject).await? {
        Some(owner) if owner.user == who.user => return Ok(Back::Linked),
        Some(_) => return Err(fault(format!("Somebody else signs in with this login of {label}. Take it away from that user first."))),
        None => {}
    }
    if tx.is_known_at(provider.word(), &who.user).await? {
        return Err(fault(format!("You are linked to another login of {label}. Take that link away first.")));
    }
    if !tx.link_identity(provider.word(), &said.subject, &who.user, said.email.as_deref()).await? {
        return Err(fault(format!("Somebody else signs in with this login of {label}.")));
    }
    let letter = SocialLetter::Linked { provider: label.to_owned(), at: tx.now().0, from: person.address() };
    letters::tell(&person.app, &mut tx, &who.user, &Letter::Social(letter)).await?;
    let what = PersonEvent::IdentityLinked { provider: provider.word(), subject: said.subject.clone() };
    tx.commit(Event::Person { who, what }).await?;
    letters::ring(&person.app);
    Ok(Back::Linked)
}

/// Takes a login away. Sessions stay.
///
/// # Errors
/// [`Stop::Unknown`] where the person is linked to none; [`Stop::Step`] when the proof of who is asking is not fresh; [`Stop::Faults`] where it
/// is their last own way in.
pub async fn unlink(person: &Person, provider: Provider) -> Result<(), Stop> {
    person.demand_fresh()?;
    let offered = of(&person.app);
    let who = person.who();
    let mut tx = person.begin().await?;
    let logins = tx.own_logins().await?;
    let login = logins.iter().find(|login| login.provider() == Some(provider)).ok_or(Stop::Unknown)?;
    let is_other = |of: Provider| of != provider && offered.contains(&of);
    let others = logins.iter().filter_map(LoginRow::provider).filter(|of| is_other(*of)).count();
    if !may_unlink(tx.password_set_at(&who.user).await?.is_some(), others) {
        let says = "Without it you could not sign in any more. Choose a password first: sign out, and take “Forgotten password” on the sign-in page.";
        return Err(fault(says));
    }
    if !tx.unlink_identity(provider.word(), &login.subject, &who.user).await? {
        return Err(Stop::Unknown);
    }
    let letter = SocialLetter::Unlinked { provider: provider.label().to_owned(), at: tx.now().0, from: person.address() };
    letters::tell(&person.app, &mut tx, &who.user, &Letter::Social(letter)).await?;
    let what = PersonEvent::IdentityUnlinked { provider: provider.word(), subject: login.subject.clone() };
    tx.commit(Event::Person { who, what }).await?;
    letters::ring(&person.app);
    Ok(())
}

fn fault(says: impl Into<String>) -> Stop {
    Faults::one("provider", says).into()
}
