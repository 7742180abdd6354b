//! What is shown when something cannot be: each case with a sentence that says what to do next.

use askama::Template;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    page,
    page::{Fragment, Page, link, page_before, render, see_other, wants_fragment},
};
use crate::{
    acts::{Caller, Stop},
    rules::{
        faults::Faults,
        gate::{Refusal, Step},
        ids::OperationId,
        sign_in::too_many,
    },
};

#[derive(Template)]
#[template(path = "problem.html", blocks = ["title", "main"])]
struct Problem {
    theme: &'static str,
    title: String,
    sentences: Vec<String>,
    /// Link and label of the way on.
    way: (String, &'static str),
    /// What to name when asking for help.
    reference: Option<String>,
}

page::page!(Problem);

impl Problem {
    fn new(title: &str, sentence: impl Into<String>) -> Self {
        let way = ("/accounts".to_owned(), "Go to your accounts");
        Self { theme: "auto", title: title.to_owned(), sentences: vec![sentence.into()], way, reference: None }
    }

    fn and(mut self, sentence: impl Into<String>) -> Self {
        self.sentences.push(sentence.into());
        self
    }

    /// The whole page. Whoever makes it may not know whether htmx asks; the door does, and then sends the main part alone.
    fn shown(&self, status: StatusCode) -> Response {
        let mut response = render(self, false, status);
        if let Ok(main) = self.main_block() {
            response.extensions_mut().insert(Fragment { title: self.title.clone(), main });
        }
        response
    }
}

/// Answers a request that an act or the gate has stopped.
pub(super) fn answer(stop: Stop, parts: &Parts) -> Response {
    let operation = parts.extensions.get::<Caller>().map(|caller| caller.request.clone());
    match stop {
        // Whoever has set up a factor meanwhile signs in with it.
        Stop::SignIn | Stop::Step(Step::Mfa) => Led::new(parts, "/login", None).answer(&parts.headers),
        Stop::Step(Step::SignIn(end)) => Led::new(parts, "/login", Some(end.word())).answer(&parts.headers),
        Stop::Step(Step::MfaEnrolment) => Led::new(parts, "/me/security/factor", None).answer(&parts.headers),
        Stop::Step(Step::Sso) => Led::new(parts, "/login/sso", None).answer(&parts.headers),
        Stop::Step(Step::FreshProof) => Led::new(parts, "/prove", None).answer(&parts.headers),
        Stop::Step(first) => needed(first).shown(StatusCode::FORBIDDEN),
        // Pages are opened by no key.
        Stop::Unknown | Stop::Key(_) => unknown().shown(StatusCode::NOT_FOUND),
        Stop::Moved(slug) => moved(parts, &slug),
        Stop::Refused { why, account, administrators } => {
            let address = parts.extensions.get::<Caller>().map(|caller| caller.address.to_string()).unwrap_or_default();
            refused(why, &account, &address, &administrators).shown(StatusCode::FORBIDDEN)
        }
        Stop::Missing { permission, account, slug, administrators, .. } => {
            let mut problem = Problem::new(
                "This needs another role",
                format!("In {account} you may not {}: you need {}.", permission.sentence(), permission.carrier().needed()),
            );
            problem = problem.and(who_can("change your roles", &administrators));
            problem.way = (format!("/accounts/{slug}"), "Back to the overview");
            problem.shown(StatusCode::FORBIDDEN)
        }
        Stop::Faults(faults) => {
            let mut problem = Problem::new("This cannot be done", "Nothing was changed.");
            problem.sentences.extend(faults.iter().map(|fault| fault.message.clone()));
            problem.shown(StatusCode::UNPROCESSABLE_ENTITY)
        }
        Stop::TooMany(rest) => {
            let problem = Problem::new("Too many attempts", too_many(rest));
            later(problem.shown(StatusCode::TOO_MANY_REQUESTS), rest.0 / 1_000 + 1)
        }
        Stop::Busy => {
            let problem = Problem::new(
                "Busy at this moment",
                "If you were changing something, look whether it was saved, and try again in a few seconds.",
            );
            later(problem.shown(StatusCode::SERVICE_UNAVAILABLE), 2)
        }
        Stop::Broken(error) => {
            tracing::error!(?operation, %error, "a request failed");
            broken(operation.as_ref())
        }
    }
}

/// Something of ours is broken; the log has more under this id.
pub(super) fn broken(operation: Option<&OperationId>) -> Response {
    let mut problem = Problem::new(
        "Something went wrong",
        "This is our mistake, not yours. If you were changing something, look whether it was saved before you try again.",
    );
    problem.reference = operation.map(ToString::to_string);
    let mut response = problem.shown(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(Plain(String::new()));
    response
}

/// What a refusal says, for faces that say it in another shape.
#[derive(Clone)]
pub(super) struct Plain(pub(super) String);

/// A refusal before anything is known of who asks.
pub(super) fn plain(status: StatusCode, sentence: &str) -> Response {
    let title = match status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST => "This is refused",
        StatusCode::PAYLOAD_TOO_LARGE => "This is too large",
        StatusCode::SERVICE_UNAVAILABLE => "Busy at this moment",
        _ => "This cannot be read",
    };
    let mut response = Problem::new(title, sentence).shown(status);
    response.extensions_mut().insert(Plain(sentence.to_owned()));
    response
}

/// No page stands at this path.
pub(super) async fn no_such_page() -> Response {
    unknown().shown(StatusCode::NOT_FOUND)
}

/// A page stands there, but not for this method.
pub(super) async fn no_such_method(request: Request) -> Response {
    let sentence =
        if request.method() == Method::GET { "This address only takes changes sent by a form." } else { "This page takes no changes." };
    plain(StatusCode::METHOD_NOT_ALLOWED, sentence)
}

fn unknown() -> Problem {
    Problem::new("There is nothing here", "Either this page does not exist, or you have no access to it.")
        .and("If you followed a link that somebody sent you, ask them whether you are a member of that account.")
}

/// The link of an invitation that never was one.
pub(super) fn no_such_link() -> Response {
    Problem::new("This link does not work", "It is not complete, or it never was one.")
        .and("Copy the whole link from the letter, or ask whoever invited you for a new one.")
        .shown(StatusCode::NOT_FOUND)
}

/// A link that worked once, or for a while, or never; and where to get another one.
pub(super) fn used_link(way: (&str, &'static str)) -> Response {
    let mut problem = Problem::new("This link does not work any more", "It works once and for a limited time, and a newer one ends it.")
        .and("Look for the newest letter, or ask for a new link.");
    problem.way = (way.0.to_owned(), way.1);
    problem.shown(StatusCode::NOT_FOUND)
}

/// What an identity provider says of somebody is not taken.
pub(super) fn not_let_in(faults: &Faults, again: String) -> Response {
    let mut problem = Problem::new("You are not signed in", "Nothing has changed.");
    problem.sentences.extend(faults.iter().map(|fault| fault.message.clone()));
    problem.way = (again, "Try again");
    problem.shown(StatusCode::UNPROCESSABLE_ENTITY)
}

/// Somebody came back from an identity provider whom this browser has not sent there, or once more, or too late.
pub(super) fn lost_on_the_way() -> Response {
    let mut problem = Problem::new(
        "Begin once more",
        "This sign-in was begun in another browser, has been finished already, or took too long. Nothing has happened.",
    );
    problem.way = ("/login".to_owned(), "Sign in");
    problem.shown(StatusCode::NOT_FOUND)
}

/// A link from the host that worked once, or for a while, or never.
pub(super) fn used_rescue() -> Response {
    let mut problem = Problem::new(
        "This link does not work any more",
        "It works once and for fifteen minutes, for an administrator, and a newer one ends it.",
    )
    .and("Whoever runs this Frontdesk can make a new one with the command `frontdesk rescue`.");
    problem.way = ("/login".to_owned(), "Sign in");
    problem.shown(StatusCode::NOT_FOUND)
}

/// Names the people who could help.
fn who_can(what: &str, administrators: &[(String, String)]) -> String {
    let names: Vec<_> = administrators.iter().map(|(name, email)| format!("{name} ({email})")).collect();
    if names.is_empty() { format!("An administrator can {what}.") } else { format!("Who can {what}: {}.", names.join(", ")) }
}

fn refused(why: Refusal, account: &str, address: &str, administrators: &[(String, String)]) -> Problem {
    let sentence = match why {
        Refusal::NotAMember => return unknown(),
        Refusal::Disabled => format!("Your access to {account} is disabled. Your user and your other accounts are not touched."),
        Refusal::AccessOver => format!("Your access to {account} was for a limited time, which is over."),
        Refusal::Ip => format!(
            "{account} does not allow access from your network address, {address}. Your user and your other accounts are not touched."
        ),
    };
    Problem::new("You cannot come in", sentence).and(who_can("change this", administrators))
}

fn needed(step: Step) -> Problem {
    let sentence = match step {
        Step::SignIn(end) => end.sentence(),
        Step::OwnProof => {
            "You came in through an account's identity provider, which opens that account alone. Sign in with your own password to see this page."
        }
        Step::BeyondRescue => {
            "This session came by a rescue link, which opens the security pages of one account and nothing else. Sign in with your own password to see this page."
        }
        Step::Sso => "This account asks you to sign in through its identity provider.",
        Step::Mfa => "This asks for your second factor.",
        Step::FreshProof => "This asks you to prove again who you are.",
        Step::MfaEnrolment => "This account asks you to set up a second factor first.",
    };
    let mut problem = Problem::new("One more step", sentence);
    // Where they are, their accounts are as closed to them.
    if matches!(step, Step::BeyondRescue | Step::OwnProof) {
        problem.way = ("/login".to_owned(), "Sign in");
    }
    problem
}

/// To the same page under the account's slug of today. A change is not repeated there.
fn moved(parts: &Parts, slug: &str) -> Response {
    let rest = parts.uri.path_and_query().map_or("", |path| path.as_str()).trim_start_matches("/accounts/");
    let rest = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    if parts.method == Method::GET {
        return see_other(&format!("/accounts/{slug}{rest}"));
    }
    let mut problem = Problem::new("This account has moved", "Somebody gave it another address while you were at it. Nothing was changed.");
    problem.way = (format!("/accounts/{slug}"), "Open it at its new address");
    problem.shown(StatusCode::CONFLICT)
}

/// The way to a page that leads back: to the one that was asked for, or to that of the form. A change is not repeated there.
#[derive(Clone)]
pub(super) struct Led {
    to: &'static str,
    why: Option<&'static str>,
    /// Where to go afterwards.
    pub(super) next: Option<String>,
}

impl Led {
    fn new(parts: &Parts, to: &'static str, why: Option<&'static str>) -> Self {
        let here = parts.uri.path_and_query().map(|path| path.as_str().to_owned());
        let next = if parts.method == Method::GET { here } else { page_before(&parts.headers) };
        Self { to, why, next }
    }

    /// Goes there.
    pub(super) fn answer(self, headers: &HeaderMap) -> Response {
        let next = self.next.as_deref().filter(|next| *next != "/");
        let path = link(self.to, &[("why", self.why.unwrap_or_default()), ("next", next.unwrap_or_default())]);
        // htmx would follow a redirect and put that page into the middle of this one.
        let mut response = match HeaderValue::from_str(&path) {
            Ok(value) if wants_fragment(headers) => (StatusCode::OK, [("hx-redirect", value)]).into_response(),
            _ => see_other(&path),
        };
        response.extensions_mut().insert(self);
        response
    }
}

/// The same, saying after how many seconds trying again makes sense.
pub(super) fn later(mut response: Response, seconds: i64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
