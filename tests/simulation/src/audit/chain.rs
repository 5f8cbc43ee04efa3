//! The hash chain over a wallet's changes, written a second time.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{number, text};

/// Hash over the texts of a change's events: of each its own hash.
pub(crate) fn events<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut whole = Sha256::new();
    texts.for_each(|text| whole.update(Sha256::digest(text)));
    hexadecimal(&whole.finalize())
}

/// Hash of the link that `item` of the wallet of `user` is: each field behind its length.
pub(crate) fn link(user: &str, item: &Value) -> String {
    let version = number(item, "sk").to_string();
    let names = ["at", "lines", "after", "cause", "evh"];
    let fields = [text(item, "ph"), user, &version].into_iter().chain(names.map(|name| text(item, name)));
    let mut bytes = Vec::new();
    for field in fields {
        bytes.extend_from_slice(&(field.len() as u64).to_be_bytes());
        bytes.extend_from_slice(field.as_bytes());
    }
    hexadecimal(&Sha256::digest(&bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
