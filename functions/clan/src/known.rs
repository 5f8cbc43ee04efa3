//! A clan with what its members have given to it, as its row knows it.

use quoin_events::Timestamp;
use quoin_ranks::Listed;
use serde::{Deserialize, Serialize};

use crate::clan::{Clan, Status};

/// A clan and what it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// The clan.
    pub(crate) clan: Clan,
    /// Credits that members, and those who have left, have given to it.
    pub(crate) contributed: u64,
}

impl Known {
    /// A clan that nothing has been given to.
    pub(crate) const fn new(clan: Clan) -> Self {
        Self { clan, contributed: 0 }
    }

    /// The same of a clan that has changed.
    pub(crate) const fn of(&self, clan: Clan) -> Self {
        Self { clan, contributed: self.contributed }
    }

    /// Once `credits` more were given.
    pub(crate) fn given(&self, credits: u64) -> Self {
        Self { clan: self.clan.clone(), contributed: self.contributed.saturating_add(credits) }
    }
}

impl Listed for Known {
    const KIND: &'static str = "clan";
    type State = Clan;

    fn state(&self) -> &Clan {
        &self.clan
    }

    fn id(&self) -> &str {
        &self.clan.clan_id
    }

    fn since(&self) -> Timestamp {
        self.clan.created_at
    }

    fn status(&self) -> &'static str {
        match self.clan.status {
            Status::Open => "open",
            Status::Closed => "closed",
        }
    }

    fn is_listed(&self) -> bool {
        self.clan.status == Status::Open
    }

    fn base(&self) -> u64 {
        self.contributed
    }
}
