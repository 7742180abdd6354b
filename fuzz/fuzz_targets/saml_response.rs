//! Whatever is posted as the answer of an identity provider: nothing panics, and what is believed is what was signed. What is tried are good
//! answers and what becomes of them by the mutations of `tests/saml` and by the fuzzer's own.

#![no_main]
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "shared with the suite saml, which uses all of it")]

#[path = "../../tests/saml/cases.rs"]
mod cases;
#[path = "../../tests/saml/good.rs"]
mod good;
#[path = "../../tests/saml/judge.rs"]
mod judge;
#[path = "../../tests/saml/mutations.rs"]
mod mutations;
#[path = "../../tests/saml/signer.rs"]
mod signer;
#[path = "../../tests/saml/vendors.rs"]
mod vendors;

use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use mutations::{Dice, mutate};

/// Shorter than this is nothing to begin with.
const SHORT: usize = 64;

static GOOD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| good::cases().iter().map(cases::Case::document).collect());
static JUDGE: LazyLock<judge::Judge> = LazyLock::new(judge::Judge::new);

fuzz_target!(|document: &[u8]| {
    JUDGE.judge(document);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut dice = Dice::new(u64::from(seed));
    let other = &GOOD[dice.below(GOOD.len())];
    let made = match (size, dice.below(4)) {
        (..SHORT, _) => other.clone(),
        (_, 0) => return fuzzer_mutate(data, size, max_size),
        _ => mutate(&data[..size], other, &mut dice),
    };
    let size = made.len().min(max_size);
    data[..size].copy_from_slice(&made[..size]);
    size
});
