//! A moment in the two spellings that are sent.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 86_400;

/// A moment in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub millis: u64,
}

impl Moment {
    /// The moment of the call.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { millis: since.as_millis() as u64 }
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> u64 {
        self.millis / 1000
    }

    /// As AWS signs it: `20260104T101705Z`.
    pub fn basic(self) -> String {
        let ((year, month, day), (hour, minute, second)) = self.parts();
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
    }

    /// RFC 3339 with milliseconds: `2026-01-04T10:17:05.123Z`.
    pub fn rfc3339(self) -> String {
        let ((year, month, day), (hour, minute, second)) = self.parts();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", self.millis % 1000)
    }

    fn parts(self) -> ((u64, u64, u64), (u64, u64, u64)) {
        let second = self.seconds() % DAY;
        (civil(self.seconds() / DAY), (second / 3600, second / 60 % 60, second % 60))
    }
}

/// The date of a day since 1970-01-01: years begin in March here, so that a leap day is a year's last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_leap_days_and_ends_of_years() {
        let spelled = |seconds: u64| Moment { millis: seconds * 1000 + 7 }.rfc3339();
        assert_eq!(spelled(0), "1970-01-01T00:00:00.007Z");
        assert_eq!(spelled(951_782_400), "2000-02-29T00:00:00.007Z");
        assert_eq!(spelled(1_709_251_199), "2024-02-29T23:59:59.007Z");
        assert_eq!(spelled(1_767_225_599), "2025-12-31T23:59:59.007Z");
        assert_eq!(Moment { millis: 1_767_521_825_123 }.basic(), "20260104T101705Z");
    }
}
