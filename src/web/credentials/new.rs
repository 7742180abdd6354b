//! Making a credential, and the one time that its secret is shown.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{OfKind, purpose};
use crate::{
    acts::{Permit, Stop, credentials},
    rules::{
        credentials::{CredentialId, Draft, Kind, Owner},
        faults::Faults,
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
    /// Whether whoever looks may make some for others.
    may_choose: bool,
    /// The bot users that it may be for.
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
    let may_choose = permit.rights().allow(Permission::ManageCredentials);
    if may_choose {
        let bots = permit.read().bot_users(&BotFilter { inactive: Some(false), ..BotFilter::default() }, None, OFFERED).await?;
        owners.extend(bots.into_iter().map(|bot| Choice {
            is_chosen: draft.owner == bot.id.as_str(),
            id: bot.id.to_string(),
            label: format!("{} (bot user)", bot.name),
        }));
        // Whoever was chosen stays so, be it a bot user that is not among these.
        if !draft.owner.is_empty() && !owners.iter().any(|choice| choice.is_chosen) {
            owners.push(Choice { id: draft.owner.clone(), label: draft.owner.clone(), is_chosen: true });
        }
    }
    Ok(New {
        shell: Shell::of_account(permit, front).await,
        kind,
        purpose: purpose(kind),
        slug: permit.account().slug.clone(),
        may_choose,
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
    let begun = async {
        let mut draft = Draft::default();
        match Owner::parse(&asked.owner) {
            Some(Owner::Bot(id)) => draft.owner = id.to_string(),
            Some(Owner::User(user)) if user != permit.person().facts().user => {
                draft.member = permit.read().member_of_user(&user).await?.map(|member| member.email).unwrap_or_default();
            }
            _ => {}
        }
        page_of(&permit, kind, &front, draft, Faults::none()).await
    };
    match begun.await {
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
    let done = async {
        let new = draft.check(kind, permit.now(), &permit.zone())?;
        let owner = owner(&permit, &draft).await?;
        credentials::create(&permit, kind, &new, owner.as_ref()).await
    };
    // What is wrong with whoever was named by address is said there.
    let at_owner = if draft.member.trim().is_empty() { "owner" } else { "member" };
    match done.await.map_err(faults_of).map_err(|failed| failed.map(|faults| faults.renamed("owner", at_owner))) {
        Ok(made) => show_made(&permit, kind, &front, &made).await,
        Err(Ok(faults)) => match page_of(&permit, kind, &front, draft, faults).await {
            Ok(page) => front.show_again(&page),
            Err(error) => problem::answer(error.into(), &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

/// Whom it is for; nobody named is oneself.
async fn owner(permit: &Permit<may::ManageOwnCredentials>, draft: &Draft) -> Result<Option<Owner>, Stop> {
    Ok(match (draft.owner.trim(), draft.member.trim()) {
        ("", "") => None,
        ("", address) => Some(credentials::owner_of(permit, "member", address).await?),
        (id, "") => Some(credentials::owner_of(permit, "owner", id).await?),
        _ => return Err(Faults::one("member", "Name one owner: somebody above, or a member here.").into()),
    })
}

#[derive(Template)]
#[template(path = "credentials/secret.html", blocks = ["title", "main"])]
struct Shown {
    shell: Shell,
    kind: Kind,
    slug: String,
    id: CredentialId,
    secret: String,
    /// The same as a file.
    file: String,
    /// Whether it can be shown again.
    is_default: bool,
    base_url: String,
}
page::page!(Shown);

/// The secret, this once: the answer itself shows it, for whatever leads to another page would have to keep it somewhere. What has no
/// secret of ours leads to its page.
pub(super) async fn show_made<M: May>(permit: &Permit<M>, kind: Kind, front: &Front, made: &credentials::Made) -> Response {
    match &made.secret {
        Some(secret) => show_secret(permit, kind, front, &made.row.id, &secret.0, false).await,
        None => front.go(&format!("/accounts/{}/{}/{}", permit.account().slug, kind.path(), made.row.id), "Added.").await,
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
        // Nothing in it needs to be escaped: it is letters, digits and underscores.
        file: format!("data:text/plain,{secret}"),
        secret: secret.to_owned(),
        is_default,
        base_url: front.base_url.clone(),
    })
}
