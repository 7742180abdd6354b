//! Time zones: how a moment reads where somebody is (facts/frontegg-ego.md F-10). What is stored stays UTC.
//!
//! The rules of all zones of the IANA database come with the program, so that nothing depends on the machine.

use jiff::{Timestamp, civil, tz::TimeZone};

use super::{
    faults::Faults,
    time::{Millis, Span},
};

/// A zone of the IANA time zone database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of nobody in particular.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Reads a name such as `Europe/Berlin`, however it is capitalised.
    ///
    /// # Errors
    /// A sentence for the person who typed it.
    pub fn parse(name: &str) -> Result<Self, String> {
        let zone = TimeZone::get(name.trim()).ok().filter(|zone| zone.iana_name().is_some());
        zone.map(Self).ok_or_else(|| "There is no such time zone. They are called like Europe/Berlin.".to_owned())
    }

    /// The first of these names that is one of a zone; UTC where none is.
    #[must_use]
    pub fn first_of(names: [Option<&str>; 2]) -> Self {
        names.into_iter().flatten().find_map(|name| Self::parse(name).ok()).unwrap_or_else(Self::utc)
    }

    /// Its name in the database.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The names of all zones.
    #[must_use]
    pub fn names() -> Vec<String> {
        let names = jiff::tz::db().available().map(|name| name.to_string());
        let mut names: Vec<_> = names.filter(|name| name == "UTC" || name.contains('/') && !name.starts_with("Etc/")).collect();
        names.sort_unstable();
        names
    }

    /// A moment as a calendar of this zone shows it, in a format of `strftime`.
    fn format(&self, at: Millis, format: &str) -> String {
        let moment = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        moment.to_zoned_datetime(self.0.clone()).strftime(format).to_string()
    }

    /// Reads a day (`2026-11-21`: its first moment here), a day and time as date fields of browsers send it
    /// (`2026-11-21T14:05`), or RFC 3339.
    #[must_use]
    pub fn moment(&self, text: &str) -> Option<Millis> {
        let timestamp = match text.len() {
            10 => text.parse::<civil::Date>().ok()?.to_zoned_datetime(self.0.clone()).ok()?.timestamp(),
            16 => text.parse::<civil::DateTime>().ok()?.to_zoned_datetime(self.0.clone()).ok()?.timestamp(),
            _ => text.parse::<Timestamp>().ok()?,
        };
        Some(Millis(timestamp.as_millisecond()))
    }

    /// The first moment after a day (`2026-11-21`): when the next one begins here.
    #[must_use]
    pub fn end_of_day(&self, text: &str) -> Option<Millis> {
        let day: civil::Date = Some(text).filter(|text| text.len() == 10)?.parse().ok()?;
        Some(Millis(day.tomorrow().ok()?.to_zoned_datetime(self.0.clone()).ok()?.timestamp().as_millisecond()))
    }

    /// The last day here on which what ends at a moment is good, as date fields want it; nothing for what has no end.
    #[must_use]
    pub fn last_day(&self, ends: Option<Millis>) -> String {
        ends.map(|at| at.minus(Span(1)).date(self)).unwrap_or_default()
    }

    /// The end of a day that was typed, or none where nothing was.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn read_day(&self, field: &'static str, text: &str) -> Result<Option<Millis>, Faults> {
        if text.trim().is_empty() { Ok(None) } else { self.demand_day(field, text).map(Some) }
    }

    /// The end of a day that was typed.
    ///
    /// # Errors
    /// A fault at the field.
    pub fn demand_day(&self, field: &'static str, text: &str) -> Result<Millis, Faults> {
        self.end_of_day(text.trim()).ok_or_else(|| Faults::one(field, "Enter a day, such as 2026-12-31."))
    }

    /// Whether a date field says what it was shown with, for what ends at a moment. Saying the day again moves no end that a program has
    /// set within it.
    #[must_use]
    pub fn is_said_again(&self, text: &str, ends: Option<Millis>) -> bool {
        text.trim() == self.last_day(ends)
    }

    /// The days until now, so many of them and today the last: each day's text, and its first moment.
    #[must_use]
    pub fn days_until(&self, now: Millis, count: i16) -> Vec<(String, Millis)> {
        let moment = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let today = moment.to_zoned_datetime(self.0.clone()).date();
        let days = (0..count).rev().filter_map(|back| today.checked_sub(jiff::Span::new().days(i64::from(back))).ok());
        days.filter_map(|day| {
            Some((day.strftime("%-d %b").to_string(), Millis(day.to_zoned_datetime(self.0.clone()).ok()?.timestamp().as_millisecond())))
        })
        .collect()
    }
}

/// How moments read.
impl Millis {
    /// For people in a zone: `21 Nov 2026, 15:05:09 CET`.
    #[must_use]
    pub fn exact(self, zone: &Zone) -> String {
        // Where a zone has no letters, the database has its distance from UTC.
        let name = zone.format(self, "%Z");
        let name = if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name };
        format!("{} {name}", zone.format(self, "%-d %b %Y, %H:%M:%S"))
    }

    /// The day in a zone, as date fields want it: `2026-11-21`.
    #[must_use]
    pub fn date(self, zone: &Zone) -> String {
        zone.format(self, "%Y-%m-%d")
    }

    /// For people, seen from `now`: `just now`, `5 minutes ago`, `yesterday`, and the date for what is long past.
    #[must_use]
    pub fn relative(self, now: Self, zone: &Zone) -> String {
        let seconds = now.since(self).0 / 1_000;
        let count = |n: i64, unit: &str| format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" });
        match seconds {
            ..45 => "just now".to_owned(),
            45..3_600 => count((seconds / 60).max(1), "minute"),
            3_600..86_400 => count(seconds / 3_600, "hour"),
            86_400..172_800 => "yesterday".to_owned(),
            172_800..2_592_000 => count(seconds / 86_400, "day"),
            _ => zone.format(self, "%-d %b %Y"),
        }
    }

    /// For people, of what lies ahead of `now`: `in 5 minutes`, `in 5 hours`, `in 3 days`; as [`Self::relative`] once it is past.
    #[must_use]
    pub fn ahead(self, now: Self, zone: &Zone) -> String {
        if self <= now {
            return self.relative(now, zone);
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::time::Span;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    #[test]
    fn names_are_those_of_the_database() {
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
        assert_eq!(zone("UTC").name(), "UTC");
        for wrong in ["", "Berlin", "Mars/Olympus", "../etc/passwd", "CET+1", "Europe/Berlin\u{0}"] {
            assert!(Zone::parse(wrong).is_err(), "{wrong:?}");
        }
        let names = Zone::names();
        assert!(names.len() > 300 && names.iter().all(|name| Zone::parse(name).is_ok()));
    }

    #[test]
    fn who_has_none_gets_the_accounts() {
        assert_eq!(Zone::first_of([None, Some("Asia/Tokyo")]).name(), "Asia/Tokyo");
        assert_eq!(Zone::first_of([Some("Europe/Paris"), Some("Asia/Tokyo")]).name(), "Europe/Paris");
        assert_eq!(Zone::first_of([Some("gone/zone"), None]).name(), "UTC");
    }

    #[test]
    fn a_day_is_as_long_as_it_is_there() {
        let berlin = zone("Europe/Berlin");
        let hours = |day: &str| (berlin.end_of_day(day).unwrap().0 - berlin.moment(day).unwrap().0) / 3_600_000;
        assert_eq!([hours("2026-03-29"), hours("2026-10-25"), hours("2026-11-21")], [23, 25, 24]);
        assert_eq!(berlin.moment("2026-07-01T14:05").unwrap().rfc3339(), "2026-07-01T12:05:00Z");
        assert_eq!(berlin.moment("2026-07-01T14:05:00Z").unwrap().rfc3339(), "2026-07-01T14:05:00Z");
        for wrong in ["2026-13-41", "yesterday", "2026-11-21 ", "éééééééééé"] {
            assert_eq!(berlin.moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_counted_back_over_a_change_of_clocks() {
        let berlin = zone("Europe/Berlin");
        let now = berlin.moment("2026-10-27T00:30").unwrap();
        let days = berlin.days_until(now, 3);
        assert_eq!(days.iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(), ["25 Oct", "26 Oct", "27 Oct"]);
        assert_eq!(days[1].1.0 - days[0].1.0, 25 * 3_600_000);
    }

    #[test]
    fn times_read_as_people_say_them() {
        let utc = &Zone::utc();
        let now = utc.moment("2026-11-21T14:05").unwrap();
        for (ago, text) in [
            (Span::seconds(3), "just now"),
            (Span::seconds(50), "1 minute ago"),
            (Span::minutes(5), "5 minutes ago"),
            (Span::hours(1), "1 hour ago"),
            (Span::hours(25), "yesterday"),
            (Span::days(3), "3 days ago"),
            (Span::days(60), "22 Sep 2026"),
        ] {
            assert_eq!(now.minus(ago).relative(now, utc), text);
        }
        assert_eq!(now.plus(Span::days(1)).relative(now, utc), "just now", "a clock set back is no reason for nonsense");
        for (ahead, text) in [
            (Span::seconds(3), "in 1 minute"),
            (Span::minutes(5), "in 5 minutes"),
            (Span::hours(5), "in 5 hours"),
            (Span::hours(25), "in 2 days"),
            (Span(Span::days(7).0 - 1), "in 7 days"),
            (Span::days(7), "in 7 days"),
        ] {
            assert_eq!(now.plus(ahead).ahead(now, utc), text);
        }
        assert_eq!(now.ahead(now, utc), "just now");
        assert_eq!(now.exact(utc), "21 Nov 2026, 14:05:00 UTC");
        assert_eq!(now.exact(&Zone::parse("Europe/Berlin").unwrap()), "21 Nov 2026, 15:05:00 CET");
        assert_eq!(now.exact(&Zone::parse("America/Sao_Paulo").unwrap()), "21 Nov 2026, 11:05:00 UTC-03");
        assert_eq!(now.plus(Span::hours(12)).date(&Zone::parse("Asia/Tokyo").unwrap()), "2026-11-22");
        assert_eq!(now.rfc3339(), "2026-11-21T14:05:00Z");
    }
}
