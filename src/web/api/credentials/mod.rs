//! `/api_keys`, `/credentials` (authtokens) and `/ssh_credentials`. A secret is in the answer to making one, and nowhere else.

mod kinds;

use std::cell::OnceCell;

pub(super) use kinds::{api_keys, authtokens, ssh_keys};

use super::{
    answers::Base,
    body::other_id,
    error::{Answer, ApiError},
    lists::{Asked, fields, shown, shown_if},
};
use crate::{
    acts::{self, Key, Permit, Stop},
    rules::{
        codes,
        credentials::{ApiDraft, CredentialId, Kind},
        filter::{self, Value},
        permissions::{May, may},
        time::Millis,
    },
    store::{CredentialFilter, CredentialRow},
};

/// What a program says to make or change a credential, whatever the kind.
struct Said {
    id: Option<String>,
    owner_id: Option<String>,
    draft: ApiDraft,
}

fields!(pub(super) FIELDS_WITH_ACL, value(row: CredentialRow, acl: OnceCell<Vec<String>>) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(row.created_at),
    "description": Text = Value::Text(&row.description),
    "metadata": Text = Value::Text(&row.metadata),
    "owner_id": Id = Value::Text(row.owner_id()),
    "created_by": Id = Value::Text(&row.created_by),
    "expires_at": Time = shown_if(row.expires_at),
    "last_used_at": Time = shown_if(row.last_used_at),
    // Read only where the filter asks for it.
    "acl": List = Value::List(acl.get_or_init(|| row.acl().texts())),
});
/// The same of what has no rules.
pub(super) const FIELDS: &[(&str, filter::Kind)] = FIELDS_WITH_ACL.split_at(FIELDS_WITH_ACL.len() - 1).0;

const fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Authtoken => "/credentials",
        Kind::ApiKey => "/api_keys",
        Kind::SshKey => "/ssh_credentials",
    }
}

async fn row<M: May>(permit: &Permit<M, Key>, id: &CredentialId) -> Answer<CredentialRow> {
    permit.read().credential(id).await?.ok_or_else(ApiError::not_found)
}

async fn make(permit: &Permit<may::ManageOwnCredentials, Key>, kind: Kind, said: Said) -> Answer<(CredentialRow, Option<String>)> {
    let new = said.draft.check(kind, permit.now())?;
    let owner = match said.owner_id.as_deref().filter(|id| !id.is_empty()) {
        Some(text) => Some(acts::credentials::owner_of(permit, "owner_id", text).await?),
        None => None,
    };
    let made = acts::credentials::create(permit, kind, &new, owner.as_ref()).await.map_err(|stop| match stop {
        Stop::Faults(faults) => Stop::Faults(faults.renamed("owner", "owner_id")),
        other => other,
    })?;
    Ok((made.row, made.secret.map(|secret| secret.0)))
}

async fn change(permit: &Permit<may::ManageOwnCredentials, Key>, kind: Kind, id: &CredentialId, said: Said) -> Answer<CredentialRow> {
    if said.owner_id.is_some() {
        return Err(ApiError::bad(kind.owner_stays(), "The owner of a credential never changes."));
    }
    if said.id.as_deref().is_some_and(|said| said != id.as_str()) {
        return Err(other_id());
    }
    if said.draft == ApiDraft::default() {
        // The row is looked for first: what does not exist is not changed by saying nothing either.
        row(permit, id).await?;
        return Err(ApiError::bad(codes::EMPTY_UPDATE, "Say what is to be changed."));
    }
    Ok(acts::credentials::update(permit, id, None, &said.draft.changes(permit.now())?).await?)
}

async fn page(
    permit: &Permit<may::ReadCredentials, Key>,
    kind: Kind,
    base: &Base,
    asked: &Asked,
) -> Answer<(Vec<CredentialRow>, Option<String>)> {
    let filter = asked.filter(if kind.has_acl() { FIELDS_WITH_ACL } else { FIELDS }, permit.now())?;
    let keep = |row: &CredentialRow| {
        let acl = OnceCell::new();
        filter.admits(|field| value(field, row, &acl))
    };
    let narrow = filter.demanded("owner_id").map(str::to_owned);
    let narrow = CredentialFilter { owner: narrow, description: String::new() };
    let fetch = |before: Option<CredentialId>, most| {
        let (mut reader, narrow) = (permit.read(), &narrow);
        async move { reader.credentials(kind, narrow, before.as_ref(), most).await }
    };
    let page = asked.page(|text| CredentialId::parse(kind, text), fetch, |row| row.id.clone(), keep).await?;
    let next = asked.next(base, path(kind), page.next.map(|id| id.to_string()));
    Ok((page.rows, next))
}

/// What every kind shows.
struct Shown {
    id: String,
    uri: String,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

fn shown_of(base: &Base, row: &CredentialRow) -> Shown {
    Shown {
        id: row.id.to_string(),
        uri: base.uri(&format!("{}/{}", path(row.kind()), row.id)),
        created_at: row.created_at.rfc3339(),
        expires_at: row.expires_at.map(Millis::rfc3339),
        last_used_at: row.last_used_at.map(Millis::rfc3339),
    }
}
