//! From typed data to the envelope that is stored and published.

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::catalogue::EventData;
use crate::envelope::{EntityRef, Metadata, WalletRef};
use crate::{Timestamp, event_type};

/// Namespace of event ids: version 5 UUIDs of `<stream>/<sequence>`.
const EVENT_ID_NAMESPACE: Uuid = Uuid::from_u128(0x7b1d_4f2e_93c8_5a60_8d15_6e0c_a4f7_2b39);

/// The request or event that led to a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Correlation of everything that follows from one request.
    pub request_id: String,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// What the commit reacts to.
    pub cause: Cause,
}

/// What a commit reacts to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cause {
    /// A request from outside.
    #[default]
    Request,
    /// An event with this id.
    Event(String),
}

/// Where in the journal an event will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Kind of the stream's entity.
    pub kind: &'a str,
    /// Id of the stream's entity.
    pub id: &'a str,
    /// The event's gapless place in it.
    pub sequence: u64,
}

impl Place<'_> {
    /// The event's id, the same however often it is computed.
    #[must_use]
    pub fn event_id(&self) -> Uuid {
        Uuid::new_v5(&EVENT_ID_NAMESPACE, format!("{}#{}/{}", self.kind, self.id, self.sequence).as_bytes())
    }
}

/// An event that is decided but has no place in a stream yet.
#[derive(Debug, Clone)]
pub struct Draft {
    event: &'static str,
    timestamp: Timestamp,
    data: Box<RawValue>,
    wallet: Option<WalletRef>,
    idempotency_key: Option<String>,
    bizone_request_id: Option<String>,
}

/// The envelope in the order in which the sources write it.
#[derive(Serialize)]
struct Rendered<'a> {
    event: &'a str,
    version: &'a str,
    timestamp: Timestamp,
    data: &'a RawValue,
    metadata: Metadata,
}

impl Draft {
    /// An event of type `T` that describes the moment `timestamp`.
    ///
    /// # Errors
    /// If the data cannot be written as JSON; no type of the catalogue fails to.
    pub fn new<T: EventData>(data: &T, timestamp: Timestamp) -> Result<Self, serde_json::Error> {
        let data = serde_json::value::to_raw_value(data)?;
        Ok(Self { event: T::NAME, timestamp, data, wallet: None, idempotency_key: None, bizone_request_id: None })
    }

    /// The same event about a change of `wallet`.
    #[must_use]
    pub fn of_wallet(mut self, wallet: WalletRef) -> Self {
        self.wallet = Some(wallet);
        self
    }

    /// The same event with the caller's key, for the events whose source has it.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: String) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    /// The same event with the merchant connector's own request id, for the event whose source has it.
    #[must_use]
    pub fn with_bizone_request_id(mut self, id: String) -> Self {
        self.bizone_request_id = Some(id);
        self
    }

    /// Name of the event.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        self.event
    }

    /// The owner of the wallet that it tells of.
    #[must_use]
    pub fn wallet_owner(&self) -> Option<&str> {
        self.wallet.as_ref().map(|wallet| wallet.id.as_str())
    }

    /// The topic it is published to.
    #[must_use]
    pub fn topic(&self) -> &'static str {
        event_type(self.event).map_or("", |known| known.topic.as_str())
    }

    /// The envelope as text, at `place` in its stream.
    ///
    /// # Errors
    /// If it cannot be written as JSON; none of its parts fails to.
    pub fn render(&self, place: Place<'_>, origin: &Origin) -> Result<String, serde_json::Error> {
        let known = event_type(self.event);
        let metadata = Metadata {
            source: known.map_or("", |known| known.source).to_owned(),
            request_id: origin.request_id.clone(),
            idempotency_key: self.idempotency_key.clone(),
            bizone_request_id: self.bizone_request_id.clone(),
            event_id: Some(place.event_id().to_string()),
            entity: Some(EntityRef { kind: place.kind.to_owned(), id: place.id.to_owned() }),
            sequence: Some(place.sequence),
            wallet: self.wallet.clone(),
            causation_id: match &origin.cause {
                Cause::Request => None,
                Cause::Event(id) => Some(id.clone()),
            },
            traceparent: origin.traceparent.clone(),
            routing_key: known.and_then(|known| known.routing_key).map(str::to_owned),
        };
        serde_json::to_string(&Rendered {
            event: self.event,
            version: known.map_or("1.0", |known| known.version),
            timestamp: self.timestamp,
            data: &self.data,
            metadata,
        })
    }
}
