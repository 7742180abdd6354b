//! The three kinds as resources: what each shows and takes besides what all do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Said, Shown, change, make, page, row, shown_of};
use crate::{
    acts::{self, Key, Permit},
    rules::{
        credentials::{ApiDraft, Kind},
        permissions::may,
        time::Millis,
    },
    store::CredentialRow,
    web::{
        Site,
        api::{
            answers::{Base, Created, Errors, Found, Gone},
            body::{Body, IdText, NoBody, moment},
            error::Answer,
            lists::{Asked, ListQuery},
        },
    },
};

macro_rules! of_kind {
    ($module:ident, $kind:expr, $path:literal, $one:literal, $tag:literal,
     $resource:ident, $new:ident, $changes:ident, $list:ident, $key:ident,
     $(#[$doc:meta])* { $($extra:ident: $type:ty = $value:expr;)* },
     new { $($(#[$new_doc:meta])* $new_field:ident: $new_type:ty,)* }, changes { $($(#[$change_doc:meta])* $change_field:ident: $change_type:ty,)* }) => {
        pub(in crate::web::api) mod $module {
            use super::*;

            $(#[$doc])*
            #[derive(Serialize, ToSchema)]
            pub(in crate::web::api) struct $resource {
                id: String,
                uri: String,
                /// What it is for.
                description: String,
                /// Whatever its owner keeps beside it.
                metadata: String,
                created_at: String,
                /// The user or bot user whose it is; it never changes.
                owner_id: String,
                /// The user or bot user who made it, and may have kept the secret.
                created_by: String,
                /// From when on it is worth nothing, if ever.
                #[schema(required = true)]
                expires_at: Option<String>,
                /// When it was last used, to the minute.
                #[schema(required = true)]
                last_used_at: Option<String>,
                $($extra: $type,)*
            }

            impl $resource {
                fn of(base: &Base, row: &CredentialRow, _secret: Option<String>) -> Self {
                    let Shown { id, uri, created_at, expires_at, last_used_at } = shown_of(base, row);
                    #[allow(clippy::redundant_closure_call, reason = "the fields that a kind has besides")]
                    Self {
                        id,
                        uri,
                        created_at,
                        expires_at,
                        last_used_at,
                        description: row.description.clone(),
                        metadata: row.metadata.clone(),
                        owner_id: row.owner_id().to_owned(),
                        created_by: row.created_by.clone(),
                        $($extra: $value(row, &_secret),)*
                    }
                }
            }

            /// One to be made.
            #[derive(Deserialize, ToSchema)]
            #[serde(deny_unknown_fields)]
            pub(in crate::web::api) struct $new {
                /// What it is for.
                #[schema(max_length = 255)]
                description: Option<String>,
                /// Whatever its owner keeps beside it.
                #[schema(max_length = 4096)]
                metadata: Option<String>,
                /// Who is to own it: a user or bot user of the account, by id, or a member by address. Without it, whoever asks. Only
                /// administrators name others.
                owner_id: Option<String>,
                /// From when on it is worth nothing; without it, never.
                #[allow(clippy::option_option, reason = "what is missing stays, and null takes away")]
                #[serde(default, deserialize_with = "moment")]
                #[schema(value_type = Option<String>, format = DateTime)]
                expires_at: Option<Option<Millis>>,
                $($(#[$new_doc])* $new_field: $new_type,)*
            }

            /// Changes to one. What is missing stays.
            #[derive(Deserialize, ToSchema)]
            #[serde(deny_unknown_fields)]
            pub(in crate::web::api) struct $changes {
                /// The id in the path, if it is said again.
                id: Option<String>,
                /// What it is for.
                #[schema(max_length = 255)]
                description: Option<String>,
                /// Whatever its owner keeps beside it.
                #[schema(max_length = 4096)]
                metadata: Option<String>,
                /// From when on it is worth nothing; null for never.
                #[allow(clippy::option_option, reason = "what is missing stays, and null takes away")]
                #[serde(default, deserialize_with = "moment")]
                #[schema(value_type = Option<String>, format = DateTime)]
                expires_at: Option<Option<Millis>>,
                /// The owner never changes; whoever says one is told so.
                #[schema(ignore)]
                owner_id: Option<serde::de::IgnoredAny>,
                $($(#[$change_doc])* $change_field: $change_type,)*
            }

            impl $new {
                fn said(self) -> Said {
                    let Self { description, metadata, owner_id, expires_at, $($new_field,)* } = self;
                    #[allow(clippy::needless_update, reason = "not every kind has all of it")]
                    let draft = ApiDraft { description, metadata, expires_at, $($new_field,)* ..ApiDraft::default() };
                    Said { id: None, owner_id, draft }
                }
            }

            impl $changes {
                fn said(self) -> Said {
                    let Self { id, description, metadata, owner_id, expires_at, $($change_field,)* } = self;
                    #[allow(clippy::needless_update, reason = "not every kind has all of it")]
                    let draft = ApiDraft { description, metadata, expires_at, $($change_field,)* ..ApiDraft::default() };
                    Said { id, owner_id: owner_id.map(|_| String::new()), draft }
                }
            }

            /// A page of them, newest first.
            #[derive(Serialize, ToSchema)]
            pub(in crate::web::api) struct $list {
                $key: Vec<$resource>,
                /// The address of the list.
                uri: String,
                /// The address of the next page, if one follows.
                #[schema(required = true)]
                next_page_uri: Option<String>,
            }

            #[utoipa::path(post, path = $path, tag = $tag, request_body = $new, responses((status = 201, body = $resource), Errors), summary = "Make one")]
            async fn create(permit: Permit<may::ManageOwnCredentials, Key>, base: Base, Body(body): Body<$new>) -> Answer<Created<$resource>> {
                let (row, secret) = make(&permit, $kind, body.said()).await?;
                Ok(Created($resource::of(&base, &row, secret)))
            }

            #[utoipa::path(get, path = $path, tag = $tag, params(ListQuery), responses((status = 200, body = $list), Errors), summary = "List them")]
            async fn list(permit: Permit<may::ReadCredentials, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<$list>> {
                let (rows, next_page_uri) = page(&permit, $kind, &base, &asked).await?;
                let $key = rows.iter().map(|row| $resource::of(&base, row, None)).collect();
                Ok(Found($list { $key, uri: base.uri($path), next_page_uri }))
            }

            #[utoipa::path(get, path = $one, tag = $tag, params(("id" = String, Path)), responses((status = 200, body = $resource), Errors), summary = "Look at one")]
            async fn get(permit: Permit<may::ReadCredentials, Key>, base: Base, id: IdText, _: NoBody) -> Answer<Found<$resource>> {
                let row = row(&permit, &id.of($kind)?).await?;
                Ok(Found($resource::of(&base, &row, None)))
            }

            #[utoipa::path(patch, path = $one, tag = $tag, params(("id" = String, Path)), request_body = $changes, responses((status = 200, body = $resource), Errors), summary = "Change one")]
            async fn update(
                permit: Permit<may::ManageOwnCredentials, Key>,
                base: Base,
                id: IdText,
                Body(body): Body<$changes>,
            ) -> Answer<Found<$resource>> {
                let row = change(&permit, $kind, &id.of($kind)?, body.said()).await?;
                Ok(Found($resource::of(&base, &row, None)))
            }

            #[utoipa::path(delete, path = $one, tag = $tag, params(("id" = String, Path)), responses((status = 204), Errors), summary = "Revoke one for good")]
            async fn delete(permit: Permit<may::ManageOwnCredentials, Key>, id: IdText, _: NoBody) -> Answer<Gone> {
                acts::credentials::delete(&permit, &id.of($kind)?).await?;
                Ok(Gone)
            }

            pub(in crate::web::api) fn routes() -> OpenApiRouter<Site> {
                OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete))
            }
        }
    };
}

of_kind!(api_keys, Kind::ApiKey, "/api_keys", "/api_keys/{id}", "API keys", ApiKey, NewApiKey, ApiKeyChanges, ApiKeyList, keys,
    /// What programs prove themselves with to this API.
    { token: Option<String> = |_: &CredentialRow, secret: &Option<String>| secret.clone(); },
    new {}, changes {});
of_kind!(authtokens, Kind::Authtoken, "/credentials", "/credentials/{id}", "Authtokens", Authtoken, NewAuthtoken, AuthtokenChanges, AuthtokenList, credentials,
/// What agents prove themselves with.
{
    token: Option<String> = |_: &CredentialRow, secret: &Option<String>| secret.clone();
    acl: Vec<String> = |row: &CredentialRow, _: &Option<String>| row.acl().texts();
},
new {
    /// What may be bound with it; without any rule everything.
    acl: Option<Vec<String>>,
},
changes {
    /// What may be bound with it; an empty list for everything.
    acl: Option<Vec<String>>,
});
of_kind!(ssh_keys, Kind::SshKey, "/ssh_credentials", "/ssh_credentials/{id}", "SSH keys", SshCredential, NewSshCredential, SshCredentialChanges, SshCredentialList, ssh_credentials,
/// The public half of a key with which agents prove themselves over SSH.
{
    public_key: String = |row: &CredentialRow, _: &Option<String>| row.public_key.clone().unwrap_or_default();
    fingerprint: String = |row: &CredentialRow, _: &Option<String>| row.fingerprint.clone().unwrap_or_default();
    acl: Vec<String> = |row: &CredentialRow, _: &Option<String>| row.acl().texts();
},
new {
    /// The key as OpenSSH writes it.
    #[schema(required = true, nullable = false)]
    public_key: Option<String>,
    /// What may be bound with it; without any rule everything.
    acl: Option<Vec<String>>,
},
changes {
    /// What may be bound with it; an empty list for everything.
    acl: Option<Vec<String>>,
});
