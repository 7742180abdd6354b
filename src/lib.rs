//! Frontdesk: a self-hosted dashboard with which a company decides who and what gets into its account.
//!
//! # The house
//!
//! Four floors, one word per feature, and arrows that only point down:
//!
//! - [`web`] (floor 4) are the faces: pages now, REST and SCIM later. Thin: a handler says who may, what was typed, and
//!   what to show. It may read through the store, and cannot write.
//! - [`acts`] (floor 3) is what can be done: one function per deed, in which permission, rule, change and event meet.
//! - [`store`] (floor 2) is what is kept: all SQL. [`protocols`] beside it is what we say to other machines.
//! - [`rules`] (floor 1) is what is true: pure decisions, without clock, dice or waiting.
//!
//! [`app`] puts the house together from [`config`], and is the one place that makes the clock and the dice.
//!
//! # The five ideas that carry it
//!
//! 1. A permit is the only key to the store ([`acts::Permit`]).
//! 2. The gate decides on every request who may come in ([`rules::gate`]).
//! 3. A transaction cannot end without saying what happened ([`store::Tx`]).
//! 4. One SQL text serves two databases ([`store`]).
//! 5. One template per page; htmx only accelerates ([`web`]).

pub mod acts;
pub mod app;
pub mod config;
pub mod protocols;
pub mod rules;
pub mod store;
pub mod web;
