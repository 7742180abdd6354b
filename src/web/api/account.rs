//! `/account`: which account the key opens, whose it is, and what it allows. And the root, which names what there is.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Errors, Found},
    body::NoBody,
    error::Answer,
};
use crate::{
    acts::{Key, Permit},
    rules::permissions::may,
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(root)).routes(routes!(account))
}

/// What there is.
#[derive(Serialize, ToSchema)]
struct Root {
    uri: String,
    /// Names, and the addresses of what they name.
    subresource_uris: std::collections::BTreeMap<String, String>,
}

#[utoipa::path(get, path = "/", tag = "Account", responses((status = 200, body = Root), Errors), summary = "What there is")]
async fn root(_: Permit<may::ViewAccount, Key>, base: Base, _: NoBody) -> Answer<Found<Root>> {
    let names = [
        "account",
        "api_keys",
        "bot_users",
        "credentials",
        "events",
        "invitations",
        "ip_policies",
        "ip_policy_rules",
        "ip_restrictions",
        "members",
        "service_users",
        "ssh_credentials",
    ];
    let subresource_uris = names.into_iter().map(|name| (name.to_owned(), base.uri(&format!("/{name}")))).collect();
    Ok(Found(Root { uri: base.uri("/"), subresource_uris }))
}

/// The account that a key opens.
#[derive(Serialize, ToSchema)]
struct Account {
    #[schema(example = "ac_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    name: String,
    /// The word under which its pages stand.
    slug: String,
    /// The id of the user or bot user whose key this is.
    principal_id: String,
    /// What they are called; of a person the address.
    principal_name: String,
    /// The id of the key.
    key_id: String,
    /// What it allows.
    permissions: Vec<&'static str>,
}

#[utoipa::path(get, path = "/account", tag = "Account", responses((status = 200, body = Account), Errors), summary = "Which account a key opens, and what it allows")]
async fn account(permit: Permit<may::ViewAccount, Key>, base: Base, _: NoBody) -> Found<Account> {
    let (account, facts) = (permit.account(), permit.key().facts());
    Found(Account {
        id: account.account.to_string(),
        uri: base.uri("/account"),
        name: account.name.clone(),
        slug: account.slug.clone(),
        principal_id: facts.owner.as_str().to_owned(),
        principal_name: permit.actor().name().to_owned(),
        key_id: facts.credential.to_string(),
        permissions: permit.rights().iter().map(crate::rules::permissions::Permission::name).collect(),
    })
}
