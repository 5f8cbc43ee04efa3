//! Rows of the service's own table.

use quoin_runtime::{ConfigError, Env};
use quoin_store::Key;

/// What the table is called.
pub(crate) const TABLE: &str = "membership";

/// The name it has in this stage.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table(TABLE)
}

/// What a repeated registration is told from another one by.
pub(crate) fn fingerprint(saga_id: &str) -> Key {
    Key::new(format!("fingerprint#{saga_id}"), "fingerprint")
}

/// What a customer pays with.
pub(crate) fn method(customer_id: &str) -> Key {
    Key::new(format!("method#{customer_id}"), "method")
}

/// When a subscription is charged next, as the scheduler was told.
pub(crate) fn scheduled(subscription_id: &str) -> Key {
    Key::new(format!("schedule#{subscription_id}"), "schedule")
}
