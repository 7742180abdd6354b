//! `/prove`: somebody signed in proves again who they are, and goes on where they were.

use askama::Template;
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
    social::Ways,
};
use crate::{
    acts::{
        Person, Stop, Visitor,
        proofs::{self, Given},
        sso::door,
    },
    rules::{faults::Faults, gate::Step, ids::IdpId, mfa::Code, passwords, proofs::Draft, sign_in::destination},
};

pub(super) fn routes() -> Routes {
    Routes::new().get("/prove", show).post("/prove", prove)
}

#[derive(Template)]
#[template(path = "proofs/prove.html", blocks = ["title", "main"])]
struct Prove {
    theme: String,
    email: String,
    /// Whether a code is asked for, and not the password.
    by_code: bool,
    draft: Draft,
    faults: Faults,
    refused: Option<String>,
    social: Ways,
}
page::page!(Prove);

impl Prove {
    async fn new(person: &Person, draft: Draft, again: Again) -> Self {
        let social = Ways::to_prove(person, &draft.next).await;
        let facts = person.facts();
        let (email, by_code) = (facts.email.clone(), facts.factor_since.is_some());
        Self { theme: facts.theme.clone(), email, by_code, draft, faults: again.faults, refused: again.refused, social }
    }
}

#[derive(Template)]
#[template(path = "proofs/provider.html", blocks = ["title", "main"])]
struct ByProvider {
    theme: &'static str,
    next: String,
    /// The providers of the account that one may go to: id, and what people see.
    doors: Vec<(IdpId, String)>,
    /// Whether they have something stronger, of their own.
    has_own: bool,
}
page::page!(ByProvider);

async fn show(visitor: Visitor, front: Front, Query(asked): Query<Next>, parts: Parts) -> Response {
    match Person::of(&visitor).await {
        Ok(person) => {
            let draft = Draft { next: asked.next, ..Draft::default() };
            front.show(&Prove::new(&person, draft, Again::first()).await)
        }
        // Whoever has nothing of their own is asked anew by the provider that they came by.
        Err(Stop::Step(Step::OwnProof)) => match by_provider(&visitor, asked.next).await {
            Ok(page) => front.show(&page),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn by_provider(visitor: &Visitor, next: String) -> Result<ByProvider, Stop> {
    let holder = visitor.holder().await?.ok_or(Stop::SignIn)?;
    let mut doors = Vec::new();
    for idp in holder.providers() {
        let found = door::provider(visitor, &idp).await?;
        doors.push((idp, found.idp.description));
    }
    if doors.is_empty() {
        return Err(Stop::Step(Step::OwnProof));
    }
    Ok(ByProvider { theme: "auto", next, doors, has_own: holder.has_own() })
}

async fn prove(person: Person, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    match try_to_prove(&person, &front, &draft).await.map_err(Again::of) {
        Ok(()) => see_other(destination(&draft.next)),
        Err(Ok(again)) => again.show(&front, &Prove::new(&person, draft, again.clone()).await),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn try_to_prove(person: &Person, front: &Front, draft: &Draft) -> Result<(), Stop> {
    let fault = |field, message| Stop::from(Faults::one(field, message));
    let given = if person.facts().factor_since.is_some() {
        Given::Code(Code::parse(&draft.code).map_err(|message| fault("code", message))?)
    } else {
        Given::Password(passwords::proof(&draft.password).map_err(|message| fault("password", message))?)
    };
    let cookie = NewCookie::new();
    proofs::prove(person, given, &cookie.hash()).await?;
    front.hand_out(&cookie);
    Ok(())
}
