//! Times and spans as filters write them, within the years 1 to 9999, which are those of CEL.

use crate::rules::time::{Millis, Span};

const FIRST: Millis = Millis(-62_135_596_800_000);
const LAST: Millis = Millis(253_402_300_799_999);

/// Reads RFC 3339; what is finer than a millisecond is cut off. Also reads `2025-05-10Z`, the beginning of a day, which the
/// published examples of filters write.
#[must_use]
pub fn read(text: &str) -> Option<Millis> {
    let day = text.strip_suffix('Z').filter(|day| day.len() == 10).map(|day| format!("{day}T00:00:00Z"));
    let text = day.as_deref().unwrap_or(text);
    // The parser would take any sign between day and time.
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    sensible(Millis::parse(text)?.0)
}

/// Reads `7d`, `24h` or `1h30m`.
#[must_use]
pub fn span(text: &str) -> Option<Span> {
    let mut rest = Some(text).filter(|text| !text.is_empty())?;
    let mut millis = 0_i64;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let mut after = after.chars();
        let unit = match after.next()? {
            's' => Span::seconds(1),
            'm' => Span::minutes(1),
            'h' => Span::hours(1),
            'd' => Span::days(1),
            _ => return None,
        };
        millis = millis.checked_add(number.parse::<i64>().ok()?.checked_mul(unit.0)?)?;
        rest = after.as_str();
    }
    Some(Span(millis))
}

/// A moment so much later, or earlier.
#[must_use]
pub fn moved(moment: Millis, span: Span, back: bool) -> Option<Millis> {
    sensible(if back { moment.0.checked_sub(span.0)? } else { moment.0.checked_add(span.0)? })
}

fn sensible(millis: i64) -> Option<Millis> {
    Some(Millis(millis)).filter(|moment| (FIRST..=LAST).contains(moment))
}
