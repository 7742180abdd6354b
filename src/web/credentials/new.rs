//! Making a credential, and the one time that its secret is shown.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{OfKind, purpose};
use crate::{
    acts::{Permit, credentials},
    rules::{
        credentials::{CredentialId, Draft, Kind, Owner},
        faults::{Faults, codes},
        ids::BotId,
        permissions::{May, Permission, may},
    },
    store::{BotFilter, StoreError},
    web::{
        form::{Form, Query, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// The most bot users that are offered as owners; more are found on their own pages.
const OFFERED: i64 = 200;

/// Somebody who could own it.
struct Choice {
    id: String,
    label: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "credentials/new.html", blocks = ["title", "main"])]
struct New {
    shell: Shell,
    kind: Kind,
    purpose: &'static str,
    slug: String,
    draft: Draft,
    /// Whom else it may be for; empty for whoever may not choose.
    owners: Vec<Choice>,
    expires_hint: String,
    faults: Faults,
}
page::page!(New);

async fn page_of(
    permit: &Permit<may::ManageOwnCredentials>,
    kind: Kind,
    front: &Front,
    draft: Draft,
    faults: Faults,
) -> Result<New, StoreError> {
    let mut owners = Vec::new();
    if permit.rights().allow(Permission::ManageCredentials) {
        let bots = permit.read().bot_users(&BotFilter { inactive: Some(false), ..BotFilter::default() }, None, OFFERED).await?;
        owners.extend(bots.into_iter().map(|bot| Choice {
            is_chosen: draft.owner == bot.id.as_str(),
            id: bot.id.to_string(),
            label: format!("{} (bot user)", bot.name),
        }));
        // Somebody whose page led here is no bot user, and stays chosen.
        if !draft.owner.is_empty() && !owners.iter().any(|choice| choice.is_chosen) {
            owners.push(Choice { id: draft.owner.clone(), label: draft.owner.clone(), is_chosen: true });
        }
    }
    Ok(New {
        shell: Shell::of_account(permit, front).await,
        kind,
        purpose: purpose(kind),
        slug: permit.account().slug.clone(),
        owners,
        expires_hint: format!("It is worth nothing once this day is over, in {}. Leave it empty for no end.", permit.zone().name()),
        draft,
        faults,
    })
}

/// Whom to begin with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    owner: String,
}

pub(super) async fn form(
    permit: Permit<may::ManageOwnCredentials>,
    OfKind(kind): OfKind,
    front: Front,
    Query(asked): Query<Asked>,
    parts: Parts,
) -> Response {
    let owner = BotId::parse(&asked.owner).map(|id| id.to_string()).unwrap_or_default();
    match page_of(&permit, kind, &front, Draft { owner, ..Draft::default() }, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

pub(super) async fn create(
    permit: Permit<may::ManageOwnCredentials>,
    OfKind(kind): OfKind,
    front: Front,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let done = match draft.check(kind, permit.now(), &permit.zone()).and_then(|new| Ok((new, owner(&draft.owner)?))) {
        Ok((new, owner)) => credentials::create(&permit, kind, &new, owner.as_ref()).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(faults_of) {
        Ok(made) => show_made(&permit, kind, &front, &made).await,
        Err(Ok(faults)) => match page_of(&permit, kind, &front, draft, faults).await {
            Ok(page) => front.show_again(&page),
            Err(error) => problem::answer(error.into(), &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

/// Whom it is for; nobody named is oneself.
fn owner(text: &str) -> Result<Option<Owner>, Faults> {
    match text.trim() {
        "" => Ok(None),
        text => Owner::parse(text).map(Some).ok_or_else(|| Faults::coded("owner", codes::OWNER_UNKNOWN, "Choose one of these.")),
    }
}

#[derive(Template)]
#[template(path = "credentials/secret.html", blocks = ["title", "main"])]
struct Shown {
    shell: Shell,
    kind: Kind,
    slug: String,
    id: CredentialId,
    secret: String,
    /// Whether it can be shown again.
    is_default: bool,
    base_url: String,
}
page::page!(Shown);

/// The secret, this once: the answer itself shows it, for whatever leads to another page would have to keep it somewhere. What has no
/// secret of ours leads to its page.
pub(super) async fn show_made<M: May>(permit: &Permit<M>, kind: Kind, front: &Front, made: &credentials::Made) -> Response {
    match &made.secret {
        Some(secret) => show_secret(permit, kind, front, &made.id, &secret.0, false).await,
        None => front.go(&format!("/accounts/{}/{}/{}", permit.account().slug, kind.path(), made.id), "Added.").await,
    }
}

pub(super) async fn show_secret<M: May>(
    permit: &Permit<M>,
    kind: Kind,
    front: &Front,
    id: &CredentialId,
    secret: &str,
    is_default: bool,
) -> Response {
    front.show(&Shown {
        shell: Shell::of_account(permit, front).await,
        kind,
        slug: permit.account().slug.clone(),
        id: id.clone(),
        secret: secret.to_owned(),
        is_default,
        base_url: front.base_url.clone(),
    })
}
