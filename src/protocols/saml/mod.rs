//! The service provider's side of SAML 2.0: signing in through an identity provider in the browser.
//!
//! # Layout
//!
//! A connection is made once: [`metadata::Metadata`] of the identity provider is read, its certificates
//! are pinned, and ours is handed over.
//! Then each sign-in is an [`request::AuthnRequest`] on the way out and a [`response`] on the way in. Nothing here knows a clock,
//! dice or a store: moments are milliseconds since 1970, ids come from the caller, and the caller remembers which assertions
//! have been used.
//!
//! Spoken are the Web Browser SSO profile (SAML profiles, section 4.1) with the bindings HTTP-Redirect and HTTP-POST. Not spoken
//! are encrypted assertions, artifacts and single logout.
//!
//! The XML parser and the signatures' canonicalisation share one tree: what is read is what was verified, and nothing is parsed
//! twice. "SAML core", "bindings", "profiles" and "metadata" are the OASIS standards of March 2005.

pub mod certificate;
pub mod metadata;
mod moments;
pub mod request;
pub mod response;
pub mod signing;
mod xml;

/// What binds a message to a browser's form (SAML bindings, section 3.5).
pub(crate) const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// What binds a message to an address the browser is sent to (SAML bindings, section 3.4).
pub(crate) const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
