//! Receipts: what makes a repeated command get its first answer.

use quoin_digest::Sha256;
use quoin_events::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What a command was answered; stored with its effect and given again to whoever repeats it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON body.
    pub body: Box<RawValue>,
}

impl Answer {
    /// An answer with `body`.
    ///
    /// # Errors
    /// If the body cannot be written as JSON.
    pub fn new(status: u16, body: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self { status, body: serde_json::value::to_raw_value(body)? })
    }
}

/// Proof that a command was carried out (or refused), in the first item of what it created.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Version and hash of the parsed command.
    pub body_hash: String,
    /// The answer, where somebody waits for one.
    pub answer: Option<Answer>,
}

/// Version and hash of a parsed command: equal bodies are equal however they were spaced or ordered.
///
/// # Errors
/// If the command cannot be written as JSON.
pub fn body_hash(command: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(format!("1:{}", Sha256::of(serde_json::to_vec(command)?).hex_prefix(32)))
}

/// An id that follows from the texts alone, `<prefix>_<32 hexadecimal digits>`.
#[must_use]
pub fn derived_id(prefix: &str, parts: &[&str]) -> String {
    format!("{prefix}_{}", Sha256::of_fields(parts.iter().copied()).hex_prefix(32))
}

/// Milliseconds left until `deadline`.
pub(crate) fn left_ms(now: Timestamp, deadline: Timestamp) -> u64 {
    u64::try_from(deadline.millis().saturating_sub(now.millis())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_where_one_part_ends_and_the_next_begins() {
        assert_ne!(derived_id("bet", &["ab", "c"]), derived_id("bet", &["a", "bc"]));
        assert_eq!(derived_id("bet", &["a"]).len(), 36);
    }
}
