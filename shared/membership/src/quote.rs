//! What a period costs somebody who has paid for something else already.

use quoin_events::Timestamp;
use quoin_money::{Amount, MoneyError, Rounding};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A period and its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The plan.
    pub plan: String,
    /// What a period of it costs.
    pub price: Amount,
    /// What is taken off it.
    pub credit: Amount,
    /// What is to be paid: the price without the credit.
    pub amount: Amount,
    /// What is left of the credit afterwards.
    pub credit_left: Amount,
    /// The first moment of the period.
    pub period_start: Timestamp,
    /// The first moment after it.
    pub period_end: Timestamp,
}

impl Quote {
    /// A period of `plan` for `price`, for somebody who has `credit`.
    ///
    /// # Errors
    /// Never for amounts that exist: both differences are of the smaller from the larger.
    pub fn of(
        plan: &str,
        price: Amount,
        credit: Amount,
        (period_start, period_end): (Timestamp, Timestamp),
    ) -> Result<Self, MoneyError> {
        let used = credit.min(price);
        Ok(Self {
            plan: plan.to_owned(),
            price,
            credit: used,
            amount: price.minus(used)?,
            credit_left: credit.minus(used)?,
            period_start,
            period_end,
        })
    }
}

/// What is left at `now` of `price`, paid for the time from `start` to `end`; rounded down to `scale` decimals.
pub(crate) fn unused(
    price: Amount,
    (start, end): (Timestamp, Timestamp),
    now: Timestamp,
    scale: u32,
) -> Result<Amount, MoneyError> {
    let whole = end.millis().saturating_sub(start.millis());
    let left = end.millis().saturating_sub(now.max(start).millis()).max(0);
    // One division, at the end: a fraction of a month has no end as a decimal.
    let share = price.value().checked_mul(Decimal::from(left)).and_then(|all| all.checked_div(Decimal::from(whole)));
    let share = share.ok_or(MoneyError::Overflow)?;
    Amount::try_new(share)?.times(Decimal::ONE, scale, Rounding::Down).map(|left| left.min(price))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn what_is_not_used_is_worth_its_part_of_the_price() {
        let price: Amount = "9.99".parse().unwrap();
        let month = (at(0), at(30 * 86_400_000));
        let left = |days: i64| unused(price, month, at(days * 86_400_000), 2).unwrap().to_string();
        assert_eq!([left(0), left(10), left(15), left(30), left(40)], ["9.99", "6.66", "4.99", "0", "0"]);
    }

    proptest! {
        #[test]
        fn what_is_paid_and_what_is_credited_is_the_price(price in 1_u32..1_000_000, credit in 0_u32..1_000_000) {
            let (price, credit) = (Amount::whole(price), Amount::whole(credit));
            let quote = Quote::of("p", price, credit, (at(0), at(1))).unwrap();
            prop_assert_eq!(quote.amount.plus(quote.credit).unwrap(), price);
            prop_assert_eq!(quote.credit.plus(quote.credit_left).unwrap(), credit);
            prop_assert!(quote.amount.is_zero() || quote.credit_left.is_zero());
        }

        #[test]
        fn nobody_gets_back_more_than_was_paid(
            cents in 1_u32..10_000_000, length in 1_i64..40_000_000_000, now in -1_000_i64..50_000_000_000,
        ) {
            let price = Amount::try_new(Decimal::new(i64::from(cents), 2)).unwrap();
            let left = unused(price, (at(0), at(length)), at(now), 2).unwrap();
            prop_assert!(left <= price);
            prop_assert!(now < length || left.is_zero());
        }
    }
}
