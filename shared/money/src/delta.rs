//! A signed exact difference: what a correction or a posting moves.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::parse::{self, ParseAmountError};
use crate::{Amount, MoneyError};

/// An exact signed quantity of one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Delta(Decimal);

impl Delta {
    /// No change.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// A difference of `value`.
    #[must_use]
    pub fn new(value: Decimal) -> Self {
        Self(if value.is_zero() { Decimal::ZERO } else { value.normalize() })
    }

    /// An increase by `amount`.
    #[must_use]
    pub fn plus(amount: Amount) -> Self {
        Self::new(amount.value())
    }

    /// A decrease by `amount`.
    #[must_use]
    pub fn minus(amount: Amount) -> Self {
        use std::ops::Neg;
        Self::new(amount.value().neg())
    }

    /// The exact decimal.
    #[must_use]
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether this takes away.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// Its size without the sign.
    ///
    /// # Errors
    /// If it has too many digits for an amount.
    pub fn magnitude(self) -> Result<Amount, MoneyError> {
        Amount::try_new(self.0.abs())
    }

    /// Sum.
    ///
    /// # Errors
    /// If it has too many digits.
    pub fn and(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).map(Self::new).ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Delta {
    type Err = ParseAmountError;

    fn from_str(text: &str) -> Result<Self, ParseAmountError> {
        parse::decimal(text).map(Self::new)
    }
}
