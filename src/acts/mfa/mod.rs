//! The second factor of a person: setting it up, its recovery codes, and doing without it again. Each needs a fresh proof, and
//! each change ends the person's other sessions and is told to them.

mod codes;
mod reset;
mod sign_in;

pub(super) use codes::{count, refuse, take};
pub use reset::reset;
pub use sign_in::{enter, half};

use super::{
    Person, Stop,
    letters::{self, Envelope},
    sessions::end_all,
};
use crate::{
    protocols::{secrets::hash_token, totp::Authenticator},
    rules::{
        events::{Event, PersonEvent},
        faults::Faults,
        flows::Flow,
        gate::{Mfa, Proof},
        ids::UserId,
        letters::{Letter, MfaLetter},
        mfa::{Code, Confirmation, RECOVERY_CODES, WRONG, in_groups, mailed_code, may_confirm, recovery_code},
        security::Entry,
        sessions::End,
        time::Millis,
    },
    store::{FactorRow, NewFlow, OfUser, Tx},
};

/// What a person who sets up an authenticator is shown.
pub struct Offer {
    /// The secret as text.
    pub secret: String,
    /// The same as a picture, SVG.
    pub picture: String,
    /// Whether a code was mailed that has to be given as well.
    pub is_mailed: bool,
}

/// Whether an account that the person is in demands a factor of them.
///
/// # Errors
/// When the database fails.
pub async fn is_demanded(person: &Person) -> Result<bool, Stop> {
    let instance = person.app.instance();
    let policies = person.read().own_policies().await?;
    Ok(policies.into_iter().any(|mfa| Entry { mfa, ..Entry::default() }.within(instance).mfa != Mfa::Off))
}

/// Whether setting one up takes a mailed code as well: whoever was told a password could set up a factor of their own with it,
/// and shut the owner out, where everybody has to have one (product §2.8). It takes an address that was proven, and letters.
async fn is_mailed(person: &Person) -> Result<bool, Stop> {
    Ok(person.sends_letters() && person.facts().email_verified_at.is_some() && is_demanded(person).await?)
}

/// How the code of a letter is known.
fn mailed_hash(user: &UserId, code: &str) -> String {
    hash_token(&format!("{user} {code}"))
}

/// Offers a new secret, in the place of another one that has not been confirmed.
///
/// # Errors
/// [`Stop::Faults`] when the person has a factor already.
pub async fn offer(person: &Person) -> Result<(), Stop> {
    person.demand_fresh()?;
    let is_mailed = is_mailed(person).await?;
    let mut tx = person.begin().await?;
    let user = person.facts().user.clone();
    let made = Authenticator::new([tx.dice(), tx.dice()]).ok_or_else(|| Stop::Broken("no secret could be made".to_owned()))?;
    let sealed = codes::seal(&person.app, &tx, &user, &made);
    if !tx.offer_factor(&user, &person.facts().session, &sealed).await? {
        return Err(Faults::one("code", "You have a second factor already.").into());
    }
    if is_mailed {
        let code = mailed_code(tx.dice());
        tx.end_flows(Flow::Enrolment, &user).await?;
        let id_hash = &mailed_hash(&user, &code);
        tx.create_flow(&NewFlow { kind: Flow::Enrolment, id_hash, user: Some(&user), email: None }).await?;
        let letter = Letter::Mfa(MfaLetter::EnrolmentCode { code: in_groups(&code), expires_at: tx.now().plus(Flow::Enrolment.lives()).0 });
        letters::write(&person.app, &mut tx, Envelope::to_person(&user, &person.email()?.deliverable()), &letter).await?;
    }
    tx.commit(Event::Person { who: person.who(), what: PersonEvent::FactorOffered }).await?;
    letters::ring(&person.app);
    Ok(())
}

/// The secret that is offered, if one is and may still be confirmed.
///
/// # Errors
/// [`Stop::Step`] when the proof of who is asking is not fresh: whoever sees the secret has the factor.
pub async fn offered(person: &Person) -> Result<Option<Offer>, Stop> {
    person.demand_fresh()?;
    let Some(factor) = person.read().own_factor().await? else { return Ok(None) };
    if !is_for(&factor, person, person.now()) {
        return Ok(None);
    }
    let is_mailed = is_mailed(person).await?;
    // Demanded since, or without its letter any more: once more from the beginning.
    if is_mailed && !person.read().has_open_flow(Flow::Enrolment, person.now()).await? {
        return Ok(None);
    }
    let authenticator = codes::open(&person.app, &person.facts().user, &person.facts().email, &factor.sealed)?;
    let picture = authenticator.picture().ok_or_else(|| Stop::Broken("no picture could be drawn".to_owned()))?;
    Ok(Some(Offer { secret: authenticator.secret(), picture, is_mailed }))
}

/// Whether this is a secret that is offered to the session that the person is in. Another session may be somebody else's who
/// knows the password, and would have the secret as well.
fn is_for(factor: &FactorRow, person: &Person, now: Millis) -> bool {
    factor.confirmed_at.is_none() && factor.offered_in == person.facts().session && may_confirm(factor.created_at, now)
}

/// Lets the secret that is offered count, once a code proves that an authenticator has it. The session has the factor as a
/// proof then, and a new cookie, whose value has this hash. Answers the recovery codes, which nobody is shown again.
///
/// # Errors
/// [`Stop::Faults`] when the code is wrong or nothing is offered; [`Stop::TooMany`] after too many wrong ones.
pub async fn confirm(person: &Person, typed: &Confirmation, token_hash: &str) -> Result<Vec<String>, Stop> {
    person.demand_fresh()?;
    let (code, mailed) = typed.check(is_mailed(person).await?)?;
    let who = person.who();
    let counted = count(&person.visitor(), &who).await?;
    let mut tx = person.begin().await?;
    let now = tx.now();
    let offered = tx.factor_of(&who.user).await?.filter(|factor| is_for(factor, person, now));
    let Some(offered) = offered else {
        return Err(Faults::one("code", "This took too long, or the second factor was set up elsewhere. Begin once more.").into());
    };
    let step = match &code {
        Code::Totp(digits) => codes::open(&person.app, &who.user, &who.email, &offered.sealed)?.step(digits, tx.now()),
        Code::Recovery(_) => None,
    };
    let Some(step) = step else {
        drop(tx);
        return Err(Faults::one(
            "code",
            "This is not the code of the secret shown here. Scan it again, and look at the clock of your phone.",
        )
        .into());
    };
    if let Some(mailed) = mailed
        && !tx.use_flow(Flow::Enrolment, &mailed_hash(&who.user, &mailed)).await?
    {
        drop(tx);
        return Err(Faults::one("mailed", "This is not the code from the last letter.").into());
    }
    if !tx.confirm_factor(&who.user, step).await? {
        return Err(Faults::one("code", WRONG).into());
    }
    for attempt in &counted {
        tx.forgive_attempt(attempt).await?;
    }
    let codes = new_codes(&mut tx, person).await?;
    let session = person.facts().session.clone();
    tx.prove(&session, &Proof::Factor).await?;
    let letter = Letter::Mfa(MfaLetter::FactorSetUp { at: tx.now().0, from: person.address() });
    let sessions = change(person, &mut tx, letter, token_hash).await?;
    tx.commit(Event::Person { who, what: PersonEvent::FactorSetUp { sessions } }).await?;
    letters::ring(&person.app);
    Ok(codes)
}

/// Does without the second factor again. The session has a new cookie then, whose value has this hash.
///
/// # Errors
/// [`Stop::Faults`] when there is none; [`Stop::Step`] when the proof is not fresh.
pub async fn remove(person: &Person, token_hash: &str) -> Result<usize, Stop> {
    person.demand_fresh()?;
    if is_demanded(person).await? {
        return Err(Faults::one("code", "An account of yours demands a second factor. Leave it first, or ask who administers it.").into());
    }
    let mut tx = person.begin().await?;
    let who = person.who();
    if !tx.remove_factor(&who.user).await? {
        return Err(Faults::one("code", "You have no second factor.").into());
    }
    let letter = Letter::Mfa(MfaLetter::FactorRemoved { at: tx.now().0, from: person.address() });
    let sessions = change(person, &mut tx, letter, token_hash).await?;
    tx.commit(Event::Person { who, what: PersonEvent::FactorRemoved { sessions } }).await?;
    letters::ring(&person.app);
    Ok(sessions)
}

/// Gives new recovery codes in the place of all that there were, and the session a new cookie, whose value has this hash; answers
/// the codes, and nobody is shown them again.
///
/// # Errors
/// [`Stop::Faults`] when there is no factor that they could stand in for; [`Stop::Step`] when the proof is not fresh.
pub async fn renew_codes(person: &Person, token_hash: &str) -> Result<Vec<String>, Stop> {
    person.demand_fresh()?;
    let mut tx = person.begin().await?;
    let who = person.who();
    if !tx.has_factor(&who.user).await? {
        return Err(Faults::one("code", "You have no second factor.").into());
    }
    let codes = new_codes(&mut tx, person).await?;
    tx.rotate_session(&person.facts().session, token_hash).await?;
    let letter = Letter::Mfa(MfaLetter::RecoveryCodesRenewed { at: tx.now().0, from: person.address() });
    letters::tell(&person.app, &mut tx, &who.user, &letter).await?;
    tx.commit(Event::Person { who, what: PersonEvent::RecoveryCodesRenewed }).await?;
    letters::ring(&person.app);
    Ok(codes)
}

async fn new_codes(tx: &mut Tx<OfUser>, person: &Person) -> Result<Vec<String>, Stop> {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(tx.dice())).collect();
    let hashes: Vec<String> = codes.iter().map(|code| hash_token(code)).collect();
    tx.set_recovery_codes(&person.facts().user, &hashes).await?;
    Ok(codes.iter().map(|code| in_groups(code)).collect())
}

/// What every change of a factor brings with it: other sessions and open links end, this session has a new cookie, and a letter
/// goes out.
async fn change(person: &Person, tx: &mut Tx<OfUser>, letter: Letter, token_hash: &str) -> Result<usize, Stop> {
    let who = person.who();
    tx.end_flows_of(&who.user).await?;
    let sessions = end_all(&person.app, tx, &who, Some(&person.facts().session), End::FactorChanged).await?;
    tx.rotate_session(&person.facts().session, token_hash).await?;
    letters::tell(&person.app, tx, &who.user, &letter).await?;
    Ok(sessions)
}
