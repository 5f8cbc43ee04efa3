//! The sandbox service.
