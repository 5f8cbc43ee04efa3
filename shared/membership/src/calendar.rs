//! Months as people count them.

use quoin_events::Timestamp;
use time::{Date, OffsetDateTime};

/// The moment `months` after `anchor`: the same day of the month and the same time, or the month's last day if it has
/// no such day. Counted from the anchor, so that what began on the 31st comes back to the 31st.
#[must_use]
pub fn after_months(anchor: Timestamp, months: u32) -> Timestamp {
    let moved = || {
        let nanos = i128::from(anchor.millis()).checked_mul(1_000_000)?;
        let begin = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?;
        let count = i64::from(begin.year())
            .checked_mul(12)?
            .checked_add(i64::from(u8::from(begin.month())).checked_sub(1)?)?
            .checked_add(i64::from(months))?;
        let year = i32::try_from(count.div_euclid(12)).ok()?;
        let number = u8::try_from(count.rem_euclid(12).checked_add(1)?).ok()?;
        let month = time::Month::try_from(number).ok()?;
        let day = begin.day().min(month.length(year));
        let date = Date::from_calendar_date(year, month, day).ok()?;
        let millis = begin.replace_date(date).unix_timestamp_nanos().checked_div(1_000_000)?;
        i64::try_from(millis).ok()
    };
    // Only moments beyond the year 9999 have no such month.
    moved().map_or(anchor, Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_day_stands_in_for_a_day_that_a_month_lacks() {
        let anchor = at("2024-01-31T10:20:30.400Z");
        for (months, then) in [
            (1, "2024-02-29T10:20:30.400Z"),
            (2, "2024-03-31T10:20:30.400Z"),
            (3, "2024-04-30T10:20:30.400Z"),
            (13, "2025-02-28T10:20:30.400Z"),
            (12, "2025-01-31T10:20:30.400Z"),
            (0, "2024-01-31T10:20:30.400Z"),
        ] {
            assert_eq!(after_months(anchor, months), at(then), "{months}");
        }
    }

    proptest! {
        #[test]
        fn months_follow_each_other(ms in 0_i64..4_000_000_000_000, months in 0_u32..600) {
            let anchor = Timestamp::from_millis(ms);
            let (one, next) = (after_months(anchor, months), after_months(anchor, months.saturating_add(1)));
            let days = next.millis().saturating_sub(one.millis()).div_euclid(86_400_000);
            prop_assert!((28..=31).contains(&days));
        }
    }
}
