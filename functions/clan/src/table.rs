//! Names of the service's tables, and the keys of its rows.
//!
//! | table | pk | sk | what |
//! |---|---|---|---|
//! | `clans` | `clan#<clan>` | `clan` | a clan, its members, what it was given and what boosts add |
//! | `clans` | `by-score#<shard>`, `newest#<shard>` | its rank | the lists of open clans (`quoin_ranks`) |
//! | `clans` | `given#<clan>` | `<user>` | what somebody has given to a clan |
//! | `clans` | `counted#<clan>` | `<event id>` | a contribution that is counted; it expires with its event's copies |
//! | `clans` | `by#<user>`, `erased#<user>` | the clan, `erased` | what they named; that they were forgotten (`quoin_ranks`) |
//! | `clan-boost-events` | `clan#<clan>` | `<moment>#<event id>` | boosts |
//! | `clan-credit-events` | `clan#<clan>` | `<moment>#<event id>` | contributions, and what was spent on it |

use quoin_store::Key;

/// Clans and their lists.
pub(crate) const CLANS: &str = "clans";
/// Boosts of clans.
pub(crate) const BOOSTS: &str = "clan-boost-events";
/// Other events about credits and clans.
pub(crate) const CREDITS: &str = "clan-credit-events";

/// What `user_id` has given to a clan.
pub(crate) fn given(clan_id: &str, user_id: &str) -> Key {
    Key::new(format!("given#{clan_id}"), user_id)
}

/// That a contribution is counted.
pub(crate) fn counted(clan_id: &str, event_id: &str) -> Key {
    Key::new(format!("counted#{clan_id}"), event_id)
}
