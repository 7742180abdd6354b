//! `/welcome/{token}`: somebody has come from an identity provider, and the account does not know them. What they can do about it.

use askama::Template;
use axum::{http::request::Parts, response::Response};
use serde::Deserialize;

use crate::{
    acts::{
        Person, Stop, Visitor,
        sso::{
            Traveller,
            arrivals::{self, View},
            confirming, newcomers,
        },
    },
    rules::{faults::Faults, sign_in::destination, sign_up::Proven, sso::arrival::Way},
    web::{
        again::Again,
        cookies::NewCookies,
        form::{Form, Token},
        front::Front,
        page,
        page::see_other,
        problem,
    },
};

#[derive(Template)]
#[template(path = "sso/welcome.html", blocks = ["title", "main"])]
struct Welcome {
    theme: &'static str,
    path: String,
    account: String,
    idp: String,
    /// The address that the provider says.
    address: String,
    /// The address of who is signed in.
    own: String,
    way: Way,
    draft: Proven,
    /// Where the terms of use stand that are to be accepted.
    terms: Option<String>,
    faults: Faults,
    refused: Option<String>,
    /// Whether a code is on its way.
    is_sent: bool,
    /// What an invitation that they hold gives.
    invitation: Option<String>,
}
page::page!(Welcome);

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Code {
    code: String,
}

fn page_of(visitor: &Visitor, token: &str, view: View, person: Option<&Person>, typed: Option<Proven>, again: Again) -> Welcome {
    let invitation = view.invitation();
    let View { door, arrived, way, .. } = view;
    Welcome {
        invitation,
        theme: "auto",
        path: format!("/welcome/{token}"),
        account: door.account_name,
        idp: door.idp.description,
        draft: typed.unwrap_or_else(|| Proven { name: arrived.said.name(), terms: String::new() }),
        terms: visitor.terms_of_use().map(str::to_owned),
        address: arrived.said.email.unwrap_or_default(),
        own: person.map(|person| person.facts().email.clone()).unwrap_or_default(),
        way,
        faults: again.faults,
        refused: again.refused,
        is_sent: false,
    }
}

/// What the page has to say this time.
struct Said {
    /// What was typed.
    typed: Option<Proven>,
    again: Again,
    /// Whether a code is on its way.
    is_sent: bool,
}

impl Said {
    const fn nothing() -> Self {
        Self { typed: None, again: Again::first(), is_sent: false }
    }
}

async fn say(visitor: &Visitor, front: &Front, parts: &Parts, token: &str, said: Said) -> Response {
    let looked = async {
        let person = visitor.person().await?;
        let view = arrivals::look(visitor, person.as_ref(), token, &front.bound()).await?;
        Ok(Welcome { is_sent: said.is_sent, ..page_of(visitor, token, view, person.as_ref(), said.typed, said.again.clone()) })
    };
    match looked.await {
        Ok(page) => said.again.show(front, &page),
        Err(Stop::Unknown) => problem::lost_on_the_way(),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn show(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    say(&visitor, &front, &parts, &token, Said::nothing()).await
}

pub(super) async fn link(person: Person, visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    let cookies = NewCookies::new();
    match arrivals::link(&person, &token, &front.bound(), &cookies.hashes()).await {
        Ok(next) => {
            front.hand_out(&cookies.session);
            front.go(destination(&next), "You are known by this sign-in from now on.").await
        }
        Err(stop) => stopped(&visitor, &front, &parts, &token, None, stop).await,
    }
}

async fn stopped(visitor: &Visitor, front: &Front, parts: &Parts, token: &str, typed: Option<Proven>, stop: Stop) -> Response {
    match Again::of(stop) {
        Ok(again) => say(visitor, front, parts, token, Said { typed, again, is_sent: false }).await,
        Err(Stop::Unknown) => problem::lost_on_the_way(),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn join(visitor: Visitor, front: Front, Token(token): Token, parts: Parts, Form(draft): Form<Proven>) -> Response {
    match try_to_join(&visitor, &front, &token, &draft).await {
        Ok(next) => see_other(destination(&next)),
        Err(stop) => stopped(&visitor, &front, &parts, &token, Some(draft), stop).await,
    }
}

async fn try_to_join(visitor: &Visitor, front: &Front, token: &str, draft: &Proven) -> Result<String, Stop> {
    let (person, before) = (visitor.person().await?, visitor.holder().await?);
    let cookies = NewCookies::new();
    let (browser, hashes) = (front.bound(), cookies.hashes());
    let traveller = Traveller { browser: &browser, before: before.as_ref(), cookies: &hashes };
    let next = newcomers::join(visitor, person.as_ref(), token, draft, &traveller).await?;
    front.hand_out(&cookies.session);
    Ok(next)
}

pub(super) async fn send_code(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    let sent = async {
        let person = visitor.person().await?;
        confirming::send_code(&visitor, person.as_ref(), &token, &front.bound()).await
    };
    match sent.await {
        Ok(()) => say(&visitor, &front, &parts, &token, Said { is_sent: true, ..Said::nothing() }).await,
        Err(stop) => stopped(&visitor, &front, &parts, &token, None, stop).await,
    }
}

pub(super) async fn confirm(visitor: Visitor, front: Front, Token(token): Token, parts: Parts, Form(typed): Form<Code>) -> Response {
    let confirmed = async {
        let person = visitor.person().await?;
        confirming::confirm(&visitor, person.as_ref(), &token, &front.bound(), &typed.code).await
    };
    match confirmed.await.map_err(Again::of) {
        Ok(()) => see_other(&format!("/welcome/{token}")),
        Err(Ok(again)) => say(&visitor, &front, &parts, &token, Said { again, is_sent: true, typed: None }).await,
        Err(Err(Stop::Unknown)) => problem::lost_on_the_way(),
        Err(Err(stop)) => problem::answer(stop, &parts),
    }
}
