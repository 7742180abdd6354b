//! `/ip_policies`: rules that allow or deny networks, in policies. Their rules are a resource of their own, and come many at once by a call
//! of ours.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Created, Errors, Found, Gone},
    body::{Body, Id, NoBody, other_id},
    error::{Answer, ApiError},
    ip_policy_rules::{IpPolicyRule, NewRule},
    lists::{Asked, ListQuery, fields, shown},
};
use crate::{
    acts::{
        self, Key, Permit,
        ip_restrictions::{How, settle},
    },
    rules::{
        codes,
        filter::Value,
        ids::IpPolicyId,
        ip_policies::{Draft, MOST_RULES},
        permissions::{May, may},
    },
    store::IpPolicyRow,
    web::Site,
};

/// What the tunnel service has too.
pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete))
}

/// What is ours.
pub(super) fn own_routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(add_rules))
}

/// Rules that allow or deny networks. They decide about nothing until a restriction uses them.
#[derive(Serialize, ToSchema)]
struct IpPolicy {
    #[schema(example = "ipp_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    /// What it is for.
    description: String,
    /// Whatever a program keeps with it.
    metadata: String,
    created_at: String,
}

/// One to be made.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NewIpPolicy {
    /// What it is for.
    #[schema(max_length = 255)]
    description: String,
    /// Whatever a program keeps with it.
    #[schema(max_length = 4096)]
    metadata: String,
}

/// Changes to one. What is missing stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IpPolicyChanges {
    /// The id in the path, if it is said again.
    id: Option<String>,
    /// What it is for.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Whatever a program keeps with it.
    #[schema(max_length = 4096)]
    metadata: Option<String>,
}

fields!(pub(super) FIELDS, value(row: IpPolicyRow) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(row.created_at),
    "description": Text = Value::Text(&row.description),
    "metadata": Text = Value::Text(&row.metadata),
});

fn shows(base: &Base, row: IpPolicyRow) -> IpPolicy {
    IpPolicy {
        uri: base.uri(&format!("/ip_policies/{}", row.id)),
        id: row.id.to_string(),
        description: row.description,
        metadata: row.metadata,
        created_at: row.created_at.rfc3339(),
    }
}

fn missing() -> ApiError {
    ApiError::bad(codes::IP_POLICY_NOT_FOUND, "There is no such IP policy in this account.")
}

pub(super) async fn row<M: May>(permit: &Permit<M, Key>, id: &IpPolicyId) -> Answer<IpPolicyRow> {
    settle(permit).await?;
    permit.read().ip_policy(id).await?.ok_or_else(missing)
}

/// A page of them, newest first.
#[derive(Serialize, ToSchema)]
struct IpPolicyList {
    ip_policies: Vec<IpPolicy>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

#[utoipa::path(post, path = "/ip_policies", tag = "IP policies", request_body = NewIpPolicy, responses((status = 201, body = IpPolicy), Errors), summary = "Make one")]
async fn create(permit: Permit<may::ManageIpPolicies, Key>, base: Base, Body(new): Body<NewIpPolicy>) -> Answer<Created<IpPolicy>> {
    let draft = Draft { description: new.description, metadata: new.metadata };
    Ok(Created(shows(&base, acts::ip_policies::create(&permit, &draft).await?)))
}

#[utoipa::path(get, path = "/ip_policies", tag = "IP policies", params(ListQuery), responses((status = 200, body = IpPolicyList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadIpPolicies, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<IpPolicyList>> {
    settle(&permit).await?;
    let filter = asked.filter(FIELDS, permit.now())?;
    let keep = |row: &IpPolicyRow| filter.admits(|field| value(field, row));
    let fetch = |before: Option<IpPolicyId>, most| {
        let mut reader = permit.read();
        async move { reader.ip_policies("", before.as_ref(), most).await }
    };
    let page = asked.page(IpPolicyId::parse, fetch, |row| row.id.clone(), keep).await?;
    let next_page_uri = asked.next(&base, "/ip_policies", page.next.map(|id| id.to_string()));
    let ip_policies = page.rows.into_iter().map(|row| shows(&base, row)).collect();
    Ok(Found(IpPolicyList { ip_policies, uri: base.uri("/ip_policies"), next_page_uri }))
}

#[utoipa::path(get, path = "/ip_policies/{id}", tag = "IP policies", params(("id" = String, Path)), responses((status = 200, body = IpPolicy), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadIpPolicies, Key>, base: Base, Id(id): Id<IpPolicyId>, _: NoBody) -> Answer<Found<IpPolicy>> {
    Ok(Found(shows(&base, row(&permit, &id).await?)))
}

#[utoipa::path(patch, path = "/ip_policies/{id}", tag = "IP policies", params(("id" = String, Path)), request_body = IpPolicyChanges, responses((status = 200, body = IpPolicy), Errors), summary = "Say something else of one")]
async fn update(
    permit: Permit<may::ManageIpPolicies, Key>,
    base: Base,
    Id(id): Id<IpPolicyId>,
    Body(changes): Body<IpPolicyChanges>,
) -> Answer<Found<IpPolicy>> {
    row(&permit, &id).await?;
    if changes.id.is_some_and(|said| said != id.as_str()) {
        return Err(other_id());
    }
    if changes.description.is_none() && changes.metadata.is_none() {
        return Err(ApiError::bad(codes::IP_POLICY_EMPTY_UPDATE, "Say what is to be changed."));
    }
    Ok(Found(shows(&base, acts::ip_policies::update(&permit, &id, changes.description, changes.metadata).await?.done()?)))
}

#[utoipa::path(delete, path = "/ip_policies/{id}", tag = "IP policies", params(("id" = String, Path)), responses((status = 204), Errors), summary = "Delete one with its rules, while no restriction uses it")]
async fn delete(permit: Permit<may::ManageIpPolicies, Key>, Id(id): Id<IpPolicyId>, _: NoBody) -> Answer<Gone> {
    row(&permit, &id).await?;
    acts::ip_policies::delete(&permit, &id).await?;
    Ok(Gone)
}

/// Rules to be made at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRules {
    /// All of them are added, or none.
    rules: Vec<NewRule>,
}

/// The rules that were made.
#[derive(Serialize, ToSchema)]
struct MadeRules {
    ip_policy_rules: Vec<IpPolicyRule>,
}

#[utoipa::path(post, path = "/ip_policies/{id}/rules", tag = "IP policies", params(("id" = String, Path)), request_body = NewRules, responses((status = 201, body = MadeRules), Errors), summary = "Give one many rules at once: all of them, or none")]
async fn add_rules(
    permit: Permit<may::ManageIpPolicies, Key>,
    base: Base,
    Id(id): Id<IpPolicyId>,
    Body(new): Body<NewRules>,
) -> Answer<Created<MadeRules>> {
    row(&permit, &id).await?;
    if new.rules.is_empty() || new.rules.len() > MOST_RULES {
        return Err(ApiError::bad(codes::IP_RULE_MISSING, format!("Send from 1 to {MOST_RULES} rules.")));
    }
    let rules = new.rules.iter().map(NewRule::check).collect::<Result<Vec<_>, _>>()?;
    let made = acts::ip_policies::add_rules(&permit, &id, &rules, How::Do).await?.done()?;
    Ok(Created(MadeRules { ip_policy_rules: made.into_iter().map(|row| IpPolicyRule::of(&base, row)).collect() }))
}
