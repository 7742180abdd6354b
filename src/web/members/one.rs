//! One member: who they are, what they may do and why, and the deeds on them.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    acts::{Permit, Stop, lockouts, members, mfa},
    rules::{
        faults::Faults,
        ids::MemberId,
        members::{Deed, Draft, may_touch},
        mfa::Reset,
        permissions::{May, Permission, Rights, may, rights},
        time::Millis,
    },
    store::{MemberRow, StoreError, sso::identities::IdentityRow},
    web::{
        choices::RoleChoices,
        form::{Form, Id, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

/// A permission in words, and where it comes from.
struct Right {
    sentence: &'static str,
    from: &'static str,
}

#[derive(Template)]
#[template(path = "members/one.html", blocks = ["title", "main"])]
struct One {
    shell: Shell,
    slug: String,
    member: MemberRow,
    is_self: bool,
    rights: Vec<Right>,
    credentials: i64,
    /// The open invitations that this member answers for.
    invitations: i64,
    /// Until when passwords of theirs are not taken from everywhere, as far as the viewer may change that.
    locked_until: Option<Millis>,
    /// By whose invitation they came.
    invited_by: Option<String>,
    /// Who they are at the account's identity providers.
    identities: Vec<IdentityRow>,
    draft: Draft,
    roles: RoleChoices,
    faults: Faults,
    /// Why the one who looks cannot change this member; `None` where they can.
    untouchable: Option<String>,
    /// What the one who looks may do.
    viewer: Rights,
    /// The last day of the access period, as typed or as it is.
    until: String,
    until_hint: String,
    now: Millis,
}
page::page!(One);

pub(super) async fn one(permit: Permit<may::ReadMembers>, front: Front, Id(id): Id<MemberId>, parts: Parts) -> Response {
    match page_of(&permit, &front, &id, Typed::default(), Faults::none()).await {
        Ok(Some(page)) => front.show(&page),
        Ok(None) => problem::answer(Stop::Unknown, &parts),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn page_of<M: May>(
    permit: &Permit<M>,
    front: &Front,
    id: &MemberId,
    typed: Typed,
    faults: Faults,
) -> Result<Option<One>, StoreError> {
    let mut reader = permit.read();
    let Some(member) = reader.member(id).await? else { return Ok(None) };
    let roles = member.roles();
    let draft =
        typed.roles.map_or_else(|| Draft::of(roles, member.version), |draft| Draft { version: member.version.to_string(), ..draft });
    Ok(Some(One {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        is_self: member.user_id == permit.person().facts().user,
        rights: rights(roles).iter().map(|permission| right(permission, roles.administrator)).collect(),
        credentials: reader.credentials_of(&member.user_id).await?,
        invitations: reader.open_invitations_of(&member.user_id, permit.now()).await?,
        locked_until: if permit.rights().allow(Permission::LetMembersInAgain) {
            reader.lockout(&member.email, permit.now()).await?
        } else {
            None
        },
        invited_by: reader.invited_by(&member.user_id).await?,
        identities: reader.identities_of(&member.user_id).await?,
        roles: RoleChoices::new([&draft.developer, &draft.team, &draft.billing, &draft.administrator], permit.roles()),
        untouchable: may_touch(permit.roles(), roles).err(),
        viewer: permit.rights().clone(),
        until: typed.until.unwrap_or_else(|| permit.zone().last_day(member.facts.access_until)),
        until_hint: format!("Access ends when this day ends, in {}. Leave it empty for no end.", permit.zone().name()),
        now: permit.now(),
        member,
        draft,
        faults,
    }))
}

fn right(permission: Permission, administrator: bool) -> Right {
    let from = if administrator { "Administrator" } else { permission.carrier().label() };
    Right { sentence: permission.sentence(), from }
}

/// What was typed into the page's forms, to be kept where it is wrong.
#[derive(Default)]
struct Typed {
    roles: Option<Draft>,
    until: Option<String>,
}

/// Where a deed on a member takes place.
struct Scene<'a, M> {
    permit: &'a Permit<M>,
    front: &'a Front,
    parts: &'a Parts,
    id: &'a MemberId,
}

impl<M: May> Scene<'_, M> {
    /// After a deed: back to the member with a message, or the member's page again with what is wrong.
    async fn answer<T>(&self, done: Result<T, Stop>, typed: Typed, say: &str) -> Response {
        match done.map_err(faults_of) {
            Ok(_) => self.front.go(&format!("/accounts/{}/members/{}", self.permit.account().slug, self.id), say).await,
            Err(Ok(faults)) => match page_of(self.permit, self.front, self.id, typed, faults).await {
                Ok(Some(page)) => self.front.show_again(&page),
                Ok(None) => problem::answer(Stop::Unknown, self.parts),
                Err(error) => problem::answer(error.into(), self.parts),
            },
            Err(Err(stop)) => problem::answer(stop, self.parts),
        }
    }
}

pub(super) async fn change_roles(
    permit: Permit<may::AssignRoles>,
    front: Front,
    Id(id): Id<MemberId>,
    parts: Parts,
    Form(draft): Form<Draft>,
) -> Response {
    let done = match draft.check() {
        Ok(new) => members::change_roles(&permit, &id, new).await,
        Err(faults) => Err(faults.into()),
    };
    Scene { permit: &permit, front: &front, parts: &parts, id: &id }
        .answer(done, Typed { roles: Some(draft), until: None }, "The roles are changed, from the next request on.")
        .await
}

pub(super) async fn enable(permit: Permit<may::SwitchMembers>, front: Front, Id(id): Id<MemberId>, parts: Parts) -> Response {
    let done = members::enable(&permit, &id).await;
    Scene { permit: &permit, front: &front, parts: &parts, id: &id }.answer(done, Typed::default(), "Enabled: may come in again.").await
}

pub(super) async fn end_sessions(permit: Permit<may::EndMemberSessions>, front: Front, Id(id): Id<MemberId>, parts: Parts) -> Response {
    let done = members::end_sessions(&permit, &id).await;
    let say = match done {
        Ok(0) => "There was no session here to end.",
        _ => "Ended: they have to sign in again to come in.",
    };
    Scene { permit: &permit, front: &front, parts: &parts, id: &id }.answer(done.map(drop), Typed::default(), say).await
}

pub(super) async fn let_in_again(permit: Permit<may::LetMembersInAgain>, front: Front, Id(id): Id<MemberId>, parts: Parts) -> Response {
    let done = lockouts::let_member_in_again(&permit, &id).await;
    Scene { permit: &permit, front: &front, parts: &parts, id: &id }.answer(done, Typed::default(), "They can sign in again.").await
}

pub(super) async fn reset_factor(
    permit: Permit<may::ResetFactors>,
    front: Front,
    Id(id): Id<MemberId>,
    parts: Parts,
    Form(draft): Form<Reset>,
) -> Response {
    let done = mfa::reset(&permit, &id, &draft).await;
    Scene { permit: &permit, front: &front, parts: &parts, id: &id }
        .answer(done, Typed::default(), "Their second factor is gone, and a letter tells them so.")
        .await
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Access {
    until: String,
}

/// A day as the end includes that day; no day is for good.
pub(super) async fn set_access(
    permit: Permit<may::SetAccessPeriods>,
    front: Front,
    Id(id): Id<MemberId>,
    parts: Parts,
    Form(access): Form<Access>,
) -> Response {
    let done = async {
        let typed = permit.zone().read_day("until", &access.until)?;
        let has = permit.read().member(&id).await?.ok_or(Stop::Unknown)?.facts.access_until;
        // Whoever says today of a guest whose time is over lets them in for the rest of it.
        let is_same = permit.zone().is_said_again(&access.until, has) && has.is_none_or(|at| at > permit.now());
        let until = if is_same { has } else { typed };
        members::set_access_until(&permit, &id, until).await
    };
    let done = done.await;
    let ends = done.as_ref().ok().and_then(|member| member.facts.access_until);
    let say = ends.map_or_else(|| "A member for good.".to_owned(), |at| format!("A guest until {}.", at.exact(&permit.zone())));
    Scene { permit: &permit, front: &front, parts: &parts, id: &id }
        .answer(done, Typed { roles: None, until: Some(access.until) }, &say)
        .await
}
