//! The set as objects: parts of examples, and a manifest per version.
//!
//! A version is all parts up to it, so it has the part of the version before and one more. What a part holds is told by
//! its name, and a manifest is put where none is: of two exports at once, one makes the version.

use quoin_digest::Sha256;
use quoin_events::Timestamp;
use serde::{Deserialize, Serialize};

use super::Example;
use super::example::SCHEMA;

/// What the set is called, and where its objects are.
const NAME: &str = "subscription-outcomes";
/// Version of the schema; readers know what a newer minor one adds.
const SCHEMA_VERSION: &str = "1.0";

/// A member of an example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    name: String,
    r#type: String,
    description: String,
}

/// An object of examples, one a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Its key.
    pub(crate) key: String,
    /// How many examples.
    pub(crate) rows: u64,
    /// How many bytes.
    pub(crate) bytes: u64,
    /// What its bytes hash to.
    pub(crate) sha256: String,
}

/// What a version of the set is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    data_set: String,
    /// From 1 on.
    pub(crate) version: u64,
    /// The version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_version: Option<u64>,
    created_at: Timestamp,
    format: String,
    schema_version: String,
    schema: Vec<Member>,
    /// How many examples in all parts.
    pub(crate) rows: u64,
    /// The parts, the newest last.
    pub(crate) parts: Vec<Part>,
}

impl Part {
    /// The part that holds `examples`, and its bytes.
    ///
    /// # Errors
    /// If one cannot be written as JSON.
    pub(crate) fn of<'a>(examples: impl Iterator<Item = &'a Example>) -> Result<(Self, Vec<u8>), serde_json::Error> {
        let (mut body, mut rows) = (Vec::new(), 0_u64);
        for example in examples {
            serde_json::to_writer(&mut body, example)?;
            body.push(b'\n');
            rows = rows.saturating_add(1);
        }
        let sha256 = Sha256::of(&body).hex();
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        Ok((Self { key: format!("{NAME}/parts/{sha256}.ndjson"), rows, bytes, sha256 }, body))
    }

    /// The examples in its bytes.
    ///
    /// # Errors
    /// If they are not what was written.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Vec<Example>, String> {
        if Sha256::of(body).hex() != self.sha256 {
            return Err(format!("{} does not hash to its name", self.key));
        }
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).map_err(|error| error.to_string())).collect()
    }
}

impl Manifest {
    /// The version after `before` with one more part.
    pub(crate) fn after(before: Option<&Self>, part: Part, now: Timestamp) -> Self {
        let previous_version = before.map(|before| before.version);
        let mut parts = before.map(|before| before.parts.clone()).unwrap_or_default();
        parts.push(part);
        let member = |(name, kind, description): (&str, &str, &str)| Member {
            name: name.to_owned(),
            r#type: kind.to_owned(),
            description: description.to_owned(),
        };
        Self {
            data_set: NAME.to_owned(),
            version: previous_version.unwrap_or(0).saturating_add(1),
            previous_version,
            created_at: now,
            format: "ndjson".to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            schema: SCHEMA.into_iter().map(member).collect(),
            rows: parts.iter().fold(0, |sum, part| part.rows.saturating_add(sum)),
            parts,
        }
    }

    /// Where the manifest of a version is.
    pub(crate) fn key(version: u64) -> String {
        format!("{NAME}/versions/{version:08}/manifest.json")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::example::tests::event;
    use crate::training::{Pseudonyms, example};
    use serde_json::json;

    fn made() -> Example {
        let period = json!({
            "plan": "monthly", "price": 9.99, "currency": "EUR", "payment_id": "p0",
            "period_start": "2026-01-05T12:00:00.000Z", "period_end": "2026-02-05T12:00:00.000Z",
        });
        let end = json!({
            "plan": "monthly", "price": 9.99, "currency": "EUR", "reason": "erasure", "periods": 1,
            "began_at": "2026-01-05T12:00:00.000Z", "ends_at": "2026-02-05T12:00:00.000Z",
        });
        let events =
            [event("subscription.created", "2026-01-05", period), event("subscription.cancelled", "2026-01-06", end)];
        example(&Pseudonyms::new("k"), &events, &events[1]).unwrap().unwrap()
    }

    #[test]
    fn a_version_has_what_was_before_it_and_a_part_is_what_its_name_says() {
        let (part, body) = Part::of([made()].iter()).unwrap();
        assert_eq!(part.read(&body).unwrap(), [made()]);
        assert!(part.read(&body[1..]).is_err());
        let first = Manifest::after(None, part.clone(), Timestamp::from_millis(1));
        let second = Manifest::after(Some(&first), part, Timestamp::from_millis(2));
        assert_eq!((first.version, first.previous_version, first.rows), (1, None, 1));
        assert_eq!((second.version, second.previous_version, second.rows), (2, Some(1), 2));
        assert_eq!(second.parts[0], first.parts[0]);
        assert_eq!(Manifest::key(2), "subscription-outcomes/versions/00000002/manifest.json");
        let text = serde_json::to_string(&second).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), second);
    }
}
