//! GitHub and Google as ways to sign in that a person owns. People go there and come back in [`journey`]; what they have proven lets them in
//! by `entering`, is linked to them in [`linking`], or is waited with before an invitation in [`arrivals`].

pub mod arrivals;
mod entering;
pub mod journey;
pub mod linking;

use super::{App, Stop, Visitor};
use crate::rules::social::{Client, Provider};

/// Those that are set up.
#[must_use]
pub fn offered(visitor: &Visitor) -> Vec<Provider> {
    of(&visitor.app)
}

fn of(app: &App) -> Vec<Provider> {
    app.0.terms.social.iter().map(|client| client.provider).collect()
}

/// What we are to one of them.
fn client(app: &App, provider: Provider) -> Result<&Client, Stop> {
    app.0.terms.social.iter().find(|client| client.provider == provider).ok_or(Stop::Unknown)
}
