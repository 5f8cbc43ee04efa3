//! Reads the texts and amounts of catalogue requests and names the field that is wrong.

use quoin_money::{Amount, Asset, Scales};
use quoin_runtime::Problem;
pub(crate) use quoin_runtime::printable as text;

/// The most characters of an id.
pub(crate) const MAX_ID: usize = 100;

/// An id that a client chose, in a path or body: printable, without spaces, and without the `#` that keys are made of.
///
/// # Errors
/// 400 at `pointer`.
pub(crate) fn id(text: &str, pointer: &str) -> Result<String, Problem> {
    if (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        Ok(text.to_owned())
    } else {
        let detail = format!("must be 1 to {MAX_ID} printable characters without spaces and #");
        Err(Problem::field("ID_INVALID", pointer, detail))
    }
}

/// A postal code: letters, digits, spaces and hyphens.
///
/// # Errors
/// 400 at `pointer`.
pub(crate) fn pincode(text: &str, pointer: &str) -> Result<String, Problem> {
    let text = text.trim();
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'-';
    if (1..=16).contains(&text.len()) && text.bytes().all(usable) {
        Ok(text.to_owned())
    } else {
        let detail = "must be 1 to 16 letters, digits, spaces or hyphens";
        Err(Problem::field("PINCODE_INVALID", pointer, detail))
    }
}

/// A campaign's code: letters, digits, hyphens and underscores; capitals and small letters are the same.
///
/// # Errors
/// 400 at `pointer`.
pub(crate) fn code(text: &str, pointer: &str) -> Result<String, Problem> {
    let usable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&text.len()) && text.bytes().all(usable) {
        Ok(text.to_ascii_uppercase())
    } else {
        let detail = "must be 1 to 64 letters, digits, hyphens or underscores";
        Err(Problem::field("CAMPAIGN_CODE_INVALID", pointer, detail))
    }
}

/// A price of the operating currency.
///
/// # Errors
/// 400 at `pointer` for more decimals than the currency has.
pub(crate) fn price(amount: Amount, scales: Scales, pointer: &str) -> Result<Amount, Problem> {
    amount
        .in_scale(Asset::Cash, scales)
        .map_err(|error| Problem::field("AMOUNT_TOO_PRECISE", pointer, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_reach_into_other_keys() {
        for text in ["", "a#b", "a b", "a\n", "é", &"x".repeat(101)] {
            assert_eq!(id(text, "/id").unwrap_err().errors[0].pointer, "/id", "{text}");
        }
        assert_eq!(id("merch_bizone_001", "/id").unwrap(), "merch_bizone_001");
    }

    #[test]
    fn codes_are_the_same_however_they_are_typed() {
        assert_eq!(code("Weekend50", "/code").unwrap(), "WEEKEND50");
        for text in ["", "A#B", "A B", "ß"] {
            assert!(code(text, "/code").is_err(), "{text}");
        }
    }
}
