//! The hash chain of a log: each event's hash covers the event and the hash before it, so that nothing can be changed,
//! taken out or put in between without breaking every hash behind it.

use sha2::{Digest, Sha256};

/// The hash before the first event of a log.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of an event whose fields, in their fixed order, are these.
///
/// Every field is preceded by its length, so that no two different lists of fields run together into the same bytes; a
/// field that is missing differs from one that is empty.
#[must_use]
pub fn link(previous: &str, fields: &[Option<&str>]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"frontdesk event v1");
    for field in std::iter::once(&Some(previous)).chain(fields) {
        match field {
            Some(text) => {
                hash.update([1]);
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text.as_bytes());
            }
            None => hash.update([0]),
        }
    }
    hex(&hash.finalize())
}

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_run_together() {
        let base = link(START, &[Some("ab"), Some("c"), None]);
        for other in [
            link(START, &[Some("a"), Some("bc"), None]),
            link(START, &[Some("ab"), Some("c"), Some("")]),
            link(START, &[Some("ab"), Some("c")]),
            link("1", &[Some("ab"), Some("c"), None]),
        ] {
            assert_ne!(base, other);
        }
        assert_eq!(base, link(START, &[Some("ab"), Some("c"), None]));
        assert_eq!(base.len(), START.len());
    }
}
