//! `/me`: a person's own profile, and what they did to their own user.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use super::{
    events::{Line, lines, page_from},
    form::{Form, Query, faults_of},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Person, me},
    rules::{
        faults::Faults,
        me::{Draft, Profile, Theme},
        sign_in::destination,
        time::Millis,
        zones::Zone,
    },
};

/// Events on a page.
const PAGE: u16 = 20;

pub(super) fn routes() -> Routes {
    Routes::new().get("/me", show).post("/me", update).post("/me/theme", theme)
}

#[derive(Template)]
#[template(path = "me/profile.html", blocks = ["title", "main"])]
struct Me {
    shell: Shell,
    email: String,
    is_confirmed: bool,
    since: Millis,
    draft: Draft,
    faults: Faults,
    themes: &'static [Theme],
    zones: Vec<String>,
    events: Vec<Line>,
    now: Millis,
    newer: Option<String>,
    older: Option<String>,
}
page::page!(Me);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    before: String,
    after: String,
}

async fn show(person: Person, front: Front, Query(asked): Query<Asked>, parts: Parts) -> Response {
    let draft = Draft {
        name: person.facts().name.clone(),
        theme: person.facts().theme.clone(),
        time_zone: person.facts().time_zone.clone().unwrap_or_default(),
    };
    match profile(&person, &front, &asked, draft, Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(error) => problem::answer(error.into(), &parts),
    }
}

async fn update(person: Person, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let done = match draft.check() {
        Ok(profile) => me::update(&person, &profile).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(faults_of) {
        Ok(()) => front.go("/me", "Saved.").await,
        Err(Ok(faults)) => match profile(&person, &front, &Asked::default(), draft, faults).await {
            Ok(page) => front.show_again(&page),
            Err(error) => problem::answer(error.into(), &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Chosen {
    theme: String,
    next: String,
}

/// The switch in the user's menu: changes the look and stays on the page.
async fn theme(person: Person, parts: Parts, Form(chosen): Form<Chosen>) -> Response {
    let Some(theme) = Theme::parse(&chosen.theme) else {
        return problem::answer(Faults::one("theme", "Choose one of the three.").into(), &parts);
    };
    match me::update(&person, &Profile { name: None, theme: Some(theme), time_zone: None }).await {
        Ok(()) => super::page::see_other(destination(&chosen.next)),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn profile(person: &Person, front: &Front, asked: &Asked, draft: Draft, faults: Faults) -> Result<Me, crate::store::StoreError> {
    let mut reader = person.read();
    let page = page_from(&asked.before, &asked.after);
    let found = reader.own_events(page, i64::from(PAGE) + 1).await?;
    let paged = super::events::paged(found, page, PAGE);
    Ok(Me {
        shell: Shell::of_person(person, front).await,
        email: person.facts().email.clone(),
        is_confirmed: person.facts().email_verified_at.is_some(),
        since: reader.user_since().await?,
        draft,
        faults,
        themes: Theme::ALL,
        zones: Zone::names(),
        newer: paged.newer.map(|seq| format!("/me?after={seq}#activity")),
        older: paged.older.map(|seq| format!("/me?before={seq}#activity")),
        now: person.now(),
        events: lines(paged.rows, ""),
    })
}
