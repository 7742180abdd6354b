//! Moments and spans, in milliseconds. The clock itself is made in `app`; here time is a parameter.

use std::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub i64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// So many seconds.
    #[must_use]
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    /// So many minutes.
    #[must_use]
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    /// So many hours.
    #[must_use]
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n * 60)
    }
    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(n: i64) -> Self {
        Self::hours(n * 24)
    }

    /// Reads `90s`, `15m`, `12h` or `30d`; `None` for anything else, zero included.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let number: i64 = number.parse().ok().filter(|n| (1..=1_000_000).contains(n))?;
        Some(match unit {
            "s" => Self::seconds(number),
            "m" => Self::minutes(number),
            "h" => Self::hours(number),
            "d" => Self::days(number),
            _ => return None,
        })
    }
}

impl Span {
    /// For people: `12 hours`, `1 day`.
    #[must_use]
    pub fn in_words(self) -> String {
        let text = self.to_string();
        let (number, unit) = text.split_at(text.len() - 1);
        let unit = match unit {
            "d" => "day",
            "h" => "hour",
            "m" => "minute",
            _ => "second",
        };
        format!("{number} {unit}{}", if number == "1" { "" } else { "s" })
    }
}

impl fmt::Display for Span {
    /// The shortest text that [`Span::parse`] reads back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000;
        for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
            if seconds % length == 0 && seconds != 0 {
                return write!(f, "{}{unit}", seconds / length);
            }
        }
        write!(f, "{seconds}s")
    }
}

impl Millis {
    /// Whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole days since 1970, in UTC.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.0.div_euclid(Span::days(1).0)
    }

    /// This moment and a span. Stops at the end of time instead of wrapping.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This moment less a span.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long ago `earlier` was; nothing where it lies ahead, as it may after a clock was set back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }

    /// Reads RFC 3339; what is finer than a millisecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // The parser would also take the name of a zone behind the offset.
        let moment: jiff::Timestamp = text.parse().ok().filter(|_| !text.contains('['))?;
        Some(Self(i64::try_from(moment.as_nanosecond().div_euclid(1_000_000)).ok()?))
    }

    /// RFC 3339 in UTC with whole seconds, as the API and `datetime` attributes print it.
    #[must_use]
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_printed_alike() {
        for text in ["90s", "15m", "12h", "30d"] {
            assert_eq!(Span::parse(text).map(|s| s.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Span::days(1).in_words(), "1 day");
        assert_eq!(Span::minutes(90).in_words(), "90 minutes");
        for wrong in ["", "0s", "-1m", "5", "m", "1y", "1.5h", "99999999999999999999d", "5é"] {
            assert_eq!(Span::parse(wrong), None, "{wrong}");
        }
    }
}
