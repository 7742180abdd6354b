//! `…/ip-policies`: rules that allow or deny networks, in policies. One of them stands in [`one`], and what is done to its rules in
//! [`rules`].

mod one;
mod rules;

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{
    form::{Form, Query, faults_of},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Permit, ip_policies, ip_restrictions},
    rules::{
        faults::Faults,
        ids::IpPolicyId,
        ip_policies::Draft,
        permissions::{Permission, may},
        time::Millis,
    },
    store::IpPolicyRow,
};

/// Policies on a page.
const PAGE: u16 = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts/{slug}/ip-policies", list)
        .get("/accounts/{slug}/ip-policies/new", new)
        .post("/accounts/{slug}/ip-policies/new", create)
        .get("/accounts/{slug}/ip-policies/{id}", one::one)
        .post("/accounts/{slug}/ip-policies/{id}/change", one::change)
        .get("/accounts/{slug}/ip-policies/{id}/delete", one::ask_delete)
        .post("/accounts/{slug}/ip-policies/{id}/delete", one::delete)
        .post("/accounts/{slug}/ip-policies/{id}/rules", rules::add)
        .get("/accounts/{slug}/ip-rules/{id}", rules::one)
        .post("/accounts/{slug}/ip-rules/{id}/change", rules::change)
        .post("/accounts/{slug}/ip-rules/{id}/delete", rules::delete)
}

/// Search and place, as they stand in the page's URL.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    before: String,
}

impl Asked {
    fn link(&self, path: &str, before: Option<&IpPolicyId>) -> String {
        page::link(path, &[("q", &self.q), ("before", before.map(IpPolicyId::as_str).unwrap_or_default())])
    }
}

#[derive(Template)]
#[template(path = "ip_policies/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    slug: String,
    path: String,
    asked: Asked,
    policies: Vec<IpPolicyRow>,
    first: Option<String>,
    next: Option<String>,
    may_manage: bool,
    now: Millis,
}
page::page!(List);

async fn list(permit: Permit<may::ReadIpPolicies>, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let before = IpPolicyId::parse(&asked.before);
    let found = async {
        ip_restrictions::settle(&permit).await?;
        Ok(permit.read().ip_policies(&asked.q, before.as_ref(), i64::from(PAGE) + 1).await?)
    };
    let mut policies = match found.await {
        Ok(policies) => policies,
        Err(stop) => return problem::answer(stop, &parts),
    };
    let more = policies.len() > usize::from(PAGE);
    policies.truncate(usize::from(PAGE));
    let path = front.path.clone();
    let page = List {
        shell: Shell::of_account(&permit, &front).await,
        slug: permit.account().slug.clone(),
        first: before.map(|_| asked.link(&path, None)),
        next: policies.last().filter(|_| more).map(|last| asked.link(&path, Some(&last.id))),
        policies,
        may_manage: permit.rights().allow(Permission::ManageIpPolicies),
        path,
        asked,
        now: permit.now(),
    };
    front.show(&page)
}

#[derive(Template)]
#[template(path = "ip_policies/new.html", blocks = ["title", "main"])]
struct New {
    shell: Shell,
    slug: String,
    draft: Draft,
    faults: Faults,
}
page::page!(New);

async fn page_of(permit: &Permit<may::ManageIpPolicies>, front: &Front, draft: Draft, faults: Faults) -> New {
    New { shell: Shell::of_account(permit, front).await, slug: permit.account().slug.clone(), draft, faults }
}

async fn new(permit: Permit<may::ManageIpPolicies>, front: Front) -> Response {
    front.show(&page_of(&permit, &front, Draft::default(), Faults::none()).await)
}

async fn create(permit: Permit<may::ManageIpPolicies>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    // A program knows a policy by its id; whoever chooses among several on a page does not.
    if draft.description.trim().is_empty() {
        let faults = Faults::one("description", "Say which networks these are, such as Offices.");
        return front.show_again(&page_of(&permit, &front, draft, faults).await);
    }
    match ip_policies::create(&permit, &draft).await.map_err(faults_of) {
        Ok(policy) => {
            let path = format!("/accounts/{}/ip-policies/{}", permit.account().slug, policy.id);
            front.go(&path, "The policy is there. Add its rules; it decides about nothing until a restriction uses it.").await
        }
        Err(Ok(faults)) => front.show_again(&page_of(&permit, &front, draft, faults).await),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
