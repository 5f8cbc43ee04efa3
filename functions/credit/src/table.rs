//! Rows of the service's own table, and of those that it reads elsewhere.

use quoin_events::Timestamp;
use quoin_events::types::TargetType;
use quoin_store::Key;

/// What the table is called.
pub(crate) const TABLE: &str = "credit";

/// What credits were bought, spent and earned for: the user service's table, filled by events.
pub(crate) const HISTORY: &str = "user-credit-events";

/// The places of boosts that run of a target.
pub(crate) fn slots(kind: TargetType, target_id: &str) -> Key {
    Key::new(format!("target#{}#{target_id}", kind.as_str()), "slots")
}

/// The partition of the boosts that `user_id` gave and that may still run.
pub(crate) fn given_pk(user_id: &str) -> String {
    format!("given#{user_id}")
}

/// One of them, found by its end: texts of moments sort as the moments do.
pub(crate) fn given(user_id: &str, until: Timestamp, event_id: &str) -> Key {
    Key::new(given_pk(user_id), format!("{until}#{event_id}"))
}

/// The partition of a person's history.
pub(crate) fn history_pk(user_id: &str) -> String {
    format!("user#{user_id}")
}
