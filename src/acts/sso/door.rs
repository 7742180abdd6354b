//! The way to a provider and back, whichever way it talks: what is kept of somebody who goes, and where it leads who comes back. How it is gone by
//! OpenID Connect stands in [`super::oidc`], and by SAML in [`super::saml`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    arrivals::{self, Arrived},
    entering::{How, Traveller, enter},
    named,
};
use crate::{
    acts::{Holder, Permit, Stop, Visitor, away},
    protocols::{oidc, secrets::hash_token},
    rules::{
        addresses::Email,
        events::{Event, Log, SsoEvent, Who},
        faults::Faults,
        flows::Flow,
        ids::{IdpId, UserId},
        network::neighbourhood,
        permissions::may,
        sign_in::{window_rest, window_start},
        sso::{Purpose, Said},
        time::Span,
    },
    store::{
        Attempt, Why,
        away::{AwayRow, NewAway},
        sso::DoorRow,
    },
};

/// Where what has to be remembered of somebody on the way is sealed.
const PLACE: &str = "flows.sso";

/// How often people may set out from one neighbourhood within ten minutes, and come back unasked: each time there is work.
const MOST_ASKED: i64 = 200;

/// What is remembered of somebody on the way.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    purpose: String,
    pub(super) asked: Asked,
}

/// What was asked of the provider.
#[derive(Serialize, Deserialize)]
pub(super) enum Asked {
    /// By OpenID Connect.
    Oidc(oidc::Secrets),
    /// By SAML: what the answer has to name.
    Saml(String),
    /// By SAML, and answered: what was said, and all of it.
    Said(Said, Value),
}

impl Kept {
    pub(super) fn new(purpose: Purpose, asked: Asked) -> Self {
        Self { purpose: purpose.word().to_owned(), asked }
    }

    /// What for.
    pub(super) fn purpose(&self) -> Result<Purpose, Stop> {
        Purpose::parse(&self.purpose).ok_or(Stop::Unknown)
    }
}

/// Where somebody goes, and from where they come back.
pub struct Trip<'a> {
    /// The provider.
    pub idp: &'a IdpId,
    /// Where to go afterwards.
    pub next: &'a str,
    /// Where we are found.
    pub base_url: &'a str,
    /// The hash of what the browser is known by.
    pub browser: &'a str,
    /// Whether the person is to prove anew who they are.
    pub is_anew: bool,
}

/// How the browser goes there.
pub enum Way {
    /// To this address.
    Redirect(String),
    /// By a form.
    Post {
        /// Where it is sent.
        action: String,
        /// What is asked.
        request: String,
        /// What comes back with the answer.
        relay_state: String,
    },
}

/// The providers of the account under a slug that are switched on.
///
/// # Errors
/// When the database fails.
pub async fn providers(visitor: &Visitor, slug: &str) -> Result<Vec<DoorRow>, Stop> {
    Ok(visitor.read().doors(slug).await?)
}

/// The providers of the account that an address's domain is shown to be of: the domain alone decides, whoever has the address.
///
/// # Errors
/// When the database fails.
pub async fn providers_of_domain(visitor: &Visitor, email: &str) -> Result<Vec<DoorRow>, Stop> {
    match Email::parse(email) {
        Ok(email) => Ok(visitor.read().doors_of_domain(email.domain()).await?),
        Err(_) => Ok(Vec::new()),
    }
}

/// Whether there is a domain whose people may sign in otherwise than the others: then the address is asked for first.
///
/// # Errors
/// When the database fails.
pub async fn asks_for_address_first(visitor: &Visitor) -> Result<bool, Stop> {
    Ok(visitor.read().has_domains_with_providers().await?)
}

/// A provider, whether switched on or off, and its account.
///
/// # Errors
/// [`Stop::Unknown`].
pub async fn provider(visitor: &Visitor, idp: &IdpId) -> Result<DoorRow, Stop> {
    visitor.read().door(idp).await?.ok_or(Stop::Unknown)
}

/// The same of the account's own.
///
/// # Errors
/// [`Stop::Unknown`].
pub async fn provider_of(permit: &Permit<may::ManageSso>, idp: &IdpId) -> Result<DoorRow, Stop> {
    let door = provider(&permit.person().visitor(), idp).await?;
    if door.idp.account == permit.account().account { Ok(door) } else { Err(Stop::Unknown) }
}

/// Keeps what was asked until somebody comes back with this secret.
pub(super) async fn keep(
    visitor: &Visitor,
    trip: &Trip<'_>,
    door: &DoorRow,
    user: Option<&UserId>,
    (secret, kept): (&str, &Kept),
) -> Result<(), Stop> {
    let id_hash = hash_token(secret);
    let new = NewAway {
        kind: Flow::Sso,
        id_hash: &id_hash,
        browser_hash: trip.browser,
        user,
        account: Some(&door.idp.account),
        provider: door.idp.id.as_str(),
        return_to: trip.next,
        sealed: &seal(visitor, &id_hash, kept)?,
    };
    away::keep(visitor, &new).await
}

pub(super) fn seal(visitor: &Visitor, id_hash: &str, kept: &Kept) -> Result<String, Stop> {
    away::seal(&visitor.app, PLACE, id_hash, kept)
}

/// What was kept of somebody who comes back.
pub(super) fn opened(visitor: &Visitor, id_hash: &str, row: &AwayRow) -> Result<Kept, Stop> {
    away::opened(&visitor.app, PLACE, id_hash, row)
}

/// Counts that somebody makes work.
pub(in crate::acts) async fn count(visitor: &Visitor) -> Result<(), Stop> {
    let window = Span::minutes(10);
    let mut tx = visitor.begin(vec![]).await?;
    let key = neighbourhood(visitor.caller.address);
    let count = tx.count_attempt(&Attempt { scope: "sso", key, window_start: window_start(tx.now(), window) }).await?;
    let rest = window_rest(tx.now(), window);
    tx.commit_unrecorded(Why::CountingAttempts).await?;
    if count > MOST_ASKED { Err(Stop::TooMany(rest)) } else { Ok(()) }
}

/// Where coming back leads.
#[derive(Debug)]
pub enum Back {
    /// In, by a new cookie, and there.
    In(String),
    /// To the page for whoever is new, by this secret.
    Welcome(String),
    /// To what a test has shown, by this secret: the account's slug, and the provider.
    Tested(String, IdpId, String),
}

/// Through which provider somebody comes back by this browser, and where they wanted to go. Looking changes nothing.
///
/// # Errors
/// [`Stop::Unknown`] where nobody set out so, or has come back already.
pub async fn expected(visitor: &Visitor, secret: &str, browser: &str) -> Result<(DoorRow, String), Stop> {
    let row = away::find(&visitor.app, &mut visitor.read(), Flow::Sso, &hash_token(secret), Some(browser)).await?.ok_or(Stop::Unknown)?;
    Ok((provider(visitor, &row.idp()).await?, row.return_to))
}

/// Whoever the provider has proven goes on: in, to the page for whoever is new, or to what a test has shown.
pub(super) async fn go_on(
    visitor: &Visitor,
    door: &DoorRow,
    (purpose, row): (Purpose, &AwayRow),
    (said, claims): (Said, Value),
    traveller: &Traveller<'_>,
) -> Result<Back, Stop> {
    let arrived = Arrived { said, confirmed: false, claims: (purpose == Purpose::Test).then_some(claims) };
    match purpose {
        Purpose::Test => tested(visitor, door, row.user_id.as_ref(), traveller.browser, arrived).await,
        Purpose::SignIn | Purpose::Prove if door.idp.disabled_at.is_some() => Err(Stop::Unknown),
        Purpose::SignIn => arrive(visitor, door, (&row.return_to, How::AsItIs), arrived, traveller).await,
        Purpose::Prove => arrive(visitor, door, (&row.return_to, How::Forced), arrived, traveller).await,
    }
}

/// Somebody whom the provider has proven comes in, or to the page for whoever is new.
async fn arrive(
    visitor: &Visitor,
    door: &DoorRow,
    (next, how): (&str, How),
    arrived: Arrived,
    traveller: &Traveller<'_>,
) -> Result<Back, Stop> {
    let before = traveller.before.map(Holder::person);
    let (idp, subject) = (&door.idp.id, arrived.said.subject.clone());
    let known = visitor.read().known_as(idp.as_str(), &subject, &door.idp.account).await?;
    let Some(user) = known.as_ref().filter(|known| known.member.is_some()).map(|known| known.user.clone()) else {
        let user = known.map(|known| known.user);
        return Ok(Back::Welcome(arrivals::wait(visitor, door, traveller.browser, next, user.as_ref(), &arrived).await?));
    };
    // Coming back neither throws somebody out nor signs anybody in over their head.
    if let Some(other) = before.filter(|person| person.facts().user != user) {
        let says = format!("You are signed in as {}, and the provider knows you as somebody else. Sign out first.", other.facts().email);
        return Err(Faults::one("session", says).into());
    }
    let hold = vec![Log::User(user), Log::Account(door.idp.account.clone())];
    let mut tx = visitor.begin(hold).await?;
    let known =
        tx.known_as(idp.as_str(), &subject, &door.idp.account).await?.filter(|known| known.member.is_some()).ok_or(Stop::Unknown)?;
    tx.door(idp).await?.filter(|door| door.idp.disabled_at.is_none()).ok_or(Stop::Unknown)?;
    tx.note_identity(idp.as_str(), &subject, arrived.said.email.as_deref()).await?;
    tx.note_idp_works(idp).await?;
    let who = Who { user: known.user, email: known.email };
    enter(visitor, tx, &who, door, (before, how), traveller.cookies).await?;
    Ok(Back::In(next.to_owned()))
}

/// An administrator has come back.
async fn tested(visitor: &Visitor, door: &DoorRow, user: Option<&UserId>, browser: &str, arrived: Arrived) -> Result<Back, Stop> {
    let person = visitor.holder().await?.ok_or(Stop::SignIn)?;
    let person = person.person();
    if Some(&person.facts().user) != user {
        return Err(Stop::Unknown);
    }
    let secret = arrivals::wait(visitor, door, browser, "", user, &arrived).await?;
    let mut tx = visitor.begin(vec![Log::Account(door.idp.account.clone())]).await?;
    tx.acting_as(person.facts().user.to_string(), person.facts().canonical.clone(), person.facts().session.clone());
    tx.note_idp_tested(&door.idp.id).await?;
    tx.commit(Event::Sso { account: door.idp.account.clone(), what: SsoEvent::Tested { idp: named(&door.idp) } }).await?;
    Ok(Back::Tested(door.slug.clone(), door.idp.id.clone(), secret))
}

/// The name of what is wrong, without what is told of it.
pub(super) fn variant(fault: &impl std::fmt::Debug) -> String {
    format!("{fault:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// Notes what went wrong for whoever administers the provider, as an event once an hour for each reason; answers what whoever came is told.
pub(super) async fn note_fault(visitor: &Visitor, door: &DoorRow, word: &str, says: &str) -> Stop {
    let (account, idp) = (&door.idp.account, &door.idp.id);
    let noted = async {
        let attempt = |now| Attempt { scope: "refusal", key: format!("{idp} {word}"), window_start: window_start(now, Span::hours(1)) };
        // Strangers send what is wrong as often as they like, and the account's log is not held for each of them.
        let mut tx = visitor.begin(vec![]).await?;
        if tx.count_attempt(&attempt(tx.now())).await? > 1 {
            tx.note_idp_error(idp, says).await?;
            return Ok::<_, Stop>(tx.commit_unrecorded(Why::CountingAttempts).await?);
        }
        drop(tx);
        let mut tx = visitor.begin(vec![Log::Account(account.clone())]).await?;
        // In the same order as above: what two transactions lock the other way round, PostgreSQL breaks.
        let count = tx.count_attempt(&attempt(tx.now())).await?;
        tx.note_idp_error(idp, says).await?;
        if count == 1 {
            let what = SsoEvent::Refused { idp: named(&door.idp), why: says.to_owned() };
            return Ok(tx.commit(Event::Sso { account: account.clone(), what }).await?);
        }
        Ok(tx.commit_unrecorded(Why::CountingAttempts).await?)
    };
    match noted.await {
        Ok(()) => Faults::one("idp", says).into(),
        Err(stop) => stop,
    }
}
