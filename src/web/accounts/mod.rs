//! `/accounts`: the person's accounts, and a new one. An account's overview, details and end stand beside this.

mod delete;
mod overview;
mod settings;

use askama::Template;
use axum::{http::request::Parts, response::Response};

use super::{
    form::{Form, faults_of},
    front::Front,
    page, problem,
    routes::Routes,
    shell::Shell,
};
use crate::{
    acts::{Person, Stop, accounts},
    rules::{accounts::NewDraft, faults::Faults, time::Millis},
    store::AccountOfUser,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .get("/accounts", list)
        .get("/accounts/menu", menu)
        .get("/accounts/new", ask)
        .post("/accounts/new", create)
        .get("/accounts/{slug}", overview::overview)
        .get("/accounts/{slug}/settings", settings::settings)
        .post("/accounts/{slug}/settings", settings::update)
        .get("/accounts/{slug}/delete", delete::ask)
        .post("/accounts/{slug}/delete", delete::delete)
}

#[derive(Template)]
#[template(path = "accounts/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    accounts: Vec<AccountOfUser>,
    may_create: bool,
    now: Millis,
}
page::page!(List);

async fn list(person: Person, front: Front, parts: Parts) -> Response {
    match own(&person).await {
        Ok((accounts, may_create)) => {
            front.show(&List { shell: Shell::of_person(&person, &front).await, accounts, may_create, now: person.now() })
        }
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn own(person: &Person) -> Result<(Vec<AccountOfUser>, bool), Stop> {
    Ok((person.read().own_accounts().await?, accounts::may_create(person).await?))
}

/// The switcher's list, which its menu asks for when it is opened.
#[derive(Template)]
#[template(path = "accounts/menu.html", blocks = ["title", "main"])]
struct Menu {
    shell: Shell,
    accounts: Vec<AccountOfUser>,
    may_create: bool,
}
page::page!(Menu);

async fn menu(person: Person, front: Front, parts: Parts) -> Response {
    let front = front.silent();
    match own(&person).await {
        Ok((accounts, may_create)) => front.show(&Menu { shell: Shell::of_person(&person, &front).await, accounts, may_create }),
        Err(stop) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "accounts/new.html", blocks = ["title", "main"])]
struct New {
    shell: Shell,
    may_create: bool,
    slug_hint: String,
    draft: NewDraft,
    faults: Faults,
}
page::page!(New);

async fn new_page(person: &Person, front: &Front, draft: NewDraft, faults: Faults) -> Result<New, Stop> {
    let may_create = accounts::may_create(person).await?;
    let slug_hint = format!("Behind {}/accounts/ in every address. Empty for what the name suggests.", front.base_url);
    Ok(New { shell: Shell::of_person(person, front).await, may_create, slug_hint, draft, faults })
}

async fn ask(person: Person, front: Front, parts: Parts) -> Response {
    match new_page(&person, &front, NewDraft::default(), Faults::none()).await {
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, &parts),
    }
}

async fn create(person: Person, front: Front, parts: Parts, Form(draft): Form<NewDraft>) -> Response {
    let done = match draft.check() {
        Ok(new) => accounts::create(&person, &new).await,
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(faults_of) {
        Ok(slug) => front.go(&format!("/accounts/{slug}"), "The account is there. Invite who belongs to it.").await,
        Err(Ok(faults)) => match new_page(&person, &front, draft, faults).await {
            Ok(page) => front.show_again(&page),
            Err(stop) => problem::answer(stop, &parts),
        },
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
