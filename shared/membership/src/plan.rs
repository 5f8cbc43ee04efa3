//! Plans, as data.

use quoin_events::Timestamp;
use quoin_money::Amount;
use serde::Deserialize;

/// What can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is called.
    pub plan: String,
    /// What a period costs in the stage's currency, tax included.
    pub price: Amount,
    /// Months of a period.
    pub months: u32,
}

/// All plans, and what becomes of a subscription that cannot be charged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plans {
    plans: Vec<Plan>,
    /// Days from a failed attempt to the next one; after the last there is none.
    retry_after_days: Vec<u32>,
}

impl Plans {
    /// The plans that exist from the start.
    ///
    /// # Errors
    /// Never with the file that comes with the code; a test reads it.
    pub fn standard() -> Result<Self, serde_json::Error> {
        serde_json::from_str(include_str!("../plans.json"))
    }

    /// The plan called `name`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.plan == name)
    }

    /// What they are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.plans.iter().map(|plan| plan.plan.as_str())
    }

    /// When it is tried again after attempt number `attempt`, from 1 on, failed at `now`; never after the last one.
    #[must_use]
    pub fn next_attempt_at(&self, attempt: u32, now: Timestamp) -> Option<Timestamp> {
        let place = usize::try_from(attempt.checked_sub(1)?).ok()?;
        let days = self.retry_after_days.get(place)?;
        Some(now.plus_seconds(i64::from(*days).saturating_mul(86_400)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_plans_are_there_and_cost_something() {
        let plans = Plans::standard().unwrap();
        assert_eq!(plans.names().collect::<Vec<_>>(), ["monthly", "yearly"]);
        assert!(plans.plans.iter().all(|plan| !plan.price.is_zero() && plan.months > 0));
        assert!(plans.find("weekly").is_none());
    }

    #[test]
    fn a_subscription_is_tried_four_times_more() {
        let plans = Plans::standard().unwrap();
        let at = |attempt| plans.next_attempt_at(attempt, Timestamp::from_millis(0)).map(|at| at.seconds() / 86_400);
        assert_eq!([at(1), at(2), at(3), at(4), at(5), at(0)], [Some(1), Some(3), Some(5), Some(7), None, None]);
    }
}
