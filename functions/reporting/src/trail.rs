//! Rows of the audit trail: one per event that stays for good, and one copy of the event that does not.

use quoin_events::{EntityRef, Envelope, Timestamp, event_type};
use quoin_runtime::Failure;
use quoin_store::{Item, Key, StoreError};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::Recorded;

/// The attribute that counts how often an event came again after the first time.
pub(crate) const REPEATS: &str = "repeats";
/// Days that a copy is kept of an event that the catalogue does not list.
pub(crate) const UNLISTED_DAYS: u16 = 90;

/// Partition of an entity's trail.
pub(crate) fn trail_pk(kind: &str, id: &str) -> String {
    format!("audit#{kind}#{id}")
}

/// Partition of everything that one request led to.
pub(crate) fn request_pk(request_id: &str) -> String {
    format!("request#{request_id}")
}

// The table sorts texts: numbers need leading zeros.
fn trail_sk(sequence: u64) -> String {
    format!("{sequence:012}")
}

/// Key of the copy of an event: in a request's timeline by time and, within one moment, by sequence.
fn payload_key(request_id: &str, at: Timestamp, sequence: u64, event_id: &str) -> Key {
    Key::new(request_pk(request_id), format!("{at}#{}#{event_id}", trail_sk(sequence)))
}

/// Key of the row of an event that stays.
pub(crate) fn audit_key(recorded: &Recorded) -> Key {
    let entity = recorded.entity();
    Key::new(trail_pk(&entity.kind, &entity.id), trail_sk(recorded.sequence()))
}

/// The two rows of an event. Putting them again changes nothing.
///
/// # Errors
/// Poison, if the event's timestamp is not one.
pub(crate) fn rows(recorded: &Recorded) -> Result<[Item; 2], Failure> {
    let (envelope, sequence) = (recorded.envelope(), recorded.sequence());
    let at = recorded.at().map_err(|error| Failure::poison(format!("the timestamp {error}")))?;
    let key = audit_key(recorded);
    let audit = Item::new()
        .text("pk", key.pk)
        .text("sk", key.sk)
        .text("event", envelope.event.clone())
        .text("event_id", recorded.event_id())
        .text("timestamp", envelope.timestamp.clone())
        .text("request_id", envelope.metadata.request_id.clone())
        .text("sha256", recorded.sha256());
    let days = event_type(&envelope.event).map_or(UNLISTED_DAYS, |known| known.retention_days);
    let expires = at.plus_seconds(i64::from(days).saturating_mul(86_400)).seconds();
    let key = payload_key(&envelope.metadata.request_id, at, sequence, recorded.event_id());
    let payload =
        Item::new().text("pk", key.pk).text("sk", key.sk).text("envelope", recorded.text()).number("expires", expires);
    Ok([audit, payload])
}

/// What the trail keeps of an event for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditRow {
    pub(crate) sequence: u64,
    pub(crate) event: String,
    pub(crate) event_id: String,
    pub(crate) timestamp: String,
    pub(crate) request_id: String,
    pub(crate) sha256: String,
}

impl AuditRow {
    /// Reads a row.
    ///
    /// # Errors
    /// If an attribute is missing.
    pub(crate) fn read(item: &Item) -> Result<Self, StoreError> {
        let text = |name: &str| item.require_text(name).map(str::to_owned);
        Ok(Self {
            sequence: item.require_text("sk")?.parse().unwrap_or(0),
            event: text("event")?,
            event_id: text("event_id")?,
            timestamp: text("timestamp")?,
            request_id: text("request_id")?,
            sha256: text("sha256")?,
        })
    }

    /// Where the copy of the event is, while it is kept.
    pub(crate) fn payload_key(&self) -> Key {
        let at = self.timestamp.parse().unwrap_or_default();
        payload_key(&self.request_id, at, self.sequence, &self.event_id)
    }
}

/// The copy of an event, unless its time is over: the table removes such rows only some days later.
pub(crate) fn payload(item: &Item, now: Timestamp) -> Option<&str> {
    item.get_number("expires").filter(|expires| *expires > now.seconds())?;
    item.get_text("envelope")
}

/// Sequences that the trail does not have: events that were never published, or not delivered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Gap {
    /// The first missing sequence.
    pub(crate) from: u64,
    /// The last one.
    pub(crate) to: u64,
}

/// The gaps between `sequences`, which ascend, and after `before`, the last one already seen.
pub(crate) fn gaps(before: u64, sequences: impl Iterator<Item = u64>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut due = before.saturating_add(1);
    for sequence in sequences {
        if sequence > due {
            gaps.push(Gap { from: due, to: sequence.saturating_sub(1) });
        }
        due = sequence.saturating_add(1);
    }
    gaps
}

/// The sequence at which a page of a trail begins to read on.
pub(crate) fn sequence_of(key: &Key) -> u64 {
    key.sk.parse().unwrap_or(0)
}

/// One event of a request's timeline.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TimelineStep"))]
pub(crate) struct Step {
    /// Its type.
    pub(crate) event: String,
    /// When it happened.
    pub(crate) timestamp: String,
    /// Its place in the entity's stream.
    pub(crate) sequence: Option<u64>,
    /// Whose stream.
    pub(crate) entity: Option<EntityRef>,
    /// Milliseconds since the event before it; 0 for the first.
    pub(crate) delay_ms: i64,
    /// The event's own fields.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub(crate) data: Box<RawValue>,
}

/// The steps that `envelopes`, in order of time, tell of; `before` is the moment of the one before them.
pub(crate) fn steps(before: Option<Timestamp>, envelopes: Vec<Envelope>) -> Vec<Step> {
    let mut last = before;
    let mut steps = Vec::with_capacity(envelopes.len());
    for envelope in envelopes {
        let at = envelope.timestamp.parse::<Timestamp>().ok().or(last);
        let delay_ms = match (last, at) {
            (Some(last), Some(at)) => at.millis().saturating_sub(last.millis()),
            (None, _) | (_, None) => 0,
        };
        last = at;
        steps.push(Step {
            event: envelope.event,
            timestamp: envelope.timestamp,
            sequence: envelope.metadata.sequence,
            entity: envelope.metadata.entity,
            delay_ms,
            data: envelope.data,
        });
    }
    steps
}

/// The moment at which a page of a timeline begins to read on.
pub(crate) fn moment_of(key: &Key) -> Option<Timestamp> {
    key.sk.split('#').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::tests::recorded;
    use proptest::prelude::*;

    fn bet(sequence: u64) -> Recorded {
        let place = format!(r#","event_id":"e{sequence}","entity":{{"type":"bet","id":"b1"}},"sequence":{sequence}"#);
        recorded("BetPlaced", "2026-01-04T10:17:12.567Z", "{}", &place)
    }

    #[test]
    fn the_trail_leads_to_the_copy() {
        let [audit, payload_row] = rows(&bet(7)).unwrap();
        assert_eq!(audit.get_text("pk"), Some("audit#bet#b1"));
        assert_eq!(audit.get_text("sk"), Some("000000000007"));
        assert_eq!(audit.get_number("expires"), None);
        let key = AuditRow::read(&audit).unwrap().payload_key();
        assert_eq!(payload_row.get_text("pk"), Some(key.pk.as_str()));
        assert_eq!(payload_row.get_text("sk"), Some(key.sk.as_str()));
        assert_eq!(moment_of(&key).unwrap().to_string(), "2026-01-04T10:17:12.567Z");
    }

    #[test]
    fn copies_expire_by_the_catalogue_and_are_gone_on_the_day() {
        let at: Timestamp = "2026-01-04T10:17:12.567Z".parse().unwrap();
        let [_, listed] = rows(&bet(1)).unwrap();
        assert!(payload(&listed, at.plus_seconds(364 * 86_400)).is_some());
        assert!(payload(&listed, at.plus_seconds(365 * 86_400)).is_none());
        let [_, unlisted] = rows(&recorded("Foreign", "2026-01-04T10:17:12.567Z", "{}", "")).unwrap();
        assert!(payload(&unlisted, at.plus_seconds(89 * 86_400)).is_some());
        assert!(payload(&unlisted, at.plus_seconds(90 * 86_400)).is_none());
    }

    #[test]
    fn an_event_without_a_moment_cannot_be_recorded() {
        assert!(matches!(rows(&recorded("X", "yesterday", "{}", "")), Err(Failure::Poison(_))));
    }

    #[test]
    fn missing_sequences_are_named() {
        assert_eq!(gaps(0, [1, 2, 5, 6, 8].into_iter()), vec![Gap { from: 3, to: 4 }, Gap { from: 7, to: 7 }]);
        assert_eq!(gaps(0, [3].into_iter()), vec![Gap { from: 1, to: 2 }]);
        assert_eq!(gaps(2, [3, 4].into_iter()), vec![]);
    }

    #[test]
    fn delays_are_from_one_event_to_the_next() {
        let envelopes = |times: &[&str]| {
            times.iter().map(|time| recorded("X", time, "{}", "").envelope().clone()).collect::<Vec<_>>()
        };
        let times = ["2026-01-04T10:17:12.567Z", "2026-01-04T10:17:12.567Z", "2026-01-04T10:17:13.000Z"];
        let delays = |before| steps(before, envelopes(&times)).iter().map(|step| step.delay_ms).collect::<Vec<_>>();
        assert_eq!(delays(None), [0, 0, 433]);
        assert_eq!(delays("2026-01-04T10:17:12.000Z".parse().ok()), [567, 0, 433]);
    }

    proptest! {
        #[test]
        fn gaps_and_rows_together_are_every_sequence(present in proptest::collection::btree_set(1_u64..60, 0..40)) {
            let mut all: Vec<u64> = present.iter().copied().collect();
            for gap in gaps(0, present.iter().copied()) {
                all.extend(gap.from..=gap.to);
            }
            all.sort_unstable();
            let last = present.last().copied().unwrap_or(0);
            prop_assert_eq!(all, (1..=last).collect::<Vec<_>>());
        }

        #[test]
        fn keys_sort_as_sequences(a in 0_u64..1_000_000_000_000, b in 0_u64..1_000_000_000_000) {
            prop_assert_eq!(a.cmp(&b), trail_sk(a).cmp(&trail_sk(b)));
        }
    }
}
