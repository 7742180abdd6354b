//! Signing up without an invitation, where the instance lets people: the address first, the person behind the mailed link.

use super::{
    Holder, Stop, Visitor,
    choosing::judge,
    joining::{Newcomer, make_user},
    letters::{self, Envelope, count_asked},
    links,
    sessions::{self, Cookies},
    setup::is_waiting,
};
use crate::{
    protocols::secrets::hash_token,
    rules::{
        addresses::Email,
        emails::Asked,
        events::{Event, Log},
        faults::Faults,
        flows::Flow,
        letters::Letter,
        passwords::Known,
        sign_up::{NewPerson, Policy},
    },
};

/// How users who came this way, and their addresses, are marked.
const SOURCE: &str = "sign_up";

/// Whether people may sign up without an invitation.
#[must_use]
pub fn is_open(visitor: &Visitor) -> bool {
    visitor.app.0.terms.sign_up == Policy::Open
}

/// Nobody signs up before whoever runs this has set it up.
async fn demand_open(visitor: &Visitor) -> Result<(), Stop> {
    if is_open(visitor) && !is_waiting(&visitor.app).await? { Ok(()) } else { Err(Stop::Unknown) }
}

/// Sends a letter to an address that is to be signed up with. Whoever has it already is told so, by that letter alone.
///
/// # Errors
/// [`Stop::Unknown`] where people may not sign up, or [`Stop::TooMany`].
pub async fn ask(visitor: &Visitor, email: &Email) -> Result<(), Stop> {
    demand_open(visitor).await?;
    // The domain alone decides: it tells nothing of anybody.
    if visitor.read().is_closed_for_sign_up(email.domain()).await? {
        let says = "People of this domain sign in through their company's identity provider. Begin at the sign-in page.";
        return Err(Faults::one("email", says).into());
    }
    if !count_asked(visitor, email, Asked::Mailbox).await? {
        return Ok(());
    }
    let is_known = visitor.read().owner(email.canonical()).await?.is_some();
    let mut tx = visitor.begin(vec![Log::Instance]).await?;
    tx.end_flows_about(Flow::SignUp, email).await?;
    let (token, expires_at) = links::make(&mut tx, Flow::SignUp, None, Some(email)).await?;
    let letter = if is_known { Letter::SignUpKnown } else { Letter::SignUp { token, expires_at: expires_at.0 } };
    let recipient = email.deliverable();
    let envelope = Envelope { account: None, user: None, about: "", recipient: &recipient, withheld: None };
    letters::write(&visitor.app, &mut tx, envelope, &letter).await?;
    tx.commit(Event::SignUpAsked { email: email.canonical().to_owned() }).await?;
    letters::ring(&visitor.app);
    Ok(())
}

/// The address that a link lets one sign up with. Looking changes nothing, however often.
///
/// # Errors
/// [`Stop::Unknown`] when the link does not work, or not any more, or people may no longer sign up.
pub async fn look(visitor: &Visitor, secret: &str) -> Result<Email, Stop> {
    demand_open(visitor).await?;
    let flow = visitor.read().open_flow(Flow::SignUp, &hash_token(secret), visitor.now()).await?.ok_or(Stop::Unknown)?;
    Email::parse(&flow.address.ok_or(Stop::Unknown)?).map_err(Stop::Broken)
}

/// Makes a user of whoever holds the link, and signs them in by cookies whose values have these hashes. Whoever was signed in with
/// this browser before no longer is.
///
/// # Errors
/// [`Stop::Unknown`] as [`look`], or [`Stop::Faults`] when the password is not one to be chosen, or somebody has got the address
/// meanwhile.
pub async fn sign_up(visitor: &Visitor, secret: &str, new: &NewPerson, before: Option<&Holder>, cookies: &Cookies) -> Result<(), Stop> {
    let before = before.map(Holder::person);
    let email = look(visitor, secret).await?;
    judge(&visitor.app, &new.password, Known::of([new.name.as_str(), email.written()])).await?;
    let password_hash = visitor.app.0.hasher.hash(&new.password).await?;
    let hold = before.map(|person| Log::User(person.facts().user.clone())).into_iter().collect();
    let mut tx = visitor.begin(hold).await?;
    if !tx.use_flow(Flow::SignUp, &hash_token(secret)).await? {
        return Err(Stop::Unknown);
    }
    let (password_hash, terms) = (Some(password_hash.as_str()), new.terms.clone());
    let user = Newcomer { name: &new.name, email: &email, is_verified: true, password_hash, source: SOURCE, terms };
    let Some(who) = make_user(&mut tx, visitor.terms_of_use(), user).await? else {
        return Err(Faults::one("password", "There is a user with this address already. Sign in instead.").into());
    };
    let session = sessions::begin(visitor, &mut tx, &who, cookies).await?;
    sessions::replace(&mut tx, before).await?;
    Ok(tx.commit(Event::UserLoginSucceeded { who, session, method: SOURCE }).await?)
}
