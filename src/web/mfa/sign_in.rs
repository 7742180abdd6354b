//! `/login/mfa`: the code after the password.

use askama::Template;
use axum::{http::request::Parts, response::Response};

use crate::{
    acts::{Stop, Visitor, mfa},
    rules::{faults::Faults, mfa::Draft, sign_in::destination},
    web::{
        again::Again,
        cookies::NewCookies,
        form::{Form, Next, Query},
        front::Front,
        page,
        page::see_other,
        problem,
    },
};

#[derive(Template)]
#[template(path = "mfa/sign_in.html", blocks = ["title", "main"])]
struct Ask {
    theme: &'static str,
    email: String,
    draft: Draft,
    faults: Faults,
    refused: Option<String>,
}
page::page!(Ask);

pub(super) async fn show(visitor: Visitor, front: Front, Query(asked): Query<Next>, parts: Parts) -> Response {
    ask(&visitor, &front, &parts, Draft { next: asked.next, ..Draft::default() }, Again::first()).await
}

async fn ask(visitor: &Visitor, front: &Front, parts: &Parts, draft: Draft, again: Again) -> Response {
    match mfa::half(visitor).await {
        Ok(Some(email)) => {
            let email = email.written().to_owned();
            let page = Ask { theme: "auto", email, draft, faults: again.faults.clone(), refused: again.refused.clone() };
            again.show(front, &page)
        }
        Ok(None) => see_other(&page::with_next("/login", &draft.next)),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn enter(visitor: Visitor, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    match try_to_enter(&visitor, &front, &draft).await.map_err(Again::of) {
        Ok(()) => see_other(destination(&draft.next)),
        Err(Ok(again)) => ask(&visitor, &front, &parts, draft, again).await,
        Err(Err(Stop::SignIn)) => see_other(&page::with_next("/login", &draft.next)),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

async fn try_to_enter(visitor: &Visitor, front: &Front, draft: &Draft) -> Result<(), Stop> {
    let cookies = NewCookies::new();
    mfa::enter(visitor, &draft.check()?, &cookies.hashes()).await?;
    front.hand_out_all(&cookies);
    Ok(())
}
