//! Secrets: from the system's source, never from the clock's repeatable one.

use quoin_runtime::Failure;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// `N` secret bytes.
pub fn secret<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0_u8; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Failure::transient("no source of randomness"))?;
    Ok(bytes)
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, text.as_bytes()).as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
