//! Strict reading of decimals: what a person would write on paper, and nothing else.

use rust_decimal::Decimal;

/// Why a text is not an amount. The messages fit after "the amount".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseAmountError {
    /// Neither a JSON number nor a text of digits with at most one point.
    #[error("must be a plain decimal number")]
    NotADecimal,
    /// Written as `1e3`.
    #[error("must not use an exponent")]
    Exponent,
    /// Below zero where that has no meaning.
    #[error("must not be negative")]
    Negative,
    /// More integer digits than any wallet can hold.
    #[error("has more than 15 digits before the decimal point")]
    TooLarge,
    /// More decimals than any asset has.
    #[error("has more than 12 decimals")]
    TooPrecise,
}

/// The most integer digits of an amount.
pub(crate) const MAX_INTEGER_DIGITS: usize = 15;
/// The most decimals of an amount or of odds.
pub(crate) const MAX_DECIMALS: usize = 12;

/// Reads `-?digits(.digits)?` exactly.
pub(crate) fn decimal(text: &str) -> Result<Decimal, ParseAmountError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (integer, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(ParseAmountError::NotADecimal),
        Some(parts) => parts,
        None => (digits, ""),
    };
    if integer.is_empty() {
        return Err(ParseAmountError::NotADecimal);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let exponent = digits.contains(['e', 'E'])
            && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
        return Err(if exponent { ParseAmountError::Exponent } else { ParseAmountError::NotADecimal });
    }
    if fraction.contains('.') {
        return Err(ParseAmountError::NotADecimal);
    }
    if integer.trim_start_matches('0').len() > MAX_INTEGER_DIGITS {
        return Err(ParseAmountError::TooLarge);
    }
    if fraction.trim_end_matches('0').len() > MAX_DECIMALS {
        return Err(ParseAmountError::TooPrecise);
    }
    Decimal::from_str_exact(text).map(|value| value.normalize()).map_err(|_| ParseAmountError::NotADecimal)
}
