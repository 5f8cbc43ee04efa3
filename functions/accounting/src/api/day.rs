//! Days as callers write them.

use quoin_events::Timestamp;
use quoin_runtime::Problem;

/// `day`, if the calendar writes it so: `2026-02-30` and `2026-2-3` are not days.
///
/// # Errors
/// 400 with `pointer`.
pub(super) fn checked(day: &str, pointer: &str) -> Result<String, Problem> {
    let at = format!("{day}T00:00:00Z").parse::<Timestamp>().ok();
    at.map(Timestamp::day)
        .filter(|written| written == day)
        .ok_or_else(|| Problem::field("DATE_INVALID", pointer, "must be a day as 2026-01-31"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_days() {
        assert_eq!(checked("2024-02-29", "/day").unwrap(), "2024-02-29");
        for wrong in ["", "2026-02-29", "2026-2-3", "04/01/2026", "2026-01-01T00:00:00Z", "2026-01-01 "] {
            assert_eq!(checked(wrong, "/day").unwrap_err().errors[0].pointer, "/day", "{wrong}");
        }
    }
}
