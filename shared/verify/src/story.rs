//! The stream that a change follows from, as far as the change needs it.

use quoin_events::EntityRef;
use quoin_store::StoreError;

use crate::{Break, Entry, Kind, Reader, stream_of};

/// What is known of a change's cause.
pub(crate) enum Story {
    /// Its stream, where the change's events or amounts stand there; empty where it only has to exist.
    Told(Vec<Entry>),
    /// It cannot be believed.
    Broken(Break),
}

/// What tells of a change itself, or of its amounts.
const TELLING: [&str; 8] = ["bet", "order", "payment", "transfer", "purchase", "boost", "gig", "contribution"];

/// Reads the stream that a change at `place` follows from.
pub(crate) async fn story(reader: &Reader<'_>, place: &str, cause: &EntityRef) -> Result<Story, StoreError> {
    let Some(pk) = stream_of(cause) else { return Ok(Story::Told(Vec::new())) };
    let unknown = || {
        let found = format!("follows from {}#{}, and there is no {pk}", cause.kind, cause.id);
        Story::Broken(Break::new(Kind::Cause, place, found, format!("a stream {pk}")))
    };
    if !TELLING.contains(&cause.kind.as_str()) {
        return Ok(if reader.exists(&pk).await? { Story::Told(Vec::new()) } else { unknown() });
    }
    Ok(match reader.stream(&pk).await? {
        Ok(entries) if entries.is_empty() => unknown(),
        Ok(entries) => Story::Told(entries),
        Err(unreadable) => Story::Broken(unreadable),
    })
}
