//! One record of the stream as the bus entries that it holds.

use std::borrow::Cow;

use quoin_events::{Place, Timestamp};
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
    #[serde(borrow)]
    at: Option<Text<'a>>,
    #[serde(borrow)]
    ev: Option<Texts<'a>>,
    #[serde(borrow, rename = "pub")]
    published_as: Option<Texts<'a>>,
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
    let Some(Image { pk, sk, s0, at, ev: Some(envelopes), published_as: Some(names) }) = record.dynamodb.new_image
    else {
        return Ok(Vec::new());
    };
    if envelopes.values.len() != names.values.len() {
        return Err(unreadable("the item has another number of names than of envelopes".to_owned()));
    }
    let (kind, id) = pk.value.split_once('#').ok_or_else(|| unreadable("the key names no stream".to_owned()))?;
    let first: u64 = s0
        .and_then(|number| number.value.parse().ok())
        .ok_or_else(|| unreadable("the item has no first sequence".to_owned()))?;
    let at = at.and_then(|text| text.value.parse().ok());
    let key = format!("{}/{}", pk.value, sk.value);
    let mut found = Vec::with_capacity(names.values.len());
    for (sequence, (envelope, name)) in (first..).zip(envelopes.values.into_iter().zip(names.values)) {
        let (topic, event) =
            name.value.split_once('/').ok_or_else(|| unreadable("an event names no topic".to_owned()))?;
        found.push(Entry {
            key: key.clone(),
            event_id: Place { kind, id, sequence }.event_id().to_string(),
            at,
            topic: topic.to_owned(),
            event: event.to_owned(),
            envelope: envelope.value.into_owned(),
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

    #[test]
    fn what_is_not_a_new_item_with_events_is_passed_over() {
        assert_eq!(entries(&record("MODIFY", image())), Ok(Vec::new()));
        assert_eq!(entries(&record("REMOVE", json!(null))), Ok(Vec::new()));
        let mut silent = image();
        silent.as_object_mut().unwrap().remove("pub");
        assert_eq!(entries(&record("INSERT", silent)), Ok(Vec::new()));
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
