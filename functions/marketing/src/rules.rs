//! How much is given for what: pure arithmetic, always rounded down, never above a cap.

use quoin_events::types::{BetResult, Money};
use quoin_money::{Amount, Asset, MoneyError, Rounding, Scales};
use rust_decimal::Decimal;

/// What a first deposit earns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DepositBonus {
    /// Of the deposit.
    pub(crate) percent: Amount,
    /// The most that is given; `None` for no bound.
    pub(crate) max: Option<Amount>,
}

impl DepositBonus {
    /// The bonus for a deposit of `amount`, at the bonus asset's scale.
    ///
    /// # Errors
    /// If the product has too many digits.
    pub(crate) fn of(self, amount: Amount, scales: Scales) -> Result<Amount, MoneyError> {
        let scale = scales.of(Asset::Bonus);
        let bonus = share(amount, self.percent, scale)?;
        match self.max {
            Some(max) => Ok(bonus.min(max.times(Decimal::ONE, scale, Rounding::Down)?)),
            None => Ok(bonus),
        }
    }
}

/// `percent` of `amount`, rounded down to `scale` decimals.
///
/// # Errors
/// If the product has too many digits.
pub(crate) fn share(amount: Amount, percent: Amount, scale: u32) -> Result<Amount, MoneyError> {
    let share = Decimal::new(1, 2).checked_mul(percent.value()).ok_or(MoneyError::Overflow)?;
    amount.times(share, scale, Rounding::Down)
}

/// Whole loyalty points for a stake: only the person's own money and bonus money earn any.
///
/// # Errors
/// If the product has too many digits.
pub(crate) fn points_for(stake: &Money, points_per_unit: Amount) -> Result<Amount, MoneyError> {
    match stake.asset {
        Asset::Cash | Asset::Bonus => stake.amount.times(points_per_unit.value(), 0, Rounding::Down),
        Asset::PromoCoins | Asset::BrandedCoins | Asset::RezCoins | Asset::Credits => Ok(Amount::ZERO),
    }
}

/// The part of a settled stake that counts as wagered: what was really at risk.
///
/// # Errors
/// If the product has too many digits, which half a stake has not.
pub(crate) fn wagered(result: BetResult, stake: &Money, scales: Scales) -> Result<Amount, MoneyError> {
    match result {
        BetResult::Won | BetResult::Lost | BetResult::DeadHeat => Ok(stake.amount),
        BetResult::HalfWon | BetResult::HalfLost => {
            stake.amount.times(Decimal::new(5, 1), scales.of(stake.asset), Rounding::Down)
        }
        BetResult::Void => Ok(Amount::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn cents(units: u64) -> Amount {
        Amount::try_new(Decimal::new(i64::try_from(units).unwrap(), 2)).unwrap()
    }

    #[test]
    fn a_deposit_bonus_is_rounded_down_to_the_cent() {
        let bonus = DepositBonus { percent: amount("10"), max: Some(amount("500")) };
        for (deposit, given) in [("100", "10"), ("99.99", "9.99"), ("0.09", "0"), ("10000", "500")] {
            assert_eq!(bonus.of(amount(deposit), Scales::default()).unwrap(), amount(given), "{deposit}");
        }
    }

    #[test]
    fn only_cash_and_bonus_stakes_earn_points() {
        for (asset, points) in [(Asset::Cash, "12"), (Asset::Bonus, "12"), (Asset::PromoCoins, "0")] {
            let stake = Money { amount: amount("12.99"), asset };
            assert_eq!(points_for(&stake, amount("1")).unwrap(), amount(points), "{asset}");
        }
    }

    #[test]
    fn a_void_bet_wagers_nothing_and_a_half_one_half() {
        let stake = Money { amount: amount("5.01"), asset: Asset::Cash };
        for (result, counted) in [(BetResult::Lost, "5.01"), (BetResult::HalfWon, "2.5"), (BetResult::Void, "0")] {
            assert_eq!(wagered(result, &stake, Scales::default()).unwrap(), amount(counted));
        }
    }

    proptest! {
        #[test]
        fn a_bonus_is_never_above_its_cap_nor_above_its_share(
            deposit in 0_u64..100_000_000_000, percent in 0_u64..=10_000, cap in 0_u64..1_000_000, scale in 0_u32..=4,
        ) {
            let (deposit, percent, cap) = (cents(deposit), cents(percent), cents(cap));
            let scales = Scales::try_new(scale).unwrap();
            let given = DepositBonus { percent, max: Some(cap) }.of(deposit, scales).unwrap();
            prop_assert!(given <= cap);
            prop_assert!(given <= deposit);
            prop_assert!(given.in_scale(Asset::Bonus, scales).is_ok());
        }

        #[test]
        fn a_larger_deposit_never_earns_less(a in 0_u64..10_000_000, more in 0_u64..10_000_000) {
            let rule = DepositBonus { percent: amount("12.5"), max: None };
            let of = |units| rule.of(cents(units), Scales::default()).unwrap();
            prop_assert!(of(a) <= of(a.saturating_add(more)));
        }

        #[test]
        fn points_are_whole_and_at_most_the_product(stake in 0_u64..10_000_000_000, rate in 0_u64..1_000) {
            let stake = Money { amount: cents(stake), asset: Asset::Cash };
            let points = points_for(&stake, cents(rate)).unwrap();
            prop_assert_eq!(points.value().scale(), 0);
            let product = stake.amount.value().checked_mul(cents(rate).value()).unwrap();
            prop_assert!(points.value() <= product);
        }
    }
}
