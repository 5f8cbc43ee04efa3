//! Tickets: whoever presents one may connect once, as the person who asked for it. Only its hash is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quoin_accounts::{secret, sha256};
use quoin_events::Timestamp;
use quoin_runtime::Failure;
use quoin_store::Item;

use crate::table;

/// Seconds for which a ticket is good.
const LIFETIME: i64 = 60;
/// Characters of a ticket: 256 bits in base64.
const LENGTH: usize = 43;

/// A ticket as its holder has it.
pub(crate) struct Ticket(String);

impl Ticket {
    /// A new one.
    ///
    /// # Errors
    /// Transient, without a source of randomness.
    pub(crate) fn new() -> Result<Self, Failure> {
        Ok(Self(URL_SAFE_NO_PAD.encode(secret::<32>()?)))
    }

    /// A ticket as it is presented; `None` of what never was one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        (text.len() == LENGTH && text.bytes().all(is_plain)).then(|| Self(text.to_owned()))
    }

    /// As its holder gets it.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> String {
        sha256(&self.0)
    }

    /// The row that lets it in until `expires_at`, as `user_id`.
    pub(crate) fn row(&self, user_id: &str, expires_at: Timestamp) -> Item {
        let row = table::item(table::ticket(&self.hash())).text("user_id", user_id);
        row.number("expires", expires_at.seconds())
    }
}

/// Until when a ticket of `now` is good, to the second.
pub(crate) fn expiry(now: Timestamp) -> Timestamp {
    Timestamp::from_millis(now.seconds().saturating_add(LIFETIME).saturating_mul(1_000))
}

/// Whom a row lets in at `now`.
pub(crate) fn holder(row: &Item, now: Timestamp) -> Option<&str> {
    // The table removes what is over in its own time.
    let is_good = row.get_number("expires").is_some_and(|expires| expires > now.seconds());
    row.get_text("user_id").filter(|_| is_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_lets_its_holder_in_for_a_minute_and_its_row_does_not_tell_it() {
        let now: Timestamp = "2026-01-04T10:00:00.900Z".parse().unwrap();
        let ticket = Ticket::new().unwrap();
        let row = ticket.row("ann", expiry(now));
        assert_eq!(holder(&row, now), Some("ann"));
        assert_eq!(holder(&row, now.plus_seconds(59)), Some("ann"));
        assert_eq!(holder(&row, now.plus_seconds(60)), None);
        let text = ticket.into_text();
        assert!(!format!("{row:?}").contains(&text));
        assert_eq!(Ticket::parse(&text).map(|again| again.hash()), Some(sha256(&text)));
    }

    #[test]
    fn what_never_was_a_ticket_is_not_looked_up() {
        for text in ["", "a", &"a".repeat(44), &"#".repeat(43), &"é".repeat(43)] {
            assert!(Ticket::parse(text).is_none(), "{text}");
        }
    }
}
