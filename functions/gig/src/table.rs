//! Names of the service's tables, and the keys of its rows.
//!
//! | table | pk | sk | what |
//! |---|---|---|---|
//! | `gigs` | `gig#<gig>` | `gig` | a gig with its title, and what boosts add to its place |
//! | `gigs` | `by-score#<shard>`, `newest#<shard>` | its rank | the lists of open gigs (`quoin_ranks`) |
//! | `gigs` | `by#<user>`, `erased#<user>` | the gig, `erased` | what they offer; that they were forgotten (`quoin_ranks`) |
//! | `gig-boost-events` | `gig#<gig>` | `<moment>#<event id>` | boosts |
//! | `gig-credit-events` | `gig#<gig>` | `<moment>#<event id>` | what was spent on it and paid for it |

/// Gigs and their lists.
pub(crate) const GIGS: &str = "gigs";
/// Boosts of gigs.
pub(crate) const BOOSTS: &str = "gig-boost-events";
/// Other events about credits and gigs.
pub(crate) const CREDITS: &str = "gig-credit-events";
