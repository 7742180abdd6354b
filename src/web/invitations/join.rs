//! `/invitations/{token}`: what whoever holds a link sees. One page, designed for every state that the link can be in. Looking
//! changes nothing, and the first form on it leads to signing in, so that programs which open links and press buttons
//! leave the invitation as it is.

use askama::Template;
use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};

use crate::{
    acts::{Person, Stop, Visitor, invitations::join, sso::door},
    rules::{
        faults::Faults,
        invitations::{Ended, Holder, Offer},
        members::Billing,
        sign_up::SignUp,
        time::Millis,
        zones::Zone,
    },
    store::sso::DoorRow,
    web::{
        again::Again,
        cookies::NewCookies,
        form::{Form, Token},
        front::Front,
        page,
        page::{see_other, with_next},
        passwords::hint,
        problem,
        social::Ways,
    },
};

/// What the page is about.
enum Scene {
    /// Somebody who is not signed in may sign in or sign up.
    Visitor(Offer),
    /// The invited person may accept.
    Invited(Offer),
    /// Somebody signed in with the invited address, which they have not proven.
    Unproven,
    /// Somebody else is signed in.
    SomebodyElse,
    /// The invited person is in already.
    Member,
    /// The link leads nowhere.
    Ended(Ended),
}

#[derive(Template)]
#[template(path = "invitations/join.html", blocks = ["title", "main"])]
struct Join {
    theme: String,
    title: String,
    path: String,
    account: String,
    slug: String,
    address: String,
    /// The network address that whoever looks comes from.
    from: String,
    /// Who invites, as they are called.
    inviter: String,
    until: Millis,
    zone: Zone,
    /// Whether letters leave this machine.
    is_sending: bool,
    /// The address of who is signed in.
    own: String,
    scene: Scene,
    draft: SignUp,
    faults: Faults,
    /// Why nothing was checked.
    refused: Option<String>,
    password_hint: String,
    /// Where the terms of use stand that are to be accepted.
    terms: Option<String>,
    social: Ways,
    /// The account's identity providers.
    doors: Vec<DoorRow>,
}
page::page!(Join);

impl Join {
    fn status(&self) -> StatusCode {
        match self.scene {
            // What may be otherwise tomorrow.
            Scene::Ended(Ended::Full | Ended::InviterMayNot | Ended::Domain) => StatusCode::CONFLICT,
            Scene::Ended(Ended::Elsewhere) => StatusCode::FORBIDDEN,
            Scene::Ended(_) => StatusCode::GONE,
            _ => StatusCode::OK,
        }
    }

    /// What somebody who joins can do, in sentences.
    fn rights(offer: Offer) -> Vec<&'static str> {
        let roles = offer.roles;
        if roles.administrator {
            return vec!["Can do everything, also change settings and who is an administrator."];
        }
        let mut sentences = vec![roles.developer.sentence(), roles.team.sentence()];
        if roles.billing == Billing::Access {
            sentences.push(roles.billing.sentence());
        }
        sentences
    }
}

async fn page_of(visitor: &Visitor, token: &str, typed: (SignUp, Faults)) -> Result<Join, Stop> {
    let person = visitor.person().await?;
    let view = join::look(visitor, person.as_ref(), token).await?;
    let scene = match (view.is_member, view.offer, view.holder) {
        (true, _, _) => Scene::Member,
        (_, Err(ended), _) => Scene::Ended(ended),
        (_, Ok(offer), Holder::Visitor) => Scene::Visitor(offer),
        (_, Ok(offer), Holder::Invited) => Scene::Invited(offer),
        (_, Ok(_), Holder::Unproven) => Scene::Unproven,
        (_, Ok(_), Holder::SomebodyElse) => Scene::SomebodyElse,
    };
    let link = view.link;
    let doors = door::providers(visitor, &link.slug).await?;
    let inviter = match &link.inviter_email {
        Some(email) => format!("{} ({email})", link.inviter_name),
        None => link.inviter_name.clone(),
    };
    let title = match scene {
        Scene::Member => format!("You are in {} already", link.account_name),
        Scene::Ended(ended) => ended.label().to_owned(),
        Scene::SomebodyElse => "This invitation is for somebody else".to_owned(),
        _ => format!("Join {}", link.account_name),
    };
    Ok(Join {
        theme: person.as_ref().map_or_else(|| "auto".to_owned(), |person| person.facts().theme.clone()),
        doors,
        social: Ways::new(visitor, "Join with", &format!("/invitations/{token}")),
        path: format!("/invitations/{token}"),
        title,
        account: link.account_name,
        slug: link.slug,
        address: link.address,
        from: visitor.address().to_string(),
        inviter,
        until: link.expires_at,
        zone: person.as_ref().map_or_else(Zone::utc, Person::zone),
        is_sending: visitor.sends_letters(),
        own: person.map(|person| person.facts().email.clone()).unwrap_or_default(),
        scene,
        draft: typed.0,
        faults: typed.1,
        refused: None,
        password_hint: hint(),
        terms: visitor.terms_of_use().map(str::to_owned),
    })
}

pub(super) async fn look(visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match page_of(&visitor, &token, (SignUp::default(), Faults::none())).await {
        Ok(page) => front.show_as(page.status(), &page),
        Err(Stop::Unknown) => problem::no_such_link(),
        Err(stop) => problem::answer(stop, &parts),
    }
}

/// The page again, with what stopped the deed.
async fn again(visitor: &Visitor, front: &Front, token: &str, draft: SignUp, stop: Stop, parts: &Parts) -> Response {
    let again = match Again::of(stop) {
        Ok(again) => again,
        Err(Stop::Unknown) => return problem::no_such_link(),
        Err(stop) => return problem::answer(stop, parts),
    };
    match page_of(visitor, token, (draft, again.faults.clone())).await {
        Ok(page) => again.show(front, &Join { refused: again.refused.clone(), ..page }),
        Err(stop) => problem::answer(stop, parts),
    }
}

pub(super) async fn accept(person: Person, visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match join::accept(&person, &token).await {
        Ok(slug) => front.go(&format!("/accounts/{slug}"), "Welcome. You are a member now.").await,
        Err(stop) => again(&visitor, &front, &token, SignUp::default(), stop, &parts).await,
    }
}

pub(super) async fn decline(person: Person, visitor: Visitor, front: Front, Token(token): Token, parts: Parts) -> Response {
    match join::decline(&person, &token).await {
        Ok(()) => front.go("/accounts", "Declined. Whoever invited you sees it in the list of invitations.").await,
        Err(stop) => again(&visitor, &front, &token, SignUp::default(), stop, &parts).await,
    }
}

pub(super) async fn sign_up(visitor: Visitor, front: Front, Token(token): Token, parts: Parts, Form(draft): Form<SignUp>) -> Response {
    match try_to_join(&visitor, &front, &token, &draft).await {
        // Whoever is new is offered a second factor first.
        Ok(Some(slug)) => {
            let next = with_next("/me/security/factor", &format!("/accounts/{slug}"));
            front.go(&next, "Welcome. You are a member now.").await
        }
        Ok(None) => see_other(&format!("/invitations/{token}")),
        Err(stop) => again(&visitor, &front, &token, draft, stop, &parts).await,
    }
}

/// The slug of the account; nothing for somebody signed in, who is not new.
async fn try_to_join(visitor: &Visitor, front: &Front, token: &str, draft: &SignUp) -> Result<Option<String>, Stop> {
    if visitor.person().await?.is_some() {
        return Ok(None);
    }
    join::look(visitor, None, token).await?;
    let new = draft.check(visitor.terms_of_use())?;
    let cookies = NewCookies::new();
    let slug = join::sign_up(visitor, token, new, &cookies.hashes()).await?;
    front.hand_out_all(&cookies);
    Ok(Some(slug))
}
