//! An event as a line of an object.

use std::borrow::Cow;

use quoin_events::Timestamp;
use quoin_runtime::Failure;
use quoin_verify::canonical;
use serde::Deserialize;

use super::Partition;
use crate::Recorded;

/// One event: its envelope in canonical form, which is one line, and what it is sorted and told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) event_id: String,
    pub(crate) text: String,
}

/// What of an envelope matters here.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    timestamp: Timestamp,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    event_id: Cow<'a, str>,
}

impl Line {
    /// The line of `recorded`.
    ///
    /// # Errors
    /// Poison, if it is not an event with a moment.
    pub(crate) fn of(recorded: &Recorded) -> Result<Self, Failure> {
        let text = recorded.canonical().map_err(Failure::poison)?;
        Self::read(&text).map_err(|error| Failure::poison(format!("no line of the warehouse: {error}")))
    }

    /// The line with `text`, as an object or a row holds it.
    ///
    /// # Errors
    /// If it is not an event's envelope.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        Self::placed(text).map(|(_, line)| line)
    }

    /// The same, with the partition that it belongs to.
    ///
    /// # Errors
    /// If it is not an event's envelope.
    pub(crate) fn placed(text: &str) -> Result<(Partition, Self), serde_json::Error> {
        let Told { event, timestamp: at, metadata } = serde_json::from_str(text)?;
        // As everywhere in this service: an event from outside without an id goes by its hash.
        let event_id = match metadata.event_id {
            id if id.is_empty() => canonical::sha256(text)?,
            id => id.into_owned(),
        };
        let partition = Partition { day: at.day(), event: event.into_owned() };
        Ok((partition, Self { at, event_id, text: text.to_owned() }))
    }

    /// Where it stands among the lines of its day: `<moment>#<event id>`, which sorts as they do.
    pub(crate) fn place(&self) -> String {
        format!("{}#{}", self.at, self.event_id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::recorded::tests::recorded;

    /// An event of so many milliseconds after midnight.
    pub(crate) fn line(ms: i64, event_id: &str) -> Line {
        line_of("X", ms, event_id)
    }

    /// The same of a type of event.
    pub(crate) fn line_of(event: &str, ms: i64, event_id: &str) -> Line {
        let at = "2026-01-04T00:00:00.000Z".parse::<Timestamp>().unwrap().plus_millis(ms);
        Line::read(&format!(r#"{{"event":"{event}","metadata":{{"event_id":"{event_id}"}},"timestamp":"{at}"}}"#))
            .unwrap()
    }

    #[test]
    fn a_line_without_an_id_goes_by_its_hash() {
        let text = r#"{"event":"X","metadata":{},"timestamp":"2026-01-04T00:00:00.000Z"}"#;
        assert_eq!(Line::read(text).unwrap().event_id, canonical::sha256(text).unwrap());
        assert_eq!(line(0, "e").event_id, "e");
    }

    #[test]
    fn an_event_is_a_line_in_canonical_form_and_belongs_to_its_type_and_day() {
        let event = recorded("order.created", "2026-01-04T10:17:12.5Z", r#"{"b":1.10,"a":2}"#, r#","event_id":"e1""#);
        let line = Line::of(&event).unwrap();
        assert_eq!(line.place(), "2026-01-04T10:17:12.500Z#e1");
        assert!(line.text.starts_with(r#"{"data":{"a":2,"b":1.10},"event":"order.created","#), "{}", line.text);
        let (partition, again) = Line::placed(&line.text).unwrap();
        assert_eq!(partition, Partition { day: "2026-01-04".to_owned(), event: "order.created".to_owned() });
        assert_eq!(again, line);
        let escaped = r#"{"event":"A\"B","metadata":{},"timestamp":"2026-01-04T00:00:00.000Z"}"#;
        assert_eq!(Line::placed(escaped).unwrap().0.event, "A\"B");
    }

    #[test]
    fn an_event_without_a_moment_is_poison() {
        let event = recorded("order.created", "yesterday", "{}", "");
        assert!(matches!(Line::of(&event), Err(Failure::Poison(_))));
    }
}
