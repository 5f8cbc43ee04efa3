//! A bet as its stream knows it.

use quoin_events::Timestamp;
use quoin_events::types::{BetPlaced, BetResult, BetType, Money, PlacedSelection};
use quoin_ledger::Lot;
use quoin_money::{Amount, Odds};
use quoin_store::Stream;
use serde::{Deserialize, Serialize};

use crate::table::MarketKey;

/// Where a bet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum BetStatus {
    /// Accepted; its result is not known.
    Placed,
    /// Its result is known.
    Settled,
    /// Its stake is paid back.
    Cancelled,
}

/// The state of a bet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Bet {
    /// Its id.
    pub(crate) bet_id: String,
    /// Whose bet.
    pub(crate) user_id: String,
    /// How the selections depend on each other.
    #[serde(rename = "type")]
    pub(crate) kind: BetType,
    /// Where it stands.
    pub(crate) status: BetStatus,
    /// What was staked.
    pub(crate) stake: Money,
    /// The parts of the stake that expire: a refund restores them, and winnings expire as they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stake_lots: Vec<Lot>,
    /// The product of the odds.
    pub(crate) total_odds: Odds,
    /// Stake times odds, at the asset's scale.
    pub(crate) potential_payout: Amount,
    /// What was bet on.
    pub(crate) selections: Vec<PlacedSelection>,
    /// When it was accepted.
    pub(crate) placed_at: Timestamp,
    /// Number of settlements so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) settlement_no: u32,
    /// What was paid in all.
    #[serde(default, skip_serializing_if = "Amount::is_zero")]
    pub(crate) payout: Amount,
    /// The result, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<BetResult>,
    /// Revision of what each leg was settled on, so that older news never undoes newer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) settled_on: Vec<i64>,
}

/// What stands in a bet's stream: a refused bet leaves its refusal.
#[derive(Debug)]
pub(crate) enum StoredBet {
    Accepted(Box<Bet>),
    Refused,
}

impl StoredBet {
    /// Reads a state; one that is neither is an error, never a bet that is silently left alone.
    pub(crate) fn read(state: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Tag {
            status: String,
        }
        if serde_json::from_str::<Tag>(state)?.status == REFUSED {
            return Ok(Self::Refused);
        }
        serde_json::from_str(state).map(|bet| Self::Accepted(Box::new(bet)))
    }
}

/// Status of a refused bet.
pub(crate) const REFUSED: &str = "refused";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Bet {
    /// The stream of the bet `bet_id`.
    pub(crate) fn stream(bet_id: &str) -> Stream {
        Stream::new("bet", bet_id)
    }

    /// The bet that `placed` tells of.
    pub(crate) fn from_event(placed: BetPlaced, placed_at: Timestamp) -> Self {
        Self {
            bet_id: placed.bet_id,
            user_id: placed.user_id,
            kind: placed.kind,
            status: BetStatus::Placed,
            stake: placed.stake,
            stake_lots: Vec::new(),
            total_odds: placed.total_odds,
            potential_payout: placed.potential_payout,
            selections: placed.selections,
            placed_at,
            settlement_no: 0,
            payout: Amount::ZERO,
            result: None,
            settled_on: Vec::new(),
        }
    }

    /// The event of its placement.
    pub(crate) fn placed(&self) -> BetPlaced {
        BetPlaced {
            bet_id: self.bet_id.clone(),
            user_id: self.user_id.clone(),
            kind: self.kind,
            stake: self.stake.clone(),
            total_odds: self.total_odds,
            potential_payout: self.potential_payout,
            selections: self.selections.clone(),
        }
    }

    /// The markets that its legs are on, in order.
    pub(crate) fn markets(&self) -> impl Iterator<Item = MarketKey> {
        self.selections.iter().map(|leg| MarketKey::new(&leg.event_id, &leg.market_id, leg.specifiers.as_deref()))
    }
}
