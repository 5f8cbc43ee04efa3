//! Lines and the events that tell of them.

use serde_json::Value;

use super::commit::{Commit, Entry, Line, json};
use crate::findings::{Broken, holds};
use crate::money::of;

/// What no event of its own tells: whoever asks for a hold is answered, and an order's refund is told as a whole.
const PRIVATE: [&str; 3] = ["debit_hold", "credit_hold_voided", "credit_order_refund"];

/// Each public line of `entry` has its event in the same commit, and each wallet event its line, in order.
pub(super) fn told(user: &str, entry: &Entry, commit: &Commit) -> Result<(), Broken> {
    let lines = entry.lines.iter().filter(|line| line.delta != 0 && !PRIVATE.contains(&line.purpose.as_str()));
    let is_of_money = |value: &Value| {
        value["event"].as_str().is_some_and(|name| matches!(name, "wallet.credited" | "wallet.debited"))
    };
    let mut events = commit.events_of(user).map(|event| &event.value).filter(|value| is_of_money(value));
    let cause = json(&entry.item, "cause");
    for line in lines {
        let event = events.next().unwrap_or(&Value::Null);
        holds!(says(user, event, line, &cause), Told, "{}: {line:?} is told as {event}", entry.pk);
    }
    let more = events.next();
    holds!(more.is_none(), Told, "{}/{}: no line is behind {more:?}", entry.pk, entry.version);
    Ok(())
}

fn says(user: &str, event: &Value, line: &Line, cause: &Value) -> bool {
    let (data, name) = (&event["data"], if line.delta < 0 { "wallet.debited" } else { "wallet.credited" });
    event["event"] == name
        && data["user_id"] == user
        && data["transaction_id"] == line.transaction.as_str()
        && data["coin_type"] == line.asset.as_str()
        && data["transaction_type"] == line.purpose.as_str()
        && data["related_entity"] == *cause
        && [("amount", line.delta.abs()), ("balance_before", line.before), ("balance_after", line.after)]
            .iter()
            .all(|(name, cents)| of(&data[*name]) == *cents)
}
