//! Payments that stand still, events that never came, streams that changes follow from.

use crate::{Entry, Kind, Settings, Unaudited, forgotten, overdue, stream_of};
use quoin_events::{EntityRef, Timestamp};
use quoin_store::Item;

use super::history::{entry, first};

const MINUTE: i64 = 60_000;

fn at(minutes: i64) -> Timestamp {
    Timestamp::default().plus_seconds(minutes.saturating_mul(60))
}

/// Half an hour until a payment expires, five minutes for what is on its way.
fn settings() -> Settings {
    Settings {
        now: at(0),
        grace_ms: 5 * MINUTE,
        payment_expiry_ms: 30 * MINUTE,
        merchant_give_up_ms: 0,
        audits_causes: false,
    }
}

#[test]
fn an_open_payment_is_late_once_the_sweeper_had_to_end_it_or_to_ask_again() {
    let row = Item::new().text("pk", "open#1").text("sk", "pay_1").text("at", at(0).to_string());
    let kind = |row: &Item, minute| overdue(row, at(minute), &settings()).map(|found| found.kind);
    assert_eq!((kind(&row, 35), kind(&row, 36)), (None, Some(Kind::OpenSaga)));
    let asked = row.clone().text("asked_at", at(40).to_string());
    assert_eq!((kind(&asked, 105), kind(&asked, 106)), (None, Some(Kind::OpenSaga)));
    assert_eq!(kind(&row.text("at", "never"), 1), Some(Kind::Unreadable));
}

fn payment(status: &str) -> Entry {
    let state = serde_json::json!({"status": status, "initiated_at": at(0)}).to_string();
    Entry { state: Some(state), ..entry(&first("payment", "pay_1", at(0), &[])) }
}

#[test]
fn a_payment_that_nobody_ended_is_found_without_its_row() {
    let kind = |status, minute| forgotten(&payment(status), at(minute), &settings()).map(|found| found.kind);
    assert_eq!((kind("initiated", 35), kind("initiated", 36)), (None, Some(Kind::OpenSaga)));
    for ended in ["succeeded", "failed", "refused"] {
        assert_eq!(kind(ended, 1_000), None);
    }
}

#[test]
fn an_event_is_looked_up_where_reporting_keeps_it() {
    let event = Unaudited { pk: "bet#b".to_owned(), sequence: 7, at: at(1) };
    assert_eq!((event.key().pk.as_str(), event.key().sk.as_str()), ("audit#bet#b", "000000000007"));
    assert_eq!(event.missing().kind, Kind::Unpublished);
}

#[test]
fn a_change_follows_from_the_stream_that_has_its_receipt() {
    let stream = |kind: &str| stream_of(&EntityRef { kind: kind.to_owned(), id: "x".to_owned() });
    for (kind, expected) in [
        ("bet", "bet#x"),
        ("payment", "payment#x"),
        ("transfer", "cmd#x"),
        ("adjustment", "cmd#x"),
        ("operation", "cmd#direct#x"),
        ("bonus", "op#bonus#x"),
        ("referral", "referral#x"),
        ("user", "user#x"),
    ] {
        assert_eq!(stream(kind).as_deref(), Some(expected), "{kind}");
    }
    assert_eq!(stream("limit"), None);
}
