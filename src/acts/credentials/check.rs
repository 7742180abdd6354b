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
        gate::Ip,
        ids::AccountId,
        ip_restrictions::Surface,
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
    /// Whether it will be refused from there once the restriction of this surface is enforced.
    pub is_warned: bool,
}

/// What a check finds. Whatever is not of the account that asks is [`Checked::Unknown`].
pub enum Checked {
    /// It is good.
    Good(Box<Good>),
    /// There is none, not any more, or not here.
    Unknown,
    /// It is one of the account, and refused there.
    Denied(Denial, Surface),
}

/// From where something is shown, and for what.
#[derive(Default)]
pub struct Circumstances {
    /// The address; where none is given, that of whoever asks.
    pub address: Option<IpAddr>,
    /// What it is shown to; where nothing is said, what credentials of its kind are for.
    pub surface: Option<Surface>,
    /// What is to be bound.
    pub wanted: Option<Wanted>,
}

/// Checks a credential of the account in these circumstances. That it was used, or refused, is noted once a minute.
///
/// # Errors
/// When the database fails.
pub async fn check(
    permit: &Permit<may::CheckCredentials, Key>,
    shown: &Shown<'_>,
    Circumstances { address, surface, wanted }: Circumstances,
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
        return Ok(Checked::Denied(Denial::Revoked, surface.unwrap_or(Surface::of(row.kind()))));
    };
    if facts.account.account != *own {
        return Ok(Checked::Unknown);
    }
    let key = Key::of(app.clone(), caller, hash, facts);
    let surface = surface.unwrap_or_else(|| Surface::of(key.facts().kind));
    let now = permit.now();
    let ip = key.ip(&mut app.0.db.reader(crate::store::Instance), surface, now).await?;
    let rights = match judge(app, now, key.facts(), ip) {
        Ok((_, rights)) => rights,
        Err(why) => {
            key.denied(why, &permit.context()).await;
            return Ok(Checked::Denied(why, surface));
        }
    };
    key.note_use(surface, ip).await;
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
        is_warned: ip == Ip::Warned,
        may_bind: wanted.map(|wanted| facts.kind.has_acl() && Acl::kept(&facts.acl).allows(&wanted)),
    })))
}
