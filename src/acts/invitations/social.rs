//! Accepting an invitation as somebody new whom GitHub or Google has proven.

use super::join::{SOURCE, Trier, find, happened, join, offer_of, refuse};
use crate::{
    acts::{
        Stop, Visitor, away,
        joining::{Newcomer, make_user},
        sessions::{self, Cookies},
    },
    rules::{
        addresses::Email,
        events::{Event, InvitationEvent, PersonEvent},
        faults::Faults,
        flows::Flow,
        gate::Proof,
        sign_up::NewProven,
        social::{Provider, Way, way},
        sso::Said,
    },
    store::{Instance, Tx},
};

/// Somebody new, as the provider has proven them.
pub(in crate::acts) struct Arriving<'a> {
    /// What they want to be called, and what they accept.
    pub(in crate::acts) new: &'a NewProven,
    /// Who has proven them.
    pub(in crate::acts) provider: Provider,
    /// Who they are there; the address is one that was verified.
    pub(in crate::acts) said: &'a Said,
    /// The hash of the secret by which they wait.
    pub(in crate::acts) arrival: &'a str,
    /// The hash of what their browser is known by.
    pub(in crate::acts) browser: &'a str,
}

/// Makes a user, a session, with cookies whose values have these hashes, and the membership, as the end of a transaction that holds the
/// account's log. Answers the slug of the account.
///
/// Whichever way the link has reached them, the address is theirs: the provider has verified it. They have no password.
pub(in crate::acts) async fn sign_up(
    visitor: &Visitor,
    mut tx: Tx<Instance>,
    token: &str,
    proven: &Arriving<'_>,
    cookies: &Cookies,
) -> Result<String, Stop> {
    let Arriving { new, provider, said, arrival, browser } = *proven;
    let link = find(&mut tx, token).await?;
    let now = tx.now();
    let offer = match offer_of(&visitor.app, &mut tx, &link, &visitor.caller, now).await? {
        Ok(offer) => offer,
        Err(ended) => return Err(refuse(Trier::at(visitor), tx, &link, ended.word(), ended.sentence()).await),
    };
    // An invitation that ends meanwhile is told about; any other way the arrival works once.
    let row = away::take(&visitor.app, &mut tx, Flow::SocialArrival, arrival, Some(browser)).await?;
    row.filter(|row| row.provider == provider.word()).ok_or(Stop::Unknown)?;
    let is_taken = tx.owner(&link.canonical).await?.is_some();
    match way(said.email().as_ref(), &link.canonical, is_taken) {
        Way::Join => {}
        Way::SignIn => return Err(taken()),
        Way::OtherAddress => return Err(Faults::one("invitation", "This invitation is for another address.").into()),
    }
    let email = Email::parse(&link.address).map_err(Stop::Broken)?;
    let (name, terms) = (&new.name, new.terms.clone());
    let user = Newcomer { name, email: &email, is_verified: true, password_hash: None, source: SOURCE, terms };
    let who = make_user(&mut tx, visitor.terms_of_use(), user).await?.ok_or_else(taken)?;
    if !tx.link_identity(provider.word(), &said.subject, &who.user, said.email.as_deref()).await? {
        return Err(Faults::one("invitation", "Somebody is linked to this login already. Sign in with it instead.").into());
    }
    let session = sessions::begin_own(visitor, &mut tx, &who, cookies, &Proof::Social).await?;
    let what = PersonEvent::IdentityLinked { provider: provider.word(), subject: said.subject.clone() };
    tx.note(Event::Person { who: who.clone(), what });
    tx.note(Event::UserLoginSucceeded { who: who.clone(), session, method: provider.word() });
    join(&mut tx, &link, offer, &who, name).await?;
    tx.commit(happened(&link, InvitationEvent::Accepted { who })).await?;
    Ok(link.slug)
}

fn taken() -> Stop {
    Faults::one("invitation", "There is a user with this address already. Sign in as that instead.").into()
}
