//! Problem pages of somebody signed in stand in their shell: with their look, and the menu that leads on. Whoever makes the
//! page need not know; this puts the shell around it on its way out.

use askama::{Template, filters::Safe};
#[expect(clippy::disallowed_types, reason = "a middleware finds out by itself who is asking")]
use axum::extract::State;
use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    middleware::Next,
    response::Response,
};

use super::{
    Site,
    front::Front,
    page,
    page::{Fragment, render, wants_fragment},
    permit::caller,
    shell::Shell,
};
use crate::{
    acts::{Permit, Person},
    rules::permissions::may,
};

#[derive(Template)]
#[template(path = "problem_in_shell.html", blocks = ["title", "main"])]
struct Framed {
    shell: Shell,
    title: String,
    main: Safe<String>,
}
page::page!(Framed);

#[expect(clippy::disallowed_types, reason = "a middleware finds out by itself who is asking")]
pub(super) async fn problems(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(fragment) = response.extensions().get::<Fragment>().cloned() else { return response };
    if wants_fragment(&asked.headers) {
        return response;
    }
    let Some(shell) = Box::pin(shell(&mut asked, &site)).await else { return response };
    let framed = render(&Framed { shell, title: fragment.title, main: Safe(fragment.main) }, false, response.status());
    // Everything that the answer says besides its page stays: when to come back, where not to look again.
    let (mut head, _) = response.into_parts();
    head.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(head, framed.into_body())
}

/// The shell of whoever asks: of the account that the path names, if they may be there, or their own.
async fn shell(parts: &mut Parts, site: &Site) -> Option<Shell> {
    let front = Front::from_request_parts(parts, site).await.ok()?.silent();
    let caller = caller(parts, site).await.ok()?;
    let slug = parts.uri.path().strip_prefix("/accounts/").and_then(|rest| rest.split('/').next());
    let mut shell = None;
    if let Some(slug) = slug
        && let Ok(permit) = Permit::<may::ViewAccount>::ask(&site.app, caller.clone(), slug).await
    {
        shell = Some(Shell::of_account(&permit, &front).await);
    }
    if shell.is_none() {
        let person = Person::ask(&site.app, caller).await.ok()?;
        shell = Some(Shell::of_person(&person, &front).await);
    }
    // The page that is not there is no place to come back to.
    shell.map(|shell| Shell { here: "/accounts".to_owned(), path: String::new(), ..shell })
}
