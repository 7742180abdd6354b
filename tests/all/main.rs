//! Everything that needs a database or a page, against the real program: on SQLite, and on PostgreSQL where
//! `FRONTDESK_TEST_POSTGRES` names a server on which databases may be made.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod access;
mod access_by_key;
mod accounts;
mod api;
mod api_people;
mod backup;
mod billing;
mod bot_users;
mod canary;
#[allow(dead_code, reason = "shared with the other suites, which use all of it")]
mod child;
mod credentials;
mod demo;
mod domains;
mod emails;
mod events;
mod house;
mod idle;
mod idp;
mod invitations;
mod invitations_joining;
mod ip_policies;
mod ip_restrictions;
mod kit;
mod letters;
mod lockouts;
mod log_lines;
mod me;
mod members;
mod mfa;
mod oidc;
mod oidc_trouble;
mod outside;
mod own_domains;
mod packaging;
mod passwords;
mod plans;
mod program;
mod programs;
mod proofs;
mod provisioning;
mod reference;
mod rescue;
mod revocation;
mod saml;
mod secrets;
mod security;
mod sessions;
mod setup;
mod sign_in;
mod sign_up;
mod smtp;
mod social;
mod sso;
mod sso_edges;
mod sso_trouble;
mod sso_whose;
mod store;
mod terms_of_use;
mod typed;
mod upgrades;
