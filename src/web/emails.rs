//! `/me/email` and `/verify-email/{token}`: the own address, confirmed or to be another one.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{
    again::Again,
    cookies::NewCookie,
    form::{Form, Token},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Person, Stop, emails},
    rules::{emails::Draft, faults::Faults, time::Millis},
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/me/email", show)
        .post("/me/email", change)
        .post("/me/email/confirm", send_link)
        .get("/verify-email/{token}", look)
        .post("/verify-email/{token}", confirm)
}

#[derive(Template)]
#[template(path = "emails/change.html", blocks = ["title", "main"])]
struct Change {
    shell: Shell,
    email: String,
    is_confirmed: bool,
    draft: Draft,
    faults: Faults,
    refused: Option<String>,
    /// Whether letters leave this machine.
    is_sending: bool,
    /// The address that waits to be confirmed, and until when it can be.
    pending: Option<(String, Millis)>,
}
page::page!(Change);

async fn page_of(person: &Person, front: &Front, draft: Draft, again: Again) -> Result<Change, Stop> {
    Ok(Change {
        shell: Shell::of_person(person, front).await,
        email: person.facts().email.clone(),
        is_confirmed: person.facts().email_verified_at.is_some(),
        draft,
        faults: again.faults,
        refused: again.refused,
        is_sending: person.sends_letters(),
        pending: person.read().pending_address(person.now()).await?,
    })
}

/// The page, or why there is none.
async fn again_page(person: &Person, front: &Front, parts: &Parts, draft: Draft, again: &Again) -> Response {
    match page_of(person, front, draft, again.clone()).await {
        Ok(page) => again.show(front, &page),
        Err(stop) => problem::answer(stop, parts),
    }
}

async fn show(person: Person, front: Front, parts: Parts) -> Response {
    // Asked now rather than once everything is typed.
    if let Err(stop) = person.demand_factor() {
        return problem::answer(stop, &parts);
    }
    again_page(&person, &front, &parts, Draft::default(), &Again::first()).await
}

async fn change(person: Person, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let done = match draft.check(&person.facts().canonical) {
        Ok(change) => emails::ask_to_change(&person, &change).await.map(|()| change.email),
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(Again::of) {
        Ok(email) => {
            let say = format!("A letter is on its way to {}. Your address changes when you open its link.", email.written());
            front.go("/me/email", &say).await
        }
        Err(Ok(again)) => again_page(&person, &front, &parts, draft, &again).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn send_link(person: Person, front: Front, parts: Parts) -> Response {
    match emails::ask_to_confirm(&person).await.map_err(Again::of) {
        Ok(()) => front.go("/me/email", &format!("A letter is on its way to {}. Open its link.", person.facts().email)).await,
        Err(Ok(again)) => again_page(&person, &front, &parts, Draft::default(), &again).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "emails/confirm.html", blocks = ["title", "main"])]
struct Confirm {
    theme: String,
    path: String,
    name: String,
    /// The address that the person has now.
    own: String,
    /// The one that is confirmed.
    email: String,
    faults: Faults,
}
page::page!(Confirm);

fn confirm_page(person: &Person, front: &Front, email: &str, faults: Faults) -> Confirm {
    let facts = person.facts();
    let (theme, name, own) = (facts.theme.clone(), facts.name.clone(), facts.email.clone());
    Confirm { theme, path: front.path.clone(), name, own, email: email.to_owned(), faults }
}

/// Whoever is not signed in signs in first: the link alone changes nobody's address.
async fn look(person: Person, front: Front, Token(token): Token, parts: Parts) -> Response {
    match emails::look(&person, &token).await {
        Ok(email) => front.show(&confirm_page(&person, &front, email.written(), Faults::none())),
        Err(Stop::Unknown) => problem::used_link(("/me/email", "Go to your address")),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn confirm(person: Person, front: Front, Token(token): Token, parts: Parts) -> Response {
    let email = match emails::look(&person, &token).await {
        Ok(email) => email,
        Err(Stop::Unknown) => return problem::used_link(("/me/email", "Go to your address")),
        Err(stop) => return problem::answer(stop, &parts),
    };
    let cookie = NewCookie::new();
    match emails::confirm(&person, &token, &cookie.hash()).await {
        Ok(email) => {
            front.hand_out(&cookie);
            front.go("/me/email", &format!("{} is confirmed as your address.", email.written())).await
        }
        Err(Stop::Faults(faults)) => front.show_again(&confirm_page(&person, &front, email.written(), faults)),
        Err(Stop::Unknown) => problem::used_link(("/me/email", "Go to your address")),
        Err(stop) => problem::answer(stop, &parts),
    }
}
