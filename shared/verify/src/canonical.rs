//! An event's text, and its hash, that survive its way over the bus.

use std::collections::BTreeMap;

use quoin_digest::Sha256;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// JSON with its members sorted by name: carriers may reorder members and change spaces, so neither
/// may count. Numbers keep their digits.
struct Canonical<'a>(&'a Value);

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let sorted: BTreeMap<_, _> = members.iter().collect();
                let mut map = serializer.serialize_map(Some(sorted.len()))?;
                for (name, value) in sorted {
                    map.serialize_entry(name, &Canonical(value))?;
                }
                map.end()
            }
            Value::Array(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(&Canonical(value))?;
                }
                list.end()
            }
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain.serialize(serializer),
        }
    }
}

/// SHA-256, in hexadecimal, of the JSON value that `text` holds, in canonical form.
///
/// # Errors
/// If `text` is not JSON.
pub fn sha256(text: &str) -> Result<String, serde_json::Error> {
    Ok(Sha256::of(self::text(text)?).hex())
}

/// The JSON value that `text` holds, in canonical form: one line.
///
/// # Errors
/// If `text` is not JSON.
pub fn text(text: &str) -> Result<String, serde_json::Error> {
    let value: Value = serde_json::from_str(text)?;
    serde_json::to_string(&Canonical(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_spaces_do_not_count_and_digits_do() {
        let hash = |text: &str| sha256(text).unwrap();
        let original = hash(r#"{"b":{"y":[1,2],"x":"é"},"a":123456789012345.678901}"#);
        assert_eq!(original, hash(r#"{ "a": 123456789012345.678901, "b": {"x": "\u00e9", "y": [1, 2]} }"#));
        assert_ne!(original, hash(r#"{"b":{"y":[2,1],"x":"é"},"a":123456789012345.678901}"#));
        assert_ne!(original, hash(r#"{"b":{"y":[1,2],"x":"é"},"a":123456789012345.678902}"#));
        assert_eq!(hash("{}"), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
