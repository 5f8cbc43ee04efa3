//! Rows of targets' days: counted once, and for as long as copies of their events are kept.

use quoin_events::{Timestamp, event_type};
use quoin_store::{Commit, Item, Key, Update, derived_id};
use quoin_uplift::{Day, Tally};

use super::fact::What;
use super::{Fact, Kind, day};

/// The table, as `service.yaml` names it.
pub(crate) const TABLE: &str = "targets";

const VIEWS: &str = "views";
const ORDERS: &str = "orders";
const BOOSTED: &str = "boosted";

/// The partition of the targets of a day.
pub(crate) fn partition(kind: Kind, day: Day) -> String {
    format!("days#{}#{}", kind.as_str(), day::text(day))
}

/// The row of a target on a day.
fn key(fact: &Fact) -> Key {
    let hash = derived_id("t", &[&fact.target_id]);
    Key::new(partition(fact.kind, fact.day), format!("{hash}#{}", fact.target_id))
}

/// The target of a row.
pub(crate) fn target(row: &Item) -> Option<&str> {
    row.get_text("sk")?.split_once('#').map(|(_, target_id)| target_id)
}

/// What a row says.
pub(crate) fn tally(row: &Item) -> Tally {
    let count = |name: &str| row.get_number(name).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    Tally { views: count(VIEWS), orders: count(ORDERS), is_boosted: row.get_number(BOOSTED).is_some() }
}

/// The mark of an event that is counted.
pub(crate) fn seen(event_id: &str) -> Key {
    Key::new(format!("seen#{event_id}"), "-")
}

/// When what is known of `day` expires, in seconds: with the copies of the events that `event` is one of.
fn expires(event: &str, day: Day) -> i64 {
    let days = event_type(event).map_or(90, |known| known.retention_days);
    day::midnight(day.saturating_add(i64::from(days))).seconds()
}

/// Whether an event of `day` may have been counted, and that be forgotten by `now`. The day between is more than clocks
/// are wrong by.
pub(crate) fn is_forgotten(event: &str, day: Day, now: Timestamp) -> bool {
    expires(event, day.saturating_sub(1)) <= now.seconds()
}

/// What counts the `facts` of an event, once: its mark goes first.
pub(crate) fn commit(table: &str, event: &str, event_id: &str, facts: &[Fact]) -> Commit {
    let last = facts.iter().map(|fact| fact.day).max().unwrap_or_default();
    let Key { pk, sk } = seen(event_id);
    let mark = Item::new().text("pk", pk).text("sk", sk).number("expires", expires(event, last));
    facts.iter().fold(Commit::new().put_new(table, mark), |commit, fact| {
        let row = Update::of(table, key(fact)).number("expires", expires(event, fact.day));
        commit.update(match fact.what {
            What::View => row.add(VIEWS, 1),
            What::Order => row.add(ORDERS, 1),
            What::Boost => row.number(BOOSTED, 1),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_counted_for_as_long_as_its_mark_is_there() {
        let day = day::number("2026-01-04").unwrap();
        let gone = Timestamp::from_millis(expires("gig.viewed", day).saturating_mul(1_000));
        assert_eq!(gone.day(), "2026-04-04");
        assert!(is_forgotten("gig.viewed", day, gone));
        assert!(is_forgotten("gig.viewed", day, gone.plus_seconds(-86_400)));
        assert!(!is_forgotten("gig.viewed", day, gone.plus_seconds(-86_401)));
    }

    #[test]
    fn a_row_says_what_was_counted() {
        let row = Item::new().text("sk", "t_0#gig#1").number(VIEWS, 3).number(BOOSTED, 1);
        assert_eq!(tally(&row), Tally { views: 3, orders: 0, is_boosted: true });
        assert_eq!(target(&row), Some("gig#1"));
        assert_eq!(tally(&Item::new()), Tally::default());
    }
}
