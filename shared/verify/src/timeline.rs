//! An order step by step, from its stream: how long each step took, which of the nine are not there, and what is there
//! or arrived more than once.
//!
//! The stream is the truth; the audit trail says which of its events arrived, and how often.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::types::{OrderFailed, OrderFailureStage, OrderInitiated, OrderPaid, WalletEntry};
use quoin_events::{Envelope, Timestamp};
use quoin_ledger::Purpose;
use quoin_store::{Item, Query, Store, StoreError, Stream};
use serde::Serialize;
use serde_json::value::RawValue;

/// The steps of an order, in order.
pub const ORDER_STEPS: [&str; 9] = [
    "order.validation_started",
    "order.validation_completed",
    "order.initiated",
    "wallet.debit_started",
    "wallet.debited",
    "order.paid",
    "bizone.order_created",
    "order.created",
    "order.confirmation_sent",
];
/// The step that an order may do without.
const CONFIRMATION: &str = "order.confirmation_sent";
/// How long a confirmation may take: the last retry comes little more than an hour after the order is final.
const CONFIRMATION_MS: i64 = 2 * 3_600_000;
/// Items of a page of a stream.
const PAGE: i32 = 100;

/// One event of an order.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Its type.
    pub event: String,
    /// When it happened.
    pub timestamp: String,
    /// Its place in the order's stream.
    pub sequence: u64,
    /// Milliseconds since the event before it; 0 for the first.
    pub delay_ms: i64,
    /// The event's own fields, as they were published.
    pub data: Box<RawValue>,
}

/// Why an event is called missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// The step is still to come.
    NotHappened,
    /// It has not come in the time it takes and is not to be expected: nobody is told who wants no messages, or whom
    /// no provider takes one for.
    NotExpected,
    /// The stream has later ones, or an end, that cannot be without it.
    Missing,
    /// The stream has it and the audit trail does not: it is on its way, or was lost.
    NotRecorded,
}

/// An event that is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Its type.
    pub event: String,
    /// Its place in the order's stream, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Why.
    pub reason: Absence,
}

/// Where an event is more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Twice {
    /// The stream tells the same several times.
    InStream,
    /// One event arrived at the audit trail several times. That is allowed, and consumers make nothing of it.
    Delivered,
}

/// An event that is there more than once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// Its type.
    pub event: String,
    /// Its place in the order's stream; the last one, if it stands there several times.
    pub sequence: u64,
    /// How often it is there.
    pub times: u64,
    /// Where.
    pub place: Twice,
}

/// What the audit trail knows of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Its place in the order's stream.
    pub sequence: u64,
    /// How often it arrived, as far as was counted.
    pub times: u64,
}

/// An order step by step.
#[derive(Debug, Clone, Serialize)]
pub struct OrderTimeline {
    /// Its events, in order.
    pub items: Vec<Step>,
    /// What is not where it should be.
    pub gaps: Vec<Gap>,
    /// What is there more than once.
    pub duplicates: Vec<Duplicate>,
}

impl OrderTimeline {
    /// The timeline, at the moment `now`, of the order whose stream is `events` and whose trail is `received`.
    #[must_use]
    pub fn of(events: Vec<Envelope>, received: &[Received], now: Timestamp) -> Self {
        let mut gaps = absent_steps(&events, now);
        gaps.extend(unrecorded(&events, received));
        let mut duplicates = repeated(&events);
        duplicates.extend(delivered_again(&events, received));
        Self { items: steps(events), gaps, duplicates }
    }

    /// Reads an order's stream and its trail in the table `reporting`, at the moment `now`; `None` if there is no such order.
    ///
    /// # Errors
    /// The classes of every request, and what cannot be read as an event.
    pub async fn read(
        store: &Store,
        reporting: &str,
        order_id: &str,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let events = read_stream(store, order_id).await?;
        if events.is_empty() {
            return Ok(None);
        }
        let received = read_trail(store, reporting, order_id).await?;
        Ok(Some(Self::of(events, &received, now)))
    }
}

async fn read_stream(store: &Store, order_id: &str) -> Result<Vec<Envelope>, StoreError> {
    let stream = Stream::new("order", order_id);
    let (mut items, mut before) = (Vec::new(), None);
    loop {
        let page = store.newest(&stream, PAGE, before).await?;
        before = page.last().map(quoin_store::JournalItem::version).filter(|version| *version > 1);
        items.extend(page);
        if before.is_none() {
            break;
        }
    }
    items.reverse();
    let texts = items.iter().flat_map(quoin_store::JournalItem::events);
    texts.map(|text| serde_json::from_str(&text).map_err(StoreError::from)).collect()
}

async fn read_trail(store: &Store, reporting: &str, order_id: &str) -> Result<Vec<Received>, StoreError> {
    let (mut received, mut after) = (Vec::new(), None);
    loop {
        let query = Query::of(format!("audit#order#{order_id}")).consistent().after(after);
        let page = store.query(reporting, query).await?;
        received.extend(page.items.iter().filter_map(Received::read));
        after = page.next;
        if after.is_none() {
            return Ok(received);
        }
    }
}

impl Received {
    fn read(row: &Item) -> Option<Self> {
        let repeats = row.get_number("repeats").and_then(|repeats| u64::try_from(repeats).ok()).unwrap_or(0);
        Some(Self { sequence: row.get_text("sk")?.parse().ok()?, times: repeats.saturating_add(1) })
    }
}

fn sequence(event: &Envelope) -> u64 {
    event.metadata.sequence.unwrap_or(0)
}

fn steps(events: Vec<Envelope>) -> Vec<Step> {
    let mut last: Option<Timestamp> = None;
    let mut steps = Vec::with_capacity(events.len());
    for event in events {
        let at = event.timestamp.parse::<Timestamp>().ok().or(last);
        let delay_ms = last.zip(at).map_or(0, |(last, at)| at.millis().saturating_sub(last.millis()));
        last = at;
        let sequence = sequence(&event);
        steps.push(Step { event: event.event, timestamp: event.timestamp, sequence, delay_ms, data: event.data });
    }
    steps
}

/// The data of the first event of type `name`.
fn first<'a, T: serde::Deserialize<'a>>(events: &'a [Envelope], name: &str) -> Option<T> {
    events.iter().find(|event| event.event == name).and_then(|event| event.data().ok())
}

/// How often each step has to be there: debits as often as the payment has parts, and not at all where nothing was to
/// pay.
fn due(events: &[Envelope], step: &str) -> usize {
    let costs_nothing =
        first::<OrderInitiated>(events, "order.initiated").is_some_and(|order| order.final_amount.is_zero());
    match step {
        "wallet.debit_started" | "wallet.debited" | "wallet.refunded" if costs_nothing => 0,
        "wallet.debited" => {
            first::<OrderPaid>(events, "order.paid").map_or(1, |paid| paid.payment_breakdown.len().max(1))
        }
        _ => 1,
    }
}

/// How often a step is there; of debits, those that pay.
fn there(events: &[Envelope], step: &str) -> usize {
    let pays = |event: &Envelope| {
        let purpose = Purpose::DebitOrderPayment.as_str();
        step != "wallet.debited" || event.data::<WalletEntry>().is_ok_and(|entry| entry.transaction_type == purpose)
    };
    events.iter().filter(|event| event.event == step && pays(event)).count()
}

fn absent_steps(events: &[Envelope], now: Timestamp) -> Vec<Gap> {
    let failed = first::<OrderFailed>(events, "order.failed");
    let steps = match failed.map(|failed| failed.failure_stage) {
        None => ORDER_STEPS.to_vec(),
        // What comes after the step that failed was never to come.
        Some(stage) => {
            let (reached, told): (usize, &[&str]) = match stage {
                OrderFailureStage::Validation => (2, &[]),
                OrderFailureStage::WalletDebit => (2, &["wallet.debit_failed"]),
                OrderFailureStage::Merchant => (6, &["wallet.refunded"]),
            };
            ORDER_STEPS.iter().take(reached).chain(told).chain(&["order.failed"]).copied().collect()
        }
    };
    let latest = steps.iter().rposition(|step| there(events, step) > 0);
    let gap = |(place, step): (usize, &&str)| {
        let is_due = latest.is_some_and(|latest| place < latest) || there(events, step) > 0;
        let reason = match (is_due, *step == CONFIRMATION && is_too_late(events, now)) {
            (true, _) => Absence::Missing,
            (false, true) => Absence::NotExpected,
            (false, false) => Absence::NotHappened,
        };
        let lacks = there(events, step) < due(events, step);
        lacks.then(|| Gap { event: (*step).to_owned(), sequence: None, reason })
    };
    steps.iter().enumerate().filter_map(gap).collect()
}

/// Whether the confirmation of a final order would have come by now.
fn is_too_late(events: &[Envelope], now: Timestamp) -> bool {
    let created = events.iter().find(|event| event.event == "order.created");
    let at = created.and_then(|event| event.timestamp.parse::<Timestamp>().ok());
    at.is_some_and(|at| at.plus_millis(CONFIRMATION_MS) < now)
}

fn unrecorded(events: &[Envelope], received: &[Received]) -> Vec<Gap> {
    let known: BTreeSet<_> = received.iter().map(|received| received.sequence).collect();
    let lost = events.iter().filter(|event| !known.contains(&sequence(event)));
    let gap = |event: &Envelope| Gap {
        event: event.event.clone(),
        sequence: Some(sequence(event)),
        reason: Absence::NotRecorded,
    };
    lost.map(gap).collect()
}

/// What tells an event apart from others of its type: a debit is one of several, each of another posting.
fn identity(event: &Envelope) -> (&str, String) {
    let posting = event.data::<WalletEntry>().map(|entry| entry.transaction_id).unwrap_or_default();
    (event.event.as_str(), posting)
}

fn repeated(events: &[Envelope]) -> Vec<Duplicate> {
    let mut told: BTreeMap<(&str, String), (u64, u64)> = BTreeMap::new();
    for event in events {
        let (times, last) = told.entry(identity(event)).or_default();
        *times = times.saturating_add(1);
        *last = sequence(event);
    }
    let twice = told.into_iter().filter(|(_, (times, _))| *times > 1);
    let duplicate = |((event, _), (times, sequence)): ((&str, String), (u64, u64))| Duplicate {
        event: event.to_owned(),
        sequence,
        times,
        place: Twice::InStream,
    };
    twice.map(duplicate).collect()
}

fn delivered_again(events: &[Envelope], received: &[Received]) -> Vec<Duplicate> {
    let times: BTreeMap<_, _> = received.iter().map(|received| (received.sequence, received.times)).collect();
    let duplicate = |event: &Envelope| {
        let sequence = sequence(event);
        let times = times.get(&sequence).copied().filter(|times| *times > 1)?;
        Some(Duplicate { event: event.event.clone(), sequence, times, place: Twice::Delivered })
    };
    events.iter().filter_map(duplicate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source's order from its samples, in the order given.
    fn order(names: &[&str]) -> Vec<Envelope> {
        let sample = |(name, sequence): (&&str, u64)| {
            let path = format!("{}/../../events/catalogue/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let mut event: Envelope = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            event.metadata.sequence = Some(sequence);
            if *name == "wallet.debited" {
                let text = format!(
                    r#"{{"transaction_id":"txn_{sequence}","user_id":"u","transaction_type":"debit_order_payment","coin_type":"promo_coins","amount":1,"balance_before":1,"balance_after":0,"related_entity":{{"type":"order","id":"o"}}}}"#
                );
                event.data = RawValue::from_string(text).unwrap();
            }
            let at = i64::try_from(sequence).unwrap().saturating_mul(10);
            event.timestamp = Timestamp::from_millis(at).to_string();
            event
        };
        names.iter().zip(1..).map(sample).collect()
    }

    const PAID: [&str; 8] = [
        "order.validation_started",
        "order.validation_completed",
        "order.initiated",
        "wallet.debit_started",
        "wallet.debited",
        "wallet.debited",
        "wallet.debited",
        "order.paid",
    ];

    fn all() -> Vec<&'static str> {
        PAID.into_iter().chain(["bizone.order_created", "order.created", "order.confirmation_sent"]).collect()
    }

    fn trail(events: &[Envelope]) -> Vec<Received> {
        events.iter().map(|event| Received { sequence: sequence(event), times: 1 }).collect()
    }

    fn soon() -> Timestamp {
        Timestamp::from_millis(1_000)
    }

    fn timeline(names: &[&str], now: Timestamp) -> OrderTimeline {
        let events = order(names);
        let trail = trail(&events);
        OrderTimeline::of(events, &trail, now)
    }

    fn absent(names: &[&str]) -> Vec<(String, Absence)> {
        absent_at(names, soon())
    }

    fn absent_at(names: &[&str], now: Timestamp) -> Vec<(String, Absence)> {
        timeline(names, now).gaps.into_iter().map(|gap| (gap.event, gap.reason)).collect()
    }

    fn gaps(names: &[(&str, Absence)]) -> Vec<(String, Absence)> {
        names.iter().map(|(name, reason)| ((*name).to_owned(), *reason)).collect()
    }

    #[test]
    fn a_whole_order_lacks_nothing_and_repeats_nothing() {
        let timeline = timeline(&all(), soon());
        assert_eq!((timeline.gaps, timeline.duplicates), (Vec::new(), Vec::new()));
        assert_eq!(timeline.items.iter().map(|step| step.delay_ms).collect::<Vec<_>>()[..3], [0, 10, 10]);
    }

    #[test]
    fn what_is_still_to_come_is_told_from_what_is_missing() {
        use Absence::{Missing, NotHappened};
        let to_come =
            ["bizone.order_created", "order.created", "order.confirmation_sent"].map(|name| (name, NotHappened));
        assert_eq!(absent(&PAID), gaps(&to_come));
        let without = |lost: &str| all().into_iter().filter(|name| *name != lost).collect::<Vec<_>>();
        assert_eq!(absent(&without("bizone.order_created")), gaps(&[("bizone.order_created", Missing)]));
        assert_eq!(absent(&without("order.confirmation_sent")), gaps(&[("order.confirmation_sent", NotHappened)]));
        let mut two_of_three = all();
        two_of_three.remove(4);
        assert_eq!(absent(&two_of_three), gaps(&[("wallet.debited", Missing)]));
    }

    #[test]
    fn a_confirmation_that_has_not_come_in_time_is_not_expected_any_more() {
        let unconfirmed: Vec<_> = all().into_iter().filter(|name| *name != CONFIRMATION).collect();
        let created = Timestamp::from_millis(100);
        let last = created.plus_millis(CONFIRMATION_MS);
        assert_eq!(absent_at(&unconfirmed, last), gaps(&[(CONFIRMATION, Absence::NotHappened)]));
        assert_eq!(absent_at(&unconfirmed, last.plus_millis(1)), gaps(&[(CONFIRMATION, Absence::NotExpected)]));
        // Everything else is still to come, however long it takes.
        let open = absent_at(&PAID, last.plus_millis(CONFIRMATION_MS));
        assert!(open.iter().all(|(_, reason)| *reason == Absence::NotHappened), "{open:?}");
        assert_eq!(absent_at(&all(), last.plus_millis(1)), []);
    }

    #[test]
    fn a_refused_order_lacks_nothing_that_it_was_not_to_have() {
        let events = ["order.validation_started", "order.validation_completed", "wallet.debit_failed", "order.failed"];
        assert_eq!(absent(&events), []);
        let without = ["order.validation_started", "order.validation_completed", "order.failed"];
        assert_eq!(absent(&without), gaps(&[("wallet.debit_failed", Absence::Missing)]));
    }

    #[test]
    fn what_the_trail_has_not_received_is_a_gap_with_its_place() {
        let events = order(&all());
        let mut trail = trail(&events);
        trail.remove(2);
        let expected = Gap { event: "order.initiated".into(), sequence: Some(3), reason: Absence::NotRecorded };
        assert_eq!(OrderTimeline::of(events, &trail, soon()).gaps, [expected]);
    }

    #[test]
    fn repetitions_are_told_by_where_they_are() {
        let mut names = all();
        names.push("order.created");
        let events = order(&names);
        let mut trail = trail(&events);
        trail[7].times = 3;
        let found = OrderTimeline::of(events, &trail, soon()).duplicates;
        let twice = |event: &str, sequence, times, place| Duplicate { event: event.into(), sequence, times, place };
        let expected = [twice("order.created", 12, 2, Twice::InStream), twice("order.paid", 8, 3, Twice::Delivered)];
        assert_eq!(found, expected);
    }
}
