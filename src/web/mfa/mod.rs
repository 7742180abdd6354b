//! The second factor: setting it up, its recovery codes, and doing without it again. Giving it at sign-in stands in [`sign_in`].

mod sign_in;

use askama::{Template, filters::Safe};
use axum::{http::request::Parts, response::Response};

use super::{
    again::Again,
    cookies::NewCookie,
    form::{Form, Next, Query},
    front::Front,
    page,
    page::see_other,
    problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Person, Stop, mfa, mfa::Offer},
    rules::{faults::Faults, mfa::Confirmation, sign_in::destination},
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

/// Nobody has a secret yet: what a second factor is, and a button to begin.
#[derive(Template)]
#[template(path = "mfa/begin.html", blocks = ["title", "main"])]
struct Begin {
    shell: Shell,
    next: String,
    /// Where whoever does not want to is led.
    later: String,
    /// Whether an account demands it.
    is_demanded: bool,
    faults: Faults,
    refused: Option<String>,
}
page::page!(Begin);

#[derive(Template)]
#[template(path = "mfa/set_up.html", blocks = ["title", "main"])]
struct SetUp {
    shell: Shell,
    secret: String,
    picture: Safe<String>,
    is_mailed: bool,
    next: String,
    faults: Faults,
    refused: Option<String>,
}
page::page!(SetUp);

/// Where to go on once there is a factor.
fn onward(next: &str) -> &str {
    if next.is_empty() { "/me/security" } else { destination(next) }
}

async fn offer(person: Person, parts: Parts, Form(asked): Form<Next>) -> Response {
    match mfa::offer(&person).await {
        Ok(()) => see_other(&page::with_next("/me/security/factor", &asked.next)),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn set_up(person: Person, front: Front, Query(asked): Query<Next>, parts: Parts) -> Response {
    if person.facts().factor_since.is_some() {
        return see_other(onward(&asked.next));
    }
    show_offer(&person, &front, &parts, asked.next, Again::first()).await
}

async fn show_offer(person: &Person, front: &Front, parts: &Parts, next: String, again: Again) -> Response {
    let shell = Shell::of_person(person, front).await;
    let (faults, refused) = (again.faults.clone(), again.refused.clone());
    match mfa::offered(person).await {
        Ok(Some(Offer { secret, picture, is_mailed })) => {
            again.show(front, &SetUp { shell, secret, picture: Safe(picture), is_mailed, next, faults, refused })
        }
        Ok(None) => match mfa::is_demanded(person).await {
            Ok(is_demanded) => again.show(front, &Begin { shell, later: onward(&next).to_owned(), next, is_demanded, faults, refused }),
            Err(stop) => problem::answer(stop, parts),
        },
        Err(stop) => problem::answer(stop, parts),
    }
}

async fn confirm(person: Person, front: Front, parts: Parts, Form(typed): Form<Confirmation>) -> Response {
    let cookie = NewCookie::new();
    match mfa::confirm(&person, &typed, &cookie.hash()).await.map_err(Again::of) {
        Ok(codes) => show_codes(&person, &front, cookie, codes, Some(onward(&typed.next))).await,
        Err(Ok(again)) => show_offer(&person, &front, &parts, typed.next, again).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "mfa/codes.html", blocks = ["title", "main"])]
struct Shown {
    shell: Shell,
    codes: Vec<String>,
    /// The same as a text to copy.
    text: String,
    /// The same as a file.
    file: String,
    /// Whether they come with a factor that was set up just now.
    is_first: bool,
    next: String,
}
page::page!(Shown);

/// The recovery codes, once, under a new cookie: the session is worth more than the old one was.
async fn show_codes(person: &Person, front: &Front, cookie: NewCookie, codes: Vec<String>, first: Option<&str>) -> Response {
    front.hand_out(&cookie);
    let text = format!("Frontdesk recovery codes of {}\n\n{}\n", person.facts().email, codes.join("\n"));
    let file =
        format!("data:text/plain;charset=utf-8,{}", percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC));
    front.show(&Shown {
        shell: Shell::of_person(person, front).await,
        text: codes.join("\n"),
        codes,
        file,
        is_first: first.is_some(),
        next: first.unwrap_or("/me/security").to_owned(),
    })
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
    let cookie = NewCookie::new();
    match mfa::remove(&person, &cookie.hash()).await {
        Ok(_) => {
            front.hand_out(&cookie);
            front.go("/me/security", "Your second factor is removed. Your password alone opens your user now.").await
        }
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
    let cookie = NewCookie::new();
    match mfa::renew_codes(&person, &cookie.hash()).await {
        Ok(codes) => show_codes(&person, &front, cookie, codes, None).await,
        Err(stop) => problem::answer(stop, &parts),
    }
}
