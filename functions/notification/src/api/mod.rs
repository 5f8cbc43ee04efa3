//! Routes of notifications: what one was told, how one wants to be told, and what providers report.

pub mod delivery_callback;
pub mod list_notifications;
pub mod set_preferences;
