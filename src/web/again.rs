//! The page of a form once more, when what was asked for was not done: with its faults, or with why nothing was looked at.

use axum::{http::StatusCode, response::Response};

use super::{front::Front, page::Page, problem};
use crate::{
    acts::Stop,
    rules::{faults::Faults, sign_in::too_many},
};

/// What the page has to say, and how the answer says it to programs.
#[derive(Clone)]
pub(super) struct Again {
    /// What is wrong with what was typed.
    pub(super) faults: Faults,
    /// Why nothing was looked at: too many attempts, or too much going on.
    pub(super) refused: Option<String>,
    status: StatusCode,
    /// After how many seconds trying again makes sense.
    retry: Option<i64>,
}

impl Again {
    /// Nothing to say yet.
    pub(super) const fn first() -> Self {
        Self { faults: Faults::none(), refused: None, status: StatusCode::OK, retry: None }
    }

    /// What stopped a deed, if the page of its form is where to say so.
    pub(super) fn of(stop: Stop) -> Result<Self, Stop> {
        Ok(match stop {
            Stop::Faults(faults) => Self { faults, status: StatusCode::UNPROCESSABLE_ENTITY, ..Self::first() },
            Stop::TooMany(rest) => Self {
                refused: Some(too_many(rest)),
                status: StatusCode::TOO_MANY_REQUESTS,
                retry: Some(rest.0 / 1_000 + 1),
                ..Self::first()
            },
            Stop::Busy => Self {
                refused: Some("Too much is going on at this moment. Try again in a few seconds.".to_owned()),
                status: StatusCode::SERVICE_UNAVAILABLE,
                retry: Some(2),
                ..Self::first()
            },
            other => return Err(other),
        })
    }

    /// Shows the page that says it.
    pub(super) fn show(&self, front: &Front, page: &impl Page) -> Response {
        let response = front.show_as(self.status, page);
        match self.retry {
            Some(seconds) => problem::later(response, seconds),
            None => response,
        }
    }
}
