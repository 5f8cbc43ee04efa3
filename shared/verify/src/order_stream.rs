//! An order's own stream: the merchant has it or its money came back, each once, and it does not stand still.

use quoin_events::types::{BizoneOrderCreated, OrderCreated, WalletRefunded};
use quoin_events::{Envelope, EventData, Timestamp};
use serde::Deserialize;

use crate::{Break, Entry, Kind, Settings};

/// The breaks in what an order's own stream says.
#[must_use]
pub fn check_order(stream: &[Entry], now: Timestamp, settings: &Settings) -> Vec<Break> {
    let Some(last) = stream.last() else { return Vec::new() };
    let count = |name: &str| events(stream).filter(|event| event.event == name).count();
    let (refunds, confirmed) = (count(WalletRefunded::NAME), count(BizoneOrderCreated::NAME));
    let mut breaks = Vec::new();
    let mut wrong = |found: String, expected: &str| {
        breaks.push(Break::new(Kind::Order, last.pk.clone(), found, expected));
    };
    if refunds > 0 && confirmed > 0 {
        wrong("the merchant has it, and its money came back".to_owned(), "one of the two");
    }
    for (name, most) in [(WalletRefunded::NAME, refunds), (BizoneOrderCreated::NAME, confirmed)] {
        if most > 1 {
            wrong(format!("{most} times {name}"), "once at most");
        }
    }
    let created = count(OrderCreated::NAME);
    if created > confirmed {
        wrong("created".to_owned(), "confirmed by the merchant first");
    }
    breaks.extend(stands_still(stream, now, settings));
    breaks
}

fn stands_still(stream: &[Entry], now: Timestamp, settings: &Settings) -> Option<Break> {
    #[derive(Deserialize)]
    struct Standing {
        status: String,
        placed_at: Timestamp,
    }
    let last = stream.iter().rev().find_map(|entry| Some((entry, entry.state.as_deref()?)))?;
    let standing: Standing = serde_json::from_str(last.1).ok()?;
    let due = standing.placed_at.plus_millis(settings.merchant_give_up_ms);
    let is_late = standing.status == "paid" && now > due.plus_millis(settings.grace_ms);
    let found = format!("paid at {}, and nothing since", standing.placed_at);
    is_late.then(|| Break::new(Kind::OpenSaga, last.0.pk.clone(), found, format!("ended by {due}")))
}

fn events(stream: &[Entry]) -> impl Iterator<Item = &Envelope> {
    stream.iter().flat_map(|entry| &entry.events)
}
