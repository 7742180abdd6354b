//! The document, with what no handler says by itself: what can be filtered by, examples that work, and what ids in paths are.

use serde_json::{Value, json};
use utoipa::openapi::{OpenApi, RefOr, path::Operation};

use super::{bot_users, credentials, events, invitations, ip_policies, ip_policy_rules, ip_restrictions, members};
use crate::rules::filter::Kind;

/// Completes every operation.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten() {
            describe_parameters(operation, path);
            let example = operation.operation_id.as_deref().and_then(example);
            if let Some(RefOr::T(body)) = &mut operation.request_body {
                for content in body.content.values_mut() {
                    if let RefOr::T(content) = content {
                        content.example.clone_from(&example);
                    }
                }
            }
        }
    }
}

fn describe_parameters(operation: &mut Operation, path: &str) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        match parameter.name.as_str() {
            "id" => parameter.description = Some("Which one is meant.".to_owned()),
            "filter" => {
                let fields: Vec<String> = filtered_by(path).iter().map(|(name, kind)| format!("`{name}` ({})", noun(*kind))).collect();
                let says = parameter.description.take().unwrap_or_default();
                parameter.description = Some(format!("{says} Fields: {}.", fields.join(", ")));
            }
            _ => {}
        }
    }
}

/// What the things in a list can be filtered by.
fn filtered_by(path: &str) -> &'static [(&'static str, Kind)] {
    match path {
        "/bot_users" | "/service_users" => bot_users::FIELDS,
        "/api_keys" => credentials::FIELDS,
        "/credentials" | "/ssh_credentials" => credentials::FIELDS_WITH_ACL,
        "/members" => members::FIELDS,
        "/invitations" => invitations::FIELDS,
        "/events" => events::FIELDS,
        "/ip_policies" => ip_policies::FIELDS,
        "/ip_policy_rules" => ip_policy_rules::FIELDS,
        "/ip_restrictions" => ip_restrictions::FIELDS,
        _ => &[],
    }
}

const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Id => "id",
        Kind::Time => "time",
        Kind::List => "list",
        Kind::Truth => "true or false",
        Kind::Number => "number",
    }
}

/// A body that works when it is sent as it stands, where `$KEY` is the API key that asks, and `$IP_POLICY` the id of an IP policy.
fn example(operation: &str) -> Option<Value> {
    Some(match operation {
        "bot_users_create" => json!({ "name": "Deploy pipeline" }),
        // The same things by another name, and no two are called the same.
        "service_users_create" => json!({ "name": "Nightly backup" }),
        "bot_users_update" | "service_users_update" => json!({ "active": false }),
        "api_keys_create" => json!({ "description": "Deploy pipeline", "expires_at": "2099-12-31T00:00:00Z" }),
        "credentials_create" => json!({ "description": "Agents of the shop", "acl": ["bind:*.example.com"] }),
        "ssh_credentials_create" => json!({
            "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICoqKioqKioqKioqKioqKioqKioqKioqKioqKioqKioq agent@example.com",
        }),
        "api_keys_update"
        | "credentials_update"
        | "ssh_credentials_update"
        | "ip_policies_update"
        | "ip_policy_rules_update"
        | "ip_restrictions_update" => json!({ "description": "Another description" }),
        "members_update" | "invitations_update" => json!({ "developer": "read_write", "team": "invite" }),
        "members_access" => json!({ "until": "2099-12-31T00:00:00Z" }),
        "invitations_create" => json!({ "email": "new@example.com", "developer": "read_write" }),
        "ip_policies_create" => json!({ "description": "Offices" }),
        "ip_policies_add_rules" => json!({ "rules": [
            { "cidr": "198.51.100.0/24", "action": "allow", "description": "Berlin" },
            { "cidr": "2001:db8::/32", "action": "allow" },
        ] }),
        "ip_policy_rules_create" => json!({ "ip_policy_id": "$IP_POLICY", "cidr": "192.0.2.0/24", "action": "allow" }),
        "ip_restrictions_create" => json!({ "type": "agent", "ip_policy_ids": ["$IP_POLICY"], "enforced": false }),
        "check_check" => json!({ "token": "$KEY", "bind": "bind:app.example.com" }),
        "introspect_introspect" => json!({ "token": "$KEY" }),
        _ => return None,
    })
}
