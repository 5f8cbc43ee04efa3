//! Days as numbers, and as the calendar writes them.

use quoin_events::Timestamp;
use quoin_uplift::Day;

const DAY_MS: i64 = 86_400_000;

/// The number of a day that is written `2026-01-04`; `None` of anything else.
pub(crate) fn number(text: &str) -> Option<Day> {
    let at: Timestamp = format!("{text}T00:00:00Z").parse().ok()?;
    (at.day() == text).then(|| of(at))
}

/// The day of a moment, in UTC.
pub(crate) const fn of(at: Timestamp) -> Day {
    at.millis().div_euclid(DAY_MS)
}

/// When a day begins.
pub(crate) fn midnight(day: Day) -> Timestamp {
    Timestamp::from_millis(day.saturating_mul(DAY_MS))
}

/// How the calendar writes a day.
pub(crate) fn text(day: Day) -> String {
    midnight(day).day()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written() {
        assert_eq!(number("1970-01-02"), Some(1));
        assert_eq!(number("2026-01-04").map(text).as_deref(), Some("2026-01-04"));
        for wrong in ["", "2026-02-30", "2026-1-4", "2026-01-04T00:00:00Z"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
