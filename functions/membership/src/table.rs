//! Rows of the service's own table.

use quoin_events::Timestamp;
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

/// Partitions of what is due, so that no one of them takes every write.
pub(crate) const SHARDS: u64 = 4;

/// The same, found by the moment: texts of moments sort as the moments do.
pub(crate) fn due(at: Timestamp, subscription_id: &str) -> Key {
    let sum = subscription_id.bytes().fold(0_u8, u8::wrapping_add);
    let shard = u64::from(sum).checked_rem(SHARDS).unwrap_or(0);
    Key::new(format!("due#{shard}"), format!("{at}#{subscription_id}"))
}

/// The partitions of what is due, from one of them on.
pub(crate) fn all_due(first: u64) -> impl Iterator<Item = String> {
    (first..SHARDS).chain(0..first).map(|shard| format!("due#{shard}"))
}

/// The subscription that a row of what is due is about.
pub(crate) fn due_of(sort_key: &str) -> Option<&str> {
    sort_key.split_once('#').map(|(_, subscription_id)| subscription_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_found_by_its_moment_in_one_of_the_partitions() {
        let (earlier, later) = (Timestamp::from_millis(9_999), Timestamp::from_millis(10_000));
        for id in ["sub_0", "sub_1", "sub_2", "sub_3", "sub_4"] {
            let key = due(earlier, id);
            assert!(all_due(3).any(|pk| pk == key.pk));
            assert!(key.sk < due(later, id).sk);
            assert_eq!(due_of(&key.sk), Some(id));
        }
        assert_eq!(all_due(2).collect::<Vec<_>>(), ["due#2", "due#3", "due#0", "due#1"]);
    }
}
