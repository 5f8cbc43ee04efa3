//! A personal field as it travels: ciphertext under the person's own key.

use std::fmt;
use std::str::FromStr;

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

    /// The ciphertext as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sealed {
    type Err = NotSealed;

    fn from_str(text: &str) -> Result<Self, NotSealed> {
        if text.starts_with(Self::PREFIX) { Ok(Self(text.to_owned())) } else { Err(NotSealed) }
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
