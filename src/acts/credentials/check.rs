//! Checking: whether a credential that somebody shows to one of the company's own services is good now, and for what. That is what
//! "may start an agent" means here.

use std::net::IpAddr;

use crate::{
    acts::{
        Bearer, Caller, Permit, Stop,
        permit::{Key, judge, revoked},
    },
    protocols::secrets::hash_token,
    rules::{
        credentials::{Acl, CredentialId, Denial, Kind, Wanted, is_fingerprint, secret},
        ids::AccountId,
        permissions::{Rights, may},
        time::Millis,
    },
};

/// What is shown: a secret, or the fingerprint of a key whose private half was just proven.
pub enum Shown<'a> {
    /// A secret.
    Secret(&'a str),
    /// A fingerprint.
    Fingerprint(&'a str),
}

/// A credential that is good now.
pub struct Good {
    /// Which.
    pub credential: CredentialId,
    /// What it is.
    pub kind: Kind,
    /// Its account.
    pub account: AccountId,
    /// Whose it is.
    pub principal: String,
    /// What they are called; of a person the address.
    pub principal_name: String,
    /// What it allows.
    pub rights: Rights,
    /// From when on it is worth nothing, if ever.
    pub expires_at: Option<Millis>,
    /// Whether what is wanted may be bound; `None` where nothing is.
    pub may_bind: Option<bool>,
}

/// What a check finds. Whatever is not of the account that asks is [`Checked::Unknown`].
pub enum Checked {
    /// It is good.
    Good(Box<Good>),
    /// There is none, not any more, or not here.
    Unknown,
    /// It is one of the account, and refused.
    Denied(Denial),
}

/// Checks a credential of the account, which comes from an address, for something to be bound. That it was used, or refused, is noted
/// once a minute.
///
/// # Errors
/// When the database fails.
pub async fn check(
    permit: &Permit<may::CheckCredentials, Key>,
    shown: &Shown<'_>,
    address: Option<IpAddr>,
    wanted: Option<&Wanted>,
) -> Result<Checked, Stop> {
    let own = &permit.account().account;
    let hash = match shown {
        Shown::Secret(text) if secret::row_of(text).is_some() => hash_token(text),
        Shown::Fingerprint(text) if is_fingerprint(text) => super::hash_of_ssh_key(own, text),
        Shown::Secret(_) | Shown::Fingerprint(_) => return Ok(Checked::Unknown),
    };
    let app = permit.app();
    let facts = app.0.db.reader(crate::store::Instance).key(&hash).await?;
    let caller = Caller { address: address.unwrap_or_else(|| permit.address()), ..permit.caller().clone() };
    let Some(facts) = facts else {
        let Shown::Secret(token) = shown else { return Ok(Checked::Unknown) };
        let Some(row) = revoked::find(app, token).await?.filter(|row| row.account == *own) else { return Ok(Checked::Unknown) };
        revoked::note(app, &caller, &row, Some(permit.context())).await;
        return Ok(Checked::Denied(Denial::Revoked));
    };
    if facts.account.account != *own {
        return Ok(Checked::Unknown);
    }
    let key = Key::of(app.clone(), caller, hash, facts);
    let rights = match judge(app, permit.now(), key.facts()) {
        Ok((_, rights)) => rights,
        Err(why) => {
            key.denied(why, &permit.context()).await;
            return Ok(Checked::Denied(why));
        }
    };
    key.note_use(if key.facts().kind == Kind::ApiKey { "api" } else { "agent" }).await;
    let actor = key.actor();
    let facts = key.facts();
    Ok(Checked::Good(Box::new(Good {
        credential: facts.credential.clone(),
        kind: facts.kind,
        account: own.clone(),
        principal: actor.id().to_owned(),
        principal_name: actor.name().to_owned(),
        rights,
        expires_at: facts.expires_at,
        may_bind: wanted.map(|wanted| facts.kind.has_acl() && Acl::kept(&facts.acl).allows(wanted)),
    })))
}
