//! Splitting an amount by weights so that the parts add up to the whole.

use std::cmp::Reverse;

use rust_decimal::Decimal;

use crate::{Amount, MoneyError};

/// Why an amount cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllotError {
    /// There is nobody to give it to.
    #[error("no weight is above zero")]
    NoWeight,
    /// The whole has more decimals than its parts may have.
    #[error("the whole has more decimals than its parts may have")]
    TooPrecise,
    /// A step of the arithmetic failed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Splits `whole` in proportion to `weights` at `scale` decimals, by the largest remainder: each part is its exact share
/// `whole × weight / total` rounded down, and what is left over goes, one smallest unit each, to the parts that lost most
/// by the rounding, of equals to the first. So no part is a unit away from its exact share, and none is above its
/// weight if `whole` is not above their total and the weights have no more decimals than `scale`.
///
/// # Errors
/// If all weights are zero, `whole` has more than `scale` decimals, or the numbers are too large.
pub fn allot(whole: Amount, weights: &[Amount], scale: u32) -> Result<Vec<Amount>, AllotError> {
    let finest = weights.iter().map(|weight| weight.value().scale()).max().unwrap_or(0);
    let weights = weights.iter().map(|weight| units(*weight, finest)).collect::<Result<Vec<_>, _>>()?;
    let total = weights.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight)).ok_or(MoneyError::Overflow)?;
    if total == 0 {
        return Err(AllotError::NoWeight);
    }
    if whole.value().scale() > scale {
        return Err(AllotError::TooPrecise);
    }
    let whole = units(whole, scale)?;
    let mut shares = weights
        .iter()
        .map(|weight| share(whole, *weight, total).ok_or(MoneyError::Overflow))
        .collect::<Result<Vec<_>, _>>()?;
    let given = shares.iter().try_fold(0_u128, |sum, (part, _)| sum.checked_add(*part));
    let left = given.and_then(|given| whole.checked_sub(given)).ok_or(MoneyError::Overflow)?;
    // The remainders add up to `left` times the total and each is below the total: more than `left` parts have one.
    let mut order: Vec<_> = shares.iter_mut().collect();
    order.sort_by_key(|(_, remainder)| Reverse(*remainder));
    for (part, _) in order.into_iter().take(usize::try_from(left).map_err(|_| MoneyError::Overflow)?) {
        *part = part.checked_add(1).ok_or(MoneyError::Overflow)?;
    }
    shares.into_iter().map(|(part, _)| Ok(amount(part, scale)?)).collect()
}

/// How many units of `scale` decimals `amount` is, which has no more decimals.
fn units(amount: Amount, scale: u32) -> Result<u128, MoneyError> {
    let value = amount.value();
    let more = scale.checked_sub(value.scale()).and_then(|places| 10_u128.checked_pow(places));
    let mantissa = u128::try_from(value.mantissa()).map_err(|_| MoneyError::Negative)?;
    more.and_then(|more| mantissa.checked_mul(more)).ok_or(MoneyError::Overflow)
}

fn amount(units: u128, scale: u32) -> Result<Amount, MoneyError> {
    let units = i128::try_from(units).map_err(|_| MoneyError::Overflow)?;
    Amount::try_new(Decimal::try_from_i128_with_scale(units, scale).map_err(|_| MoneyError::Overflow)?)
}

/// `whole × weight / total` and the remainder, exactly. The product may have more than 128 bits, so it is never formed:
/// `weight` is taken bit by bit, from the highest, and quotient and remainder are carried along.
fn share(whole: u128, weight: u128, total: u128) -> Option<(u128, u128)> {
    let (each, rest) = (whole.checked_div(total)?, whole.checked_rem(total)?);
    (0..u128::BITS).rev().try_fold((0_u128, 0_u128), |(part, remainder), bit| {
        let (mut part, mut remainder) = (part.checked_mul(2)?, remainder.checked_mul(2)?);
        if weight.checked_shr(bit)? & 1 == 1 {
            (part, remainder) = (part.checked_add(each)?, remainder.checked_add(rest)?);
        }
        Some((part.checked_add(remainder.checked_div(total)?)?, remainder.checked_rem(total)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cents(cents: i64) -> Amount {
        Amount::try_new(Decimal::new(cents, 2)).unwrap()
    }

    fn text(parts: &[Amount]) -> Vec<String> {
        parts.iter().map(Amount::to_string).collect()
    }

    fn split(whole: u32, weights: &[u32]) -> Vec<String> {
        let weights: Vec<_> = weights.iter().copied().map(Amount::whole).collect();
        text(&allot(Amount::whole(whole), &weights, 2).unwrap())
    }

    #[test]
    fn a_share_that_has_no_remainder_is_exact() {
        assert_eq!(split(30, &[200, 100]), ["20", "10"]);
        assert_eq!(split(6, &[3, 1, 2]), ["3", "1", "2"]);
    }

    #[test]
    fn what_is_left_goes_to_the_largest_remainder_and_of_equals_to_the_first() {
        let parts = allot(Amount::whole(100), &[Amount::whole(1); 3], 0).unwrap();
        assert_eq!(parts, [Amount::whole(34), Amount::whole(33), Amount::whole(33)]);
        // 0.1, 0.3 and 0.6 of a cent.
        assert_eq!(text(&allot(cents(1), &[1, 3, 6].map(Amount::whole), 2).unwrap()), ["0", "0", "0.01"]);
    }

    #[test]
    fn what_cannot_be_split_is_told() {
        assert_eq!(allot(Amount::whole(1), &[Amount::ZERO], 0), Err(AllotError::NoWeight));
        assert_eq!(allot(Amount::whole(1), &[], 0), Err(AllotError::NoWeight));
        assert_eq!(allot(cents(1), &[Amount::whole(1)], 1), Err(AllotError::TooPrecise));
    }

    #[test]
    fn the_largest_amounts_are_split_exactly() {
        let most: Amount = "999999999999999.999999999999".parse().unwrap();
        let least: Amount = "0.000000000001".parse().unwrap();
        assert_eq!(allot(most, &[most, most], 12).unwrap().into_iter().max().unwrap().to_string(), "500000000000000");
        assert_eq!(allot(most, &[most.minus(least).unwrap(), least], 12).unwrap(), [most.minus(least).unwrap(), least]);
        assert_eq!(allot(most, &[least, least], 20), Err(MoneyError::Overflow.into()));
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_next_to_their_exact_share(
            whole in 0_i64..1_000_000_000_000, weights in prop::collection::vec(0_i64..1_000_000_000_000, 1..12),
        ) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let amounts: Vec<_> = weights.iter().copied().map(cents).collect();
            let parts = allot(cents(whole), &amounts, 2).unwrap();
            prop_assert_eq!(&parts, &allot(cents(whole), &amounts, 2).unwrap());
            let sum = parts.iter().try_fold(Amount::ZERO, |sum, part| sum.plus(*part)).unwrap();
            prop_assert_eq!(sum, cents(whole));
            let total: i128 = weights.iter().copied().map(i128::from).sum();
            let mut errors = Vec::new();
            for (part, weight) in parts.iter().zip(&weights) {
                let part = i128::try_from(units(*part, 2).unwrap()).unwrap();
                // |part − whole × weight / total| < 1, multiplied by the total.
                let times = |one: i128, two: i128| one.checked_mul(two).unwrap();
                let error = times(part, total).checked_sub(times(whole.into(), (*weight).into())).unwrap();
                prop_assert!(error.abs() < total);
                prop_assert!(part <= i128::from(*weight) || i128::from(whole) > total);
                errors.push(error);
            }
            // Whoever was given a unit had lost at least as much as whoever was not; of equals the first.
            for (first, one) in errors.iter().enumerate() {
                for (second, other) in errors.iter().enumerate() {
                    if *one > 0 && *other < 0 {
                        let (lost, kept) = (total.abs_diff(*one), other.unsigned_abs());
                        prop_assert!(lost > kept || (lost == kept && first < second));
                    }
                }
            }
        }
    }
}
