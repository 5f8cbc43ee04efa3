//! When an open payment is asked about, and when it is told to have expired. Pure.
//!
//! A payment is asked about at every sweep until it expires. An expiry is our word, not the provider's: the money may
//! still come, so an expired payment is asked about at a slower pace, and what is undecided after that is set aside
//! for people, never dropped.

use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env};

/// How many seconds an expired payment is left alone, if a stage says nothing else. The verification expects it.
const LATE_ASK_SECONDS: i64 = 3_600;

/// The pace of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long a payment may be open before it is asked about.
    pub(crate) ask_ms: i64,
    /// How long it may be open without being called paid.
    pub(crate) expiry_ms: i64,
    /// How long an expired one is left alone between two questions.
    pub(crate) late_ask_ms: i64,
    /// How long it may be open before it is set aside.
    pub(crate) late_ms: i64,
}

/// An open payment as its row tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) payment_id: String,
    pub(crate) at: Timestamp,
    /// When the provider was last asked about it, once it has expired.
    pub(crate) asked_at: Option<Timestamp>,
}

impl Pace {
    pub(crate) fn of(env: &Env) -> Result<Self, ConfigError> {
        let ms = |name, default: i64| Ok(env.config.parse_or(name, default)?.saturating_mul(1_000));
        Ok(Self {
            ask_ms: ms("PAYMENT_ASK_SECONDS", 60)?,
            expiry_ms: ms("PAYMENT_EXPIRY_SECONDS", 1_800)?,
            late_ask_ms: ms("PAYMENT_LATE_ASK_SECONDS", LATE_ASK_SECONDS)?,
            late_ms: ms("PAYMENT_LATE_SECONDS", 7 * 86_400)?,
        })
    }

    /// Whether the payment is to be asked about.
    pub(crate) fn is_due(&self, open: &Open, now: Timestamp) -> bool {
        match open.asked_at {
            Some(asked_at) => now >= asked_at.plus_millis(self.late_ask_ms),
            None => now >= open.at.plus_millis(self.ask_ms),
        }
    }

    /// Whether its time is up.
    pub(crate) fn is_expired(&self, open: &Open, now: Timestamp) -> bool {
        now >= open.at.plus_millis(self.expiry_ms)
    }

    /// Whether asking again has been worth it for long enough.
    pub(crate) fn is_over(&self, open: &Open, now: Timestamp) -> bool {
        self.is_expired(open, now) && now >= open.at.plus_millis(self.late_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn the_verification_waits_for_a_question_as_long_as_it_takes() {
        assert_eq!(quoin_verify::LATE_ASK_MS, LATE_ASK_SECONDS * 1_000);
    }

    #[test]
    fn an_undecided_payment_is_asked_about_each_minute_then_each_hour_for_a_week() {
        let pace = Pace { ask_ms: MINUTE, expiry_ms: 30 * MINUTE, late_ask_ms: 60 * MINUTE, late_ms: 10_080 * MINUTE };
        let mut open = Open { payment_id: "pay_1".to_owned(), at: Timestamp::from_millis(0), asked_at: None };
        let (mut early, mut late) = (0, Vec::new());
        for minute in 0.. {
            let now = Timestamp::from_millis(minute * MINUTE);
            if !pace.is_due(&open, now) {
                continue;
            }
            if pace.is_expired(&open, now) {
                open.asked_at = Some(now);
                late.push(minute);
            } else {
                early += 1;
            }
            if pace.is_over(&open, now) {
                break;
            }
        }
        assert_eq!(early, 29);
        assert_eq!(late.first(), Some(&30));
        assert!(late.windows(2).all(|pair| pair[1] - pair[0] == 60));
        assert_eq!(late.len(), 169);
    }
}
