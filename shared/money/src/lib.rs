//! Money: assets, exact amounts, and the arithmetic that is allowed on them.
//!
//! Invariants: an [`Amount`] is never negative, never came through a float and never grows past
//! [`Amount::MAX_DIGITS`] integer digits; arithmetic is checked; rounding is always named.
//! This crate knows nothing of I/O, clocks or AWS.

mod allot;
mod amount;
mod asset;
mod delta;
mod odds;
mod parse;
mod tax;
mod wire;

pub use allot::{AllotError, allot};
pub use amount::{Amount, MoneyError, Rounding};
pub use asset::{Asset, Scales, UnknownAsset};
pub use delta::Delta;
pub use odds::{Odds, OddsError};
pub use parse::ParseAmountError;
pub use tax::{ParseTaxRateError, TaxRate, Taxed};
