//! Rows of a service's two tables.
//!
//! | row of the table of boosts | what |
//! |---|---|
//! | `<kind>#<target>` / `<timestamp>#<event_id>` | a boost as it was given, and when it was ended; it expires |
//! | the same / `standing` | what runs, its version, and where it is due |
//! | `due#<shard>` / `<moment>#<target>` | what the sweep looks for: the target changes at that moment |
//!
//! The table of other events has `<kind>#<id>` / `<timestamp>#<event_id>`, as they were told, until they expire.

use quoin_boosts::{Boost, Running, Standing};
use quoin_events::{Timestamp, event_type};
use quoin_runtime::{ConfigError, Env};
use quoin_store::{Item, Key, StoreError};

use crate::Boosted;

const DAY_SECONDS: i64 = 86_400;

/// The partition of what belongs to `id`.
pub(crate) fn partition<T: Boosted>(id: &str) -> String {
    format!("{}#{id}", T::TARGET.as_str())
}

/// The row of a boost.
pub(crate) fn boost<T: Boosted>(boost: &Boost) -> Key {
    Key::new(partition::<T>(&boost.target_id), format!("{}#{}", boost.from, boost.event_id))
}

/// The row of what runs of `target_id`, in the table of boosts.
#[must_use]
pub fn standing_key<T: Boosted>(target_id: &str) -> Key {
    Key::new(partition::<T>(target_id), "standing")
}

/// When a copy of an event of `at` expires, in seconds: as the catalogue says of `event`.
pub(crate) fn expires(event: &str, at: Timestamp) -> i64 {
    let days = event_type(event).map_or(90, |known| known.retention_days);
    at.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS)).seconds()
}

/// The row of what runs, as it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    /// 0 where there is none.
    pub(crate) version: u64,
    pub(crate) running: Running,
    /// What it came to when it was written.
    pub(crate) score: u64,
    /// Where the sweep finds it.
    pub(crate) due: Option<Timestamp>,
}

impl Stored {
    pub(crate) fn read(row: Option<&Item>) -> Result<Self, StoreError> {
        let Some(row) = row else { return Ok(Self::default()) };
        let count = |name: &str| row.get_number(name).and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
        let due = row.get_text("due").map(|text| text.parse().map_err(|_| StoreError::corrupt("due is no moment")));
        Ok(Self {
            version: count("v"),
            running: row.require_json("running")?,
            score: count("score"),
            due: due.transpose()?,
        })
    }
}

/// What a target has from boosts at `at`, by its row of what runs ([`standing_key`]); nothing if there is none.
///
/// # Errors
/// If the row cannot be understood.
pub fn standing_of(row: Option<&Item>, at: Timestamp) -> Result<Standing, StoreError> {
    Ok(Stored::read(row)?.running.standing(at))
}

/// What `target_id` has from boosts now.
///
/// # Errors
/// The classes of every request.
pub async fn standing<T: Boosted>(env: &Env, target_id: &str) -> Result<Standing, StoreError> {
    let table = table::<T>(env).map_err(StoreError::corrupt)?;
    let row = env.store.get(table, &standing_key::<T>(target_id), true).await?;
    standing_of(row.as_ref(), env.clock.now())
}

pub(crate) fn table<T: Boosted>(env: &Env) -> Result<&str, ConfigError> {
    env.config.table(T::BOOSTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_kept_as_long_as_the_catalogue_says() {
        assert_eq!(expires("profile_boost", Timestamp::from_millis(0)), 90 * DAY_SECONDS);
        assert_eq!(expires("credit_spent", Timestamp::from_millis(0)), 365 * DAY_SECONDS);
    }
}
