//! Credentials: making, changing, rotating and deleting authtokens, API keys and SSH keys. Whoever owns one manages it, and so do
//! administrators; whose it is never changes.

mod check;
mod default;
mod rotate;
mod scan;

use serde_json::{Value, json};

pub use check::{Checked, Circumstances, Good, Shown, check};
pub use default::{OwnAuthtoken, renew, show};
pub use rotate::rotate;
pub use scan::{Leaked, recognise};

use super::{Bearer, Permit, Stop};
use crate::{
    protocols::secrets::hash_token,
    rules::{
        addresses::Email,
        credentials::{Acl, Changes, CredentialId, Kind, MOST_OF_OWNER, New, Owner, lengthened, secret},
        events::{self, Actor, CredentialEvent, Event},
        faults::{Faults, codes},
        ids::AccountId,
        permissions::{May, Permission, may, rights},
        time::Millis,
    },
    store::{CredentialRow, CredentialSays, InAccount, NewCredential, Tx},
};

/// A credential that has just been made, and its secret, which nobody ever sees again.
#[derive(Debug)]
pub struct Made {
    /// The credential. Whoever made it reads nothing after the commit: what could fail then would lose the secret.
    pub row: CredentialRow,
    /// The secret; an SSH key has none of ours.
    pub secret: Option<Secret>,
}

/// A secret on its way to whoever asked for it. It shows itself in no log.
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Makes a credential for oneself, or, as an administrator, for somebody else or a bot user.
///
/// # Errors
/// [`Stop::Faults`] for owners that there are not, that are not one's to make some for, or that could not use it.
pub async fn create<B: Bearer>(
    permit: &Permit<may::ManageOwnCredentials, B>,
    kind: Kind,
    new: &New,
    owner: Option<&Owner>,
) -> Result<Made, Stop> {
    let myself = myself(permit);
    let owner = owner.unwrap_or(&myself);
    let is_own = *owner == myself;
    let (mut tx, own) = permit.begin().await?;
    if !is_own && !rights(own).allow(Permission::ManageCredentials) {
        drop(tx);
        permit.note_missing(Permission::ManageCredentials).await?;
        let says = "Only administrators make credentials for others and for bot users.";
        return Err(Faults::coded("owner", codes::OWNER_FOREIGN, says).into());
    }
    let new = &New { expires_at: permit.no_later(new.expires_at), ..new.clone() };
    demand_fit_owner(&mut tx, owner, kind).await?;
    let made = write(&mut tx, permit, kind, new, owner, false).await?;
    tx.commit(created(permit, &made.row)).await?;
    Ok(made)
}

/// Writes a new credential.
async fn write<M: May, B: Bearer>(
    tx: &mut Tx<InAccount>,
    permit: &Permit<M, B>,
    kind: Kind,
    new: &New,
    owner: &Owner,
    default: bool,
) -> Result<Made, Stop> {
    if tx.credential_count(owner, kind).await? >= MOST_OF_OWNER {
        let says = format!("Nobody owns more than {MOST_OF_OWNER} of them. Delete what is not used.");
        return Err(Faults::coded("owner", codes::CREDENTIALS_TOO_MANY, says).into());
    }
    let id = CredentialId::new(kind, tx.now(), tx.dice());
    let secret = kind.has_secret().then(|| secret::secret(id.as_str(), tx.dice()));
    let ssh = new.ssh.as_ref().map(|key| (key.written.as_str(), key.fingerprint.as_str()));
    let hash = match (&secret, ssh) {
        (Some(secret), _) => hash_token(secret),
        (None, Some((_, fingerprint))) => hash_of_ssh_key(&permit.account().account, fingerprint),
        (None, None) => return Err(Stop::Broken("a credential with neither secret nor key".to_owned())),
    };
    let sealed = secret.as_ref().filter(|_| default).map(|secret| seal(permit, &id, secret, [tx.dice(), tx.dice()]));
    let by = permit.actor().id().to_owned();
    let row = NewCredential {
        id: &id,
        kind,
        owner,
        hash: &hash,
        sealed: sealed.as_deref(),
        ssh,
        acl: &new.acl,
        description: &new.description,
        metadata: &new.metadata,
        expires_at: new.expires_at,
        by: &by,
    };
    if !tx.create_credential(&row).await? {
        let says = "The account has this key already. One key has one owner: make another one.";
        return Err(Faults::coded("public_key", codes::SSH_KEY_TAKEN, says).into());
    }
    let row = tx.credential(&id).await?.ok_or_else(|| Stop::Broken(format!("{id} was written and is not there")))?;
    Ok(Made { row, secret: secret.map(Secret) })
}

/// That a credential was made, as events say it.
fn created<M: May, B: Bearer>(permit: &Permit<M, B>, row: &CredentialRow) -> Event {
    let what = CredentialEvent::Created { after: value_of(row) };
    Event::Credential { account: account(permit), credential: named(row), what }
}

/// Where the secrets of default authtokens are sealed.
const SEALED: &str = "credentials.sealed";

fn seal<M: May, B: Bearer>(permit: &Permit<M, B>, id: &CredentialId, secret: &str, dice: [[u8; 16]; 2]) -> String {
    permit.app().0.key.seal(SEALED, id.as_str(), secret, dice)
}

/// By what an SSH key is found: it is one key in each account.
pub(super) fn hash_of_ssh_key(account: &AccountId, fingerprint: &str) -> String {
    hash_token(&format!("ssh {account} {fingerprint}"))
}

/// Changes what a credential is for, how long it lasts, or what it allows; answers with it as it is then. What is missing stays.
///
/// # Errors
/// [`Stop::Faults`] for what is not one's own to change, and where somebody was faster: it has another version than the one that was
/// looked at, if one was.
pub async fn update<B: Bearer>(
    permit: &Permit<may::ManageOwnCredentials, B>,
    id: &CredentialId,
    version: Option<i64>,
    changes: &Changes,
) -> Result<CredentialRow, Stop> {
    let (mut tx, row) = begin_managed(permit, id).await?;
    if version.is_some_and(|version| version != row.version) {
        let says = "Somebody changed it meanwhile: above stands what it is now. Save again what you want of it.";
        return Err(Faults::one("version", says).into());
    }
    let before = value_of(&row);
    let old_acl = row.acl();
    let says = CredentialSays {
        description: changes.description.as_deref().unwrap_or(&row.description),
        metadata: changes.metadata.as_deref().unwrap_or(&row.metadata),
        acl: changes.acl.as_ref().filter(|_| row.kind().has_acl()).unwrap_or(&old_acl),
        expires_at: changes.expires_at.map_or(row.expires_at, |at| lengthened(at, row.expires_at, permit.no_later(None))),
    };
    let after = value(says.description, says.metadata, says.acl, says.expires_at, row.fingerprint.as_deref());
    if before == after {
        return Ok(row);
    }
    tx.update_credential(id, &says).await?;
    let now = tx.credential(id).await?.ok_or(Stop::Unknown)?;
    let what = CredentialEvent::Updated { before, after };
    tx.commit(Event::Credential { account: account(permit), credential: named(&now), what }).await?;
    Ok(now)
}

/// Deletes a credential: it is worth nothing from the next use on, for good.
///
/// # Errors
/// [`Stop::Unknown`]; [`Stop::Faults`] for what is not one's own to delete, and for the own default authtoken, which is rotated.
pub async fn delete<B: Bearer>(permit: &Permit<may::ManageOwnCredentials, B>, id: &CredentialId) -> Result<(), Stop> {
    let (mut tx, row) = begin_managed(permit, id).await?;
    // Administrators may end one that leaked; its owner gets another when they look at it.
    if row.default_since.is_some() && row.owner() == Some(myself(permit)) {
        let says = "This is your default authtoken. It can be rotated, and goes when you leave the account.";
        return Err(Faults::coded("credential", codes::DEFAULT_AUTHTOKEN, says).into());
    }
    let ended = end(&mut tx, permit, &row, None).await?;
    Ok(tx.commit(ended).await?)
}

/// Ends a credential, now or at a moment, and never later than it would anyway; answers with the event. A default authtoken is one as
/// any other from then on.
async fn end<M: May, B: Bearer>(
    tx: &mut Tx<InAccount>,
    permit: &Permit<M, B>,
    row: &CredentialRow,
    at: Option<Millis>,
) -> Result<Event, Stop> {
    let (account, credential) = (account(permit), named(row));
    let Some(at) = at else {
        tx.revoke_credential(&row.id).await?;
        return Ok(Event::Credential { account, credential, what: CredentialEvent::Deleted });
    };
    let (before, acl) = (value_of(row), row.acl());
    let ends = row.expires_at.map_or(at, |expires| expires.min(at));
    let says = CredentialSays { description: &row.description, metadata: &row.metadata, acl: &acl, expires_at: Some(ends) };
    if row.default_since.is_some() {
        tx.retire_default(&row.id).await?;
    }
    tx.update_credential(&row.id, &says).await?;
    let after = value(&row.description, &row.metadata, &acl, Some(ends), row.fingerprint.as_deref());
    Ok(Event::Credential { account, credential, what: CredentialEvent::Updated { before, after } })
}

/// Begins a transaction about a credential that whoever asks may manage: their own, or any for administrators.
async fn begin_managed<M: May, B: Bearer>(permit: &Permit<M, B>, id: &CredentialId) -> Result<(Tx<InAccount>, CredentialRow), Stop> {
    let (mut tx, own) = permit.begin().await?;
    let row = tx.credential(id).await?.ok_or(Stop::Unknown)?;
    if !is_managed(permit, rights(own).allow(Permission::ManageCredentials), &row) {
        drop(tx);
        permit.note_missing(Permission::ManageCredentials).await?;
        return Err(Faults::coded("credential", codes::OWNER_FOREIGN, "Only its owner and administrators change it.").into());
    }
    Ok((tx, row))
}

/// That a credential has not ended: rotating one that has would revive it.
fn demand_living(row: &CredentialRow, now: Millis, says: &str) -> Result<(), Stop> {
    if row.expires_at.is_some_and(|at| at <= now) { Err(Faults::coded("credential", codes::KEY_EXPIRED, says).into()) } else { Ok(()) }
}

/// Whether whoever looks may change a credential, as far as pages say so beforehand.
#[must_use]
pub fn may_manage<M: May, B: Bearer>(permit: &Permit<M, B>, row: &CredentialRow) -> bool {
    permit.rights().allow(Permission::ManageOwnCredentials) && is_managed(permit, permit.rights().allow(Permission::ManageCredentials), row)
}

fn is_managed<M: May, B: Bearer>(permit: &Permit<M, B>, all: bool, row: &CredentialRow) -> bool {
    all || row.owner() == Some(myself(permit))
}

/// Whoever acts, as an owner.
pub(super) fn myself<M: May, B: Bearer>(permit: &Permit<M, B>) -> Owner {
    match permit.actor() {
        Actor::Person(who) => Owner::User(who.user),
        Actor::Bot(bot) => Owner::Bot(bot.id),
    }
}

/// Who is meant as an owner: by id, or a member by address.
///
/// # Errors
/// [`Stop::Faults`] at the field where there is no such in the account.
pub async fn owner_of<M: May, B: Bearer>(permit: &Permit<M, B>, field: &'static str, text: &str) -> Result<Owner, Stop> {
    let found = if text.contains('@') {
        match Email::parse(text) {
            Ok(email) => permit.read().user_of_member(email.canonical()).await?.map(Owner::User),
            Err(_) => None,
        }
    } else {
        Owner::parse(text)
    };
    found.ok_or_else(|| Faults::coded(field, codes::OWNER_UNKNOWN, "There is no such owner in this account.").into())
}

/// That an owner exists in the account and could use what is made for them.
async fn demand_fit_owner(tx: &mut Tx<InAccount>, owner: &Owner, kind: Kind) -> Result<(), Stop> {
    let fault = |code, says: &str| Err(Faults::coded("owner", code, says).into());
    match owner {
        Owner::User(user) => {
            let Some(member) = tx.member_of_user(user).await? else {
                return fault(codes::OWNER_UNKNOWN, "Nobody in this account has this id.");
            };
            if member.facts.disabled_at.is_some() {
                return fault(codes::OWNER_INACTIVE, "This member is disabled.");
            }
            if kind == Kind::ApiKey && !rights(member.roles()).allow(Permission::UseApi) {
                return fault(codes::OWNER_READ_ONLY, "Whoever owns an API key has to be Developer read-write.");
            }
            Ok(())
        }
        Owner::Bot(bot) => match tx.bot_user(bot).await? {
            None => fault(codes::OWNER_UNKNOWN, "There is no such bot user in this account."),
            Some(bot) if bot.inactive_at.is_some() => fault(codes::OWNER_INACTIVE, "This bot user is inactive."),
            Some(_) => Ok(()),
        },
    }
}

/// A credential as events name it.
pub(super) fn named(row: &CredentialRow) -> events::Credential {
    events::Credential {
        id: row.id.clone(),
        kind: row.kind(),
        description: row.description.clone(),
        owner: row.owner_id().to_owned(),
        owner_name: row.owner_label().to_owned(),
    }
}

fn account<M: May, B: Bearer>(permit: &Permit<M, B>) -> AccountId {
    permit.account().account.clone()
}

fn value_of(row: &CredentialRow) -> Value {
    value(&row.description, &row.metadata, &row.acl(), row.expires_at, row.fingerprint.as_deref())
}

/// What events show of a credential.
fn value(description: &str, metadata: &str, acl: &Acl, expires_at: Option<Millis>, fingerprint: Option<&str>) -> Value {
    json!({
        "description": description,
        "metadata": metadata,
        "acl": acl.texts(),
        "expires_at": expires_at.map(Millis::rfc3339),
        "fingerprint": fingerprint,
    })
}
