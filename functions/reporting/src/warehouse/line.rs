//! An event as a line of an object.

use quoin_events::Timestamp;
use quoin_verify::canonical;
use serde::Deserialize;

/// One event: its envelope in canonical form, which is one line, and what it is sorted and told apart by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) event_id: String,
    pub(crate) text: String,
}

/// What of an envelope matters here.
#[derive(Deserialize)]
struct Told {
    timestamp: Timestamp,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    event_id: String,
}

impl Line {
    /// The line with `text`, as an object or a row holds it.
    ///
    /// # Errors
    /// If it is not an event's envelope.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        let Told { timestamp: at, metadata } = serde_json::from_str(text)?;
        // As everywhere in this service: an event from outside without an id goes by its hash.
        let event_id = if metadata.event_id.is_empty() { canonical::sha256(text)? } else { metadata.event_id };
        Ok(Self { at, event_id, text: text.to_owned() })
    }

    /// Where it stands among the lines of its day: `<moment>#<event id>`, which sorts as they do.
    pub(crate) fn place(&self) -> String {
        format!("{}#{}", self.at, self.event_id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An event of so many milliseconds after midnight.
    pub(crate) fn line(ms: i64, event_id: &str) -> Line {
        let at = "2026-01-04T00:00:00.000Z".parse::<Timestamp>().unwrap().plus_millis(ms);
        Line::read(&format!(r#"{{"event":"X","metadata":{{"event_id":"{event_id}"}},"timestamp":"{at}"}}"#)).unwrap()
    }

    #[test]
    fn a_line_without_an_id_goes_by_its_hash() {
        let text = r#"{"event":"X","metadata":{},"timestamp":"2026-01-04T00:00:00.000Z"}"#;
        assert_eq!(Line::read(text).unwrap().event_id, canonical::sha256(text).unwrap());
        assert_eq!(line(0, "e").event_id, "e");
    }
}
