//! `/ip_restrictions`: from where the account is reached, surface by surface. Here a change is final: nobody confirms it. What would lock
//! somebody out is refused all the same.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Created, Errors, Found, Gone, Ref},
    body::{Body, Id, NoBody, other_id},
    error::{Answer, ApiError},
    lists::{Asked, ListQuery, fields, shown},
};
use crate::{
    acts::{
        self, Key, Permit, Stop,
        ip_restrictions::{Changes, How, settle},
    },
    rules::{
        codes,
        filter::Value,
        ids::IpRestrictionId,
        ip_restrictions::{Draft, Surface},
        permissions::{May, may},
    },
    store::IpRestrictionRow,
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete))
}

/// What applies to one surface of the account.
#[derive(Serialize, ToSchema)]
struct IpRestriction {
    #[schema(example = "ipx_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    /// What it is for.
    description: String,
    /// Whatever a program keeps with it.
    metadata: String,
    created_at: String,
    /// Whether other addresses are refused; otherwise they are only warned.
    enforced: bool,
    /// `dashboard`, `api`, `agent` or `endpoints`. It never changes.
    r#type: &'static str,
    /// What applies.
    ip_policies: Vec<Ref>,
}

/// One to be made.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NewIpRestriction {
    /// `dashboard`, `api`, `agent` or `endpoints`; each has one at most.
    #[schema(required = true)]
    r#type: String,
    /// What applies: at least one.
    #[schema(required = true)]
    ip_policy_ids: Vec<String>,
    /// Whether other addresses are refused; otherwise they are only warned.
    enforced: bool,
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
struct IpRestrictionChanges {
    /// The id in the path, if it is said again.
    id: Option<String>,
    /// What applies from then on; none are what applies now.
    ip_policy_ids: Option<Vec<String>>,
    /// Whether other addresses are refused; otherwise they are only warned.
    enforced: Option<bool>,
    /// What it is for.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Whatever a program keeps with it.
    #[schema(max_length = 4096)]
    metadata: Option<String>,
}

fields!(pub(super) FIELDS, value(row: IpRestrictionRow) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(row.created_at),
    "description": Text = Value::Text(&row.description),
    "metadata": Text = Value::Text(&row.metadata),
    "type": Text = Value::Text(row.surface().word()),
    "enforced": Truth = Value::Truth(row.enforced_at.is_some()),
});

async fn shows<M: May>(permit: &Permit<M, Key>, base: &Base, row: IpRestrictionRow) -> Answer<IpRestriction> {
    Ok(with(base, row, &permit.read().ip_uses().await?))
}

type Uses = [(IpRestrictionId, crate::rules::ids::IpPolicyId, String)];

fn with(base: &Base, row: IpRestrictionRow, uses: &Uses) -> IpRestriction {
    let policies = uses.iter().filter(|(restriction, ..)| *restriction == row.id);
    IpRestriction {
        uri: base.uri(&format!("/ip_restrictions/{}", row.id)),
        ip_policies: policies.map(|(_, policy, _)| Ref::of(base, "/ip_policies", policy.as_str())).collect(),
        r#type: row.surface().word(),
        id: row.id.to_string(),
        description: row.description,
        metadata: row.metadata,
        created_at: row.created_at.rfc3339(),
        enforced: row.enforced_at.is_some(),
    }
}

async fn row<M: May>(permit: &Permit<M, Key>, id: &IpRestrictionId) -> Answer<IpRestrictionRow> {
    settle(permit).await?;
    permit.read().ip_restriction(id).await?.ok_or_else(ApiError::not_found)
}

/// What is wrong, by the names that the body has.
fn named(stop: Stop) -> Stop {
    match stop {
        Stop::Faults(faults) => Stop::Faults(faults.renamed("policies", "ip_policy_ids")),
        other => other,
    }
}

/// A page of them, newest first.
#[derive(Serialize, ToSchema)]
struct IpRestrictionList {
    ip_restrictions: Vec<IpRestriction>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

#[utoipa::path(post, path = "/ip_restrictions", tag = "IP restrictions", request_body = NewIpRestriction, responses((status = 201, body = IpRestriction), Errors), summary = "Restrict a surface")]
async fn create(
    permit: Permit<may::ManageIpRestrictions, Key>,
    base: Base,
    Body(new): Body<NewIpRestriction>,
) -> Answer<Created<IpRestriction>> {
    let NewIpRestriction { r#type, ip_policy_ids: policies, enforced, description, metadata } = new;
    let surface = Surface::parse(&r#type);
    let surface = surface.ok_or_else(|| ApiError::bad(codes::RESTRICTION_TYPE, "The type is dashboard, api, agent or endpoints."))?;
    let draft = Draft { enforced, description, metadata, policies };
    let made = acts::ip_restrictions::create(&permit, surface, &draft, How::Do).await.map_err(named)?.done()?;
    Ok(Created(shows(&permit, &base, made).await?))
}

#[utoipa::path(get, path = "/ip_restrictions", tag = "IP restrictions", params(ListQuery), responses((status = 200, body = IpRestrictionList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadIpPolicies, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<IpRestrictionList>> {
    settle(&permit).await?;
    let filter = asked.filter(FIELDS, permit.now())?;
    let keep = |row: &IpRestrictionRow| filter.admits(|field| value(field, row));
    // There is one for each surface at most.
    let all = permit.read().ip_restrictions().await?;
    let fetch = |before: Option<IpRestrictionId>, most: i64| {
        let rows = all.iter().filter(|row| before.as_ref().is_none_or(|before| row.id < *before)).cloned();
        std::future::ready(Ok(rows.take(usize::try_from(most).unwrap_or(0)).collect()))
    };
    let page = asked.page(IpRestrictionId::parse, fetch, |row| row.id.clone(), keep).await?;
    let next_page_uri = asked.next(&base, "/ip_restrictions", page.next.map(|id| id.to_string()));
    let uses = permit.read().ip_uses().await?;
    let ip_restrictions = page.rows.into_iter().map(|row| with(&base, row, &uses)).collect();
    Ok(Found(IpRestrictionList { ip_restrictions, uri: base.uri("/ip_restrictions"), next_page_uri }))
}

#[utoipa::path(get, path = "/ip_restrictions/{id}", tag = "IP restrictions", params(("id" = String, Path)), responses((status = 200, body = IpRestriction), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadIpPolicies, Key>, base: Base, Id(id): Id<IpRestrictionId>, _: NoBody) -> Answer<Found<IpRestriction>> {
    let row = row(&permit, &id).await?;
    Ok(Found(shows(&permit, &base, row).await?))
}

#[utoipa::path(patch, path = "/ip_restrictions/{id}", tag = "IP restrictions", params(("id" = String, Path)), request_body = IpRestrictionChanges, responses((status = 200, body = IpRestriction), Errors), summary = "Change what applies, and whether it refuses")]
async fn update(
    permit: Permit<may::ManageIpRestrictions, Key>,
    base: Base,
    Id(id): Id<IpRestrictionId>,
    Body(changes): Body<IpRestrictionChanges>,
) -> Answer<Found<IpRestriction>> {
    row(&permit, &id).await?;
    let IpRestrictionChanges { id: said, ip_policy_ids, enforced, description, metadata } = changes;
    if said.is_some_and(|said| said != id.as_str()) {
        return Err(other_id());
    }
    // Some clients send an empty list whatever they change (facts/ngrok.md §0.1-5).
    let policies = ip_policy_ids.filter(|ids| !ids.is_empty());
    if policies.is_none() && enforced.is_none() && description.is_none() && metadata.is_none() {
        return Err(ApiError::bad(codes::EMPTY_UPDATE, "Say what is to be changed."));
    }
    let changes = Changes { enforced, description, metadata, policies };
    let row = acts::ip_restrictions::update(&permit, &id, &changes, How::Do).await.map_err(named)?.done()?;
    Ok(Found(shows(&permit, &base, row).await?))
}

#[utoipa::path(delete, path = "/ip_restrictions/{id}", tag = "IP restrictions", params(("id" = String, Path)), responses((status = 204), Errors), summary = "Lift one")]
async fn delete(permit: Permit<may::ManageIpRestrictions, Key>, Id(id): Id<IpRestrictionId>, _: NoBody) -> Answer<Gone> {
    row(&permit, &id).await?;
    acts::ip_restrictions::delete(&permit, &id, How::Do).await?.done()?;
    Ok(Gone)
}
