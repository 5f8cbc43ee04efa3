//! What identity does because of events.

pub mod identity_events;
