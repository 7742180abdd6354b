//! The list of routes: axum's router, and beside it the same as data, which the tests walk.

use std::sync::LazyLock;

use axum::{
    Router,
    handler::Handler,
    routing::{get, post},
};

use super::{
    Site, accounts, api, billing, bot_users, credentials, domains, emails, events, idle, invitations, ip_policies, ip_restrictions,
    lockouts, me, members, mfa, own_domains, passwords, proofs, provisioning, rescue, security, sessions, setup, sign_in, sign_up, social,
    sso,
};

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path with its parameters in braces.
    pub path: &'static str,
}

/// The routes of a room, or of the house.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) router: Router<Site>,
    list: Vec<Route>,
}

impl Routes {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A page.
    pub(super) fn get<H: Handler<T, Site>, T: 'static>(mut self, path: &'static str, handler: H) -> Self {
        self.router = self.router.route(path, get(handler));
        self.list.push(Route { method: "GET", path });
        self
    }

    /// A change.
    pub(super) fn post<H: Handler<T, Site>, T: 'static>(mut self, path: &'static str, handler: H) -> Self {
        self.router = self.router.route(path, post(handler));
        self.list.push(Route { method: "POST", path });
        self
    }

    fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.list.extend(other.list);
        self
    }
}

/// All pages. What stands outside of cookies and origins (health, static files) is added by the door.
pub(super) fn pages() -> Routes {
    Routes::new()
        .and(setup::routes())
        .and(sign_in::routes())
        .and(sign_up::routes())
        .and(passwords::routes())
        .and(lockouts::routes())
        .and(mfa::routes())
        .and(proofs::routes())
        .and(rescue::routes())
        .and(security::routes())
        .and(sso::routes())
        .and(own_domains::routes())
        .and(social::routes())
        .and(emails::routes())
        .and(accounts::routes())
        .and(members::routes())
        .and(invitations::routes())
        .and(bot_users::routes())
        .and(domains::routes())
        .and(provisioning::routes())
        .and(ip_policies::routes())
        .and(ip_restrictions::routes())
        .and(credentials::routes())
        .and(api::reference::routes())
        .and(billing::routes())
        .and(events::routes())
        .and(me::routes())
        .and(sessions::routes())
        .and(idle::routes())
}

/// Every page and change there is.
#[must_use]
pub fn all() -> Vec<Route> {
    pages().list
}

/// The page that a form was sent from: the path itself where a page stands there, or else the thing whose verb it is.
pub(super) fn page_of(path: &str) -> &str {
    static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(all);
    let fits = |path: &str, route: &Route| {
        let (here, there) = (path.split('/'), route.path.split('/'));
        here.clone().count() == there.clone().count() && here.zip(there).all(|(here, there)| here == there || there.starts_with('{'))
    };
    let mut page = path;
    while !page.is_empty() && !ROUTES.iter().any(|route| route.method == "GET" && fits(page, route)) {
        page = page.rsplit_once('/').map_or("", |(thing, _)| thing);
    }
    page
}
