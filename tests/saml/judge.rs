//! Judges what is made of any bytes at all. A fuzzer can use it as it is: with [`crate::good`] and its signer, and with
//! [`crate::mutations::mutate`] for a mutator.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use frontdesk::protocols::saml::{certificate::Certificate, response::Asserted};

use crate::{cases, good};

/// Knows everything that was ever signed with the pinned keys and may be believed.
pub struct Judge {
    signed: HashSet<Asserted>,
    certificates: Vec<Certificate>,
}

impl Judge {
    pub fn new() -> Self {
        let signed = good::cases().into_iter().filter_map(|case| case.outcome.ok().map(|said| *said)).collect();
        Self { signed, certificates: ["idp", "next", "p256", "p384"].map(cases::certificate).to_vec() }
    }

    /// Whether a document is believed, with and without a question. It panics if what is believed was never signed, or if
    /// anything else does.
    pub fn judge(&self, document: &[u8]) -> bool {
        let field = STANDARD.encode(document);
        [Some(cases::ASKED), None].into_iter().any(|pending| {
            let outcome = catch_unwind(AssertUnwindSafe(|| cases::read(&field, &self.certificates, pending)));
            let outcome = outcome.unwrap_or_else(|_| panic!("a panic: {field}"));
            outcome.is_ok_and(|said| {
                assert!(self.signed.contains(&said), "{said:?}: {}", String::from_utf8_lossy(document));
                assert_eq!(said.in_response_to.as_deref(), pending, "{}", String::from_utf8_lossy(document));
                true
            })
        })
    }
}
