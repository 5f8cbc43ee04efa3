//! A personal field as it travels: ciphertext under the person's own key.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, de};

/// `enc:v1:<base64>`: nothing but ciphertext can be put here, so no event can carry a person's data in the clear.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Sealed(String);

/// A text that is not a sealed field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sealed field")]
pub struct NotSealed;

impl Sealed {
    /// What every sealed field starts with.
    pub const PREFIX: &'static str = "enc:v1:";
    /// Bytes of a sealed field of nothing: a nonce of 12 and a tag of 16.
    pub const OVERHEAD: usize = 28;

    /// The ciphertext as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sealed {
    type Err = NotSealed;

    fn from_str(text: &str) -> Result<Self, NotSealed> {
        let encoded = text.strip_prefix(Self::PREFIX).ok_or(NotSealed)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NotSealed)?;
        if bytes.len() < Self::OVERHEAD { Err(NotSealed) } else { Ok(Self(text.to_owned())) }
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_prefix_makes_no_ciphertext() {
        let short = format!("{}{}", Sealed::PREFIX, STANDARD.encode([7; Sealed::OVERHEAD - 1]));
        for text in ["", "enc:v1:", "enc:v1:Jane Doe", "enc:v1:AAAA", "jane@example.com", short.as_str()] {
            assert_eq!(text.parse::<Sealed>(), Err(NotSealed), "{text}");
        }
        let json = serde_json::to_string("enc:v1:+491701234567").unwrap();
        assert!(serde_json::from_str::<Sealed>(&json).is_err());
    }

    proptest! {
        #[test]
        fn what_has_room_for_nonce_and_tag_is_kept_as_it_is(bytes in prop::collection::vec(any::<u8>(), 28..200)) {
            let text = format!("{}{}", Sealed::PREFIX, STANDARD.encode(bytes));
            let sealed: Sealed = text.parse().unwrap();
            prop_assert_eq!(sealed.as_str(), &text);
        }

        #[test]
        fn no_text_in_the_clear_is_taken_for_ciphertext(text in ".{0,60}") {
            prop_assume!(STANDARD.decode(&text).is_err());
            let sealed = format!("{}{text}", Sealed::PREFIX).parse::<Sealed>();
            prop_assert_eq!(sealed, Err(NotSealed));
        }
    }
}
