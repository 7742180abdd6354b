//! What happens to bot users and credentials.

use serde_json::{Value, json};

use super::{Kind, Log, Record, Subject, done, refused, subject};
use crate::rules::{
    credentials::{self, CredentialId, Denial},
    ids::{AccountId, BotId},
};

/// A bot user as events name one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// The id.
    pub id: BotId,
    /// What it is called.
    pub name: String,
}

impl Bot {
    pub(super) fn subject(&self) -> Subject {
        subject("bot_user", self.id.as_str(), &self.name)
    }
}

/// A credential as events name one.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The id.
    pub id: CredentialId,
    /// What it is.
    pub kind: credentials::Kind,
    /// What it is for, in its owner's words.
    pub description: String,
    /// The owner's id.
    pub owner: String,
    /// What the owner is called; for users the address.
    pub owner_name: String,
}

/// What happened to a bot user.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum BotEvent {
    /// There is one.
    Created { active: bool },
    /// It has another name, or works again, or does not.
    Updated { before: Value, after: Value },
    /// It is gone, with so many credentials.
    Deleted { credentials: u64 },
}

impl BotEvent {
    pub(super) fn record(self, account: AccountId, bot: &Bot) -> Record {
        let (log, subjects) = (Log::Account(account), vec![bot.subject()]);
        match self {
            Self::Created { active } => {
                done(Kind::BotUserCreated, log, subjects, None, Some(json!({ "name": bot.name, "active": active })))
            }
            Self::Updated { before, after } => done(Kind::BotUserUpdated, log, subjects, Some(before), Some(after)),
            Self::Deleted { credentials } => {
                let after = json!({ "revoked_credentials": credentials });
                done(Kind::BotUserDeleted, log, subjects, Some(json!({ "name": bot.name })), Some(after))
            }
        }
    }
}

/// What happened to a credential. Its secret is in none of this.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the things that the variants are about")]
pub enum CredentialEvent {
    /// There is one.
    Created { after: Value },
    /// It is for something else, lasts longer or shorter, or allows more or less.
    Updated { before: Value, after: Value },
    /// It is worth nothing any more.
    Deleted,
    /// Its owner looked at its secret.
    Shown,
    /// It was shown, from this address, and refused.
    Refused { why: Denial, from: String },
}

impl CredentialEvent {
    pub(super) fn record(self, account: AccountId, credential: &Credential) -> Record {
        let Credential { id, kind, description, owner, owner_name } = credential;
        let log = Log::Account(account);
        let subjects = vec![subject(kind.word(), id.as_str(), description), subject("owner", owner, owner_name)];
        match self {
            Self::Created { after } => done(created(*kind), log, subjects, None, Some(after)),
            Self::Updated { before, after } => done(updated(*kind), log, subjects, Some(before), Some(after)),
            Self::Deleted => done(deleted(*kind), log, subjects, None, None),
            Self::Shown => done(Kind::AuthtokenShown, log, subjects, None, None),
            Self::Refused { why, from } => refused(Kind::CredentialRefused, log, subjects, json!({ "why": why.word(), "from": from })),
        }
    }
}

const fn created(kind: credentials::Kind) -> Kind {
    match kind {
        credentials::Kind::Authtoken => Kind::AuthtokenCreated,
        credentials::Kind::ApiKey => Kind::ApiKeyCreated,
        credentials::Kind::SshKey => Kind::SshKeyCreated,
    }
}

const fn updated(kind: credentials::Kind) -> Kind {
    match kind {
        credentials::Kind::Authtoken => Kind::AuthtokenUpdated,
        credentials::Kind::ApiKey => Kind::ApiKeyUpdated,
        credentials::Kind::SshKey => Kind::SshKeyUpdated,
    }
}

const fn deleted(kind: credentials::Kind) -> Kind {
    match kind {
        credentials::Kind::Authtoken => Kind::AuthtokenDeleted,
        credentials::Kind::ApiKey => Kind::ApiKeyDeleted,
        credentials::Kind::SshKey => Kind::SshKeyDeleted,
    }
}
