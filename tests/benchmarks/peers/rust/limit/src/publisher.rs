//! Job 4: the events of a table's new items, from its stream to the bus.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::endpoint::{EVENTS, Endpoint, body};
use crate::json::quoted;
use crate::{Error, variable};

/// The bus takes ten entries in one call, and 256 KiB; kept below that, since how it counts is its own affair.
const MAX_ENTRIES: usize = 10;
const MAX_BYTES: usize = 240 * 1024;

/// The job.
pub struct Publisher {
    bus: String,
    endpoint: Endpoint,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(rename = "eventName", borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    dynamodb: Change<'a>,
}

#[derive(Deserialize)]
struct Change<'a> {
    #[serde(rename = "NewImage", borrow, default)]
    image: Option<Image<'a>>,
    #[serde(rename = "SequenceNumber", borrow)]
    number: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Image<'a> {
    #[serde(borrow, default)]
    ev: Option<List<&'a RawValue>>,
    #[serde(rename = "pub", borrow, default)]
    names: Option<List<Cow<'a, str>>>,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(rename = "L")]
    l: Vec<Word<T>>,
}

#[derive(Deserialize)]
struct Word<T> {
    #[serde(rename = "S")]
    s: T,
}

#[derive(Deserialize)]
struct Put<'a> {
    #[serde(rename = "FailedEntryCount")]
    failed: usize,
    #[serde(rename = "Entries", borrow)]
    entries: Vec<Taken<'a>>,
}

#[derive(Deserialize)]
struct Taken<'a> {
    #[serde(rename = "ErrorCode", borrow, default)]
    error: Option<Cow<'a, str>>,
}

/// Entries of one call, and the record that each is of.
#[derive(Default)]
struct Call<'a> {
    text: String,
    records: Vec<&'a str>,
}

impl Publisher {
    /// Connects to the bus.
    pub fn connect() -> Result<Self, Error> {
        Ok(Self { bus: quoted(&variable("BUS_NAME")?), endpoint: Endpoint::connect(&EVENTS)? })
    }

    /// Publishes in order, and tells the stream from which record on to send again.
    pub fn handle(&mut self, payload: &[u8]) -> Result<String, Error> {
        let event: Event<'_> = serde_json::from_slice(payload)?;
        let mut call = Call::default();
        for record in event.records.iter().filter(|record| record.name == "INSERT") {
            let Some(Image { ev: Some(envelopes), names: Some(names) }) = &record.dynamodb.image else { continue };
            if envelopes.l.len() != names.l.len() {
                return Err("an item has another number of names than of envelopes".into());
            }
            for (envelope, name) in envelopes.l.iter().zip(&names.l) {
                let entry = self.entry(envelope.s, &name.s)?;
                if call.is_full(&entry)
                    && let Some(failed) = self.put(&mut call)?
                {
                    return Ok(failures(Some(failed)));
                }
                call.push(&entry, &record.dynamodb.number);
            }
        }
        Ok(failures(self.put(&mut call)?))
    }

    /// The envelope goes on as the JSON text that it came as: no escape is touched.
    fn entry(&self, envelope: &RawValue, name: &str) -> Result<String, Error> {
        let (topic, event) = name.split_once('/').ok_or("an event names no topic")?;
        let (detail, bus) = (envelope.get(), &self.bus);
        let (topic, event) = (quoted(topic), quoted(event));
        Ok(format!(r#"{{"Source":{topic},"DetailType":{event},"Detail":{detail},"EventBusName":{bus}}}"#))
    }

    /// Sends what the call holds, and empties it; the record of the first entry that was not taken.
    fn put<'a>(&mut self, call: &mut Call<'a>) -> Result<Option<&'a str>, Error> {
        let Call { text, records } = std::mem::take(call);
        if records.is_empty() {
            return Ok(None);
        }
        let reply = self.endpoint.call("PutEvents", &format!(r#"{{"Entries":[{text}]}}"#))?;
        let put: Put<'_> = serde_json::from_slice(body(&reply)?)?;
        if put.failed == 0 {
            return Ok(None);
        }
        let first = put.entries.iter().position(|entry| entry.error.is_some()).unwrap_or_default();
        Ok(records.get(first).copied())
    }
}

impl<'a> Call<'a> {
    fn is_full(&self, entry: &str) -> bool {
        self.records.len() == MAX_ENTRIES || self.text.len() + entry.len() > MAX_BYTES
    }

    fn push(&mut self, entry: &str, record: &'a str) {
        if !self.records.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(entry);
        self.records.push(record);
    }
}

fn failures(number: Option<&str>) -> String {
    let failed = number.map(|number| format!(r#"{{"itemIdentifier":{}}}"#, quoted(number))).unwrap_or_default();
    format!(r#"{{"batchItemFailures":[{failed}]}}"#)
}
