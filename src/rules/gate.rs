//! The gate: may this person come in now? (product decision 1)
//!
//! Two pure, total functions. [`person`] asks whether a session still proves somebody; [`account`] asks, on every request
//! of every face, whether that person may be in one account right now. Both are a column of early returns, most severe
//! first, and that order is the specification. Because nothing is remembered between requests, a change of policy acts on
//! living sessions at once.

pub use super::proofs::Proof;
use super::{
    credentials::Denial,
    permissions::Permission,
    rescue,
    sessions::{self, End, Limits, Times},
    time::Millis,
    words::words,
};

/// A session as the gate sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its times.
    pub times: Times,
    /// What was proven in it.
    pub proofs: Vec<Proof>,
    /// Whether the person has a second factor that they can be asked for.
    pub has_factor: bool,
    /// Why it was ended in the account that is asked about, if it was, though not as a whole.
    pub ended_here: Option<End>,
    /// When it was last noted in that account; where it has not been there, when it began.
    pub seen_here: Millis,
}

/// A member as the gate sees one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Since when the member is disabled.
    pub disabled_at: Option<Millis>,
    /// Until when a guest may come in.
    pub access_until: Option<Millis>,
    /// Whether the member joined before the account had its first identity provider.
    pub before_first_idp: bool,
}

/// What the account demands about single sign-on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sso {
    /// No identity provider: nothing.
    Off,
    /// Members who joined after the first provider use it; earlier ones may.
    Mixed,
    /// Everybody uses it.
    Enforced,
}

words! {
    /// What the account demands about second factors, weakest first.
    Mfa {
        Off = "off", "Whoever has chosen to", "Only people who have set one up give it.";
        RequiredExceptSso = "required_except_sso", "Everybody but through single sign-on", "Who comes through the account's identity provider proves themselves there.";
        Required = "required", "Everybody", "Nobody comes in without one, however they sign in.";
    }
}

impl Mfa {
    /// The stricter of the two.
    #[must_use]
    pub const fn stricter(self, other: Self) -> Self {
        if self as u8 >= other as u8 { self } else { other }
    }
}

/// What the account's IP restriction says about the address that this request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ip {
    /// No restriction, or an allowed address.
    Allowed,
    /// Would be refused, if the restriction were not in warning mode.
    Warned,
    /// Refused.
    Refused,
}

/// What an account demands of who comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long sessions last at all.
    pub instance: Limits,
    /// How long they last in this account.
    pub limits: Limits,
    /// IP restriction.
    pub ip: Ip,
    /// Single sign-on.
    pub sso: Sso,
    /// Second factor.
    pub mfa: Mfa,
}

words! {
    /// Why somebody stays out, whatever they prove.
    Refusal {
        NotAMember = "not_a_member", "Not a member: for them the account does not exist.";
        Disabled = "disabled", "The member is disabled.";
        AccessOver = "access_over", "The guest's access period is over.";
        Ip = "ip", "The address is outside of what the account allows.";
    }
}

/// What somebody has to do before they may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sign in (again): the session is over.
    SignIn(End),
    /// Prove something that the person owns: an identity provider's proof opens its account alone.
    OwnProof,
    /// The same, in a session that came by a rescue link: sign in as always.
    BeyondRescue,
    /// Sign in through one of this account's identity providers.
    Sso,
    /// Give the second factor.
    Mfa,
    /// Set up a second factor.
    MfaEnrolment,
    /// Prove again who it is, for what a session alone does not allow.
    FreshProof,
}

/// What somebody who is in should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The IP restriction would refuse this address, once it is enforced.
    IpWouldRefuse,
    /// The access period ends at this moment.
    AccessEnds(Millis),
    /// The session came by a rescue link, and opens the security pages alone, until this moment.
    Rescued(Millis),
}

/// The gate's one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stay out.
    Refuse(Refusal),
    /// Do this first.
    Step(Step),
    /// Come in.
    Admit {
        /// What to tell the person.
        warnings: Vec<Warning>,
    },
}

/// Warn guests this long before their access ends.
const ACCESS_ENDS_SOON: super::time::Span = super::time::Span::days(7);

/// Whether the session proves its person by something the person owns: what `/me` and `/accounts` ask.
#[must_use]
pub fn person(now: Millis, limits: Limits, session: &Session) -> Verdict {
    if let Some(end) = sessions::end(now, limits, session.times) {
        return Verdict::Step(Step::SignIn(end));
    }
    if !session.proofs.iter().any(Proof::is_own) {
        return Verdict::Step(own_proof(now, session));
    }
    if session.has_factor && !proven_twice(session) {
        return Verdict::Step(Step::Mfa);
    }
    Verdict::Admit { warnings: Vec::new() }
}

/// Whether the person may be in the account with this id now, for what `wants` says. It matters to sessions alone that came by
/// a rescue link; whether the member's roles carry it is not asked here.
#[must_use]
pub fn account(now: Millis, id: &str, policy: Policy, member: Option<Member>, session: &Session, wants: Permission) -> Verdict {
    if let Some(end) = sessions::end(now, policy.instance, session.times) {
        return Verdict::Step(Step::SignIn(end));
    }
    let Some(member) = member else {
        return Verdict::Refuse(Refusal::NotAMember);
    };
    if member.disabled_at.is_some() {
        return Verdict::Refuse(Refusal::Disabled);
    }
    if member.access_until.is_some_and(|until| now >= until) {
        return Verdict::Refuse(Refusal::AccessOver);
    }
    if let Some(end) = session.ended_here {
        return Verdict::Step(Step::SignIn(end));
    }
    // The account's own limits: a session that is used elsewhere is idle here.
    if let Some(end) = sessions::end(now, policy.limits, Times { last_seen_at: session.seen_here, ..session.times }) {
        return Verdict::Step(Step::SignIn(end));
    }
    // The way back in passes over all that one may be locked out by: where one comes from, through whom, and with what.
    if let Some(used_at) = rescue_of(session).and_then(|(account, at)| (account == id).then_some(at)) {
        return match rescue::open_until(used_at, now) {
            None => Verdict::Step(Step::SignIn(End::RescueOver)),
            Some(until) if wants.is_of_security() => Verdict::Admit { warnings: vec![Warning::Rescued(until)] },
            Some(_) => Verdict::Step(Step::BeyondRescue),
        };
    }
    if policy.ip == Ip::Refused {
        return Verdict::Refuse(Refusal::Ip);
    }
    let through_sso = session.proofs.iter().any(|proof| matches!(proof, Proof::Idp { account, .. } if account == id));
    let sso_owed = match policy.sso {
        Sso::Off => false,
        Sso::Mixed => !member.before_first_idp,
        Sso::Enforced => true,
    };
    if sso_owed && !through_sso {
        return Verdict::Step(Step::Sso);
    }
    let own = session.proofs.iter().any(Proof::is_own);
    if !own && !through_sso {
        return Verdict::Step(own_proof(now, session));
    }
    let mfa_owed = match policy.mfa {
        Mfa::Off => session.has_factor && !through_sso,
        Mfa::Required => true,
        Mfa::RequiredExceptSso => !through_sso,
    };
    if mfa_owed && !proven_twice(session) {
        return Verdict::Step(if session.has_factor { Step::Mfa } else { Step::MfaEnrolment });
    }
    let mut warnings = Vec::new();
    if policy.ip == Ip::Warned {
        warnings.push(Warning::IpWouldRefuse);
    }
    if let Some(until) = member.access_until.filter(|until| until.since(now) <= ACCESS_ENDS_SOON) {
        warnings.push(Warning::AccessEnds(until));
    }
    Verdict::Admit { warnings }
}

/// Whose credential stands before the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A member's.
    Member {
        /// The member.
        member: Member,
        /// Whether they have a second factor.
        has_factor: bool,
        /// Whether they have linked one of the account's identity providers that is switched on.
        has_idp: bool,
    },
    /// A bot user's: it owes neither factor nor provider.
    Bot {
        /// Since when it is inactive.
        inactive_at: Option<Millis>,
    },
}

/// Whether a credential opens its account now: whether its owner could come in, as far as programs can show (product §2.13).
///
/// # Errors
/// The first reason why not.
pub fn program(now: Millis, policy: Policy, expires_at: Option<Millis>, holder: Holder) -> Result<(), Denial> {
    if expires_at.is_some_and(|at| now >= at) {
        return Err(Denial::Expired);
    }
    let (member, has_factor, has_idp) = match holder {
        Holder::Bot { inactive_at: Some(_) } => return Err(Denial::BotInactive),
        Holder::Bot { inactive_at: None } if policy.ip == Ip::Refused => return Err(Denial::Ip),
        Holder::Bot { inactive_at: None } => return Ok(()),
        Holder::Member { member, has_factor, has_idp } => (member, has_factor, has_idp),
    };
    if member.disabled_at.is_some() {
        return Err(Denial::Disabled);
    }
    if member.access_until.is_some_and(|until| now >= until) {
        return Err(Denial::AccessOver);
    }
    if policy.ip == Ip::Refused {
        return Err(Denial::Ip);
    }
    if policy.sso == Sso::Enforced && !has_idp {
        return Err(Denial::SsoOwed);
    }
    let factor_owed = match policy.mfa {
        Mfa::Off => false,
        Mfa::Required => true,
        // Who proves themselves at the provider owes none here.
        Mfa::RequiredExceptSso => !has_idp,
    };
    if factor_owed && !has_factor { Err(Denial::FactorOwed) } else { Ok(()) }
}

/// The account that a session opens by a rescue link, and when the link was used. Beside any other proof the link is worth
/// nothing: whoever can prove who they are is let in by that, or not at all, and the two never add up.
fn rescue_of(session: &Session) -> Option<(&str, Millis)> {
    match session.proofs.as_slice() {
        [Proof::Rescue { account, at }] => Some((account, *at)),
        _ => None,
    }
}

/// What a session owes that proves its person by nothing that they own.
fn own_proof(now: Millis, session: &Session) -> Step {
    match rescue_of(session).map(|(_, at)| rescue::open_until(at, now)) {
        None => Step::OwnProof,
        Some(None) => Step::SignIn(End::RescueOver),
        Some(Some(_)) => Step::BeyondRescue,
    }
}

fn proven_twice(session: &Session) -> bool {
    session.proofs.iter().any(|proof| matches!(proof, Proof::Factor | Proof::Passkey))
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
