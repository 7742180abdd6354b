//! The second factor: setting it up, its recovery codes, and doing without it again. Giving it at sign-in stands in [`sign_in`].

mod sign_in;

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{again::Again, form::Form, front::Front, page, page::see_other, problem, routes::Routes, shell::Shell};
use crate::{
    acts::{Person, Stop, mfa, mfa::Offer, sessions},
    rules::{faults::Faults, mfa::Draft},
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/login/mfa", sign_in::show)
        .post("/login/mfa", sign_in::enter)
        .post("/me/security/factor", offer)
        .get("/me/security/factor", set_up)
        .post("/me/security/factor/confirm", confirm)
        .get("/me/security/factor/remove", ask_remove)
        .post("/me/security/factor/remove", remove)
        .get("/me/security/recovery-codes", ask_renew)
        .post("/me/security/recovery-codes", renew)
}

#[derive(Template)]
#[template(path = "mfa/set_up.html", blocks = ["title", "main"])]
struct SetUp {
    shell: Shell,
    offer: Offer,
    faults: Faults,
    refused: Option<String>,
}
page::page!(SetUp);

async fn offer(person: Person, parts: Parts) -> Response {
    match mfa::offer(&person).await {
        Ok(()) => see_other("/me/security/factor"),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn set_up(person: Person, front: Front, parts: Parts) -> Response {
    show_offer(&person, &front, &parts, Again::first()).await
}

async fn show_offer(person: &Person, front: &Front, parts: &Parts, again: Again) -> Response {
    match mfa::offered(person).await {
        Ok(Some(offer)) => {
            let shell = Shell::of_person(person, front).await;
            let page = SetUp { shell, offer, faults: again.faults.clone(), refused: again.refused.clone() };
            again.show(front, &page)
        }
        Ok(None) => front.go("/me/security", "There is no second factor to confirm. Begin once more.").await,
        Err(stop) => problem::answer(stop, parts),
    }
}

async fn confirm(person: Person, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let done = match draft.check() {
        Ok(code) => mfa::confirm(&person, &code).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(Again::of) {
        Ok(codes) => show_codes(&person, &front, &parts, codes, true).await,
        Err(Ok(again)) => show_offer(&person, &front, &parts, again).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "mfa/codes.html", blocks = ["title", "main"])]
struct Codes {
    shell: Shell,
    codes: Vec<String>,
    /// The same as a text to copy.
    text: String,
    /// The same as a file.
    file: String,
    /// Whether they come with a factor that was set up just now.
    is_first: bool,
}
page::page!(Codes);

/// The recovery codes, once, under a new cookie: the session is worth more than the old one was.
async fn show_codes(person: &Person, front: &Front, parts: &Parts, codes: Vec<String>, is_first: bool) -> Response {
    let rotated = async { sessions::rotate(person, &front.new_cookie(person.now().0).await?).await };
    if let Err(stop) = rotated.await {
        return problem::answer(stop, parts);
    }
    let text = format!("Frontdesk recovery codes of {}\n\n{}\n", person.facts().email, codes.join("\n"));
    let file =
        format!("data:text/plain;charset=utf-8,{}", percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC));
    front.show(&Codes { shell: Shell::of_person(person, front).await, text: codes.join("\n"), codes, file, is_first })
}

#[derive(Template)]
#[template(path = "mfa/remove.html", blocks = ["title", "main"])]
struct Remove {
    shell: Shell,
}
page::page!(Remove);

async fn ask_remove(person: Person, front: Front, parts: Parts) -> Response {
    match person.demand_fresh() {
        Ok(()) => front.show(&Remove { shell: Shell::of_person(&person, &front).await }),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn remove(person: Person, front: Front, parts: Parts) -> Response {
    let removed = async {
        mfa::remove(&person).await?;
        sessions::rotate(&person, &front.new_cookie(person.now().0).await?).await
    };
    match removed.await {
        Ok(()) => front.go("/me/security", "Your second factor is removed. Your password alone opens your user now.").await,
        Err(stop) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "mfa/renew.html", blocks = ["title", "main"])]
struct Renew {
    shell: Shell,
    left: i64,
}
page::page!(Renew);

async fn ask_renew(person: Person, front: Front, parts: Parts) -> Response {
    let left = async {
        person.demand_fresh()?;
        Ok::<_, Stop>(person.read().recovery_codes_left().await?)
    };
    match left.await {
        Ok(left) => front.show(&Renew { shell: Shell::of_person(&person, &front).await, left }),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn renew(person: Person, front: Front, parts: Parts) -> Response {
    match mfa::renew_codes(&person).await {
        Ok(codes) => show_codes(&person, &front, &parts, codes, false).await,
        Err(stop) => problem::answer(stop, &parts),
    }
}
