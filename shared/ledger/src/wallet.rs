//! The state of a wallet.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use quoin_money::{Amount, Asset};
use serde::{Deserialize, Serialize};

use crate::{Balance, Limits, Lot};

/// Whether the owner may play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// No restriction.
    #[default]
    Active,
    /// No play until the moment given.
    SelfExcluded {
        /// The end of the exclusion.
        until: Timestamp,
    },
    /// No play ever; what is there can still be withdrawn.
    Closed,
}

impl Status {
    /// The status at `now`: an exclusion that has ended is none.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::SelfExcluded { until } if until <= now => Self::Active,
            Self::Active | Self::SelfExcluded { .. } | Self::Closed => self,
        }
    }

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::SelfExcluded { .. } => "self_excluded",
            Self::Closed => "closed",
        }
    }
}

/// Money set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The asset.
    pub asset: Asset,
    /// How much.
    pub amount: Amount,
    /// When it may be voided by anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The parts of it that expire or are bound to a merchant. They do not expire while they are held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lots: Vec<Lot>,
}

/// All that a wallet is at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    /// The owner.
    pub user_id: String,
    /// Number of changes so far.
    pub version: u64,
    /// Number of wallet events so far, wherever their stream is.
    pub event_count: u64,
    /// Number of events in the wallet's own stream.
    pub own_event_count: u64,
    /// Moment of the latest change; never goes back.
    pub at: Timestamp,
    /// Hash of the latest change, which contains the one before.
    pub chain_head: String,
    /// Whether the owner may play.
    pub status: Status,
    /// What is there, by asset.
    pub balances: BTreeMap<Asset, Balance>,
    /// What is set aside, by id.
    pub holds: BTreeMap<String, Hold>,
    /// Responsible-gaming limits and what is used of them.
    pub limits: Limits,
    /// What the owner owes, by asset.
    pub owed: BTreeMap<Asset, Amount>,
}

impl Wallet {
    /// An empty wallet of `user_id`.
    #[must_use]
    pub fn new(user_id: String, now: Timestamp) -> Self {
        Self {
            user_id,
            version: 0,
            event_count: 0,
            own_event_count: 0,
            at: now,
            chain_head: String::new(),
            status: Status::Active,
            balances: BTreeMap::new(),
            holds: BTreeMap::new(),
            limits: Limits::default(),
            owed: BTreeMap::new(),
        }
    }

    /// What is available of `asset`.
    #[must_use]
    pub fn available(&self, asset: Asset) -> Amount {
        self.balances.get(&asset).map_or(Amount::ZERO, |balance| balance.available)
    }
}
