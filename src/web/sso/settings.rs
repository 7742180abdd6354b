//! `…/settings/sso`: the account's providers, and who uses them.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use crate::{
    acts::{
        Permit, Stop,
        sso::choices::{self, Preview},
    },
    rules::{
        faults::Faults,
        permissions::may,
        sso::{Choices, Mode},
        time::Millis,
    },
    store::sso::ListedIdpRow,
    web::{
        form::{Form, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

#[derive(Template)]
#[template(path = "sso/list.html", blocks = ["title", "main"])]
struct List {
    shell: Shell,
    slug: String,
    idps: Vec<ListedIdpRow>,
    draft: Choices,
    faults: Faults,
    /// Whom enforcing would keep out, where it is about to be chosen.
    preview: Option<Preview>,
    now: Millis,
}
page::page!(List);

async fn page_of(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    typed: Option<Choices>,
    faults: Faults,
    preview: Option<Preview>,
) -> Result<List, Stop> {
    let chosen = choices::chosen(permit).await?;
    let seen = chosen.word().to_owned();
    let is_told = faults.at("seen").is_some();
    let draft = match typed {
        Some(typed) if is_told => Choices { seen, ..typed },
        Some(typed) => typed,
        None => Choices { mode: seen.clone(), seen, looked: String::new() },
    };
    Ok(List {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        idps: permit.read().listed_idps().await?,
        draft,
        faults,
        preview,
        now: permit.now(),
    })
}

async fn answer(
    permit: &Permit<may::ManageSso>,
    front: &Front,
    parts: &Parts,
    typed: Option<Choices>,
    said: (Faults, Option<Preview>),
) -> Response {
    let is_wrong = !said.0.is_empty();
    match page_of(permit, front, typed, said.0, said.1).await {
        Ok(page) if is_wrong => front.show_again(&page),
        Ok(page) => front.show(&page),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn list(permit: Permit<may::ManageSso>, front: Front, parts: Parts) -> Response {
    answer(&permit, &front, &parts, None, (Faults::none(), None)).await
}

pub(super) async fn choose(permit: Permit<may::ManageSso>, front: Front, parts: Parts, Form(draft): Form<Choices>) -> Response {
    let done = async {
        // Whom it keeps out is seen before it is done.
        let chosen = choices::chosen(&permit).await?;
        if draft.mode == Mode::Enforced.word() && chosen != Mode::Enforced && draft.looked != draft.mode {
            return Ok(Some(choices::preview(&permit).await?));
        }
        choices::choose(&permit, &draft).await.map(|()| None)
    };
    match done.await.map_err(faults_of) {
        Ok(None) => {
            let path = format!("/accounts/{}/settings/sso", permit.account().slug);
            front.go(&path, "Saved. It holds from the next request on, also for whoever is in.").await
        }
        Ok(Some(preview)) => answer(&permit, &front, &parts, Some(draft), (Faults::none(), Some(preview))).await,
        Err(Ok(faults)) => answer(&permit, &front, &parts, Some(draft), (faults, None)).await,
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
