//! A person's own address: confirming it, and putting another in its place. The new address proves itself by a mailed link,
//! and the old one is told.
//!
//! Whether somebody else has an address is told to nobody but whoever reads its letters (`ERR_NGROK_4451`, `4452`).

use super::{
    Person, Stop,
    letters::{self, Envelope, count_asked},
    links,
    mfa::is_demanded,
    passwords::prove_again,
    sessions::end_all,
};
use crate::{
    protocols::secrets::hash_token,
    rules::{
        addresses::Email,
        codes,
        emails::{Asked, Change},
        events::{Event, PersonEvent, Who},
        faults::Faults,
        flows::Flow,
        gate::Step,
        ids::UserId,
        letters::Letter,
        members::search_words,
        sessions::End,
    },
    store::{Instance, OfUser, Tx},
};

/// Sends a link that confirms the own address to it.
///
/// # Errors
/// [`Stop::Faults`] when it is confirmed already, or [`Stop::TooMany`].
pub async fn ask_to_confirm(person: &Person) -> Result<(), Stop> {
    if person.facts().email_verified_at.is_some() {
        return Err(Faults::one("email", "This address is confirmed already.").into());
    }
    let email = person.email()?;
    if !count_asked(&person.visitor(), &email, Asked::Mailbox).await? {
        return Ok(());
    }
    let mut tx = person.begin().await?;
    send_link(person, &mut tx, &email, false).await?;
    tx.commit(Event::Person { who: person.who(), what: PersonEvent::EmailConfirmAsked }).await?;
    letters::ring(&person.app);
    Ok(())
}

/// Sends a link to another address, which is to become the person's own, and tells the one they have. Where it is somebody
/// else's, its letter says so instead, and whoever asks learns nothing.
///
/// # Errors
/// [`Stop::Faults`] when the password is wrong or the address is kept by a directory (`ERR_NGROK_4454`), [`Stop::TooMany`].
pub async fn ask_to_change(person: &Person, change: &Change) -> Result<(), Stop> {
    person.demand_factor()?;
    demand_enrolment(person).await?;
    let proven = prove_again(person, &change.password, "password").await?;
    let (email, old) = (&change.email, person.email()?);
    if !count_asked(&person.visitor(), email, Asked::Mailbox).await? {
        return Ok(());
    }
    let is_taken = person.visitor().read().owner(email.canonical()).await?.is_some();
    let mut tx = person.begin().await?;
    proven.demand(&mut tx).await?;
    demand_own(&mut tx, &person.facts().user).await?;
    send_link(person, &mut tx, email, is_taken).await?;
    let letter = Letter::EmailChangeAsked { new: email.written().to_owned(), from: person.address() };
    tell_old(person, &mut tx, &old, &letter).await?;
    tx.commit(Event::Person { who: person.who(), what: PersonEvent::EmailChangeAsked { new: email.canonical().to_owned() } }).await?;
    letters::ring(&person.app);
    Ok(())
}

/// Where a factor is demanded and there is none, it comes first: setting it up takes a letter to the address that is proven now,
/// and whoever only knows the password is not to move that.
async fn demand_enrolment(person: &Person) -> Result<(), Stop> {
    let is_owed = person.facts().factor_since.is_none() && is_demanded(person).await?;
    if is_owed { Err(Stop::Step(Step::MfaEnrolment)) } else { Ok(()) }
}

/// An address that a directory keeps is not changed by hand.
async fn demand_own(tx: &mut Tx<OfUser>, user: &UserId) -> Result<(), Stop> {
    if tx.is_provisioned().await? {
        let says = "Your organisation's directory keeps this address. Ask whoever runs the directory to change it there.";
        return Err(Faults::one("email", says).into());
    }
    if let Some(account) = tx.enforcing_account(user).await? {
        let says = format!(
            "{account} lets people in through its identity provider alone, which says what your address is. It stays while that is so."
        );
        return Err(Faults::coded("email", codes::ADDRESS_FROZEN, says).into());
    }
    Ok(())
}

async fn send_link(person: &Person, tx: &mut Tx<OfUser>, email: &Email, is_taken: bool) -> Result<(), Stop> {
    let user = &person.facts().user;
    // The newest letter counts, whichever address it went to.
    tx.end_flows(Flow::ConfirmEmail, user).await?;
    let (token, expires_at) = links::make(tx, Flow::ConfirmEmail, Some(user), Some(email)).await?;
    let letter = if is_taken { Letter::EmailTaken } else { Letter::ConfirmEmail { token, expires_at: expires_at.0 } };
    letters::write(&person.app, tx, Envelope::to_person(user, &email.deliverable()), &letter).await?;
    Ok(())
}

/// Tells the address that a person has, unless nobody has ever checked that it is theirs.
async fn tell_old(person: &Person, tx: &mut Tx<OfUser>, old: &Email, letter: &Letter) -> Result<(), Stop> {
    if person.facts().email_verified_at.is_some() {
        letters::write(&person.app, tx, Envelope::to_person(&person.facts().user, &old.deliverable()), letter).await?;
    }
    Ok(())
}

/// The address that a link confirms for this person. Looking changes nothing.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more, or is for somebody else.
pub async fn look(person: &Person, secret: &str) -> Result<Email, Stop> {
    let flow = person.app.0.db.reader(Instance).open_flow(Flow::ConfirmEmail, &hash_token(secret), person.now()).await?;
    let flow = flow.filter(|flow| flow.user_id.as_ref() == Some(&person.facts().user)).ok_or(Stop::Unknown)?;
    Email::parse(&flow.address.ok_or(Stop::Unknown)?).map_err(Stop::Broken)
}

/// Confirms the address that the link was sent to: the own one is proven, or becomes this one. Where it becomes this one,
/// all other sessions end. This one has a new cookie then, whose value has this hash.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or [`Stop::Faults`] when somebody else was faster (`ERR_NGROK_4452`).
pub async fn confirm(person: &Person, secret: &str, token_hash: &str) -> Result<Email, Stop> {
    let email = look(person, secret).await?;
    if email.canonical() != person.facts().canonical {
        demand_enrolment(person).await?;
    }
    let mut tx = person.begin().await?;
    if !tx.use_flow(Flow::ConfirmEmail, &hash_token(secret)).await? {
        return Err(Stop::Unknown);
    }
    let (user, old) = (person.facts().user.clone(), person.email()?);
    tx.rotate_session(&person.facts().session, token_hash).await?;
    if email.canonical() == old.canonical() {
        demand_free(tx.verify_address(&user, &email, "change").await?)?;
        tx.commit(Event::Person { who: person.who(), what: PersonEvent::EmailConfirmed }).await?;
        return Ok(email);
    }
    demand_own(&mut tx, &person.facts().user).await?;
    demand_free(tx.replace_address(&email).await?)?;
    tx.end_flows_of(&user).await?;
    let who = Who { user, email: email.canonical().to_owned() };
    // Sessions before members, as whoever notes that somebody is here takes them.
    end_all(&person.app, &mut tx, &who, Some(&person.facts().session), End::EmailChanged).await?;
    rewrite_memberships(person, &mut tx, &email).await?;
    tell_old(person, &mut tx, &old, &Letter::EmailChanged { new: email.written().to_owned() }).await?;
    tx.commit(Event::Person { who, what: PersonEvent::EmailChanged { before: old.canonical().to_owned() } }).await?;
    letters::ring(&person.app);
    Ok(email)
}

fn demand_free(is_free: bool) -> Result<(), Stop> {
    if is_free { Ok(()) } else { Err(Faults::one("email", "Somebody else has confirmed this address as theirs.").into()) }
}

/// Members are found and sorted by copies of their address.
async fn rewrite_memberships(person: &Person, tx: &mut Tx<OfUser>, email: &Email) -> Result<(), Stop> {
    tx.refold_email(email).await?;
    for (account, member, _) in tx.memberships().await? {
        tx.set_member_words(&account, &member, &search_words(&person.facts().name, email.canonical())).await?;
    }
    Ok(())
}
