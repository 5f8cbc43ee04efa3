//! One boost.

use quoin_events::Timestamp;
use quoin_events::types::{BoostExpired, BoostGiven, CreditEventType, TargetType};
use quoin_money::Amount;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// The most credits of one boost.
pub const MAX_CREDITS: u32 = 10_000;
/// The most hours of one boost.
pub const MAX_HOURS: u32 = 168;
/// Parts of a boost's time, in each of which it counts less than before.
pub const QUARTERS: u32 = 4;

const HOUR_MS: i64 = 3_600_000;

/// Why something is no boost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoostError {
    /// Too few credits, too many, or parts of one.
    #[error("must be a whole number of credits from 1 to {MAX_CREDITS}")]
    Credits,
    /// Too short or too long.
    #[error("must be 1 to {MAX_HOURS} hours")]
    Hours,
}

/// A boost of somebody or something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boost {
    /// Its id, `boost_…`.
    pub event_id: String,
    /// Who gave it.
    pub user_id: String,
    /// Kind of what is boosted.
    pub target_type: TargetType,
    /// What is boosted.
    pub target_id: String,
    /// Credits.
    pub credits: u32,
    /// Hours.
    pub hours: u32,
    /// From when on it counts.
    pub from: Timestamp,
}

impl Boost {
    /// The credits of a boost for `amount`.
    ///
    /// # Errors
    /// If there are no boosts of so many.
    pub fn credits(amount: Amount) -> Result<u32, BoostError> {
        let whole = amount.value().to_u32().filter(|whole| Amount::whole(*whole) == amount);
        whole.filter(|credits| (1..=MAX_CREDITS).contains(credits)).ok_or(BoostError::Credits)
    }

    /// The hours of a boost for `duration`.
    ///
    /// # Errors
    /// If there are no boosts that long.
    pub fn hours(duration: u32) -> Result<u32, BoostError> {
        if (1..=MAX_HOURS).contains(&duration) { Ok(duration) } else { Err(BoostError::Hours) }
    }

    /// The boost that an event tells of.
    ///
    /// # Errors
    /// If there are no such boosts.
    pub fn told(given: &BoostGiven, target_type: TargetType) -> Result<Self, BoostError> {
        Ok(Self {
            event_id: given.event_id.clone(),
            user_id: given.user_id.clone(),
            target_type,
            target_id: given.target_id.clone(),
            credits: Self::credits(given.amount)?,
            hours: Self::hours(given.duration)?,
            from: given.timestamp,
        })
    }

    /// What an event tells of it.
    #[must_use]
    pub fn given(&self) -> BoostGiven {
        let kind = match self.target_type {
            TargetType::User => CreditEventType::ProfileBoost,
            TargetType::Gig => CreditEventType::GigBoost,
            TargetType::Clan => CreditEventType::ClanBoost,
        };
        BoostGiven {
            kind,
            user_id: self.user_id.clone(),
            target_id: self.target_id.clone(),
            amount: Amount::whole(self.credits),
            duration: self.hours,
            event_id: self.event_id.clone(),
            timestamp: self.from,
            expires_at: self.until(),
        }
    }

    /// What an event tells of its end, which was noted at `at`.
    #[must_use]
    pub fn expired(&self, at: Timestamp) -> BoostExpired {
        BoostExpired {
            kind: CreditEventType::BoostExpired,
            user_id: self.user_id.clone(),
            target_type: self.target_type,
            target_id: self.target_id.clone(),
            amount: Amount::whole(self.credits),
            duration: self.hours,
            event_id: self.event_id.clone(),
            timestamp: at,
            expires_at: self.until(),
        }
    }

    /// From when on it counts nothing.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.after(QUARTERS)
    }

    /// The moments at which it counts less than before; the last one is its end.
    #[must_use]
    pub fn steps(&self) -> [Timestamp; 4] {
        [1, 2, 3, QUARTERS].map(|quarters| self.after(quarters))
    }

    /// The first moment after `at` at which it counts less.
    #[must_use]
    pub fn next_step(&self, at: Timestamp) -> Option<Timestamp> {
        self.steps().into_iter().find(|step| *step > at)
    }

    /// What it counts at `at`.
    #[must_use]
    pub fn counts(&self, at: Timestamp) -> u32 {
        let gone = self.steps().into_iter().filter(|step| *step <= at).count();
        let left = QUARTERS.saturating_sub(u32::try_from(gone).unwrap_or(QUARTERS));
        self.credits.saturating_mul(left).checked_div(QUARTERS).unwrap_or(0)
    }

    /// Whether it is over at `at`.
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.until() <= at
    }

    // An hour is four times a whole number of milliseconds, so nothing is rounded.
    fn after(&self, quarters: u32) -> Timestamp {
        let whole = i64::from(self.hours).saturating_mul(HOUR_MS).saturating_mul(i64::from(quarters));
        self.from.plus_millis(whole.checked_div(i64::from(QUARTERS)).unwrap_or(0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn boost(number: u32, credits: u32, hours: u32, from: i64) -> Boost {
        Boost {
            event_id: format!("boost_{number}"),
            user_id: "booster456".to_owned(),
            target_type: TargetType::User,
            target_id: "user123".to_owned(),
            credits,
            hours,
            from: Timestamp::from_millis(from),
        }
    }

    #[test]
    fn a_boost_counts_less_in_each_quarter_and_nothing_from_its_end_on() {
        let boost = boost(1, 101, 4, 0);
        for (at, counts) in [
            (0, 101),
            (HOUR_MS - 1, 101),
            (HOUR_MS, 75),
            (2 * HOUR_MS, 50),
            (3 * HOUR_MS, 25),
            (4 * HOUR_MS - 1, 25),
            (4 * HOUR_MS, 0),
            (40 * HOUR_MS, 0),
        ] {
            assert_eq!(boost.counts(Timestamp::from_millis(at)), counts, "{at}");
        }
        assert_eq!(boost.until(), Timestamp::from_millis(4 * HOUR_MS));
        // Clocks differ: what has hardly begun counts.
        assert_eq!(boost.counts(Timestamp::from_millis(-5)), 101);
    }

    #[test]
    fn what_is_no_boost_is_refused() {
        let amount = |text: &str| Boost::credits(text.parse().unwrap());
        assert_eq!(amount("1"), Ok(1));
        assert_eq!(amount("10000"), Ok(MAX_CREDITS));
        for wrong in ["0", "0.5", "1.5", "10001", "99999999999"] {
            assert_eq!(amount(wrong), Err(BoostError::Credits), "{wrong}");
        }
        assert_eq!((Boost::hours(0), Boost::hours(169)), (Err(BoostError::Hours), Err(BoostError::Hours)));
        assert_eq!((Boost::hours(1), Boost::hours(168)), (Ok(1), Ok(168)));
    }

    proptest! {
        #[test]
        fn what_a_boost_counts_changes_at_its_steps_and_only_there(
            credits in 1..=MAX_CREDITS, hours in 1..=MAX_HOURS, from in 0_i64..1_000_000_000, at in 0_i64..700_000_000,
        ) {
            let boost = boost(1, credits, hours, from);
            let at = boost.from.plus_millis(at);
            let next = boost.next_step(at);
            prop_assert_eq!(next.is_none(), boost.is_over(at));
            if let Some(next) = next {
                prop_assert_eq!(boost.counts(next.plus_millis(-1)), boost.counts(at));
                prop_assert!(boost.counts(next) < boost.counts(at) || credits < QUARTERS);
            }
            prop_assert_eq!(boost.counts(boost.from), credits);
        }

        #[test]
        fn what_is_told_is_understood(credits in 1..=MAX_CREDITS, hours in 1..=MAX_HOURS, from in 0_i64..1_000_000_000) {
            let boost = boost(1, credits, hours, from);
            prop_assert_eq!(Boost::told(&boost.given(), TargetType::User), Ok(boost));
        }
    }
}
