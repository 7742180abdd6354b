//! Taking a member out, keeping one out, and leaving: each asks on a page of its own, which says what stops working.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    acts::{Permit, Stop, members},
    rules::{
        faults::Faults,
        ids::MemberId,
        permissions::{May, may},
    },
    store::{CredentialRow, MemberRow},
    web::{
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// Credentials that are named, of those that somebody made for others.
const NAMED: i64 = 50;

#[derive(Template)]
#[template(path = "members/remove.html", blocks = ["title", "main"])]
struct Remove {
    shell: Shell,
    slug: String,
    account: String,
    member: MemberRow,
    credentials: i64,
    /// Credentials of others and of bot users that they made, and may have kept the secrets of.
    made: Vec<CredentialRow>,
    invitations: i64,
    goes: Goes,
    faults: Faults,
}
page::page!(Remove);

/// In which way a member goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    Removed,
    Disabled,
    Leaving,
}

/// What becomes of the open invitations of somebody who goes: `yes` for whoever sends them away to answer for them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Going {
    take_over: String,
}

async fn confirm<M: May>(permit: &Permit<M>, front: &Front, id: &MemberId, goes: Goes, faults: Faults) -> Result<Remove, Stop> {
    let mut reader = permit.read();
    let member = reader.member(id).await?.ok_or(Stop::Unknown)?;
    Ok(Remove {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        account: permit.account().name.clone(),
        credentials: reader.credentials_of(&member.user_id).await?,
        made: reader.credentials_made_for_others(&member.user_id, NAMED).await?,
        invitations: reader.open_invitations_of(&member.user_id, permit.now()).await?,
        member,
        goes,
        faults,
    })
}

/// The page that asks.
async fn ask<M: May>(permit: &Permit<M>, front: &Front, id: &MemberId, goes: Goes, parts: &Parts) -> Response {
    match confirm(permit, front, id, goes, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

/// The page that asks again, with what is wrong; or the page of what stopped it.
async fn again<M: May>(permit: &Permit<M>, front: &Front, id: &MemberId, goes: Goes, stop: Stop, parts: &Parts) -> Response {
    let page = match faults_of(stop) {
        Ok(faults) => confirm(permit, front, id, goes, faults).await,
        Err(stop) => Err(stop),
    };
    match page {
        Ok(page) => front.show_again(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

/// The own membership, which every permit has.
fn own<M: May>(permit: &Permit<M>) -> Result<MemberId, Stop> {
    permit.account().member.member_id.clone().ok_or(Stop::Unknown)
}

pub(super) async fn ask_remove(permit: Permit<may::RemoveMembers>, front: Front, Id(id): Id<MemberId>, parts: Parts) -> Response {
    ask(&permit, &front, &id, Goes::Removed, &parts).await
}

pub(super) async fn remove(
    permit: Permit<may::RemoveMembers>,
    front: Front,
    Id(id): Id<MemberId>,
    parts: Parts,
    Form(going): Form<Going>,
) -> Response {
    match members::remove(&permit, &id, going.take_over == "yes").await {
        Ok(()) => {
            front
                .go(&format!("/accounts/{}/members", permit.account().slug), "Removed. The person keeps their user and other accounts.")
                .await
        }
        Err(stop) => again(&permit, &front, &id, Goes::Removed, stop, &parts).await,
    }
}

pub(super) async fn ask_disable(permit: Permit<may::SwitchMembers>, front: Front, Id(id): Id<MemberId>, parts: Parts) -> Response {
    ask(&permit, &front, &id, Goes::Disabled, &parts).await
}

pub(super) async fn disable(
    permit: Permit<may::SwitchMembers>,
    front: Front,
    Id(id): Id<MemberId>,
    parts: Parts,
    Form(going): Form<Going>,
) -> Response {
    match members::disable(&permit, &id, going.take_over == "yes").await {
        Ok(_) => front.go(&format!("/accounts/{}/members/{id}", permit.account().slug), "Disabled: out on the next request.").await,
        Err(stop) => again(&permit, &front, &id, Goes::Disabled, stop, &parts).await,
    }
}

pub(super) async fn ask_leave(permit: Permit<may::LeaveAccount>, front: Front, parts: Parts) -> Response {
    match own(&permit) {
        Ok(id) => ask(&permit, &front, &id, Goes::Leaving, &parts).await,
        Err(stop) => problem::answer(stop, &parts),
    }
}

pub(super) async fn leave(permit: Permit<may::LeaveAccount>, front: Front, parts: Parts) -> Response {
    let id = match own(&permit) {
        Ok(id) => id,
        Err(stop) => return problem::answer(stop, &parts),
    };
    match members::leave(&permit).await {
        Ok(()) => front.go("/accounts", &format!("You have left {}.", permit.account().name)).await,
        Err(stop) => again(&permit, &front, &id, Goes::Leaving, stop, &parts).await,
    }
}
