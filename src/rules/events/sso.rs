//! What happens to identity providers, and to who people are at them.

use serde_json::{Value, json};

use super::{Kind, Log, Record, Subject, Who, done, membership, refused, subject};
use crate::rules::ids::{AccountId, IdpId, MemberId};

/// An identity provider as events name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idp {
    /// The id.
    pub id: IdpId,
    /// What people see of it.
    pub description: String,
}

impl Idp {
    fn subject(&self) -> Subject {
        subject("identity_provider", self.id.as_str(), &self.description)
    }
}

/// What happened about single sign-on. No secret of a provider is in any of this.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum SsoEvent {
    /// There is one.
    Created { idp: Idp, after: Value },
    /// It is another than before, or is switched on or off.
    Updated { idp: Idp, before: Value, after: Value },
    /// It is gone, and with it so many links to people.
    Deleted { idp: Idp, before: Value, identities: u64 },
    /// An administrator came back from it.
    Tested { idp: Idp },
    /// Somebody came from it, and what it said is not taken.
    Refused { idp: Idp, why: String },
    /// Other people use it.
    Updates { before: Value, after: Value },
    /// A domain is to be shown to be the account's own.
    DomainAdded { domain: String },
    /// It was.
    DomainVerified { domain: String },
    /// It is not any more: its record has been missing for days.
    DomainLost { domain: String },
    /// It was taken away.
    DomainRemoved { domain: String },
    /// Nobody signs up with an address of it, or people do again.
    DomainClosed { domain: String, closes: bool },
    /// A member is known by it from now on.
    Linked { idp: Idp, member: MemberId, who: Who, subject: String },
    /// A member is not known by it any more.
    Unlinked { idp: Idp, member: MemberId, who: Who, subject: String },
}

impl SsoEvent {
    pub(super) fn record(self, account: &AccountId) -> Record {
        let log = Log::Account(account.clone());
        match self {
            Self::Created { idp, after } => done(Kind::IdpCreated, log, vec![idp.subject()], None, Some(after)),
            Self::Updated { idp, before, after } => done(Kind::IdpUpdated, log, vec![idp.subject()], Some(before), Some(after)),
            Self::Deleted { idp, before, identities } => {
                done(Kind::IdpDeleted, log, vec![idp.subject()], Some(before), Some(json!({ "unlinked": identities })))
            }
            Self::Tested { idp } => done(Kind::IdpTested, log, vec![idp.subject()], None, None),
            Self::Refused { idp, why } => refused(Kind::IdpRefused, log, vec![idp.subject()], json!({ "why": why })),
            Self::Updates { before, after } => {
                done(Kind::SsoUpdated, log, vec![subject("account", account.as_str(), "")], Some(before), Some(after))
            }
            Self::DomainAdded { domain } => {
                done(Kind::OwnDomainAdded, log, vec![of_domain(&domain)], None, Some(json!({ "domain": domain })))
            }
            Self::DomainVerified { domain } => done(Kind::OwnDomainVerified, log, vec![of_domain(&domain)], None, None),
            Self::DomainLost { domain } => done(Kind::OwnDomainLost, log, vec![of_domain(&domain)], None, None),
            Self::DomainRemoved { domain } => {
                done(Kind::OwnDomainRemoved, log, vec![of_domain(&domain)], Some(json!({ "domain": domain })), None)
            }
            Self::DomainClosed { domain, closes } => {
                let value = |closed: bool| json!({ "sign_up_closed": closed });
                done(Kind::OwnDomainUpdated, log, vec![of_domain(&domain)], Some(value(!closes)), Some(value(closes)))
            }
            Self::Linked { idp, member, who, subject } => {
                let mut subjects = membership(&member, &who);
                subjects.push(idp.subject());
                done(Kind::IdentityLinked, log, subjects, None, Some(json!({ "subject": subject })))
            }
            Self::Unlinked { idp, member, who, subject } => {
                let mut subjects = membership(&member, &who);
                subjects.push(idp.subject());
                done(Kind::IdentityUnlinked, log, subjects, Some(json!({ "subject": subject })), None)
            }
        }
    }
}

fn of_domain(domain: &str) -> Subject {
    subject("domain", domain, domain)
}
