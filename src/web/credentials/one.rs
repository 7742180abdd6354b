//! One credential: what it is for, what it allows, how it is used, and the deeds on it.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{Line, OfPath, line, new::show_made};
use crate::{
    acts::{Permit, Stop, credentials},
    rules::{
        credentials::{CredentialId, Draft, Kind, OVERLAP, Rule},
        faults::Faults,
        permissions::{May, may},
        time::Millis,
    },
    store::StoreError,
    web::{
        form::{Form, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// When the old secret ends.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Rotation {
    /// `now`, or `day`.
    ends: String,
    until: String,
}

/// What was typed into one of the forms, which comes back with what is wrong.
enum Typed {
    Nothing,
    Change(Draft),
    Rotation(Rotation),
}

#[derive(Template)]
#[template(path = "credentials/one.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    kind: Kind,
    slug: String,
    line: Line,
    /// What it allows, rule by rule.
    rules: Vec<Rule>,
    /// What whoever made it is called.
    made_by: Option<String>,
    draft: Draft,
    faults: Faults,
    /// Whether whoever looks may change it.
    may_manage: bool,
    /// Whether it is their own.
    is_own: bool,
    /// What becomes of the old secret, if it is rotated now.
    rotation: Rotation,
    expires_hint: String,
    now: Millis,
}
page::page!(One);

async fn page_of<M: May>(
    permit: &Permit<M>,
    (kind, id): (Kind, &CredentialId),
    front: &Front,
    typed: Typed,
    faults: Faults,
) -> Result<Option<One>, StoreError> {
    let Some(row) = permit.read().credential(id).await? else { return Ok(None) };
    let made_by = permit.read().maker_of_credential(id).await?;
    let (acl, zone) = (row.acl(), permit.zone());
    let mut draft = Draft::of(&row.description, &row.metadata, &acl, row.expires_at, &zone, row.version);
    let mut rotation = Rotation { ends: String::new(), until: permit.now().plus(OVERLAP).date(&zone) };
    match typed {
        Typed::Nothing => {}
        // Sent again, it is saved over what stands now.
        Typed::Change(typed) => draft = Draft { version: draft.version, ..typed },
        Typed::Rotation(typed) => rotation = typed,
    }
    let is_own = row.owner_id() == permit.person().facts().user.as_str();
    Ok(Some(One {
        shell: Shell::of_account(permit, front).await,
        kind,
        slug: permit.account().slug.clone(),
        rules: acl.rules().to_vec(),
        draft,
        made_by,
        faults,
        may_manage: credentials::may_manage(permit, &row),
        is_own,
        rotation,
        expires_hint: format!("It is worth nothing once this day is over, in {}. Leave it empty for no end.", zone.name()),
        line: line(row, permit.now()),
        now: permit.now(),
    }))
}

async fn show<M: May>(
    permit: &Permit<M>,
    of: (Kind, &CredentialId),
    (front, parts): (&Front, &Parts),
    typed: Typed,
    faults: Faults,
) -> Response {
    let is_again = !faults.is_empty();
    match page_of(permit, of, front, typed, faults).await {
        Ok(Some(page)) if is_again => front.show_again(&page),
        Ok(Some(page)) => front.show(&page),
        Ok(None) => problem::answer(Stop::Unknown, parts),
        Err(error) => problem::answer(error.into(), parts),
    }
}

pub(super) async fn one(permit: Permit<may::ReadCredentials>, OfPath(kind, id): OfPath, front: Front, parts: Parts) -> Response {
    show(&permit, (kind, &id), (&front, &parts), Typed::Nothing, Faults::none()).await
}

pub(super) async fn change(
    permit: Permit<may::ManageOwnCredentials>,
    OfPath(kind, id): OfPath,
    front: Front,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let done = async {
        let row = permit.read().credential(&id).await?.ok_or(Stop::Unknown)?;
        let (changes, version) = draft.changes(kind, row.expires_at, permit.now(), &permit.zone())?;
        credentials::update(&permit, &id, Some(version), &changes).await
    };
    match done.await.map_err(faults_of) {
        Ok(_) => front.go(&format!("/accounts/{}/{}/{id}", permit.account().slug, kind.path()), "Saved.").await,
        Err(Ok(faults)) => show(&permit, (kind, &id), (&front, &parts), Typed::Change(draft), faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

pub(super) async fn rotate(
    permit: Permit<may::ManageOwnCredentials>,
    OfPath(kind, id): OfPath,
    front: Front,
    parts: Parts,
    Form(rotation): Form<Rotation>,
) -> Response {
    let until = match (rotation.ends.as_str(), rotation.until.as_str()) {
        ("now", _) => Ok(None),
        (_, day) => permit.zone().demand_day("until", day).map(Some),
    };
    let done = match until {
        Ok(until) => credentials::rotate(&permit, &id, until).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(faults_of) {
        Ok(made) => show_made(&permit, kind, &front, &made).await,
        Err(Ok(faults)) => show(&permit, (kind, &id), (&front, &parts), Typed::Rotation(rotation), faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "credentials/delete.html", blocks = ["title", "main"])]
struct Delete {
    shell: Shell,
    kind: Kind,
    slug: String,
    line: Line,
    now: Millis,
}
page::page!(Delete);

pub(super) async fn ask_delete(
    permit: Permit<may::ManageOwnCredentials>,
    OfPath(kind, id): OfPath,
    front: Front,
    parts: Parts,
) -> Response {
    match permit.read().credential(&id).await {
        Ok(Some(row)) if !credentials::may_manage(&permit, &row) => {
            let path = format!("/accounts/{}/{}/{id}", permit.account().slug, kind.path());
            front.go(&path, "Only its owner and administrators delete it.").await
        }
        Ok(Some(row)) => front.show(&Delete {
            shell: Shell::of_account(&permit, &front).await,
            kind,
            slug: permit.account().slug.clone(),
            line: line(row, permit.now()),
            now: permit.now(),
        }),
        Ok(None) => problem::answer(Stop::Unknown, &parts),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

pub(super) async fn delete(permit: Permit<may::ManageOwnCredentials>, OfPath(kind, id): OfPath, front: Front, parts: Parts) -> Response {
    match credentials::delete(&permit, &id).await.map_err(faults_of) {
        Ok(()) => {
            let path = format!("/accounts/{}/{}", permit.account().slug, kind.path());
            front.go(&path, "Deleted: it is worth nothing from the next use on.").await
        }
        Err(Ok(faults)) => show(&permit, (kind, &id), (&front, &parts), Typed::Nothing, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
