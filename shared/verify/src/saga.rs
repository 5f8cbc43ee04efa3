//! Payments that stand still: the sweeper has to ask about them, and to end those that nobody calls paid.

use quoin_events::Timestamp;
use quoin_store::Item;
use serde::Deserialize;

use crate::{Break, Entry, Kind, Settings};

/// Partitions of the rows of open payments, as payment keys them: a test there holds both to each other.
pub fn open_payments() -> impl Iterator<Item = String> {
    (0..8_u8).map(|shard| format!("open#{shard}"))
}

/// How long payment leaves an expired payment alone between two questions, in milliseconds; a test there says so too.
pub const LATE_ASK_MS: i64 = 3_600_000;

/// The break where a row of an open payment has not been looked at when it had to be.
#[must_use]
pub fn overdue(row: &Item, now: Timestamp, settings: &Settings) -> Option<Break> {
    let payment_id = row.get_text("sk").unwrap_or_default();
    let moment = |name: &str| row.get_text(name).and_then(|at| at.parse::<Timestamp>().ok());
    let place = format!("payment#{payment_id}");
    let Some(at) = moment("at") else {
        return Some(Break::new(Kind::Unreadable, place, "an open payment without a moment", "a moment"));
    };
    let due = match moment("asked_at") {
        Some(asked_at) => asked_at.plus_millis(LATE_ASK_MS),
        None => at.plus_millis(settings.payment_expiry_ms),
    };
    let is_late = now > due.plus_millis(settings.grace_ms);
    is_late.then(|| Break::new(Kind::OpenSaga, place, format!("open since {at}"), format!("looked at by {due}")))
}

/// The break where a payment's stream stands at its beginning although its time is up.
#[must_use]
pub fn forgotten(last: &Entry, now: Timestamp, settings: &Settings) -> Option<Break> {
    #[derive(Deserialize)]
    struct Standing {
        status: String,
        initiated_at: Timestamp,
    }
    let standing: Standing = serde_json::from_str(last.state.as_deref()?).ok()?;
    let due = standing.initiated_at.plus_millis(settings.payment_expiry_ms);
    let is_open = standing.status == "initiated" && now > due.plus_millis(settings.grace_ms);
    let found = format!("initiated at {}", standing.initiated_at);
    is_open.then(|| Break::new(Kind::OpenSaga, last.pk.clone(), found, format!("ended by {due}")))
}
