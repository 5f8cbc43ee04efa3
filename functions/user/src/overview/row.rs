//! Rows as joins: pure. What an event tells is a row that knows nothing else; the row of all events is what they know
//! together. Joining is the same in any order, and again.

use quoin_boosts::{Boost, Running};
use quoin_events::types::BoostExpired;
use quoin_events::{EventData, Timestamp, event_type};
use quoin_money::Amount;
use serde::{Deserialize, Serialize};

const DAY_SECONDS: i64 = 86_400;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Row {
    /// A gig of somebody's.
    Gig(GigRow),
    /// A clan of somebody's.
    Clan(ClanRow),
    /// A boost that somebody gave or received.
    Boost(GivenRow),
    /// What runs on a gig or a clan.
    Runs(Running),
}

/// A gig, as far as events have told of it. It never goes back, so what is known of it stays known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GigRow {
    pub(crate) owner_id: String,
    pub(crate) price: Amount,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) completed_by: Option<String>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) paid_at: Option<Timestamp>,
}

/// Somebody's part in a clan: the latest of each kind of step, by its place in the clan's stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClanRow {
    pub(crate) joined: Option<Step>,
    pub(crate) left: Option<Step>,
    /// They began to lead it.
    pub(crate) leads: Option<Step>,
}

/// An event of a clan. Of two the later one is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) sequence: u64,
    pub(crate) at: Timestamp,
}

/// A boost, and when its end was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenRow {
    pub(crate) boost: Boost,
    pub(crate) ended_at: Option<Timestamp>,
}

impl Row {
    /// What both know; `None` if they are not about the same kind of thing.
    #[must_use]
    pub(crate) fn join(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Gig(one), Self::Gig(two)) => Some(Self::Gig(one.join(two))),
            (Self::Clan(one), Self::Clan(two)) => Some(Self::Clan(one.join(two))),
            (Self::Boost(one), Self::Boost(two)) => {
                Some(Self::Boost(GivenRow { boost: one.boost, ended_at: one.ended_at.max(two.ended_at) }))
            }
            (Self::Runs(mut one), Self::Runs(two)) => {
                one.join(two);
                Some(Self::Runs(one))
            }
            (Self::Gig(_) | Self::Clan(_) | Self::Boost(_) | Self::Runs(_), _) => None,
        }
    }

    /// Without what counts no more at `now`.
    #[must_use]
    pub(crate) fn trimmed(mut self, now: Timestamp) -> Self {
        if let Self::Runs(running) = &mut self {
            let _over = running.end(now);
        }
        self
    }

    /// From when on nobody needs it, in seconds: once no copy is left of the events that it is made of.
    #[must_use]
    pub(crate) fn expires(&self) -> Option<i64> {
        match self {
            Self::Gig(_) => None,
            Self::Clan(clan) if clan.is_member() => None,
            // An older event must not bring it back.
            Self::Clan(clan) => clan.left.map(|step| kept_until(step.at)),
            Self::Boost(row) => Some(kept_until(row.boost.until())),
            Self::Runs(running) => Some(running.last_end().map_or(0, Timestamp::seconds)),
        }
    }
}

/// Until when copies of events of `at` are kept that end boosts and memberships.
fn kept_until(at: Timestamp) -> i64 {
    let days = event_type(BoostExpired::NAME).map_or(90, |known| known.retention_days);
    at.plus_seconds(i64::from(days).saturating_mul(DAY_SECONDS)).seconds()
}

impl GigRow {
    fn join(self, other: Self) -> Self {
        Self {
            owner_id: self.owner_id.max(other.owner_id),
            price: self.price.max(other.price),
            created_at: self.created_at.max(other.created_at),
            completed_by: self.completed_by.max(other.completed_by),
            completed_at: self.completed_at.max(other.completed_at),
            paid_at: self.paid_at.max(other.paid_at),
        }
    }
}

impl ClanRow {
    fn join(self, other: Self) -> Self {
        Self {
            joined: self.joined.max(other.joined),
            left: self.left.max(other.left),
            leads: self.leads.max(other.leads),
        }
    }

    /// Whether they belong to it.
    pub(crate) fn is_member(&self) -> bool {
        self.joined > self.left
    }

    /// Whether they lead it.
    pub(crate) fn is_leader(&self) -> bool {
        self.is_member() && self.leads > self.left
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
