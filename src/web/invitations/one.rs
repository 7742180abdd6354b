//! One invitation: what it offers, how far it is, and the deeds on it.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{Badge, LetterState, badge, letter, new};
use crate::{
    acts::{Permit, Stop, invitations},
    rules::{
        faults::Faults,
        ids::InvitationId,
        invitations::State,
        members::{Draft, Roles, may_grant, may_touch},
        permissions::{May, Permission, Rights, may},
        time::Millis,
    },
    store::InvitationRow,
    web::{
        choices::RoleChoices,
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

#[derive(Template)]
#[template(path = "invitations/one.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    slug: String,
    row: InvitationRow,
    badge: Badge,
    letter: LetterState,
    state: State,
    is_sending: bool,
    /// Whether the one who looks may take it back.
    may_revoke: bool,
    draft: Draft,
    roles: RoleChoices,
    faults: Faults,
    viewer: Rights,
    /// Why the one who looks cannot change it; `None` where they can.
    untouchable: Option<String>,
    /// Why the one who looks cannot send it; `None` where they can.
    unsendable: Option<String>,
    now: Millis,
}
page::page!(One);

async fn page_of<M: May>(permit: &Permit<M>, front: &Front, id: &InvitationId, typed: Option<Draft>, faults: Faults) -> Result<One, Stop> {
    let mut reader = permit.read();
    let row = reader.invitation(id).await?.ok_or(Stop::Unknown)?;
    let mail_error = reader.mail_error().await?;
    let (now, own, offered) = (permit.now(), permit.roles(), row.roles());
    let state = row.state(now);
    let mut draft = typed.unwrap_or_else(|| Draft::of(offered, row.version));
    draft.version = row.version.to_string();
    Ok(One {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        badge: badge(state),
        letter: letter(&row, mail_error.as_deref()),
        state,
        is_sending: permit.sends_letters(),
        may_revoke: permit.rights().allow(Permission::RevokeInvitations) || row.invited_by == permit.person().facts().user,
        roles: RoleChoices::new([&draft.developer, &draft.team, &draft.billing, &draft.administrator], own),
        viewer: permit.rights().clone(),
        untouchable: may_touch(own, offered).err(),
        unsendable: may_grant(own, Roles::LEAST, offered).err(),
        draft,
        faults,
        row,
        now,
    })
}

pub(super) async fn one(permit: Permit<may::ReadInvitations>, front: Front, Id(id): Id<InvitationId>, parts: Parts) -> Response {
    match page_of(&permit, &front, &id, None, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

/// The page again with what is wrong, or the page of what stopped it.
async fn again<M: May>(permit: &Permit<M>, front: &Front, id: &InvitationId, typed: Option<Draft>, stop: Stop, parts: &Parts) -> Response {
    match faults_of(stop) {
        Ok(faults) => match page_of(permit, front, id, typed, faults).await {
            Ok(page) => front.show_again(&page),
            Err(stop) => problem::answer(stop, parts),
        },
        Err(stop) => problem::answer(stop, parts),
    }
}

fn path<M: May>(permit: &Permit<M>, id: &InvitationId) -> String {
    format!("/accounts/{}/invitations/{id}", permit.account().slug)
}

pub(super) async fn change_roles(
    permit: Permit<may::AssignRoles>,
    front: Front,
    Id(id): Id<InvitationId>,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let done = match draft.check() {
        Ok(new) => invitations::change_roles(&permit, &id, new).await,
        Err(faults) => Err(faults.into()),
    };
    match done {
        Ok(_) => front.go(&path(&permit, &id), "The invitation offers other roles now. The link stays the same.").await,
        Err(stop) => again(&permit, &front, &id, Some(draft), stop, &parts).await,
    }
}

/// The version of the invitation that was looked at, if one says.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Looked {
    version: String,
}

pub(super) async fn resend(
    permit: Permit<may::ResendInvitations>,
    front: Front,
    Id(id): Id<InvitationId>,
    parts: Parts,
    Form(looked): Form<Looked>,
) -> Response {
    match invitations::resend(&permit, &id, looked.version.parse().ok()).await {
        Ok(invitations::Sent { row, link: Some(link) }) => new::show_sent(&permit, &front, &id, &row.address, Some(link)).await,
        Ok(_) => front.go(&path(&permit, &id), "Sent again, for seven days from now. Earlier links no longer work.").await,
        Err(stop) => again(&permit, &front, &id, None, stop, &parts).await,
    }
}

pub(super) async fn revoke(permit: Permit<may::InviteMembers>, front: Front, Id(id): Id<InvitationId>, parts: Parts) -> Response {
    match invitations::revoke(&permit, &id).await {
        Ok(()) => front.go(&path(&permit, &id), "Taken back: its links no longer work.").await,
        Err(stop) => again(&permit, &front, &id, None, stop, &parts).await,
    }
}
