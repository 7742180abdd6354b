//! Coming in by a login that somebody is linked to. It stands where the password stands: a second factor is asked for after it.

use super::{arrivals::wait, journey::Back};
use crate::{
    acts::{Holder, Person, Stop, Visitor, letters, sessions, sso::Traveller},
    rules::{
        addresses::Email,
        events::{Event, Log, PersonEvent, Who},
        faults::Faults,
        flows::Flow,
        gate::Proof,
        social::{Provider, invitation},
        sso::Said,
    },
    store::{NewFlow, Why},
};

/// Somebody whom the provider has proven comes in, or to where nobody is linked.
pub(super) async fn arrive(
    visitor: &Visitor,
    provider: Provider,
    next: &str,
    said: &Said,
    traveller: &Traveller<'_>,
) -> Result<Back, Stop> {
    let before = traveller.before.map(Holder::person);
    let Some(owner) = visitor.read().owner_of_login(provider, &said.subject).await? else {
        return match invitation(next) {
            Some(_) if before.is_none() => Ok(Back::Arrived(wait(visitor, provider, next, said, traveller.browser).await?)),
            _ => Ok(Back::Nobody),
        };
    };
    // Coming back neither throws somebody out nor signs anybody in over their head.
    if let Some(other) = before.filter(|person| person.facts().user != owner.user) {
        let label = provider.label();
        let says = format!("You are signed in as {}, and this login of {label} is somebody else's. Sign out first.", other.facts().email);
        return Err(Faults::one("session", says).into());
    }
    if let Some(person) = visitor.person().await? {
        return prove_again(&person, provider, next, said, traveller).await;
    }
    let mut hold = vec![Log::User(owner.user.clone())];
    hold.extend(before.map(|person| Log::User(person.facts().user.clone())));
    let mut tx = visitor.begin(hold).await?;
    let owner = tx.owner_of_login(provider, &said.subject).await?.filter(|now| now.user == owner.user).ok_or(Stop::Unknown)?;
    let email = Email::parse(&owner.address).map_err(Stop::Broken)?;
    let who = Who { user: owner.user, email: email.canonical().to_owned() };
    tx.note_identity(provider.word(), &said.subject, said.email.as_deref()).await?;
    let cookies = traveller.cookies;
    if tx.has_factor(&who.user).await? {
        sessions::make_cookie(visitor, &mut tx, &cookies.session).await?;
        let half = NewFlow { kind: Flow::HalfSocial, id_hash: &cookies.session, user: Some(&who.user), email: Some(&email) };
        tx.create_flow(&half).await?;
        sessions::replace(&mut tx, before).await?;
        tx.commit_unrecorded(Why::HalfSignIn).await?;
        return Ok(Back::Half(next.to_owned()));
    }
    let session = sessions::begin_own(visitor, &mut tx, &who, cookies, &Proof::Social).await?;
    sessions::replace(&mut tx, before).await?;
    tx.commit(Event::UserLoginSucceeded { who, session, method: provider.word() }).await?;
    letters::ring(&visitor.app);
    Ok(Back::In(next.to_owned()))
}

/// Whoever is signed in proves anew who they are, where they have nothing stronger: no second factor, and no password (product §2.22).
async fn prove_again(person: &Person, provider: Provider, next: &str, said: &Said, traveller: &Traveller<'_>) -> Result<Back, Stop> {
    let (who, session) = (person.who(), person.facts().session.clone());
    let mut tx = person.begin().await?;
    if tx.has_factor(&who.user).await? || tx.password_set_at(&who.user).await?.is_some() {
        return Ok(Back::Stay(next.to_owned()));
    }
    tx.owner_of_login(provider, &said.subject).await?.filter(|now| now.user == who.user).ok_or(Stop::Unknown)?;
    tx.note_identity(provider.word(), &said.subject, said.email.as_deref()).await?;
    tx.prove(&session, &Proof::Social).await?;
    tx.rotate_session(&session, &traveller.cookies.session).await?;
    tx.commit(Event::Person { who, what: PersonEvent::Proven { method: provider.word() } }).await?;
    Ok(Back::Proven(next.to_owned()))
}
