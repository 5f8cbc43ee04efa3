//! The events of one type on one day, and where they are kept.

use quoin_events::event_type;

use crate::trail;

/// The events of one type on one day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Partition {
    pub(crate) day: String,
    pub(crate) event: String,
}

impl Partition {
    /// Days that copies of its events are kept.
    pub(crate) fn retention_days(&self) -> u16 {
        event_type(&self.event).map_or(trail::UNLISTED_DAYS, |known| known.retention_days)
    }

    /// Name of its `number`th object.
    pub(crate) fn object_key(&self, number: usize) -> String {
        format!("retention={}/event={}/day={}/part-{number}.ndjson", self.retention_days(), self.event, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_object_is_found_by_retention_event_and_day() {
        let of = |event: &str| Partition { day: "2026-01-04".to_owned(), event: event.to_owned() };
        let key = of("order.created").object_key(3);
        assert_eq!(key, "retention=365/event=order.created/day=2026-01-04/part-3.ndjson");
        assert!(of("A#B").object_key(0).starts_with("retention=90/event=A#B/"));
    }

    #[test]
    fn every_retention_of_the_catalogue_has_a_rule_of_the_bucket() {
        let declared = include_str!("../../service.yaml");
        let days: BTreeSet<u16> =
            quoin_events::CATALOGUE.iter().map(|known| known.retention_days).chain([trail::UNLISTED_DAYS]).collect();
        let list = days.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        assert!(declared.contains(&format!("expire_days: [{list}]")), "{list}");
    }
}
