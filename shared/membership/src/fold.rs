//! State from events.

use quoin_events::{Envelope, Timestamp};

use crate::upcast::current;

/// Why events make no state.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// An event is not one of the aggregate's, or cannot be read.
    #[error("{event} {version} cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        event: String,
        /// Its version.
        version: String,
        /// Why.
        reason: String,
    },
    /// An event does not follow from what was before it.
    #[error("{0} does not follow from what was before it")]
    Unfit(
        /// Its name.
        &'static str,
    ),
}

/// An event and its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<E> {
    /// What happened.
    pub event: E,
    /// When.
    pub at: Timestamp,
}

/// What is known by its events alone.
pub trait Aggregate: Sized {
    /// The events that make it.
    type Event;

    /// Reads an event whose data has the current version.
    ///
    /// # Errors
    /// If it is none of the aggregate's, or has not their shape.
    fn read(name: &str, data: &str) -> Result<Self::Event, String>;

    /// The state after `told`.
    ///
    /// # Errors
    /// If it does not follow from `state`.
    fn after(state: Option<Self>, told: &Told<Self::Event>) -> Result<Self, FoldError>;
}

/// The state that `events` make, oldest first; none of none.
///
/// # Errors
/// See [`FoldError`].
pub fn fold<A: Aggregate>(events: impl IntoIterator<Item = Envelope>) -> Result<Option<A>, FoldError> {
    events.into_iter().try_fold(None, |state, envelope| A::after(state, &told::<A>(&envelope)?).map(Some))
}

/// What `envelope` tells, whatever version of its type it has.
///
/// # Errors
/// If it is none of the aggregate's events, or cannot be read.
pub fn told<A: Aggregate>(envelope: &Envelope) -> Result<Told<A::Event>, FoldError> {
    let unreadable = |reason: String| FoldError::Unreadable {
        event: envelope.event.clone(),
        version: envelope.version.clone(),
        reason,
    };
    let data = current(&envelope.event, &envelope.version, envelope.data.get()).map_err(unreadable)?;
    let event = A::read(&envelope.event, &data).map_err(unreadable)?;
    let at = envelope.timestamp.parse().map_err(|_| unreadable("the moment is unreadable".to_owned()))?;
    Ok(Told { event, at })
}
