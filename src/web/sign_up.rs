//! `/signup`: becoming a user without an invitation, where the instance lets people.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{
    again::Again,
    cookies::NewCookies,
    form::{Form, Token},
    front::Front,
    page,
    page::with_next,
    passwords::hint,
    problem,
    routes::Routes,
};
use crate::{
    acts::{Stop, Visitor, sign_up},
    rules::{
        addresses::Email,
        faults::Faults,
        sign_up::{Draft, SignUp},
    },
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/signup", ask).post("/signup", send).get("/signup/{token}", choose).post("/signup/{token}", enter)
}

#[derive(Template)]
#[template(path = "sign_up/ask.html", blocks = ["title", "main"])]
struct Ask {
    theme: &'static str,
    draft: Draft,
    faults: Faults,
    refused: Option<String>,
    /// Where the letter went, once it is on its way; it says so whoever has the address.
    sent: Option<String>,
    /// Whether letters leave this machine.
    is_sending: bool,
}
page::page!(Ask);

impl Ask {
    fn new(visitor: &Visitor, draft: Draft, again: Again) -> Self {
        let is_sending = visitor.sends_letters();
        Self { theme: "auto", draft, faults: again.faults, refused: again.refused, sent: None, is_sending }
    }
}

async fn ask(visitor: Visitor, front: Front, parts: Parts) -> Response {
    if !sign_up::is_open(&visitor) {
        return problem::answer(Stop::Unknown, &parts);
    }
    front.show(&Ask::new(&visitor, Draft::default(), Again::first()))
}

async fn send(visitor: Visitor, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let done = match draft.check() {
        _ if !sign_up::is_open(&visitor) => Err(Stop::Unknown),
        Ok(email) => sign_up::ask(&visitor, &email).await.map(|()| email),
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(Again::of) {
        Ok(email) => {
            let page = Ask::new(&visitor, draft, Again::first());
            front.show(&Ask { sent: Some(email.written().to_owned()), ..page })
        }
        Err(Ok(again)) => again.show(&front, &Ask::new(&visitor, draft, again.clone())),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "sign_up/new.html", blocks = ["title", "main"])]
struct New {
    theme: &'static str,
    path: String,
    email: String,
    draft: SignUp,
    faults: Faults,
    refused: Option<String>,
    password_hint: String,
    /// Where the terms of use stand that are to be accepted.
    terms: Option<String>,
}
page::page!(New);

impl New {
    fn of(visitor: &Visitor, front: &Front, email: &Email, draft: SignUp, again: Again) -> Self {
        Self {
            theme: "auto",
            path: front.path.clone(),
            email: email.written().to_owned(),
            draft,
            faults: again.faults,
            refused: again.refused,
            password_hint: hint(),
            terms: visitor.terms_of_use().map(str::to_owned),
        }
    }
}

async fn choose(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match sign_up::look(&visitor, &token).await {
        Ok(email) => front.show(&New::of(&visitor, &front, &email, SignUp::default(), Again::first())),
        Err(Stop::Unknown) if sign_up::is_open(&visitor) => problem::used_link(("/signup", "Ask for a new link")),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn enter(visitor: Visitor, front: Front, Token(token): Token, parts: Parts, Form(draft): Form<SignUp>) -> Response {
    let email = match sign_up::look(&visitor, &token).await {
        Ok(email) => email,
        Err(Stop::Unknown) if sign_up::is_open(&visitor) => return problem::used_link(("/signup", "Ask for a new link")),
        Err(stop) => return problem::answer(stop, &parts),
    };
    match try_to_enter(&visitor, &front, &token, &draft).await.map_err(Again::of) {
        Ok(()) => front.go(&with_next("/me/security/factor", "/accounts"), "Welcome. You are a user of this Frontdesk now.").await,
        Err(Ok(again)) => again.show(&front, &New::of(&visitor, &front, &email, draft, again.clone())),
        Err(Err(Stop::Unknown)) => problem::used_link(("/signup", "Ask for a new link")),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn try_to_enter(visitor: &Visitor, front: &Front, token: &str, draft: &SignUp) -> Result<(), Stop> {
    let new = draft.check(visitor.terms_of_use())?;
    // A browser holds one session.
    let before = visitor.holder().await?;
    let cookies = NewCookies::new();
    sign_up::sign_up(visitor, token, &new, before.as_ref(), &cookies.hashes()).await?;
    front.hand_out_all(&cookies);
    Ok(())
}
