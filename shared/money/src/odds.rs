//! Decimal (European) odds: what one unit of stake returns, the stake included.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::parse::{self, ParseAmountError};

/// Odds of one or more, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Odds(Decimal);

/// Why a value is not odds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OddsError {
    /// Not a plain decimal.
    #[error(transparent)]
    Parse(#[from] ParseAmountError),
    /// Odds below one would pay back less than the stake.
    #[error("must be at least 1")]
    BelowOne,
    /// More than any book offers.
    #[error("must be at most 1000000000000")]
    TooLarge,
}

impl Odds {
    /// Even out: the stake comes back.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Odds from an exact decimal.
    ///
    /// # Errors
    /// If below one or above a thousand billion.
    pub fn try_new(value: Decimal) -> Result<Self, OddsError> {
        if value < Decimal::ONE {
            return Err(OddsError::BelowOne);
        }
        if value > Decimal::from(1_000_000_000_000_u64) {
            return Err(OddsError::TooLarge);
        }
        Ok(Self(value.normalize()))
    }

    /// The exact decimal.
    #[must_use]
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// The odds of both coming true, kept to twelve decimals.
    ///
    /// # Errors
    /// If the product is above the largest odds.
    pub fn and(self, other: Self) -> Result<Self, OddsError> {
        let product = self.0.checked_mul(other.0).ok_or(OddsError::TooLarge)?;
        Self::try_new(product.round_dp_with_strategy(12, rust_decimal::RoundingStrategy::ToZero))
    }
}

impl fmt::Display for Odds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Odds {
    type Err = OddsError;

    fn from_str(text: &str) -> Result<Self, OddsError> {
        Self::try_new(parse::decimal(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_below_one_are_refused() {
        assert_eq!("0.99".parse::<Odds>(), Err(OddsError::BelowOne));
        assert_eq!("-2".parse::<Odds>(), Err(OddsError::BelowOne));
        assert_eq!("1e2".parse::<Odds>(), Err(OddsError::Parse(ParseAmountError::Exponent)));
    }

    #[test]
    fn an_absurd_accumulator_is_refused_rather_than_wrapped() {
        let thousand: Odds = "1000".parse().unwrap();
        let product = (0..20).try_fold(Odds::ONE, |all, _| all.and(thousand));
        assert_eq!(product, Err(OddsError::TooLarge));
    }
}
