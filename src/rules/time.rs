//! Moments and spans, in milliseconds. The clock itself is made in `app`; here time is a parameter.

use std::fmt;

use ::time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

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

    fn calendar(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// RFC 3339 in UTC with whole seconds, as the API and `datetime` attributes print it.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.calendar().format(&Rfc3339).unwrap_or_default()
    }

    /// For people: `21 Nov 2026, 14:05:09 UTC`.
    #[must_use]
    pub fn exact(self) -> String {
        let format = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute]:[second] UTC");
        self.calendar().format(&format).unwrap_or_default()
    }

    /// For people, seen from `now`: `just now`, `5 minutes ago`, `yesterday`, and the date for what is long past.
    #[must_use]
    pub fn relative(self, now: Self) -> String {
        let seconds = now.since(self).0 / 1_000;
        let count = |n: i64, unit: &str| format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" });
        match seconds {
            ..45 => "just now".to_owned(),
            45..3_600 => count((seconds / 60).max(1), "minute"),
            3_600..86_400 => count(seconds / 3_600, "hour"),
            86_400..172_800 => "yesterday".to_owned(),
            172_800..2_592_000 => count(seconds / 86_400, "day"),
            _ => {
                let format = format_description!("[day padding:none] [month repr:short] [year]");
                self.calendar().format(&format).unwrap_or_default()
            }
        }
    }

    /// For people, of what lies ahead of `now`: `in 5 minutes`, `in 5 hours`, `in 3 days`; as [`Self::relative`] once it is past.
    #[must_use]
    pub fn ahead(self, now: Self) -> String {
        if self <= now {
            return self.relative(now);
        }
        // Rounded up: what was promised for seven days has seven days, and not six and a bit.
        let whole = |unit: i64| (self.since(now).0 + unit * 1_000 - 1) / (unit * 1_000);
        let count = |n: i64, unit: &str| format!("in {n} {unit}{}", if n == 1 { "" } else { "s" });
        match whole(1) {
            ..3_600 => count(whole(60), "minute"),
            3_600..=86_400 => count(whole(3_600), "hour"),
            _ => count(whole(86_400), "day"),
        }
    }

    /// Reads a date (`2026-11-21`, the start of that day in UTC), or a date and time (`2026-11-21T14:05`) as date
    /// fields of browsers send it, or RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let full = match text.len() {
            10 => format!("{text}T00:00:00Z"),
            16 => format!("{text}:00Z"),
            _ => text.to_owned(),
        };
        let parsed = OffsetDateTime::parse(&full, &Rfc3339).ok()?;
        i64::try_from(parsed.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
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

    #[test]
    fn times_read_as_people_say_them() {
        let now = Millis::parse("2026-11-21T14:05").unwrap();
        for (ago, text) in [
            (Span::seconds(3), "just now"),
            (Span::seconds(50), "1 minute ago"),
            (Span::minutes(5), "5 minutes ago"),
            (Span::hours(1), "1 hour ago"),
            (Span::hours(25), "yesterday"),
            (Span::days(3), "3 days ago"),
            (Span::days(60), "22 Sep 2026"),
        ] {
            assert_eq!(now.minus(ago).relative(now), text);
        }
        assert_eq!(now.plus(Span::days(1)).relative(now), "just now", "a clock set back is no reason for nonsense");
        for (ahead, text) in [
            (Span::seconds(3), "in 1 minute"),
            (Span::minutes(5), "in 5 minutes"),
            (Span::hours(5), "in 5 hours"),
            (Span::hours(25), "in 2 days"),
            (Span(Span::days(7).0 - 1), "in 7 days"),
            (Span::days(7), "in 7 days"),
        ] {
            assert_eq!(now.plus(ahead).ahead(now), text);
        }
        assert_eq!(now.ahead(now), "just now");
        assert_eq!(now.exact(), "21 Nov 2026, 14:05:00 UTC");
        assert_eq!(now.rfc3339(), "2026-11-21T14:05:00Z");
        assert_eq!(Millis::parse("2026-13-41"), None);
    }
}
