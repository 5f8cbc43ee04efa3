//! The event-publisher service.
