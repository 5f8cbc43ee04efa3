//! SHA-256 by ring, which every function has for TLS anyway, and its writing in hexadecimal.

use ring::digest::{Context, Digest, SHA256, digest};

/// SHA-256 over what is added, piece by piece.
struct Hasher(Context);

impl Default for Hasher {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Hasher {
    /// Adds `bytes` as they are.
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds `text` with its length before it, so that it matters where one ends and the next begins.
    fn add_field(&mut self, text: &str) {
        self.add(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.add(text.as_bytes());
    }

    fn finish(self) -> Sha256 {
        Sha256(self.0.finish())
    }
}

/// A SHA-256 hash.
#[derive(Debug, Clone, Copy)]
pub struct Sha256(Digest);

impl Sha256 {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(digest(&SHA256, bytes.as_ref()))
    }

    /// The hash of `texts`, each with its length before it.
    #[must_use]
    pub fn of_fields<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Hasher::default();
        texts.into_iter().for_each(|text| hasher.add_field(text));
        hasher.finish()
    }

    /// The hash of the hashes of `texts`.
    #[must_use]
    pub fn of_each<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Hasher::default();
        texts.into_iter().for_each(|text| hasher.add(Self::of(text).as_bytes()));
        hasher.finish()
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// Its 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex(self.as_bytes())
    }

    /// The first `count` of its hexadecimal digits.
    #[must_use]
    pub fn hex_prefix(&self, count: usize) -> String {
        let mut text = self.hex();
        text.truncate(count);
        text
    }
}

/// `bytes` in lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).map_or('0', |digit| char::from(*digit));
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_sha_256() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Sha256::of("abc").hex(), known);
        assert_eq!(Sha256::of("abc").hex_prefix(6), "ba7816");
        let mut hasher = Hasher::default();
        hasher.add(b"a");
        hasher.add(b"bc");
        assert_eq!(hasher.finish().hex(), known);
    }

    #[test]
    fn fields_have_ends() {
        assert_ne!(Sha256::of_fields(["ab", "c"]).hex(), Sha256::of_fields(["a", "bc"]).hex());
        assert_eq!(Sha256::of_fields(["a"]).hex(), Sha256::of([0, 0, 0, 0, 0, 0, 0, 1, b'a']).hex());
        assert_eq!(Sha256::of_each(["a"]).hex(), Sha256::of(Sha256::of("a").as_bytes()).hex());
    }

    #[test]
    fn every_byte_is_two_digits() {
        assert_eq!(hex(&[0, 9, 10, 0x7f, 0xff]), "00090a7fff");
    }
}
