//! Splitting an amount by weights so that the parts add up to the whole.

use rust_decimal::Decimal;

use crate::{Amount, MoneyError, Rounding};

/// Why an amount cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllotError {
    /// There is nobody to give it to.
    #[error("no weight is above zero")]
    NoWeight,
    /// A step of the arithmetic failed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Splits `whole` in proportion to `weights` at `scale` decimals: each part is rounded down, and
/// the remainder goes, one smallest unit each, to the first parts whose weight is above zero.
///
/// # Errors
/// If all weights are zero, or the numbers are too large.
pub fn allot(whole: Amount, weights: &[Amount], scale: u32) -> Result<Vec<Amount>, AllotError> {
    let total = weights.iter().try_fold(Amount::ZERO, |sum, weight| sum.plus(*weight))?;
    if total.is_zero() {
        return Err(AllotError::NoWeight);
    }
    let mut rest = whole;
    let mut parts = Vec::with_capacity(weights.len());
    for weight in weights {
        let share = weight.value().checked_div(total.value()).ok_or(MoneyError::Overflow)?;
        // A quotient cut at 28 digits may round up: never hand out more than is left.
        let part = whole.times(share, scale, Rounding::Down)?.min(rest);
        rest = rest.minus(part)?;
        parts.push(part);
    }
    let unit = Amount::try_new(Decimal::new(1, scale))?;
    while !rest.is_zero() {
        for (part, weight) in parts.iter_mut().zip(weights) {
            if !weight.is_zero() && !rest.is_zero() {
                let step = unit.min(rest);
                *part = part.plus(step)?;
                rest = rest.minus(step)?;
            }
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_remainder_goes_to_the_first_parts() {
        let parts = allot(Amount::whole(100), &[Amount::whole(1); 3], 0).unwrap();
        assert_eq!(parts, [Amount::whole(34), Amount::whole(33), Amount::whole(33)]);
        assert_eq!(allot(Amount::whole(1), &[Amount::ZERO], 0), Err(AllotError::NoWeight));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(cents in 0_i64..1_000_000, weights in prop::collection::vec(0_u32..1000, 1..8)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let whole = Amount::try_new(Decimal::new(cents, 2)).unwrap();
            let weights: Vec<_> = weights.into_iter().map(Amount::whole).collect();
            let parts = allot(whole, &weights, 2).unwrap();
            let sum = parts.iter().try_fold(Amount::ZERO, |sum, part| sum.plus(*part)).unwrap();
            prop_assert_eq!(sum, whole);
        }
    }
}
