//! `/members`: who is in the account, and what they are. People come by invitations.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Errors, Found, Gone},
    body::{Body, Id, NoBody, QueryRead, moment, parameters},
    error::{Answer, ApiError},
    lists::{Asked, ListQuery, fields, shown, shown_if},
    roles::{SaidRoles, ShownRoles},
};
use crate::{
    acts::{Key, Permit, members},
    rules::{
        codes,
        filter::Value,
        ids::MemberId,
        members::NewRoles,
        permissions::{May, may},
        time::Millis,
    },
    store::MemberRow,
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get, update, delete))
        .routes(routes!(access))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(end_sessions))
}

/// Somebody in the account.
#[derive(Serialize, ToSchema)]
struct Member {
    #[schema(example = "mem_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    /// The person; the same in all their accounts.
    user_id: String,
    name: String,
    /// The address, in lower case.
    email: String,
    /// Whether they have proven that the address is theirs.
    email_confirmed: bool,
    #[serde(flatten)]
    roles: ShownRoles,
    /// Whether they have a second factor.
    second_factor: bool,
    /// How they came in, such as `invitation`.
    source: String,
    /// Whether they are kept out.
    disabled: bool,
    /// Until when a guest may come in; nothing for members for good.
    #[schema(required = true)]
    access_until: Option<String>,
    created_at: String,
    /// When they were last here, to the minute.
    #[schema(required = true)]
    last_seen_at: Option<String>,
}

fields!(pub(super) FIELDS, value(row: MemberRow) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(joined(row)),
    "user_id": Id = Value::Text(row.user_id.as_str()),
    "name": Text = Value::Text(&row.name),
    "email": Text = Value::Text(&row.email),
    "developer": Text = Value::Text(row.roles().developer.word()),
    "team": Text = Value::Text(row.roles().team.word()),
    "billing": Text = Value::Text(row.roles().billing.word()),
    "administrator": Truth = Value::Truth(row.roles().administrator),
    "disabled": Truth = Value::Truth(row.facts.disabled_at.is_some()),
    "email_confirmed": Truth = Value::Truth(row.email_verified_at.is_some()),
    "second_factor": Truth = Value::Truth(row.factor_since.is_some()),
    "source": Text = Value::Text(&row.source),
    "access_until": Time = shown_if(row.facts.access_until),
    "last_seen_at": Time = shown_if(row.last_seen_at),
});

fn joined(row: &MemberRow) -> Millis {
    row.facts.member_since.unwrap_or(Millis(0))
}

fn shows(base: &Base, row: MemberRow) -> Member {
    Member {
        uri: base.uri(&format!("/members/{}", row.id)),
        id: row.id.to_string(),
        user_id: row.user_id.to_string(),
        roles: row.roles().into(),
        created_at: joined(&row).rfc3339(),
        name: row.name,
        email: row.email,
        email_confirmed: row.email_verified_at.is_some(),
        second_factor: row.factor_since.is_some(),
        source: row.source,
        disabled: row.facts.disabled_at.is_some(),
        access_until: row.facts.access_until.map(Millis::rfc3339),
        last_seen_at: row.last_seen_at.map(Millis::rfc3339),
    }
}

async fn row<M: May>(permit: &Permit<M, Key>, id: &MemberId) -> Answer<MemberRow> {
    permit.read().member(id).await?.ok_or_else(ApiError::not_found)
}

/// A page of them, who came last first.
#[derive(Serialize, ToSchema)]
struct MemberList {
    members: Vec<Member>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

#[utoipa::path(get, path = "/members", tag = "Members", params(ListQuery), responses((status = 200, body = MemberList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadMembers, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<MemberList>> {
    let filter = asked.filter(FIELDS, permit.now())?;
    let keep = |row: &MemberRow| filter.admits(|field| value(field, row));
    let email = filter.demanded("email");
    let fetch = |before: Option<MemberId>, most| {
        let mut reader = permit.read();
        async move { reader.newest_members(email, before.as_ref(), most).await }
    };
    let page = asked.page(MemberId::parse, fetch, |row| row.id.clone(), keep).await?;
    let next_page_uri = asked.next(&base, "/members", page.next.map(|id| id.to_string()));
    Ok(Found(MemberList {
        members: page.rows.into_iter().map(|row| shows(&base, row)).collect(),
        uri: base.uri("/members"),
        next_page_uri,
    }))
}

#[utoipa::path(get, path = "/members/{id}", tag = "Members", params(("id" = String, Path)), responses((status = 200, body = Member), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadMembers, Key>, base: Base, Id(id): Id<MemberId>, _: NoBody) -> Answer<Found<Member>> {
    Ok(Found(shows(&base, row(&permit, &id).await?)))
}

#[utoipa::path(patch, path = "/members/{id}", tag = "Members", params(("id" = String, Path)), request_body = SaidRoles, responses((status = 200, body = Member), Errors), summary = "Give one other roles")]
async fn update(
    permit: Permit<may::AssignRoles, Key>,
    base: Base,
    Id(id): Id<MemberId>,
    Body(said): Body<SaidRoles>,
) -> Answer<Found<Member>> {
    let before = row(&permit, &id).await?;
    if said.is_empty() {
        return Err(ApiError::bad(codes::EMPTY_UPDATE, "Say what is to be changed."));
    }
    Ok(Found(shows(
        &base,
        members::change_roles(&permit, &id, NewRoles { roles: said.over(before.roles())?, version: before.version }).await?,
    )))
}

/// Until when somebody may come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Access {
    /// From when on they are kept out; null for never.
    #[allow(clippy::option_option, reason = "what is missing is no answer, and null takes the end away")]
    #[serde(default, deserialize_with = "moment")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    until: Option<Option<Millis>>,
}

#[utoipa::path(post, path = "/members/{id}/access", tag = "Members", params(("id" = String, Path)), request_body = Access, responses((status = 200, body = Member), Errors), summary = "Make one a guest until a moment, or a member for good")]
async fn access(
    permit: Permit<may::SetAccessPeriods, Key>,
    base: Base,
    Id(id): Id<MemberId>,
    Body(access): Body<Access>,
) -> Answer<Found<Member>> {
    let until = access.until.ok_or_else(|| ApiError::bad(codes::BAD_VALUE, "Say until: a moment, or null for no end."))?;
    Ok(Found(shows(&base, members::set_access_until(&permit, &id, until).await?)))
}

/// What becomes of the open invitations of somebody who goes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what is read")]
struct GoingQuery {
    /// Whether whoever asks answers for their open invitations from then on; otherwise those close.
    #[param(default = false, nullable = false)]
    take_over_invitations: Option<bool>,
}

/// The same as it is read.
struct Going(bool);

impl FromRequestParts<Site> for Going {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, ApiError> {
        parts.extensions.insert(QueryRead);
        let [take_over] = parameters(parts.uri.query().unwrap_or_default(), ["take_over_invitations"])?;
        let read = take_over.as_deref().map(str::parse).transpose();
        let take_over = read.map_err(|_| ApiError::bad(codes::BAD_VALUE, "take_over_invitations is true or false."))?;
        Ok(Self(take_over.unwrap_or(false)))
    }
}

#[utoipa::path(post, path = "/members/{id}/disable", tag = "Members", params(("id" = String, Path), GoingQuery), responses((status = 200, body = Member), Errors), summary = "Keep one out until they are enabled again")]
async fn disable(
    permit: Permit<may::SwitchMembers, Key>,
    base: Base,
    Id(id): Id<MemberId>,
    Going(take_over): Going,
    _: NoBody,
) -> Answer<Found<Member>> {
    Ok(Found(shows(&base, members::disable(&permit, &id, take_over).await?)))
}

#[utoipa::path(post, path = "/members/{id}/enable", tag = "Members", params(("id" = String, Path)), responses((status = 200, body = Member), Errors), summary = "Let one in again")]
async fn enable(permit: Permit<may::SwitchMembers, Key>, base: Base, Id(id): Id<MemberId>, _: NoBody) -> Answer<Found<Member>> {
    Ok(Found(shows(&base, members::enable(&permit, &id).await?)))
}

/// What has ended.
#[derive(Serialize, ToSchema)]
struct Ended {
    /// How many sessions of theirs were in the account.
    sessions: u64,
}

#[utoipa::path(post, path = "/members/{id}/end_sessions", tag = "Members", params(("id" = String, Path)), responses((status = 200, body = Ended), Errors), summary = "End the sessions of one in the account")]
async fn end_sessions(permit: Permit<may::EndMemberSessions, Key>, Id(id): Id<MemberId>, _: NoBody) -> Answer<Found<Ended>> {
    Ok(Found(Ended { sessions: members::end_sessions(&permit, &id).await? }))
}

#[utoipa::path(delete, path = "/members/{id}", tag = "Members", params(("id" = String, Path), GoingQuery), responses((status = 204), Errors), summary = "Remove one; their credentials in the account are worth nothing from then on")]
async fn delete(permit: Permit<may::RemoveMembers, Key>, Id(id): Id<MemberId>, Going(take_over): Going, _: NoBody) -> Answer<Gone> {
    members::remove(&permit, &id, take_over).await?;
    Ok(Gone)
}
