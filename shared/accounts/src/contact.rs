//! Contact points: how a person is reached and found again. An account is found by the hash of the
//! normalised text, so no key of a table holds the text itself.

use quoin_runtime::Personal;

use crate::fields::Wrong;
use crate::random::sha256;

/// An e-mail address or a phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// As it is kept and shown to its owner.
    pub text: Personal,
    /// What it is claimed and found by.
    pub key: String,
}

impl Contact {
    /// An e-mail address: kept as written, found whatever the case.
    pub fn email(text: &str) -> Result<Self, Wrong> {
        let text = text.trim();
        if !is_email(text) {
            return Err(Wrong("EMAIL_INVALID", "must be an e-mail address"));
        }
        let key = format!("email#{}", sha256(&text.to_lowercase()));
        Ok(Self { text: Personal::new(text), key })
    }

    /// A phone number, brought into the form of E.164.
    pub fn phone(text: &str) -> Result<Self, Wrong> {
        let wrong = Wrong("PHONE_INVALID", "must be a phone number with its country code, as +919876543210");
        let compact: String =
            text.trim().chars().filter(|letter| !matches!(letter, ' ' | '-' | '.' | '(' | ')')).collect();
        let digits = compact.strip_prefix('+').or_else(|| compact.strip_prefix("00")).ok_or(wrong)?;
        let is_number = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !is_number {
            return Err(wrong);
        }
        let number = format!("+{digits}");
        Ok(Self { key: format!("phone#{}", sha256(&number)), text: Personal::new(number) })
    }
}

/// The shape of an address; whether it exists is found out by writing to it.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = (1..=64).contains(&local.len())
        && !local.contains('@')
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !local
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || "<>()[],;:\\\"".contains(letter));
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    is_local && text.len() <= 254 && domain.contains('.') && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_key_however_it_is_written() {
        let key = Contact::phone("+919876543210").unwrap().key;
        for text in ["+91-9876543210", " +91 98765 43210 ", "0091 (98765) 43.210"] {
            let contact = Contact::phone(text).unwrap();
            assert_eq!((contact.key.as_str(), contact.text.reveal()), (key.as_str(), "+919876543210"));
        }
        for text in ["", "9876543210", "+0123456789", "+12345", "+1234567890123456", "+49 CALL ME", "+"] {
            assert!(Contact::phone(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_address_has_one_key_whatever_the_case() {
        let contact = Contact::email(" Anna.Meyer@Example.COM ").unwrap();
        assert_eq!(contact.key, Contact::email("anna.meyer@example.com").unwrap().key);
        assert_eq!(contact.text.reveal(), "Anna.Meyer@Example.COM");
        assert!(!contact.key.contains("anna"));
        for text in [
            "",
            "anna",
            "@example.com",
            "anna@",
            "anna@example",
            "a b@example.com",
            "a@b@c.de",
            "a@-b.de",
            "a@b..de",
            ".a@b.de",
            "a..b@c.de",
        ] {
            assert!(Contact::email(text).is_err(), "{text}");
        }
    }
}
