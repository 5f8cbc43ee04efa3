//! One record of the stream as the bus entries that it holds.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quoin_events::{Place, Timestamp};
use quoin_store::unpack;
use serde::Deserialize;

/// One event on its way to the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Partition and sort key of the journal item.
    pub(crate) key: String,
    pub(crate) event_id: String,
    /// Moment of the commit, if the item says one.
    pub(crate) at: Option<Timestamp>,
    pub(crate) topic: String,
    pub(crate) event: String,
    pub(crate) envelope: String,
}

/// A record that holds events which nobody can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) key: String,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, rename = "eventName")]
    event_name: Cow<'a, str>,
    #[serde(borrow)]
    dynamodb: Change<'a>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(borrow, rename = "NewImage")]
    new_image: Option<Image<'a>>,
}

/// The attributes that publishing needs; the rest of the item is skipped over.
#[derive(Deserialize)]
struct Image<'a> {
    #[serde(borrow)]
    pk: Text<'a>,
    #[serde(borrow)]
    sk: Number<'a>,
    #[serde(borrow)]
    s0: Option<Number<'a>>,
    /// How many events it has.
    #[serde(borrow)]
    n: Option<Number<'a>>,
    #[serde(borrow)]
    at: Option<Text<'a>>,
    #[serde(borrow)]
    ev: Option<Texts<'a>>,
    #[serde(borrow, rename = "pub")]
    published_as: Option<Texts<'a>>,
    /// Of an item whose texts are packed, instead of both.
    #[serde(borrow)]
    z: Option<Blob<'a>>,
}

impl Image<'_> {
    /// Envelopes of its events and, of each, topic and name.
    fn told(&mut self) -> Result<(Vec<String>, Vec<String>), String> {
        let mut envelopes = texts(self.ev.take());
        let mut names = texts(self.published_as.take());
        let Some(Blob { value }) = &self.z else { return Ok((envelopes, names)) };
        let packed = STANDARD.decode(value.as_bytes()).map_err(|error| error.to_string())?;
        for (name, text) in unpack(&packed).map_err(|error| error.to_string())? {
            match name {
                "ev" => envelopes.push(text),
                "pub" => names.push(text),
                _ => {}
            }
        }
        Ok((envelopes, names))
    }
}

fn texts(list: Option<Texts<'_>>) -> Vec<String> {
    list.into_iter().flat_map(|list| list.values).map(|text| text.value.into_owned()).collect()
}

#[derive(Deserialize)]
struct Blob<'a> {
    #[serde(borrow, rename = "B")]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow, rename = "S")]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Number<'a> {
    #[serde(borrow, rename = "N")]
    value: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Texts<'a> {
    #[serde(borrow, rename = "L")]
    values: Vec<Text<'a>>,
}

/// Where a record came from, as far as it can be told from one that is otherwise unreadable.
#[derive(Deserialize)]
struct Position {
    dynamodb: PositionKeys,
}

#[derive(Deserialize)]
struct PositionKeys {
    #[serde(rename = "Keys")]
    keys: serde_json::Value,
}

/// The entries of one record, in order; none for anything but a new item with events.
pub(crate) fn entries(text: &str) -> Result<Vec<Entry>, Unreadable> {
    let unreadable = |reason: String| Unreadable { key: position(text), reason };
    let record: Record<'_> = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    if record.event_name != "INSERT" {
        return Ok(Vec::new());
    }
    let Some(mut image) = record.dynamodb.new_image else { return Ok(Vec::new()) };
    let (envelopes, names) = image.told().map_err(unreadable)?;
    let Image { pk, sk, s0, n, at, .. } = image;
    let count = n.map_or(Ok(0), |number| number.value.parse::<usize>());
    let count = count.map_err(|error| unreadable(format!("the number of its events: {error}")))?;
    // What is told elsewhere than here would be lost without a word.
    if envelopes.len() != count || names.len() != count {
        let reason = format!("{} envelopes and {} names of {count} events", envelopes.len(), names.len());
        return Err(unreadable(reason));
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    let (kind, id) = pk.value.split_once('#').ok_or_else(|| unreadable("the key names no stream".to_owned()))?;
    let first: u64 = s0
        .and_then(|number| number.value.parse().ok())
        .ok_or_else(|| unreadable("the item has no first sequence".to_owned()))?;
    let at = at.and_then(|text| text.value.parse().ok());
    let key = format!("{}/{}", pk.value, sk.value);
    let mut found = Vec::with_capacity(names.len());
    for (sequence, (envelope, name)) in (first..).zip(envelopes.into_iter().zip(names)) {
        let (topic, event) = name.split_once('/').ok_or_else(|| unreadable("an event names no topic".to_owned()))?;
        found.push(Entry {
            key: key.clone(),
            event_id: Place { kind, id, sequence }.event_id().to_string(),
            at,
            topic: topic.to_owned(),
            event: event.to_owned(),
            envelope,
        });
    }
    Ok(found)
}

fn position(text: &str) -> String {
    serde_json::from_str::<Position>(text).map_or_else(|_| "unknown".to_owned(), |at| at.dynamodb.keys.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(name: &str, image: serde_json::Value) -> String {
        json!({
            "eventID": "1", "eventName": name, "eventSource": "aws:dynamodb",
            "dynamodb": { "Keys": { "pk": { "S": "bet#b1" }, "sk": { "N": "1" } }, "NewImage": image,
                          "SequenceNumber": "1", "SizeBytes": 9, "ApproximateCreationDateTime": 1.7e9 },
        })
        .to_string()
    }

    fn image() -> serde_json::Value {
        json!({
            "pk": { "S": "bet#b1" }, "sk": { "N": "2" }, "s0": { "N": "3" }, "n": { "N": "2" },
            "at": { "S": "2026-01-04T10:17:12.567Z" }, "st": { "S": "{}" },
            "ev": { "L": [{ "S": "{\"event\":\"BetPlaced\"}" }, { "S": "{\"event\":\"wallet.debited\"}" }] },
            "pub": { "L": [{ "S": "betting.events/BetPlaced" }, { "S": "wallet.events/wallet.debited" }] },
        })
    }

    #[test]
    fn a_new_item_gives_its_events_in_order_with_the_ids_they_were_rendered_with() {
        let found = entries(&record("INSERT", image())).unwrap();
        let summary: Vec<_> = found.iter().map(|e| (e.topic.as_str(), e.event.as_str(), e.envelope.as_str())).collect();
        assert_eq!(
            summary,
            [
                ("betting.events", "BetPlaced", r#"{"event":"BetPlaced"}"#),
                ("wallet.events", "wallet.debited", r#"{"event":"wallet.debited"}"#),
            ]
        );
        let id = |sequence| Place { kind: "bet", id: "b1", sequence }.event_id().to_string();
        assert_eq!(found.iter().map(|e| e.event_id.clone()).collect::<Vec<_>>(), [id(3), id(4)]);
        assert_eq!(found[0].key, "bet#b1/2");
        assert_eq!(found[0].at, "2026-01-04T10:17:12.567Z".parse().ok());
    }

    /// The texts of an item as they are stored once they are large.
    const PACKED: &str =
        "ASwFAAB/ALAEAAB7fQIA/////59TBRUAAACOCgkAEDl9BRoaAAoJBX8ifQYYAAAARAUFUwYcAAAAMgAKLQVwZGViaXRlZA==";

    fn packed(texts: &str) -> serde_json::Value {
        let mut image = image();
        let attributes = image.as_object_mut().unwrap();
        for name in ["st", "ev", "pub"] {
            attributes.remove(name);
        }
        attributes.insert("z".to_owned(), json!({ "B": texts }));
        image
    }

    #[test]
    fn packed_events_are_told_as_others_are() {
        let plain = entries(&record("INSERT", image())).unwrap();
        assert_eq!(entries(&record("INSERT", packed(PACKED))).unwrap(), plain);
        for damaged in ["", "?", &PACKED[..40], "/////w=="] {
            let found = entries(&record("INSERT", packed(damaged))).unwrap_err();
            assert!(found.key.contains("bet#b1"), "{found:?}");
        }
    }

    #[test]
    fn what_is_not_a_new_item_with_events_is_passed_over() {
        assert_eq!(entries(&record("MODIFY", image())), Ok(Vec::new()));
        assert_eq!(entries(&record("REMOVE", json!(null))), Ok(Vec::new()));
        let silent = json!({ "pk": { "S": "bet#b1" }, "sk": { "N": "2" }, "s0": { "N": "3" }, "n": { "N": "0" } });
        assert_eq!(entries(&record("INSERT", silent)), Ok(Vec::new()));
    }

    #[test]
    fn an_item_that_has_other_events_than_it_says_is_told() {
        for name in ["ev", "pub", "n"] {
            let mut image = image();
            image.as_object_mut().unwrap().remove(name);
            assert!(entries(&record("INSERT", image)).is_err(), "{name}");
        }
        let mut more = image();
        more["n"]["N"] = json!("3");
        assert!(entries(&record("INSERT", more)).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_key() {
        let mut lists = image();
        lists["pub"]["L"].as_array_mut().unwrap().pop();
        let mut shape = image();
        shape["ev"] = json!({ "S": "not a list" });
        let mut names = image();
        names["pub"]["L"][1]["S"] = json!("no topic");
        for image in [lists, shape, names] {
            let found = entries(&record("INSERT", image)).unwrap_err();
            assert!(found.key.contains("bet#b1"), "{found:?}");
        }
        assert_eq!(entries("{}").unwrap_err().key, "unknown");
    }
}
