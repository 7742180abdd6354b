//! Moments as SAML writes them: `xs:dateTime` in UTC (SAML core, section 1.3.3).

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Milliseconds since 1970 of a written moment. One without a zone is none: nobody knows when it is.
pub(crate) fn read(text: &str) -> Option<i64> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).ok()
}

/// How a moment is written, to the second. Moments that no calendar has are written as the beginning of 1970.
pub(crate) fn write(ms: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_identity_providers_write_them() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-27T02:00:00Z", 1_795_744_800_000),
            ("2026-11-27T02:00:00.5Z", 1_795_744_800_500),
            ("2026-11-27T02:00:00.1234567Z", 1_795_744_800_123),
            ("2026-11-27T03:00:00+01:00", 1_795_744_800_000),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(read(text), Some(ms), "{text}");
        }
        for text in ["", "2026-11-27", "2026-11-27T02:00:00", "2026-13-27T02:00:00Z", " 2026-11-27T02:00:00Z", "1795744800", "never"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(write(1_795_744_800_999), "2026-11-27T02:00:00Z");
        assert_eq!(write(-1), "1969-12-31T23:59:59Z");
        assert_eq!(write(i64::MAX), "1970-01-01T00:00:00Z");
    }
}
