//! Months as callers write them.

use quoin_events::Timestamp;

use crate::period;

/// `month`, if the calendar writes it so: `2026-13` and `2026-1` are not months.
pub(super) fn checked(month: &str) -> Option<String> {
    let first = format!("{month}-01T00:00:00Z").parse::<Timestamp>().ok();
    first.map(period::month).filter(|written| written == month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_months_of_the_calendar_are_months() {
        assert_eq!(checked("2026-12").as_deref(), Some("2026-12"));
        for wrong in ["", "2026-13", "2026-1", "2026-01-01", "01-2026", "2026"] {
            assert_eq!(checked(wrong), None, "{wrong}");
        }
    }
}
