//! JSON by hand where it is written, borrowed where it is read.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A text that is borrowed unless it holds escapes; also as a map's key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// DynamoDB's number.
#[derive(Debug, Deserialize)]
pub struct Number<'a> {
    /// Its digits.
    #[serde(rename = "N")]
    pub n: &'a str,
}

impl Number<'_> {
    /// As a decimal.
    pub fn decimal(&self) -> Result<Decimal, crate::Error> {
        exact(self.n).ok_or_else(|| format!("{} is not a decimal", self.n).into())
    }
}

/// A text, with its quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4 + 2);
    out.push('"');
    // What needs no escape is copied in one piece.
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            control => out.push_str(&format!("\\u{control:04x}")),
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
    out
}

/// A text that is there and not empty.
pub fn text<'a>(raw: Option<&'a RawValue>) -> Option<Cow<'a, str>> {
    let text = serde_json::from_str::<Text<'a>>(raw?.get()).ok()?.0;
    (!text.is_empty()).then_some(text)
}

/// A number, digit by digit as it was sent.
pub fn number(raw: Option<&RawValue>) -> Option<Decimal> {
    exact(raw?.get())
}

/// An amount of money: above zero, two places at most.
pub fn amount(raw: Option<&RawValue>) -> Option<Decimal> {
    number(raw).filter(|amount| *amount > Decimal::ZERO && amount.scale() <= 2)
}

/// A decimal as it is shown and stored: without zeros at the end.
pub fn shown(decimal: Decimal) -> String {
    decimal.normalize().to_string()
}

fn exact(digits: &str) -> Option<Decimal> {
    let read = if digits.contains(['e', 'E']) { Decimal::from_scientific } else { Decimal::from_str_exact };
    read(digits).ok().map(|decimal| decimal.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_json_forbids() {
        assert_eq!(quoted("a\"b\\c\n\u{1}é"), r#""a\"b\\c\u000a\u0001é""#);
    }

    #[test]
    fn takes_amounts_of_two_places() {
        let of = |json: &str| amount(Some(&RawValue::from_string(json.to_owned()).unwrap())).map(shown);
        for (json, amount) in [("1.25", "1.25"), ("1.500", "1.5"), ("1e2", "100"), ("125e-2", "1.25")] {
            assert_eq!(of(json).as_deref(), Some(amount), "{json}");
        }
        for json in ["1.005", "0", "-1", "\"1\"", "null", "[1]", "1.00000000000000000000000000000001", "1e400"] {
            assert_eq!(of(json), None, "{json}");
        }
    }
}
