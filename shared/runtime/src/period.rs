//! The days that a report is about: `from` and `to` of a request.

use std::collections::BTreeMap;

use crate::{Problem, Request};
use quoin_events::Timestamp;
use serde::Deserialize;

const DAY_SECONDS: i64 = 86_400;
/// The most days of a report: a leap year.
const MOST_DAYS: usize = 366;

/// The period of a report, both days included and at most 366 of them.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AskedPeriod {
    /// The first day, in UTC.
    #[cfg_attr(feature = "schema", schemars(required, extend("format" = "date")))]
    from: Option<String>,
    /// The last day.
    #[cfg_attr(feature = "schema", schemars(required, extend("format" = "date")))]
    to: Option<String>,
}

/// Consecutive days in UTC, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period(Vec<String>);

impl Period {
    /// The period that the caller asks for with `from` and `to`, both included.
    ///
    /// # Errors
    /// 400 with a pointer to the parameter that is wrong.
    pub fn of_request(request: &Request) -> Result<Self, Problem> {
        let asked: AskedPeriod = request.parameters("DATE_INVALID")?;
        Self::try_new(asked.from.as_deref(), asked.to.as_deref())
    }

    /// The days from `from` to `to`.
    ///
    /// # Errors
    /// As of a request.
    pub fn try_new(from: Option<&str>, to: Option<&str>) -> Result<Self, Problem> {
        let invalid = |pointer: &str| Problem::field("DATE_INVALID", pointer, "must be a day as 2026-01-31");
        let (from, to) = match (from.and_then(midnight), to.and_then(midnight)) {
            (Some(from), Some(to)) => (from, to),
            (None, Some(_)) => return Err(invalid("/from")),
            (Some(_), None) => return Err(invalid("/to")),
            (None, None) => return Err(invalid("/from").at("/to", "must be a day as 2026-01-31")),
        };
        if to < from {
            return Err(Problem::field("PERIOD_INVALID", "/to", "must not be before from"));
        }
        let days: Vec<_> = std::iter::successors(Some(from), |day| Some(day.plus_seconds(DAY_SECONDS)))
            .take_while(|day| *day <= to)
            .take(MOST_DAYS.saturating_add(1))
            .map(Timestamp::day)
            .collect();
        if days.len() > MOST_DAYS {
            return Err(Problem::field("PERIOD_INVALID", "/to", format!("must be within {MOST_DAYS} days of from")));
        }
        Ok(Self(days))
    }

    /// The days, in order.
    #[must_use]
    pub fn days(&self) -> &[String] {
        &self.0
    }

    /// The first day and the last one.
    #[must_use]
    pub fn ends(&self) -> (&str, &str) {
        (self.0.first().map_or("", String::as_str), self.0.last().map_or("", String::as_str))
    }

    /// Each month that the period touches with the first and the last day of it inside the period.
    #[must_use]
    pub fn months(&self) -> BTreeMap<&str, (&str, &str)> {
        let mut months = BTreeMap::new();
        for (month, day) in self.0.iter().filter_map(|day| split_day(day)) {
            months.entry(month).or_insert((day, day)).1 = day;
        }
        months
    }
}

/// The month and the day of the month of a calendar day.
#[must_use]
pub fn split_day(day: &str) -> Option<(&str, &str)> {
    day.rsplit_once('-')
}

// Only what is written as the calendar writes it: `2026-02-30` and `2026-2-3` are not days.
fn midnight(day: &str) -> Option<Timestamp> {
    let at: Timestamp = format!("{day}T00:00:00Z").parse().ok()?;
    (at.day() == day).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(from: Option<&str>, to: Option<&str>) -> Vec<String> {
        Period::try_new(from, to).unwrap_err().errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn both_days_are_included_and_months_are_cut_to_them() {
        let period = Period::try_new(Some("2024-02-28"), Some("2024-03-01")).unwrap();
        assert_eq!(period.days(), ["2024-02-28", "2024-02-29", "2024-03-01"]);
        let months: Vec<_> = period.months().into_iter().collect();
        assert_eq!(months, [("2024-02", ("28", "29")), ("2024-03", ("01", "01"))]);
    }

    #[test]
    fn wrong_days_are_pointed_at() {
        for wrong in ["", "2026-02-30", "2026-2-3", "04/01/2026", "2026-01-01T00:00:00Z", "1969-12-31", "2026-01-01 "] {
            assert_eq!(pointers(Some(wrong), Some("2026-01-31")), ["/from"], "{wrong}");
            assert_eq!(pointers(Some("2026-01-01"), Some(wrong)), ["/to"], "{wrong}");
        }
        assert_eq!(pointers(None, None), ["/from", "/to"]);
        assert_eq!(pointers(Some("2026-01-02"), Some("2026-01-01")), ["/to"]);
    }

    #[test]
    fn a_leap_year_is_the_longest_period() {
        assert_eq!(Period::try_new(Some("2024-01-01"), Some("2024-12-31")).unwrap().days().len(), 366);
        assert_eq!(pointers(Some("2024-01-01"), Some("2025-01-01")), ["/to"]);
        assert_eq!(pointers(Some("1970-01-01"), Some("9999-12-31")), ["/to"]);
        assert_eq!(Period::try_new(Some("9999-12-31"), Some("9999-12-31")).map(|one| one.days().len()).ok(), Some(1));
    }
}
