//! A non-negative exact quantity of one asset.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::parse::{self, ParseAmountError};
use crate::{Asset, Delta, Scales};

/// A quantity that is zero or more, exact, without trailing zeros. The unit is that of its asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(Decimal);

/// Why an arithmetic step on amounts was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result would have too many digits.
    #[error("the amount is too large")]
    Overflow,
    /// The result would be negative.
    #[error("the amount would be negative")]
    Negative,
    /// More decimals than the asset has.
    #[error("has more than {scale} decimals, which {asset} does not have")]
    TooManyDecimals {
        /// The asset in question.
        asset: Asset,
        /// Its number of decimals.
        scale: u32,
    },
}

/// How a result with too many decimals is brought to an asset's scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero: nobody is paid a fraction that does not exist.
    Down,
    /// To the nearest, halves away from zero: what a customer expects of a payout.
    HalfUp,
}

impl Amount {
    /// The most digits before the decimal point.
    pub const MAX_DIGITS: usize = parse::MAX_INTEGER_DIGITS;
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// An amount from an exact decimal.
    ///
    /// # Errors
    /// If it is negative or too large.
    pub fn try_new(value: Decimal) -> Result<Self, MoneyError> {
        if value.is_sign_negative() && !value.is_zero() {
            return Err(MoneyError::Negative);
        }
        if value >= Decimal::from(10_u64.pow(15)) {
            return Err(MoneyError::Overflow);
        }
        Ok(Self(value.normalize()))
    }

    /// A whole number of units.
    #[must_use]
    pub fn whole(units: u32) -> Self {
        Self(Decimal::from(units))
    }

    /// The exact decimal.
    #[must_use]
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// Whether this is nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// The same amount, if `asset` has enough decimals for it.
    ///
    /// # Errors
    /// If the amount has more decimals than the asset.
    pub fn in_scale(self, asset: Asset, scales: Scales) -> Result<Self, MoneyError> {
        let scale = scales.of(asset);
        if self.0.scale() > scale { Err(MoneyError::TooManyDecimals { asset, scale }) } else { Ok(self) }
    }

    /// Sum.
    ///
    /// # Errors
    /// If it has too many digits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Self::try_new(self.0.checked_add(other.0).ok_or(MoneyError::Overflow)?)
    }

    /// Difference.
    ///
    /// # Errors
    /// If it would be negative.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        Self::try_new(self.0.checked_sub(other.0).ok_or(MoneyError::Overflow)?)
    }

    /// The signed difference `self - other`.
    ///
    /// # Errors
    /// If it has too many digits.
    pub fn delta_from(self, other: Self) -> Result<Delta, MoneyError> {
        Ok(Delta::new(self.0.checked_sub(other.0).ok_or(MoneyError::Overflow)?))
    }

    /// Product with a factor of zero or more, at the asset's scale.
    ///
    /// # Errors
    /// If the factor is negative or the product too large.
    pub fn times(self, factor: Decimal, scale: u32, rounding: Rounding) -> Result<Self, MoneyError> {
        let product = self.0.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        let strategy = match rounding {
            Rounding::Down => RoundingStrategy::ToZero,
            Rounding::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        };
        Self::try_new(product.round_dp_with_strategy(scale, strategy))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Amount {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, ParseAmountError> {
        let value = parse::decimal(text)?;
        if value.is_sign_negative() && !value.is_zero() {
            return Err(ParseAmountError::Negative);
        }
        Self::try_new(value).map_err(|_| ParseAmountError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for (text, error) in [
            ("1e3", ParseAmountError::Exponent),
            ("1E-3", ParseAmountError::Exponent),
            ("-1", ParseAmountError::Negative),
            ("", ParseAmountError::NotADecimal),
            (".5", ParseAmountError::NotADecimal),
            ("5.", ParseAmountError::NotADecimal),
            ("1.2.3", ParseAmountError::NotADecimal),
            ("+1", ParseAmountError::NotADecimal),
            ("1_000", ParseAmountError::NotADecimal),
            ("NaN", ParseAmountError::NotADecimal),
            ("1000000000000000", ParseAmountError::TooLarge),
            ("0.0000000000001", ParseAmountError::TooPrecise),
        ] {
            assert_eq!(text.parse::<Amount>(), Err(error), "{text}");
        }
    }

    #[test]
    fn trailing_zeros_are_dropped() {
        assert_eq!("450.10".parse::<Amount>().unwrap().to_string(), "450.1");
        assert_eq!("-0.00".parse::<Amount>().unwrap(), Amount::ZERO);
    }

    #[test]
    fn rounding_is_what_its_name_says() {
        let ten: Amount = "10".parse().unwrap();
        let factor = Decimal::from_str_exact("1.0005").unwrap();
        assert_eq!(ten.times(factor, 2, Rounding::Down).unwrap().to_string(), "10");
        assert_eq!(ten.times(factor, 2, Rounding::HalfUp).unwrap().to_string(), "10.01");
    }

    #[test]
    fn coins_have_no_decimals() {
        let half: Amount = "0.5".parse().unwrap();
        assert!(half.in_scale(Asset::RezCoins, Scales::default()).is_err());
        assert!(half.in_scale(Asset::Cash, Scales::default()).is_ok());
    }

    proptest! {
        #[test]
        fn reading_back_what_was_written_changes_nothing(units in 0_u64..10_u64.pow(15), scale in 0_u32..=12) {
            let amount = Amount::try_new(Decimal::new(i64::try_from(units).unwrap(), scale)).unwrap();
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "[-+0-9.eE_ ]{0,40}") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert!(!amount.value().is_sign_negative() || amount.is_zero());
            }
        }

        #[test]
        fn minus_undoes_plus(a in 0_u32.., b in 0_u32..) {
            let (a, b) = (Amount::whole(a), Amount::whole(b));
            prop_assert_eq!(a.plus(b).unwrap().minus(b).unwrap(), a);
        }
    }
}
