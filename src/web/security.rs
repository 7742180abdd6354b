//! `…/settings/security`: what the account demands of the people who enter it.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{again::Again, form::Form, front::Front, page, problem, routes::Routes, shell::Shell};
use crate::{
    acts::{Permit, security},
    rules::{
        faults::Faults,
        gate::Mfa,
        ids::MemberId,
        lockouts, passwords,
        permissions::{May, may},
        security::{Demands, Draft, FLOORS, Instance},
    },
    store::StoreError,
};

/// The most people who are named for having no second factor.
const NAMED: i64 = 50;

pub(super) fn routes() -> Routes {
    Routes::new().get("/accounts/{slug}/settings/security", show).post("/accounts/{slug}/settings/security", update)
}

#[derive(Template)]
#[template(path = "security/settings.html", blocks = ["title", "main"])]
struct Settings {
    shell: Shell,
    slug: String,
    draft: Draft,
    faults: Faults,
    refused: Option<String>,
    /// Each policy, and whether the account may choose it.
    policies: Vec<(Mfa, bool)>,
    instance: Instance,
    effective: Demands,
    idle_hint: String,
    lifetime_hint: String,
    limit_hint: String,
    lockout_hint: String,
    history_hint: String,
    /// Who has no second factor, the first few.
    without: Vec<(MemberId, String, String)>,
    more: bool,
    /// Whether whoever looks has one.
    has_factor: bool,
}
page::page!(Settings);

async fn page_of<M: May>(permit: &Permit<M>, front: &Front, draft: Option<Draft>, again: Again) -> Result<Settings, StoreError> {
    let mut reader = permit.read();
    let overrides = reader.security().await?;
    let mut without = reader.without_factor(NAMED + 1).await?;
    let more = without.len() > usize::try_from(NAMED).unwrap_or(0);
    without.truncate(usize::try_from(NAMED).unwrap_or(0));
    let instance = permit.instance();
    let now = Draft::of(&overrides);
    // What stood there when it was shown stays with what was typed, until whoever typed it was told that it is another by now.
    let is_told = again.faults.at("seen").is_some();
    let typed = |draft: Draft| if is_told { Draft { seen: now.seen.clone(), ..draft } } else { draft };
    let hint = |floor: crate::rules::time::Span, ceiling: crate::rules::time::Span| {
        format!("From {} to {}. Empty: {}, as this Frontdesk has it.", floor.in_words(), ceiling.in_words(), ceiling.in_words())
    };
    Ok(Settings {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        draft: draft.map_or_else(|| now.clone(), typed),
        faults: again.faults,
        refused: again.refused,
        policies: Mfa::ALL.iter().map(|policy| (*policy, policy.stricter(instance.mfa) == *policy)).collect(),
        instance,
        effective: overrides.entry.within(instance),
        idle_hint: hint(FLOORS.idle, instance.sessions.idle),
        lifetime_hint: hint(FLOORS.lifetime, instance.sessions.lifetime),
        limit_hint: format!("From 1 to {most}. Empty: {most}. One more ends the oldest.", most = instance.session_limit),
        lockout_hint: format!(
            "From {least} to {most}. Empty: {most}. Counted for each network and each known browser; of a person's accounts the strictest counts.",
            least = lockouts::FLOOR.min(instance.lockout_after),
            most = instance.lockout_after
        ),
        history_hint: format!(
            "From {least} to {most}, the present one included. Empty: {least}. Those are known that somebody has chosen since more than one is \
             remembered; of a person's accounts the strictest counts.",
            least = instance.password_history,
            most = passwords::MOST_REMEMBERED
        ),
        without,
        more,
        has_factor: permit.person().facts().factor_since.is_some(),
    })
}

async fn show(permit: Permit<may::ManageSecurity>, front: Front, parts: Parts) -> Response {
    match page_of(&permit, &front, None, Again::first()).await {
        Ok(page) => front.show(&page),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn update(permit: Permit<may::ManageSecurity>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let path = format!("/accounts/{}/settings/security", permit.account().slug);
    match security::update(&permit, &draft).await.map_err(Again::of) {
        Ok(()) => front.go(&path, "Saved. It holds from the next request on, also for whoever is in.").await,
        Err(Ok(again)) => match page_of(&permit, &front, Some(draft), again.clone()).await {
            Ok(page) => again.show(&front, &page),
            Err(error) => problem::answer(error.into(), &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
