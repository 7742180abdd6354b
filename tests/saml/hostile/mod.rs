//! Answers as they should not be. Each is refused, and for its own reason: one that is refused for another proves nothing.

mod claims;
mod forms;
mod requests;
mod signatures;
mod sizes;
mod texts;
mod wrapping;

use crate::cases::Case;

/// Those that are only too large.
pub fn sizes() -> Vec<Case> {
    sizes::cases()
}

pub fn cases() -> Vec<Case> {
    [
        wrapping::cases(),
        signatures::cases(),
        forms::cases(),
        claims::cases(),
        requests::cases(),
        texts::cases(),
        texts::ids(),
        sizes::cases(),
    ]
    .concat()
}
