//! Floor 4: the faces. Pages, and the API beside them, which calls the same acts; SCIM will too.
//!
//! A handler is a paragraph: its signature says who may ([`Permit`](crate::acts::Permit),
//! [`Person`](crate::acts::Person) or [`Visitor`](crate::acts::Visitor)), what was typed (`form::Form`), and what the page
//! stands in (`front::Front`); its body calls an act or reads, and shows a page. What each request passes on its way in
//! stands in `door`.

mod accounts;
mod again;
mod api;
mod assets;
mod billing;
mod bot_users;
mod choices;
mod cookies;
mod credentials;
mod domains;
mod door;
mod emails;
mod events;
mod form;
mod frame;
mod front;
mod health;
mod icons;
mod idle;
mod invitations;
mod ip_policies;
mod ip_restrictions;
mod lockouts;
mod me;
mod members;
mod mfa;
mod origin;
mod own_domains;
mod page;
mod passwords;
mod permit;
mod policy;
mod problem;
mod proofs;
mod provisioning;
mod rescue;
mod review;
mod routes;
mod security;
mod sessions;
mod setup;
mod shell;
mod sign_in;
mod sign_up;
mod social;
mod sso;
mod typed;

use std::sync::Arc;

use axum::extract::FromRef;
use ipnet::IpNet;

use crate::{acts::App, rules::network::Header};

pub use api::all as api_routes;
pub(crate) use assets::asset;
pub use health::Draining;
pub(crate) use icons::icon;
pub use routes::{Route, all as routes};

/// What the faces know of where they stand.
#[derive(Clone, Debug)]
pub struct Face {
    /// Where visitors find this instance: scheme, host and port, without a slash at the end.
    pub base_url: String,
    /// The names under which requests may ask for it.
    pub hosts: Vec<String>,
    /// Whose forwarded headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// In which header.
    pub forwarded_header: Header,
    /// How many requests to the API an account may make within a minute.
    pub api_rate: usize,
    /// Whether visitors come by TLS.
    pub secure: bool,
    /// Whether nobody but programs comes here.
    pub is_for_programs: bool,
}

/// What handlers are given: the application, and where it stands.
#[derive(Clone)]
pub struct Site {
    app: App,
    face: Arc<Face>,
    draining: Draining,
    pace: api::Pace,
}

impl Site {
    /// The faces of this application.
    #[must_use]
    pub fn new(app: App, face: Face, draining: Draining) -> Self {
        Self { app, face: Arc::new(face), draining, pace: api::Pace::default() }
    }

    /// The API alone, at the root, where programs find it under this address and these names.
    pub fn for_programs(&self, base_url: String, hosts: Vec<String>) -> axum::Router {
        let face = Face { base_url, hosts, is_for_programs: true, ..Face::clone(&self.face) };
        door::build_api(Self { face: Arc::new(face), ..self.clone() }, &self.face.base_url)
    }

    /// Everything that answers requests.
    pub fn router(self) -> axum::Router {
        door::build(self)
    }
}

impl FromRef<Site> for App {
    fn from_ref(site: &Site) -> Self {
        site.app.clone()
    }
}
