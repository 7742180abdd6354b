//! `…/ip-policies/{id}`: one policy, its rules, and who uses it.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::rules::Adding;
use crate::{
    acts::{Permit, Stop, ip_policies, ip_restrictions},
    rules::{
        faults::Faults,
        ids::IpPolicyId,
        ip_policies::{Action, Draft, MOST_RULES, Pasted},
        ip_restrictions::Surface,
        permissions::{May, Permission, may},
        time::Millis,
    },
    store::{IpPolicyRow, IpRuleRow},
    web::{
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        review::said,
        shell::Shell,
    },
};

#[derive(Template)]
#[template(path = "ip_policies/one.html", blocks = ["title", "main"])]
struct Page {
    shell: Shell,
    slug: String,
    policy: IpPolicyRow,
    rules: Vec<IpRuleRow>,
    /// What it restricts, and whether that refuses.
    uses: Vec<(Surface, bool)>,
    draft: Draft,
    adding: Adding,
    /// What was pasted, line by line, where something is wrong with it.
    pasted: Pasted,
    faults: Faults,
    /// Whether whoever looks may change it.
    may_change: bool,
    /// Whether only administrators may.
    is_used: bool,
    /// The address that whoever looks comes from.
    address: String,
    now: Millis,
}
page::page!(Page);

/// What was typed into one of the page's forms.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) draft: Option<Draft>,
    pub(super) adding: Option<Adding>,
    pub(super) pasted: Pasted,
}

async fn page_of<M: May>(permit: &Permit<M>, front: &Front, id: &IpPolicyId, typed: Typed, faults: Faults) -> Result<Page, Stop> {
    ip_restrictions::settle(permit).await?;
    let mut reader = permit.read();
    let policy = reader.ip_policy(id).await?.ok_or(Stop::Unknown)?;
    let state = reader.ip_state(&permit.account().account).await?;
    let is_used = state.uses(id);
    let wants = if is_used { Permission::ManageIpRestrictions } else { Permission::ManageIpPolicies };
    Ok(Page {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        rules: reader.ip_rules_of(id).await?,
        uses: state.setup.surfaces_of(id).collect(),
        draft: typed.draft.unwrap_or_else(|| Draft { description: policy.description.clone(), metadata: policy.metadata.clone() }),
        adding: typed.adding.unwrap_or_default(),
        pasted: typed.pasted,
        faults,
        may_change: permit.rights().allow(wants),
        is_used,
        address: permit.address().to_string(),
        now: permit.now(),
        policy,
    })
}

/// The page, again where something is wrong.
pub(super) async fn show<M: May>(
    permit: &Permit<M>,
    front: &Front,
    parts: &Parts,
    id: &IpPolicyId,
    typed: Typed,
    faults: Faults,
) -> Response {
    let is_again = !faults.is_empty();
    match page_of(permit, front, id, typed, faults).await {
        Ok(page) if is_again => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn one(permit: Permit<may::ReadIpPolicies>, front: Front, Id(id): Id<IpPolicyId>, parts: Parts) -> Response {
    show(&permit, &front, &parts, &id, Typed::default(), Faults::none()).await
}

pub(super) async fn change(
    permit: Permit<may::ManageIpPolicies>,
    front: Front,
    Id(id): Id<IpPolicyId>,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    match ip_policies::update(&permit, &id, Some(draft.description.clone()), Some(draft.metadata.clone())).await.map_err(faults_of) {
        Ok(changed) => {
            front.go(&format!("/accounts/{}/ip-policies/{id}", permit.account().slug), &said("Saved.", changed.is_provisional())).await
        }
        Err(Ok(faults)) => show(&permit, &front, &parts, &id, Typed { draft: Some(draft), ..Typed::default() }, faults).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "ip_policies/delete.html", blocks = ["title", "main"])]
struct Delete {
    shell: Shell,
    slug: String,
    policy: IpPolicyRow,
    faults: Faults,
}
page::page!(Delete);

async fn delete_page(permit: &Permit<may::ManageIpPolicies>, front: &Front, id: &IpPolicyId, faults: Faults) -> Result<Delete, Stop> {
    ip_restrictions::settle(permit).await?;
    let policy = permit.read().ip_policy(id).await?.ok_or(Stop::Unknown)?;
    Ok(Delete { shell: Shell::of_account(permit, front).await, slug: permit.account().slug.clone(), policy, faults })
}

pub(super) async fn ask_delete(permit: Permit<may::ManageIpPolicies>, front: Front, Id(id): Id<IpPolicyId>, parts: Parts) -> Response {
    match delete_page(&permit, &front, &id, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

pub(super) async fn delete(permit: Permit<may::ManageIpPolicies>, front: Front, Id(id): Id<IpPolicyId>, parts: Parts) -> Response {
    match ip_policies::delete(&permit, &id).await.map_err(faults_of) {
        Ok(()) => front.go(&format!("/accounts/{}/ip-policies", permit.account().slug), "Deleted, with its rules.").await,
        Err(Ok(faults)) => match delete_page(&permit, &front, &id, faults).await {
            Ok(page) => front.show_again(&page),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
