//! Passwords: argon2id with the parameters that OWASP recommends, as PHC strings.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use quoin_runtime::{Failure, Personal};

use crate::fields::Wrong;
use crate::random::secret;

/// 19 MiB, two passes, one lane.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Of no password and the same cost: what is verified for an account that does not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cXVvaW4tbm9ib2R5LXNhbA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A hashed password.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password under a new salt.
    pub fn of(password: &Personal) -> Result<Self, Failure> {
        let salt: [u8; 16] = secret()?;
        let params = Params::new(COST.0, COST.1, COST.2, None).map_err(Failure::poison)?;
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = hasher.hash_password_with_salt(password.reveal().as_bytes(), &salt).map_err(Failure::transient)?;
        Ok(Self(hash.to_string()))
    }

    /// A hash as it was stored.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `password` is the one of `hash`. Takes the same work without a hash, and is then never true.
    pub fn verify(password: &Personal, hash: Option<&Self>) -> bool {
        let text = hash.map_or(NOBODY, Self::as_str);
        let same = Argon2::default().verify_password(password.reveal().as_bytes(), text).is_ok();
        same && hash.is_some()
    }
}

/// Characters of a password that may be chosen.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 10..=128;

/// A password that may be chosen: long enough to resist, short enough to hash.
pub fn chosen(text: &str) -> Result<Personal, Wrong> {
    if LENGTHS.contains(&text.chars().count()) {
        Ok(Personal::new(text))
    } else {
        Err(Wrong("PASSWORD_INVALID", "must be 10 to 128 characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_verifies() {
        let password = Personal::new("correct horse");
        let hash = PasswordHash::of(&password).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(PasswordHash::verify(&password, Some(&PasswordHash::stored(hash.as_str()))));
        assert!(!PasswordHash::verify(&Personal::new("correct horse "), Some(&hash)));
        assert!(!PasswordHash::verify(&password, Some(&PasswordHash::stored("plain text"))));
        assert_ne!(PasswordHash::of(&password).unwrap().as_str(), hash.as_str());
    }

    #[test]
    fn nobody_costs_what_somebody_costs() {
        let cost = |text: &str| text.split('$').take(4).collect::<Vec<_>>().join("$");
        let somebody = PasswordHash::of(&Personal::new("whatever it is")).unwrap();
        assert_eq!(cost(NOBODY), cost(somebody.as_str()));
        assert_eq!(NOBODY.len(), somebody.as_str().len());
        // A string that could not be parsed would be refused without any work.
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODY).is_ok());
        assert!(!PasswordHash::verify(&Personal::new("whatever it is"), None));
    }

    #[test]
    fn passwords_have_a_length() {
        assert!(chosen("123456789").is_err() && chosen(&"x".repeat(129)).is_err());
        assert!(chosen("1234567890").is_ok() && chosen(&"é".repeat(128)).is_ok());
    }
}
