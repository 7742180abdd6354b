//! `/password/forgot`, `/password/reset/{token}`, and the own password under `/me/security`.

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
    social::Logins,
};
use crate::{
    acts::{Person, Stop, Visitor, passwords, sso},
    rules::{
        addresses::Email,
        faults::Faults,
        passwords::{Draft, Forgotten, MIN_CHARACTERS},
        time::Millis,
    },
    store::sso::identities::OwnIdentityRow,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/password/forgot", ask)
        .post("/password/forgot", forget)
        .get("/password/reset/{token}", choose)
        .post("/password/reset/{token}", reset)
        .get("/me/security", security)
        .post("/me/security/password", change)
}

#[derive(Template)]
#[template(path = "passwords/forgot.html", blocks = ["title", "main"])]
struct Forgot {
    theme: &'static str,
    draft: Forgotten,
    faults: Faults,
    refused: Option<String>,
    /// Where the letter went, once it is on its way; it says so whoever has the address.
    sent: Option<String>,
    /// Whether letters leave this machine.
    is_sending: bool,
}
page::page!(Forgot);

impl Forgot {
    fn new(visitor: &Visitor, draft: Forgotten, again: Again) -> Self {
        let is_sending = visitor.sends_letters();
        Self { theme: "auto", draft, faults: again.faults, refused: again.refused, sent: None, is_sending }
    }
}

async fn ask(visitor: Visitor, front: Front) -> Response {
    front.show(&Forgot::new(&visitor, Forgotten::default(), Again::first()))
}

async fn forget(visitor: Visitor, front: Front, parts: Parts, Form(draft): Form<Forgotten>) -> Response {
    let done = match draft.check() {
        Ok(email) => passwords::forget(&visitor, &email).await.map(|()| email),
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(Again::of) {
        Ok(email) => {
            let page = Forgot::new(&visitor, draft, Again::first());
            front.show(&Forgot { sent: Some(email.written().to_owned()), ..page })
        }
        Err(Ok(again)) => again.show(&front, &Forgot::new(&visitor, draft, again.clone())),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "passwords/reset.html", blocks = ["title", "main"])]
struct Reset {
    theme: &'static str,
    path: String,
    email: String,
    faults: Faults,
    refused: Option<String>,
    password_hint: String,
}
page::page!(Reset);

impl Reset {
    fn new(front: &Front, email: &Email, again: Again) -> Self {
        Self {
            theme: "auto",
            path: front.path.clone(),
            email: email.written().to_owned(),
            faults: again.faults,
            refused: again.refused,
            password_hint: hint(),
        }
    }
}

/// What is said beside the field of a password to be.
pub(super) fn hint() -> String {
    format!("At least {MIN_CHARACTERS} characters. Four random words work well.")
}

async fn choose(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match passwords::look(&visitor, &token).await {
        Ok(email) => front.show(&Reset::new(&front, &email, Again::first())),
        Err(Stop::Unknown) => problem::used_link(("/password/forgot", "Ask for a new link")),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn reset(visitor: Visitor, front: Front, Token(token): Token, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let email = match passwords::look(&visitor, &token).await {
        Ok(email) => email,
        Err(Stop::Unknown) => return problem::used_link(("/password/forgot", "Ask for a new link")),
        Err(stop) => return problem::answer(stop, &parts),
    };
    let done = match draft.check_new() {
        Ok(password) => passwords::reset(&visitor, &token, &password).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(Again::of) {
        Ok(()) => page::see_other("/login?why=password_changed"),
        Err(Ok(again)) => again.show(&front, &Reset::new(&front, &email, again.clone())),
        Err(Err(Stop::Unknown)) => problem::used_link(("/password/forgot", "Ask for a new link")),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "passwords/security.html", blocks = ["title", "main"])]
struct Security {
    shell: Shell,
    email: String,
    faults: Faults,
    refused: Option<String>,
    password_hint: String,
    /// Since when there is a second factor.
    factor_since: Option<Millis>,
    /// How many recovery codes are unused.
    codes_left: i64,
    now: Millis,
    social: Logins,
    /// Who they are at identity providers of their accounts.
    identities: Vec<OwnIdentityRow>,
}
page::page!(Security);

async fn page_of(person: &Person, front: &Front, again: Again) -> Security {
    let factor_since = person.facts().factor_since;
    // Whoever cannot be told how many are left is told that none are.
    let codes_left = if factor_since.is_some() { person.read().recovery_codes_left().await.unwrap_or(0) } else { 0 };
    Security {
        factor_since,
        codes_left,
        now: person.now(),
        social: Logins::of(person).await,
        // Whoever cannot be told is told of none.
        identities: sso::own_identities(person).await.unwrap_or_default(),
        shell: Shell::of_person(person, front).await,
        email: person.facts().email.clone(),
        faults: again.faults,
        refused: again.refused,
        password_hint: hint(),
    }
}

async fn security(person: Person, front: Front) -> Response {
    front.show(&page_of(&person, &front, Again::first()).await)
}

async fn change(person: Person, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    match try_to_change(&person, &front, &draft).await.map_err(Again::of) {
        Ok(0) => front.go("/me/security", "Your password is changed.").await,
        Ok(1) => front.go("/me/security", "Your password is changed, and your other session has ended.").await,
        Ok(count) => front.go("/me/security", &format!("Your password is changed, and your {count} other sessions have ended.")).await,
        Err(Ok(again)) => again.show(&front, &page_of(&person, &front, again.clone()).await),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn try_to_change(person: &Person, front: &Front, draft: &Draft) -> Result<usize, Stop> {
    let (current, new) = draft.check()?;
    let cookie = NewCookie::new();
    let count = passwords::change(person, &current, &new, &cookie.hash()).await?;
    front.hand_out(&cookie);
    Ok(count)
}
