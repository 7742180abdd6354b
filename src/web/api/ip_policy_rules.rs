//! `/ip_policy_rules`: what a policy does with the addresses of a network.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Created, Errors, Found, Gone, Ref},
    body::{Body, Id, NoBody, other_id},
    error::{Answer, ApiError},
    ip_policies,
    lists::{Asked, ListQuery, fields, shown},
};
use crate::{
    acts::{
        self, Key, Permit,
        ip_policies::RuleChanges,
        ip_restrictions::{How, settle},
    },
    rules::{
        codes,
        credentials::metadata,
        faults::Faults,
        filter::Value,
        ids::{IpPolicyId, IpRuleId},
        ip_policies::{Action, network, rule_description},
        permissions::{May, may},
    },
    store::{IpRuleRow, NewIpRule},
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete))
}

/// What a policy does with the addresses of a network.
#[derive(Serialize, ToSchema)]
pub(super) struct IpPolicyRule {
    #[schema(example = "ipr_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    /// What it is for.
    description: String,
    /// Whatever a program keeps with it.
    metadata: String,
    created_at: String,
    /// The network.
    #[schema(example = "192.0.2.0/24")]
    cidr: String,
    /// Whose it is.
    ip_policy: Ref,
    /// `allow` or `deny`.
    action: &'static str,
}

impl IpPolicyRule {
    pub(super) fn of(base: &Base, row: IpRuleRow) -> Self {
        Self {
            uri: base.uri(&format!("/ip_policy_rules/{}", row.id)),
            id: row.id.to_string(),
            description: row.description,
            metadata: row.metadata,
            created_at: row.created_at.rfc3339(),
            cidr: row.network.to_string(),
            ip_policy: Ref::of(base, "/ip_policies", row.policy.as_str()),
            action: row.action.word(),
        }
    }
}

/// A rule to be, of a policy that is named elsewhere.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct NewRule {
    /// The network, written with its lowest address.
    #[schema(example = "192.0.2.0/24", required = true)]
    cidr: String,
    /// `allow` or `deny`.
    #[schema(required = true)]
    action: String,
    /// What it is for.
    #[schema(max_length = 255)]
    description: String,
    /// Whatever a program keeps with it.
    #[schema(max_length = 4096)]
    metadata: String,
}

impl NewRule {
    pub(super) fn check(&self) -> Result<NewIpRule<'_>, Faults> {
        if self.cidr.is_empty() || self.action.is_empty() {
            return Err(Faults::coded("cidr", codes::IP_RULE_MISSING, "A rule takes a cidr and an action."));
        }
        let mut faults = Faults::none();
        let network = faults.take(cidr(&self.cidr));
        let action = Action::parse(&self.action).ok_or_else(|| Faults::coded("action", codes::IP_RULE_ACTION, "Write allow or deny."));
        let action = faults.take(action);
        faults.take(rule_description(&self.description));
        faults.take(metadata(&self.metadata));
        match (network, action) {
            (Some(network), Some(action)) if faults.is_empty() => {
                Ok(NewIpRule { network, action, description: &self.description, metadata: &self.metadata })
            }
            _ => Err(faults),
        }
    }
}

fn cidr(text: &str) -> Result<ipnet::IpNet, Faults> {
    network(text).map_err(|why| Faults::coded("cidr", why.code(), why.sentence()))
}

/// A rule to be.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct NewIpPolicyRule {
    /// The network, written with its lowest address.
    #[schema(example = "192.0.2.0/24", required = true)]
    cidr: String,
    /// Whose it is to be.
    #[schema(required = true)]
    ip_policy_id: String,
    /// `allow` or `deny`. It never changes.
    #[schema(required = true)]
    action: String,
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
struct IpPolicyRuleChanges {
    /// The id in the path, if it is said again.
    id: Option<String>,
    /// Another network.
    cidr: Option<String>,
    /// What it is for.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Whatever a program keeps with it.
    #[schema(max_length = 4096)]
    metadata: Option<String>,
}

fields!(pub(super) FIELDS, value(row: IpRuleRow, network: str) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(row.created_at),
    "description": Text = Value::Text(&row.description),
    "metadata": Text = Value::Text(&row.metadata),
    "ip_policy": Id = Value::Text(row.policy.as_str()),
    "cidr": Text = Value::Text(network),
    "action": Text = Value::Text(row.action.word()),
});

async fn row<M: May>(permit: &Permit<M, Key>, id: &IpRuleId) -> Answer<IpRuleRow> {
    settle(permit).await?;
    let missing = || ApiError::bad(codes::IP_RULE_NOT_FOUND, "There is no such rule of an IP policy in this account.");
    permit.read().ip_rule(id).await?.ok_or_else(missing)
}

/// A page of them, newest first.
#[derive(Serialize, ToSchema)]
struct IpPolicyRuleList {
    ip_policy_rules: Vec<IpPolicyRule>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

#[utoipa::path(post, path = "/ip_policy_rules", tag = "IP policy rules", request_body = NewIpPolicyRule, responses((status = 201, body = IpPolicyRule), Errors), summary = "Give a policy one")]
async fn create(permit: Permit<may::ManageIpPolicies, Key>, base: Base, Body(new): Body<NewIpPolicyRule>) -> Answer<Created<IpPolicyRule>> {
    let NewIpPolicyRule { cidr, ip_policy_id, action, description, metadata } = new;
    if ip_policy_id.is_empty() {
        return Err(ApiError::bad(codes::IP_RULE_MISSING, "A rule takes the ip_policy_id of its policy."));
    }
    let policy =
        IpPolicyId::parse(&ip_policy_id).ok_or_else(|| ApiError::bad(codes::IP_POLICY_ID, "This is not the id of an IP policy."))?;
    ip_policies::row(&permit, &policy).await?;
    let new = NewRule { cidr, action, description, metadata };
    let made = acts::ip_policies::add_rules(&permit, &policy, &[new.check()?], How::Do).await?.done()?;
    let made = made.into_iter().next().ok_or_else(ApiError::not_found)?;
    Ok(Created(IpPolicyRule::of(&base, made)))
}

#[utoipa::path(get, path = "/ip_policy_rules", tag = "IP policy rules", params(ListQuery), responses((status = 200, body = IpPolicyRuleList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadIpPolicies, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<IpPolicyRuleList>> {
    settle(&permit).await?;
    let filter = asked.filter(FIELDS, permit.now())?;
    let keep = |row: &IpRuleRow| {
        let network = row.network.to_string();
        filter.admits(|field| value(field, row, &network))
    };
    let policy = filter.demanded("ip_policy").and_then(IpPolicyId::parse);
    let fetch = |before: Option<IpRuleId>, most| {
        let (mut reader, policy) = (permit.read(), policy.as_ref());
        async move { reader.ip_rules(policy, before.as_ref(), most).await }
    };
    let page = asked.page(IpRuleId::parse, fetch, |row| row.id.clone(), keep).await?;
    let next_page_uri = asked.next(&base, "/ip_policy_rules", page.next.map(|id| id.to_string()));
    let ip_policy_rules = page.rows.into_iter().map(|row| IpPolicyRule::of(&base, row)).collect();
    Ok(Found(IpPolicyRuleList { ip_policy_rules, uri: base.uri("/ip_policy_rules"), next_page_uri }))
}

#[utoipa::path(get, path = "/ip_policy_rules/{id}", tag = "IP policy rules", params(("id" = String, Path)), responses((status = 200, body = IpPolicyRule), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadIpPolicies, Key>, base: Base, Id(id): Id<IpRuleId>, _: NoBody) -> Answer<Found<IpPolicyRule>> {
    Ok(Found(IpPolicyRule::of(&base, row(&permit, &id).await?)))
}

#[utoipa::path(patch, path = "/ip_policy_rules/{id}", tag = "IP policy rules", params(("id" = String, Path)), request_body = IpPolicyRuleChanges, responses((status = 200, body = IpPolicyRule), Errors), summary = "Change the network of one, or what is said of it")]
async fn update(
    permit: Permit<may::ManageIpPolicies, Key>,
    base: Base,
    Id(id): Id<IpRuleId>,
    Body(changes): Body<IpPolicyRuleChanges>,
) -> Answer<Found<IpPolicyRule>> {
    row(&permit, &id).await?;
    let IpPolicyRuleChanges { id: said, cidr: text, description, metadata: kept } = changes;
    if said.is_some_and(|said| said != id.as_str()) {
        return Err(other_id());
    }
    if text.is_none() && description.is_none() && kept.is_none() {
        return Err(ApiError::bad(codes::IP_RULE_EMPTY_UPDATE, "Say what is to be changed."));
    }
    let network = text.as_deref().map(cidr).transpose()?;
    description.as_deref().map(rule_description).transpose()?;
    kept.as_deref().map(metadata).transpose()?;
    let changes = RuleChanges { network, description, metadata: kept };
    Ok(Found(IpPolicyRule::of(&base, acts::ip_policies::update_rule(&permit, &id, &changes, How::Do).await?.done()?)))
}

#[utoipa::path(delete, path = "/ip_policy_rules/{id}", tag = "IP policy rules", params(("id" = String, Path)), responses((status = 204), Errors), summary = "Take one away")]
async fn delete(permit: Permit<may::ManageIpPolicies, Key>, Id(id): Id<IpRuleId>, _: NoBody) -> Answer<Gone> {
    row(&permit, &id).await?;
    acts::ip_policies::delete_rule(&permit, &id, How::Do).await?.done()?;
    Ok(Gone)
}
