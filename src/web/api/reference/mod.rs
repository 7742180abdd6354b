//! `/api/reference`: the document for people. It is made from the same one that programs get, and so never says anything else.

mod curl;
mod outline;

use std::sync::LazyLock;

use askama::Template;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use outline::Outline;

use super::error::status_of;
use crate::{
    acts::Visitor,
    rules::{codes, filter},
    web::{
        Site,
        page::{self, render},
        routes::Routes,
    },
};

/// Where it stands.
pub(in crate::web) const PATH: &str = "/api/reference";

pub(in crate::web) fn routes() -> Routes {
    Routes::new().get(PATH, show)
}

/// The whole of it, which is the same for everybody.
static OUTLINE: LazyLock<Outline> = LazyLock::new(|| Outline::of(&super::document("", ""), &super::versioned()));

/// Where the API stands, and how fast one may ask.
struct Terms {
    base: String,
    rate: usize,
}

impl FromRequestParts<Site> for Terms {
    type Rejection = Response;

    async fn from_request_parts(_: &mut Parts, site: &Site) -> Result<Self, Response> {
        Ok(Self { base: format!("{}/api", site.face.base_url), rate: site.face.api_rate })
    }
}

#[derive(Template)]
#[template(path = "api/reference.html", blocks = ["title", "main"])]
struct Reference {
    outline: &'static Outline,
    base: String,
    rate: usize,
    most_bytes: usize,
    /// The tunnel service's codes, and our own.
    codes: [Vec<Meaning>; 2],
}
page::page!(Reference);

/// A code, the status that goes with it, and what it means.
struct Meaning {
    code: String,
    status: u16,
    says: &'static str,
}

async fn show(_: Visitor, terms: Terms) -> Response {
    let (known, own) = codes::ALL.iter().partition(|(code, _)| matches!(code, codes::Code::Known(_)));
    let Terms { base, rate } = terms;
    let codes = [meanings(known), meanings(own)];
    render(&Reference { outline: &OUTLINE, base, rate, most_bytes: filter::MAX_BYTES, codes }, false, StatusCode::OK)
}

fn meanings(mut codes: Vec<(codes::Code, &'static str)>) -> Vec<Meaning> {
    codes.sort_by_key(|(codes::Code::Known(number) | codes::Code::Own(number), _)| *number);
    let meaning = |(code, says): (codes::Code, _)| Meaning { code: code.to_string(), status: status_of(code).as_u16(), says };
    codes.into_iter().map(meaning).collect()
}
