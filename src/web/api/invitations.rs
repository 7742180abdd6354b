//! `/invitations`: offers to join the account. What is offered is never more than whoever asks has themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    answers::{Base, Created, Errors, Found, Gone},
    body::{Body, Id, NoBody},
    error::{Answer, ApiError},
    lists::{Asked, ListQuery, fields, shown},
    roles::{SaidRoles, ShownRoles},
};
use crate::{
    acts::{Key, Permit, invitations},
    rules::{
        codes,
        faults::Faults,
        filter::Value,
        ids::InvitationId,
        invitations::{self as invitations_rules, State, address},
        members::{NewRoles, Roles},
        permissions::{May, may},
        time::Millis,
    },
    store::InvitationRow,
    web::Site,
};

pub(super) fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get, update, delete)).routes(routes!(resend))
}

/// An offer to join the account.
#[derive(Serialize, ToSchema)]
struct Invitation {
    #[schema(example = "inv_2ZkQ8dqRDzc6vVhXBJjWbGjnA5F")]
    id: String,
    uri: String,
    /// The address that it went to.
    email: String,
    #[serde(flatten)]
    roles: ShownRoles,
    /// `open`, `expired`, or why it is closed: `accepted`, `declined`, `revoked`, `inviter_gone`.
    state: &'static str,
    /// The user who answers for it.
    inviter_id: String,
    created_at: String,
    expires_at: String,
    /// The link to hand over, where letters do not leave the machine: in the answer to making or sending one, and nowhere else.
    #[schema(required = true)]
    link: Option<String>,
}

fields!(pub(super) FIELDS, value(row: InvitationRow, now: Millis) {
    "id": Id = Value::Text(row.id.as_str()),
    "created_at": Time = shown(row.created_at),
    "email": Text = Value::Text(&row.canonical),
    "developer": Text = Value::Text(row.roles().developer.word()),
    "team": Text = Value::Text(row.roles().team.word()),
    "billing": Text = Value::Text(row.roles().billing.word()),
    "administrator": Truth = Value::Truth(row.roles().administrator),
    "state": Text = Value::Text(word(row.state(*now))),
    "inviter_id": Id = Value::Text(row.invited_by.as_str()),
    "expires_at": Time = shown(row.expires_at),
});

fn word(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Expired => "expired",
        State::Closed(why) => why.word(),
    }
}

fn shows(base: &Base, now: Millis, row: InvitationRow, link: Option<String>) -> Invitation {
    Invitation {
        uri: base.uri(&format!("/invitations/{}", row.id)),
        id: row.id.to_string(),
        roles: row.roles().into(),
        state: word(row.state(now)),
        email: row.canonical,
        inviter_id: row.invited_by.to_string(),
        created_at: row.created_at.rfc3339(),
        expires_at: row.expires_at.rfc3339(),
        link,
    }
}

async fn row<M: May>(permit: &Permit<M, Key>, id: &InvitationId) -> Answer<InvitationRow> {
    permit.read().invitation(id).await?.ok_or_else(ApiError::not_found)
}

/// Somebody to be invited. What is not said of the roles is the least.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitation {
    /// The address that it goes to.
    #[serde(default)]
    #[schema(example = "new@example.com")]
    email: String,
    /// `read_only` or `read_write`.
    developer: Option<String>,
    /// `read_only`, `invite` or `manager`.
    team: Option<String>,
    /// `none` or `access`.
    billing: Option<String>,
    /// Administrators may do everything.
    administrator: Option<bool>,
}

impl NewInvitation {
    fn check(self) -> Result<invitations_rules::NewInvitation, Faults> {
        let Self { email, developer, team, billing, administrator } = self;
        let mut faults = Faults::none();
        let email = faults.take(address(&email));
        let roles = faults.take(SaidRoles { developer, team, billing, administrator }.over(Roles::LEAST));
        email.zip(roles).map(|(email, roles)| invitations_rules::NewInvitation { email, roles }).ok_or(faults)
    }
}

#[utoipa::path(post, path = "/invitations", tag = "Invitations", request_body = NewInvitation, responses((status = 201, body = Invitation), Errors), summary = "Invite somebody")]
async fn create(permit: Permit<may::InviteMembers, Key>, base: Base, Body(body): Body<NewInvitation>) -> Answer<Created<Invitation>> {
    let sent = invitations::invite(&permit, body.check()?).await?;
    Ok(Created(shows(&base, permit.now(), sent.row, sent.link)))
}

/// A page of them, newest first.
#[derive(Serialize, ToSchema)]
struct InvitationList {
    invitations: Vec<Invitation>,
    /// The address of the list.
    uri: String,
    /// The address of the next page, if one follows.
    #[schema(required = true)]
    next_page_uri: Option<String>,
}

#[utoipa::path(get, path = "/invitations", tag = "Invitations", params(ListQuery), responses((status = 200, body = InvitationList), Errors), summary = "List them")]
async fn list(permit: Permit<may::ReadInvitations, Key>, base: Base, asked: Asked, _: NoBody) -> Answer<Found<InvitationList>> {
    let now = permit.now();
    let filter = asked.filter(FIELDS, now)?;
    let keep = |row: &InvitationRow| filter.admits(|field| value(field, row, &now));
    let to = filter.demanded("email");
    let fetch = |before: Option<InvitationId>, most| {
        let mut reader = permit.read();
        async move { reader.newest_invitations(to, before.as_ref(), most).await }
    };
    let page = asked.page(InvitationId::parse, fetch, |row| row.id.clone(), keep).await?;
    let next_page_uri = asked.next(&base, "/invitations", page.next.map(|id| id.to_string()));
    let invitations = page.rows.into_iter().map(|row| shows(&base, now, row, None)).collect();
    Ok(Found(InvitationList { invitations, uri: base.uri("/invitations"), next_page_uri }))
}

#[utoipa::path(get, path = "/invitations/{id}", tag = "Invitations", params(("id" = String, Path)), responses((status = 200, body = Invitation), Errors), summary = "Look at one")]
async fn get(permit: Permit<may::ReadInvitations, Key>, base: Base, Id(id): Id<InvitationId>, _: NoBody) -> Answer<Found<Invitation>> {
    Ok(Found(shows(&base, permit.now(), row(&permit, &id).await?, None)))
}

#[utoipa::path(patch, path = "/invitations/{id}", tag = "Invitations", params(("id" = String, Path)), request_body = SaidRoles, responses((status = 200, body = Invitation), Errors), summary = "Offer other roles")]
async fn update(
    permit: Permit<may::AssignRoles, Key>,
    base: Base,
    Id(id): Id<InvitationId>,
    Body(said): Body<SaidRoles>,
) -> Answer<Found<Invitation>> {
    let before = row(&permit, &id).await?;
    if said.is_empty() {
        return Err(ApiError::bad(codes::EMPTY_UPDATE, "Say what is to be changed."));
    }
    let row = invitations::change_roles(&permit, &id, NewRoles { roles: said.over(before.roles())?, version: before.version }).await?;
    Ok(Found(shows(&base, permit.now(), row, None)))
}

#[utoipa::path(post, path = "/invitations/{id}/resend", tag = "Invitations", params(("id" = String, Path)), responses((status = 200, body = Invitation), Errors), summary = "Send one again, with a new link, for another seven days")]
async fn resend(permit: Permit<may::ResendInvitations, Key>, base: Base, Id(id): Id<InvitationId>, _: NoBody) -> Answer<Found<Invitation>> {
    let sent = invitations::resend(&permit, &id, None).await?;
    Ok(Found(shows(&base, permit.now(), sent.row, sent.link)))
}

#[utoipa::path(delete, path = "/invitations/{id}", tag = "Invitations", params(("id" = String, Path)), responses((status = 204), Errors), summary = "Take one back: its links lead nowhere from then on")]
async fn delete(permit: Permit<may::InviteMembers, Key>, Id(id): Id<InvitationId>, _: NoBody) -> Answer<Gone> {
    invitations::revoke(&permit, &id).await?;
    Ok(Gone)
}
