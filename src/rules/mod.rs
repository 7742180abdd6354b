//! Floor 1: what is true.
//!
//! Pure decisions and the words they are made of. Nothing here reads a clock, throws dice, waits, or knows that
//! databases and browsers exist, so every rule can be tested with a table.

pub mod accounts;
pub mod addresses;
pub mod attention;
pub mod billing;
pub mod bot_users;
pub mod chain;
pub mod chart;
pub mod codes;
pub mod credentials;
pub mod details;
pub mod domains;
pub mod emails;
pub mod events;
pub mod faults;
pub mod filter;
pub mod flows;
pub mod gate;
pub mod ids;
pub mod invitations;
pub mod ip_policies;
pub mod ip_restrictions;
pub mod letters;
pub mod lockouts;
pub mod me;
pub mod members;
pub mod mfa;
pub mod network;
pub mod own_domains;
pub mod passwords;
pub mod permissions;
pub mod proofs;
pub mod provisioning;
pub mod rescue;
pub mod security;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_up;
pub mod social;
pub mod sso;
pub mod terms_of_use;
pub mod time;
pub mod typed;
mod words;
pub mod zones;
