//! The rows of the service's own table, and their keys.
//!
//! `rules`/`fraud`: what operators set, an attribute per rule. `user#<user>`: `mark` (read by whoever takes orders) and
//! `cleared#<moment>` (a row per clearing). `events#<user>`, `bets#<user>`: a row per counted event, by its moment.

use quoin_events::Timestamp;
use quoin_runtime::{ConfigError, Env};
use quoin_store::Key;

use crate::signal::Kind;

/// Name of the table.
pub(crate) fn name(env: &Env) -> Result<&str, ConfigError> {
    env.config.table("fraud")
}

/// What operators set.
pub(crate) fn rules() -> Key {
    Key::new("rules", "fraud")
}

/// Where a user stands.
pub(crate) fn mark(user_id: &str) -> Key {
    Key::new(user_pk(user_id), "mark")
}

/// The clearing of a user's mark at a moment.
pub(crate) fn cleared(user_id: &str, at: Timestamp) -> Key {
    Key::new(user_pk(user_id), format!("{CLEARED}{at}"))
}

/// How the sort keys of clearings begin.
pub(crate) const CLEARED: &str = "cleared#";

/// Partition of a user's mark and its clearings.
pub(crate) fn user_pk(user_id: &str) -> String {
    format!("user#{user_id}")
}

/// Where the counted events of a user stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Partition {
    /// Everything else.
    Events,
    /// Bets, which are many: only their own window of them is read.
    Bets,
}

impl Partition {
    pub(crate) const ALL: [Self; 2] = [Self::Events, Self::Bets];

    /// Where events of `kind` stand.
    pub(crate) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Bet => Self::Bets,
            Kind::Order
            | Kind::CreatedOrder
            | Kind::FailedOrder
            | Kind::FailedDebit
            | Kind::Login
            | Kind::NewDeviceLogin => Self::Events,
        }
    }

    /// Its key for a user.
    pub(crate) fn pk(self, user_id: &str) -> String {
        match self {
            Self::Events => format!("events#{user_id}"),
            Self::Bets => format!("bets#{user_id}"),
        }
    }
}

/// Where a counted event stands.
pub(crate) fn counted(user_id: &str, kind: Kind, at: Timestamp, event_id: &str) -> Key {
    Key::new(Partition::of(kind).pk(user_id), format!("{at}#{event_id}"))
}
