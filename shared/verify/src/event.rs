//! What a change tells others: its wallet events, wherever they stand, and their hash.

use quoin_events::types::{WalletCredited, WalletDebited, WalletEntry};
use quoin_events::{Envelope, EventData, WalletRef};
use sha2::{Digest, Sha256};

use crate::{Break, Change, Entry, Kind};

/// The events of a change.
pub(crate) struct Told<'a> {
    /// Those that stand in another stream, with their texts.
    elsewhere: Vec<(&'a Envelope, &'a str)>,
    change: &'a Change,
}

/// Whether `event` tells of the change that made the wallet of `user_id` version `version`.
pub(crate) fn tells_of(event: &Envelope, user_id: &str, version: u64) -> bool {
    event.metadata.wallet.as_ref().is_some_and(|wallet| wallet.id == user_id && wallet.version == version)
}

impl<'a> Told<'a> {
    /// The events of `change`, some of which may stand in `others`, items of the stream of its cause.
    pub(crate) fn of(user_id: &str, change: &'a Change, others: &'a [Entry]) -> Self {
        let pairs = others.iter().flat_map(|entry| entry.events.iter().zip(entry.texts.iter().map(String::as_str)));
        let elsewhere = pairs.filter(|(event, _)| tells_of(event, user_id, change.entry.version)).collect();
        Self { elsewhere, change }
    }

    /// The hash that the chain covers.
    pub(crate) fn hash(&self) -> String {
        use std::fmt::Write as _;
        let mut hasher = Sha256::new();
        let own = self.change.entry.texts.iter().map(String::as_str);
        for text in self.elsewhere.iter().map(|(_, text)| *text).chain(own) {
            hasher.update(Sha256::digest(text.as_bytes()));
        }
        hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The break where they do not tell exactly what was posted, in order; `sequence` is the count of the wallet's
    /// events before.
    pub(crate) fn compare(&self, user_id: &str, sequence: u64) -> Option<Break> {
        let version = self.change.entry.version;
        let own = self.change.entry.events.iter().filter(|event| tells_of(event, user_id, version));
        let told: Vec<&Envelope> = self.elsewhere.iter().map(|(event, _)| *event).chain(own).collect();
        let posted = entries(user_id, self.change);
        let wrong = |found: String, expected: String| Some(Break::new(Kind::Event, self.place(), found, expected));
        if told.len() != posted.len() {
            return wrong(format!("{} wallet events", told.len()), format!("{} wallet events", posted.len()));
        }
        for ((event, (name, entry)), sequence) in told.into_iter().zip(posted).zip(sequence.saturating_add(1)..) {
            let place = WalletRef { id: user_id.to_owned(), version, sequence };
            let data = event.data::<WalletEntry>().ok();
            if event.event != name || event.metadata.wallet.as_ref() != Some(&place) || data.as_ref() != Some(&entry) {
                let told = data.map_or_else(String::new, |data| describe(&data));
                let at = event.metadata.wallet.as_ref().map_or(0, |wallet| wallet.sequence);
                let expected = format!("{name} {sequence}: {}", describe(&entry));
                return wrong(format!("{} {at}: {told}", event.event), expected);
            }
        }
        None
    }

    fn place(&self) -> String {
        self.change.entry.place()
    }
}

/// What the postings of a change have to tell, and under which name.
pub(crate) fn entries(user_id: &str, change: &Change) -> Vec<(&'static str, WalletEntry)> {
    let told = change.postings.iter().filter_map(|posting| {
        let name = if posting.delta.is_negative() { WalletDebited::NAME } else { WalletCredited::NAME };
        Some((name, posting.entry(user_id, &change.cause)?))
    });
    told.collect()
}

fn describe(entry: &WalletEntry) -> String {
    format!(
        "{} {} {}, {} to {}, {}",
        entry.transaction_type,
        entry.amount,
        entry.coin_type,
        entry.balance_before,
        entry.balance_after,
        entry.transaction_id
    )
}
