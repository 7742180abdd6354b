//! Signing in by password, in two deeds: proving who one is, and beginning a session.
//!
//! Whether anybody has the address changes nothing that a visitor could notice: the same statements run and the same
//! number of passwords is hashed, which a test counts.

use super::{
    Holder, Stop, Visitor,
    lockouts::{self, Try},
    sessions::{self, Cookies},
};
use crate::{
    protocols::passwords::Verified,
    rules::{
        addresses::Email,
        events::{Event, Log, Who},
        faults::Faults,
        flows::Flow,
        gate::Proof,
        ids::UserId,
        passwords::Password,
        sign_in::{Credentials, Failure, WRONG},
        time::Millis,
    },
    store::{NewFlow, Owner, SignInRow, Why},
};

/// Somebody who has just given the right password. Made by [`prove`] alone.
pub struct Proven {
    user: UserId,
    email: Email,
    /// Which password it was: the moment it was set.
    password_set_at: Option<Millis>,
    /// The hash as it was read, and the one that is to replace it.
    renewal: Option<(String, String)>,
    tried: Try,
}

/// Compares address and password, and counts it.
///
/// # Errors
/// [`Stop::TooMany`], [`Stop::Busy`], or [`Stop::Faults`] with one answer for wrong addresses and wrong passwords.
pub async fn prove(visitor: &Visitor, credentials: Credentials) -> Result<Proven, Stop> {
    let Credentials { email, password } = credentials;
    let _place = visitor.app.0.hasher.queue()?;
    let mut tried = lockouts::count(visitor, &email).await?;
    let (owner, mut found) = compare(visitor, &email, &password, &tried).await?;
    if found.is_none() && !tried.only.is_empty() {
        // Somebody else who says that the address is theirs may sit at this browser.
        tried = tried.and(lockouts::count_stranger(visitor, &email).await?);
        found = compare(visitor, &email, &password, &tried).await?.1;
    }
    let Some((row, verified)) = found else {
        lockouts::fail(visitor, tried, owner, Failure::Wrong).await?;
        return Err(wrong());
    };
    let renewal = match (verified, &row.password_hash) {
        (Verified::YesOutdated, Some(old)) => Some((old.to_owned(), visitor.app.0.hasher.hash(&password).await?)),
        _ => None,
    };
    // As it was written when it was proven, and not as somebody writes it now.
    let email = Email::parse(&row.address).map_err(Stop::Broken)?;
    Ok(Proven { user: row.id, email, password_set_at: row.password_set_at, renewal, tried })
}

/// Whose password this is, of those who say that the address is theirs; and who has proven that it is, if anybody has. Whether
/// somebody has changes nothing about the work.
pub(super) async fn compare(
    visitor: &Visitor,
    email: &Email,
    password: &Password,
    tried: &Try,
) -> Result<(Option<Owner>, Option<(SignInRow, Verified)>), Stop> {
    let mut rows = visitor.read().users_by_address(email.canonical()).await?;
    if !tried.only.is_empty() {
        rows.retain(|row| tried.only.contains(&row.id));
    }
    let owner = rows.iter().find(|row| row.verified_at.is_some()).map(|row| (row.id.clone(), row.address.clone()));
    let mut candidates: Vec<Option<SignInRow>> = rows.into_iter().map(Some).collect();
    if owner.is_none() {
        candidates.insert(0, None);
    }
    for row in candidates {
        // Of somebody locked out nothing is compared, at the price of comparing everything.
        let stored = row.as_ref().filter(|_| !tried.is_locked).and_then(|row| row.password_hash.as_deref());
        match (visitor.app.0.hasher.verify(password, stored).await, row) {
            (Ok(verified @ (Verified::Yes | Verified::YesOutdated)), Some(row)) => return Ok((owner, Some((row, verified)))),
            (Ok(_), _) => {}
            (Err(error), _) => {
                // Nothing was compared, so nothing was tried.
                lockouts::forgive(visitor, tried).await?;
                return Err(error.into());
            }
        }
    }
    Ok((owner, None))
}

/// How far a password has led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// To a session.
    Session,
    /// Half the way: the second factor is asked for.
    Half,
}

/// Begins the session of somebody who has given their password, or half of it where they have a second factor; the
/// cookies' values have these hashes. Whoever was signed in with this browser before no longer is.
///
/// # Errors
/// [`Stop::Faults`] when the password was changed in this very moment.
pub async fn begin_session(visitor: &Visitor, proven: Proven, before: Option<&Holder>, cookies: &Cookies) -> Result<Begun, Stop> {
    let before = before.map(Holder::person);
    let Proven { user, email, password_set_at, renewal, tried } = proven;
    let who = Who { user: user.clone(), email: email.canonical().to_owned() };
    let mut hold = vec![Log::User(user.clone())];
    hold.extend(before.map(|person| Log::User(person.facts().user.clone())));
    let mut tx = visitor.begin(hold).await?;
    if tx.password_set_at(&user).await? != Some(password_set_at) {
        drop(tx);
        lockouts::record(visitor, Some(user), &email, Failure::Wrong).await?;
        return Err(wrong());
    }
    if let Some((old, new)) = renewal {
        tx.replace_hash(&user, &old, &new).await?;
    }
    tried.forgive(&mut tx).await?;
    if tx.has_factor(&user).await? {
        sessions::make_cookie(visitor, &mut tx, &cookies.session).await?;
        tx.create_flow(&NewFlow { kind: Flow::HalfSignIn, id_hash: &cookies.session, user: Some(&user), email: Some(&email) }).await?;
        sessions::replace(&mut tx, before).await?;
        tx.commit_unrecorded(Why::HalfSignIn).await?;
        return Ok(Begun::Half);
    }
    // Who knows the password has not forgotten it.
    tx.end_flows(Flow::PasswordReset, &user).await?;
    let session = sessions::begin(visitor, &mut tx, &who, cookies).await?;
    sessions::replace(&mut tx, before).await?;
    tx.commit(Event::UserLoginSucceeded { who, session, method: Proof::Password.word() }).await?;
    Ok(Begun::Session)
}

fn wrong() -> Stop {
    Faults::one("password", WRONG).into()
}
