//! The JSON form: a number with exactly the digits of the decimal; texts are accepted on input.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use crate::{Amount, Delta, Odds};

/// Writes the text of a decimal as a JSON number, digit by digit.
fn write<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    text.parse::<serde_json::Number>().map_err(ser::Error::custom)?.serialize(serializer)
}

/// Reads a JSON number or text through its digits; a float never exists in between.
struct Digits<T>(std::marker::PhantomData<T>);

impl<'de, T> Visitor<'de> for Digits<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exact decimal number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        self.visit_str(&value.to_string())
    }

    // serde_json hands a number over as a map of one private key when it keeps all digits.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let number = serde_json::Number::deserialize(MapAccessDeserializer::new(map))?;
        self.visit_str(number.as_str())
    }
}

macro_rules! json_number {
    ($type:ty, $pattern:literal, at least $minimum:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                write(&self.to_string(), serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Digits(std::marker::PhantomData))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                if generator.contract().is_serialize() {
                    return schemars::json_schema!({ "type": "number", "description": "exact decimal" });
                }
                let minimum: Option<u8> = $minimum;
                let mut schema = schemars::json_schema!({
                    "type": ["number", "string"],
                    "pattern": $pattern,
                    "description": "exact decimal without exponent, as a number or a text",
                });
                if let Some(minimum) = minimum {
                    schema.insert("minimum".to_owned(), minimum.into());
                }
                schema
            }
        }
    };
}

json_number!(Amount, r"^\d+(\.\d+)?$", at least Some(0));
json_number!(Delta, r"^-?\d+(\.\d+)?$", at least None);
json_number!(Odds, r"^\d+(\.\d+)?$", at least Some(1));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_no_float_can_hold_survives() {
        let text = "123456789012345.678901";
        let amount: Amount = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), text);
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_value::<Amount>(value).unwrap(), amount);
    }

    #[test]
    fn texts_are_read_and_numbers_written() {
        let amount: Amount = serde_json::from_str("\"12.50\"").unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), "12.5");
    }

    #[test]
    fn exponents_negatives_and_other_types_are_refused() {
        for text in ["1e3", "-1", "true", "null", "[1]", "{}", "\"\"", "\"1e3\""] {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
        }
        assert_eq!(serde_json::from_str::<Delta>("-1.5").unwrap().to_string(), "-1.5");
    }
}
