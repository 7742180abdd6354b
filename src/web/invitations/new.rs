//! Inviting somebody, and the link to hand over where letters do not leave this machine.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    acts::{Permit, invitations},
    rules::{
        faults::Faults,
        ids::InvitationId,
        invitations::Draft,
        permissions::{May, may},
    },
    web::{
        choices::RoleChoices,
        form::{Form, Query, faults_of},
        front::Front,
        page, problem,
        shell::Shell,
    },
};

#[derive(Template)]
#[template(path = "invitations/new.html", blocks = ["title", "main"])]
struct New {
    shell: Shell,
    slug: String,
    draft: Draft,
    roles: RoleChoices,
    is_sending: bool,
    faults: Faults,
}
page::page!(New);

async fn page_of(permit: &Permit<may::InviteMembers>, front: &Front, draft: Draft, faults: Faults) -> New {
    New {
        shell: Shell::of_account(permit, front).await,
        slug: permit.account().slug.clone(),
        roles: RoleChoices::new([&draft.developer, &draft.team, &draft.billing, &draft.administrator], permit.roles()),
        is_sending: permit.sends_letters(),
        draft,
        faults,
    }
}

/// An address to begin with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    email: String,
}

pub(super) async fn form(permit: Permit<may::InviteMembers>, front: Front, Query(asked): Query<Asked>) -> Response {
    let draft = Draft { email: asked.email, ..Draft::blank() };
    front.show(&page_of(&permit, &front, draft, Faults::none()).await)
}

pub(super) async fn invite(permit: Permit<may::InviteMembers>, front: Front, parts: Parts, Form(draft): Form<Draft>) -> Response {
    let done = match draft.check() {
        Ok(new) => {
            let address = new.email.to_string();
            invitations::invite(&permit, new).await.map(|sent| (address, sent))
        }
        Err(faults) => Err(faults.into()),
    };
    match done.map_err(faults_of) {
        Ok((address, sent)) => show_sent(&permit, &front, &sent.row.id, &address, sent.link).await,
        Err(Ok(faults)) => front.show_again(&page_of(&permit, &front, draft, faults).await),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}

#[derive(Template)]
#[template(path = "invitations/link.html", blocks = ["title", "main"])]
struct Handover {
    shell: Shell,
    slug: String,
    id: InvitationId,
    address: String,
    link: String,
}
page::page!(Handover);

/// An invitation is on its way by mail: back to the list. Or its link is to be handed over, and is shown this once; the
/// answer itself shows it, for whatever leads to another page would have to keep it somewhere.
pub(super) async fn show_sent<M: May>(
    permit: &Permit<M>,
    front: &Front,
    id: &InvitationId,
    address: &str,
    link: Option<String>,
) -> Response {
    let slug = permit.account().slug.clone();
    let Some(link) = link else {
        return front.go(&format!("/accounts/{slug}/invitations"), &format!("A letter to {address} is on its way.")).await;
    };
    let shell = Shell::of_account(permit, front).await;
    front.show(&Handover { shell, slug, id: id.clone(), address: address.to_owned(), link })
}
