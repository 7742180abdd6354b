//! A bar chart: where its bars stand, on a sheet of fixed size that pages scale.

use super::time::{Millis, Span};

/// The sheet's width.
pub const WIDTH: i64 = 720;
/// The sheet's height, without the line of labels below.
pub const HEIGHT: i64 = 140;
/// How much of its place a bar leaves free.
const GAP: i64 = 6;

/// How finely moments are counted before they are put into days: a quarter of an hour, by which every zone is off from UTC
/// in whole steps.
pub const STEP: Span = Span::minutes(15);

/// One bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// How much.
    pub count: i64,
    /// From the left.
    pub x: i64,
    /// From the top.
    pub y: i64,
    /// How wide.
    pub width: i64,
    /// How high.
    pub height: i64,
}

/// A chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The bars, from left to right.
    pub bars: Vec<Bar>,
    /// What the top of the sheet stands for.
    pub top: i64,
    /// The sum of all.
    pub total: i64,
}

/// The chart of these counts. What is not nothing is always seen.
#[must_use]
pub fn chart(counts: Vec<(String, i64)>) -> Chart {
    let top = nice(counts.iter().map(|(_, count)| *count).max().unwrap_or(0));
    let place = WIDTH / i64::try_from(counts.len().max(1)).unwrap_or(1);
    let total = counts.iter().map(|(_, count)| count).sum();
    let bars = counts.into_iter().zip(0_i64..).map(|((label, count), n)| {
        let height = if count == 0 { 0 } else { (count * HEIGHT / top).max(2) };
        Bar { label, count, x: n * place + GAP / 2, y: HEIGHT - height, width: place - GAP, height }
    });
    Chart { bars: bars.collect(), top, total }
}

/// The next number that reads well, and that is even for the line in the middle; at least 4, so that one visit is no peak.
fn nice(most: i64) -> i64 {
    const STEPS: [i64; 8] = [10, 12, 16, 20, 30, 40, 60, 80];
    let mut power = 1;
    loop {
        for step in STEPS {
            // In tenths, so that small numbers have their own steps.
            let round = step * power / 10;
            if round >= most.max(4) && round % 2 == 0 {
                return round;
            }
        }
        power *= 10;
    }
}

/// Counts by steps (their number since 1970, and how many) put into days that begin at these moments.
#[must_use]
pub fn by_day(days: Vec<(String, Millis)>, steps: &[(i64, i64)]) -> Vec<(String, i64)> {
    let mut counts: Vec<(String, Millis, i64)> = days.into_iter().map(|(label, from)| (label, from, 0)).collect();
    for (step, count) in steps {
        let at = Millis(step * STEP.0);
        if let Some(day) = counts.iter_mut().rev().find(|(_, from, _)| *from <= at) {
            day.2 += count;
        }
    }
    counts.into_iter().map(|(label, _, count)| (label, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::zones::Zone;

    #[test]
    fn bars_stand_on_the_ground_and_under_the_top() {
        let drawn = chart(vec![("a".into(), 0), ("b".into(), 1), ("c".into(), 1_000), ("d".into(), 37)]);
        assert_eq!((drawn.top, drawn.total), (1_000, 1_038));
        assert!(drawn.bars.iter().all(|bar| bar.y >= 0 && bar.y + bar.height == HEIGHT && bar.x + bar.width <= WIDTH));
        assert_eq!(drawn.bars.iter().map(|bar| bar.height).collect::<Vec<_>>(), [0, 2, HEIGHT, 5]);
        assert_eq!([0, 3, 4, 5, 6, 11, 41, 99, 100, 101].map(nice), [4, 4, 4, 6, 6, 12, 60, 100, 100, 120]);
        assert_eq!(chart(vec![]).bars, []);
    }

    #[test]
    fn a_quarter_of_an_hour_is_fine_enough_for_every_zone() {
        // Nepal is 5:45 ahead: 18:15 UTC is midnight there.
        let zone = Zone::parse("Asia/Kathmandu").unwrap();
        let now = Zone::utc().moment("2026-11-21T19:00").unwrap();
        let days = zone.days_until(now, 2);
        let step = |text: &str| Zone::utc().moment(text).unwrap().0 / STEP.0;
        let steps = [(step("2026-11-21T18:00"), 3), (step("2026-11-21T18:15"), 5), (step("2026-11-01T00:00"), 9)];
        assert_eq!(by_day(days, &steps), [("21 Nov".to_owned(), 3), ("22 Nov".to_owned(), 5)]);
    }
}
