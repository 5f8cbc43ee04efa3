//! What the platform keeps of an order: a percentage of what was paid, at the currency's scale.

use quoin_events::Timestamp;
use quoin_money::{Amount, MoneyError, Rounding};
use quoin_store::{Item, StoreError};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The commission of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Commission {
    /// The order.
    pub(crate) order_id: String,
    /// What was paid for it.
    pub(crate) order_total: Amount,
    /// The rate that held when it was created.
    pub(crate) percent: Amount,
    /// What the platform keeps.
    pub(crate) commission: Amount,
    /// When the order was created.
    pub(crate) created_at: Timestamp,
}

/// `percent` of `total`, halves up, with `scale` decimals.
///
/// # Errors
/// If it has too many digits.
pub(crate) fn of(total: Amount, percent: Amount, scale: u32) -> Result<Amount, MoneyError> {
    let rate = percent.value().checked_mul(Decimal::new(1, 2)).ok_or(MoneyError::Overflow)?;
    total.times(rate, scale, Rounding::HalfUp)
}

/// A rate that an operator set, and from when on it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CommissionRate"))]
pub(crate) struct Rate {
    /// Of what is paid for an order.
    pub(crate) percent: Amount,
    /// For orders created after this moment.
    pub(crate) valid_from: Timestamp,
    /// The operator who set it.
    pub(crate) set_by: String,
}

impl Rate {
    /// The rate of a row.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        item.require_json("rate")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn halves_go_up_at_the_currencys_scale() {
        for (total, percent, scale, expected) in [
            ("450", "5", 2, "22.5"),
            ("0.1", "5", 2, "0.01"),
            ("0.09", "5", 2, "0"),
            ("33.33", "2.5", 2, "0.83"),
            ("30", "5", 0, "2"),
            ("450", "0", 2, "0"),
            ("450", "100", 2, "450"),
        ] {
            assert_eq!(of(amount(total), amount(percent), scale).unwrap(), amount(expected), "{percent} % of {total}");
        }
    }

    proptest! {
        #[test]
        fn a_commission_is_never_more_than_the_order(cents in 0_i64..10_000_000_000, basis_points in 0_i64..=10_000) {
            let total = Amount::try_new(Decimal::new(cents, 2)).unwrap();
            let percent = Amount::try_new(Decimal::new(basis_points, 2)).unwrap();
            prop_assert!(of(total, percent, 2).unwrap() <= total);
        }
    }
}
