//! A link of a chain and the mark of its event, as they are stored.

use quoin_digest::Sha256;
use quoin_events::{EventData, Topic, event_type, types::PaymentProcessed};
use quoin_store::{Item, Key, StoreError};

/// How many chains there are.
pub const SHARDS: u8 = 4;
/// What stands in the place of a hash before the first link.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whether events called `name` are logged: what members and their subscriptions are told of, and what they paid.
#[must_use]
pub fn is_logged(name: &str) -> bool {
    match event_type(name).map(|known| known.topic) {
        Some(Topic::Customer | Topic::Subscription) => true,
        Some(_) => name == PaymentProcessed::NAME,
        None => false,
    }
}

/// The chain that holds the events of an entity, `<type>#<id>`.
#[must_use]
pub fn shard_of(entity: &str) -> u8 {
    entity.bytes().fold(0_u8, u8::wrapping_add).checked_rem(SHARDS).unwrap_or(0)
}

/// Partition of a chain.
#[must_use]
pub fn chain_pk(shard: u8) -> String {
    format!("chain#{shard}")
}

/// One event's link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its chain.
    pub shard: u8,
    /// Its place in it, from 1 on.
    pub number: u64,
    /// Hash of the link before; [`GENESIS`] for the first.
    pub previous: String,
    /// The event.
    pub event_id: String,
    /// Its name.
    pub event: String,
    /// Its stream, `<type>#<id>`.
    pub entity: String,
    /// Its place in that.
    pub sequence: u64,
    /// The moment that it describes, as it came.
    pub timestamp: String,
    /// SHA-256 of its envelope in canonical form.
    pub sha256: String,
}

impl Link {
    /// SHA-256 over all of it, each part with its length in front.
    #[must_use]
    pub fn hash(&self) -> String {
        let (shard, number, sequence) = (self.shard.to_string(), self.number.to_string(), self.sequence.to_string());
        let parts = [
            shard.as_str(),
            &number,
            &self.previous,
            &self.event_id,
            &self.event,
            &self.entity,
            &sequence,
            &self.timestamp,
            &self.sha256,
        ];
        Sha256::of_fields(parts).hex()
    }

    /// Where the link `number` of a chain is.
    #[must_use]
    pub fn key(shard: u8, number: u64) -> Key {
        Key::new(chain_pk(shard), sort_key(number))
    }

    /// The item.
    #[must_use]
    pub fn item(&self) -> Item {
        Item::new()
            .text("pk", chain_pk(self.shard))
            .text("sk", sort_key(self.number))
            .text("previous", self.previous.clone())
            .text("event_id", self.event_id.clone())
            .text("event", self.event.clone())
            .text("entity", self.entity.clone())
            .number("sequence", self.sequence)
            .text("timestamp", self.timestamp.clone())
            .text("sha256", self.sha256.clone())
            .text("hash", self.hash())
    }

    /// The mark that belongs to it.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { event_id: self.event_id.clone(), shard: self.shard, number: self.number, sha256: self.sha256.clone() }
    }
}

/// The sort key of the link `number`: the table sorts texts.
fn sort_key(number: u64) -> String {
    format!("{number:012}")
}

/// A link as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What it says.
    pub link: Link,
    /// The hash that stands there.
    pub hash: String,
}

impl Stored {
    /// The link of an item in the chain `shard`.
    ///
    /// # Errors
    /// If it does not have the shape of one.
    pub fn read(shard: u8, item: &Item) -> Result<Self, StoreError> {
        let text = |name: &str| item.require_text(name).map(str::to_owned);
        let unreadable = |name: &str| StoreError::Refused(format!("{name} is no number"));
        let number = item.require_text("sk")?.parse().map_err(|_| unreadable("sk"))?;
        let sequence = item.get_number("sequence").and_then(|number| u64::try_from(number).ok());
        let link = Link {
            shard,
            number,
            previous: text("previous")?,
            event_id: text("event_id")?,
            event: text("event")?,
            entity: text("entity")?,
            sequence: sequence.ok_or_else(|| unreadable("sequence"))?,
            timestamp: text("timestamp")?,
            sha256: text("sha256")?,
        };
        Ok(Self { link, hash: text("hash")? })
    }
}

/// Where the link of an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The event.
    pub event_id: String,
    /// The chain of its link.
    pub shard: u8,
    /// The place of it.
    pub number: u64,
    /// What the link says that the envelope hashes to.
    pub sha256: String,
}

impl Mark {
    /// Where the mark of an event is.
    #[must_use]
    pub fn key(event_id: &str) -> Key {
        Key::new(format!("event#{event_id}"), "-")
    }

    /// The item.
    #[must_use]
    pub fn item(&self) -> Item {
        let key = Self::key(&self.event_id);
        Item::new()
            .text("pk", key.pk)
            .text("sk", key.sk)
            .number("shard", self.shard)
            .number("number", self.number)
            .text("sha256", self.sha256.clone())
    }

    /// The mark of `event_id` in an item, if it has the shape of one.
    #[must_use]
    pub fn read(event_id: &str, item: &Item) -> Option<Self> {
        Some(Self {
            event_id: event_id.to_owned(),
            shard: u8::try_from(item.get_number("shard")?).ok()?,
            number: u64::try_from(item.get_number("number")?).ok()?,
            sha256: item.get_text("sha256")?.to_owned(),
        })
    }
}
