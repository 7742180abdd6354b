//! Floor 2, right side: what we say to other machines, and the cryptography for it. Knows nothing of the store.

pub mod breached;
pub mod dns;
mod failures;
pub mod github;
pub mod mail;
pub mod oidc;
pub mod outside;
pub mod passwords;
pub mod saml;
pub mod secrets;
mod smtp;
pub mod totp;
