//! `/bot_users`, and the same under its other name `/service_users`: each path writes ids with its own prefix, and reads both.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Created, Errors, Found, Gone},
    body::{Body, Id, NoBody},
    error::{Answer, ApiError},
    lists::{Asked, ListQuery, fields, shown},
};
use crate::{
    acts::{self, Key, Permit},
    rules::{bot_users::Draft, filter::Value, ids::BotId, permissions::may},
    store::{BotFilter, BotRow},
    web::Site,
};

/// A bot user to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBot {
    /// What it is for; unique in the account.
    #[serde(default)]
    #[schema(max_length = 255, example = "Deploy pipeline")]
    name: String,
    /// Whether its credentials work.
    #[schema(default = true)]
    active: Option<bool>,
}

/// Changes to a bot user. What is missing stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BotChanges {
    /// The id in the path, if it is said again.
    id: Option<String>,
    /// Another name.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Whether its credentials work.
    active: Option<bool>,
}

/// A principal of the account that is no person.
#[derive(Serialize, ToSchema)]
pub(super) struct BotUser {
    #[schema(example = "bot_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    name: String,
    /// Whether its credentials work.
    active: bool,
    created_at: String,
}

fields!(pub(super) FIELDS, value(row: BotRow) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(row.created_at),
    "name": Text = Value::Text(&row.name),
    "active": Truth = Value::Truth(row.inactive_at.is_none()),
});

/// By which of its two names a bot user is spoken of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Called {
    Bot,
    Service,
}

impl Called {
    const fn path(self) -> &'static str {
        match self {
            Self::Bot => "/bot_users",
            Self::Service => "/service_users",
        }
    }

    fn id(self, id: &BotId) -> String {
        match self {
            Self::Bot => id.to_string(),
            Self::Service => id.as_service(),
        }
    }

    fn shows(self, base: &Base, row: BotRow) -> BotUser {
        let id = self.id(&row.id);
        BotUser {
            uri: base.uri(&format!("{}/{id}", self.path())),
            id,
            name: row.name,
            active: row.inactive_at.is_none(),
            created_at: row.created_at.rfc3339(),
        }
    }

    async fn one(self, permit: &Permit<may::ReadBotUsers, Key>, base: &Base, id: &BotId) -> Answer<BotUser> {
        let row = permit.read().bot_user(id).await?.ok_or_else(ApiError::not_found)?;
        Ok(self.shows(base, row))
    }

    async fn create(self, permit: Permit<may::ManageBotUsers, Key>, base: Base, body: NewBot) -> Answer<Created<BotUser>> {
        let draft = Draft { name: body.name };
        let row = acts::bot_users::create(&permit, &draft, body.active.unwrap_or(true)).await?;
        Ok(Created(self.shows(&base, row)))
    }

    /// A page of the list, and the address of the next one.
    async fn list(self, permit: Permit<may::ReadBotUsers, Key>, base: &Base, asked: &Asked) -> Answer<(Vec<BotUser>, Option<String>)> {
        let filter = asked.filter(FIELDS, permit.now())?;
        let keep = |row: &BotRow| filter.admits(|field| value(field, row));
        let all = BotFilter::default();
        let fetch = |before: Option<BotId>, most| {
            let mut reader = permit.read();
            let all = &all;
            async move { reader.bot_users(all, before.as_ref(), most).await }
        };
        let page = asked.page(BotId::parse_any, fetch, |row| row.id.clone(), keep).await?;
        let next = asked.next(base, self.path(), page.next.map(|id| self.id(&id)));
        Ok((page.rows.into_iter().map(|row| self.shows(base, row)).collect(), next))
    }

    async fn update(self, permit: Permit<may::ManageBotUsers, Key>, base: Base, id: BotId, body: BotChanges) -> Answer<Found<BotUser>> {
        if body.id.as_deref().is_some_and(|said| BotId::parse_any(said).as_ref() != Some(&id)) {
            return Err(super::body::other_id());
        }
        let draft = body.name.map(|name| Draft { name });
        let row = acts::bot_users::update(&permit, &id, draft.as_ref(), body.active).await?;
        Ok(Found(self.shows(&base, row)))
    }
}

macro_rules! named {
    ($module:ident, $called:expr, $path:literal, $one:literal, $tag:literal, $list:ident, $key:ident) => {
        pub(super) mod $module {
            use super::*;

            /// A page of them, newest first.
            #[derive(Serialize, ToSchema)]
            pub(in crate::web::api) struct $list {
                $key: Vec<BotUser>,
                /// The address of the list.
                uri: String,
                /// The address of the next page, if one follows.
                #[schema(required = true)]
                next_page_uri: Option<String>,
            }

            #[utoipa::path(post, path = $path, tag = $tag, request_body = NewBot, responses((status = 201, body = BotUser), Errors), summary = "Make one")]
            async fn create(permit: Permit<may::ManageBotUsers, Key>, base: Base, Body(body): Body<NewBot>) -> Answer<Created<BotUser>> {
                $called.create(permit, base, body).await
            }

            #[utoipa::path(get, path = $path, tag = $tag, params(ListQuery), responses((status = 200, body = $list), Errors), summary = "List them")]
            async fn list(permit: Permit<may::ReadBotUsers, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<$list>> {
                let ($key, next_page_uri) = $called.list(permit, &base, &asked).await?;
                Ok(Found($list { $key, uri: base.uri($called.path()), next_page_uri }))
            }

            #[utoipa::path(get, path = $one, tag = $tag, params(("id" = String, Path)), responses((status = 200, body = BotUser), Errors), summary = "Look at one")]
            async fn get(permit: Permit<may::ReadBotUsers, Key>, base: Base, Id(id): Id<BotId>, _: NoBody) -> Answer<Found<BotUser>> {
                Ok(Found($called.one(&permit, &base, &id).await?))
            }

            #[utoipa::path(patch, path = $one, tag = $tag, params(("id" = String, Path)), request_body = BotChanges, responses((status = 200, body = BotUser), Errors), summary = "Rename it, let it rest, or let it work again")]
            async fn update(
                permit: Permit<may::ManageBotUsers, Key>,
                base: Base,
                Id(id): Id<BotId>,
                Body(body): Body<BotChanges>,
            ) -> Answer<Found<BotUser>> {
                $called.update(permit, base, id, body).await
            }

            #[utoipa::path(delete, path = $one, tag = $tag, params(("id" = String, Path)), responses((status = 204), Errors), summary = "Delete it, and revoke its credentials for good")]
            async fn delete(permit: Permit<may::ManageBotUsers, Key>, Id(id): Id<BotId>, _: NoBody) -> Answer<Gone> {
                acts::bot_users::delete(&permit, &id, None).await?;
                Ok(Gone)
            }

            pub(in crate::web::api) fn routes() -> OpenApiRouter<Site> {
                OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete))
            }
        }
    };
}

named!(bots, Called::Bot, "/bot_users", "/bot_users/{id}", "Bot users", BotUserList, bot_users);
named!(services, Called::Service, "/service_users", "/service_users/{id}", "Service users", ServiceUserList, service_users);
