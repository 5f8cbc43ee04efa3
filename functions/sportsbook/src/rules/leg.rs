//! What the feed says of a market, and what that makes of one leg of a bet.

use quoin_events::Timestamp;
use quoin_events::types::{BetResult, PlacedSelection};
use quoin_money::Odds;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::result::Outcomes;

/// The result of one outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutcomeFact {
    /// 1 won, 0 lost, -1 undecided.
    pub(crate) result: i8,
    /// In tenths: 0 none, 5 half, 10 all of the stake is refunded.
    #[serde(default)]
    pub(crate) void_tenths: u8,
    /// Scales the winning odds; one over the number of outcomes that share the win.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "factor")]
    pub(crate) dead_heat: Option<Decimal>,
}

impl OutcomeFact {
    /// What a single on this outcome is; `None` while undecided.
    pub(crate) fn single(&self) -> Option<BetResult> {
        match (self.result, self.void_tenths) {
            (..=-1, _) => None,
            (_, 10) => Some(BetResult::Void),
            (1, 5) => Some(BetResult::HalfWon),
            (_, 5) => Some(BetResult::HalfLost),
            (1, _) if self.dead_heat.is_some_and(|share| share < Decimal::ONE) => Some(BetResult::DeadHeat),
            (1, _) => Some(BetResult::Won),
            (_, _) => Some(BetResult::Lost),
        }
    }
}

/// A decimal as text, so it never is a float.
mod factor {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for this shape")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|value| value.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Decimal::from_str_exact(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

/// The bets that a cancellation concerns: placed from `from` (included) to `to` (excluded).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CancelWindow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<i64>,
}

impl CancelWindow {
    fn holds(self, placed_at: Timestamp) -> bool {
        self.from.is_none_or(|from| placed_at.millis() >= from) && self.to.is_none_or(|to| placed_at.millis() < to)
    }
}

/// All that decides the legs on one market.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MarketFacts {
    /// How often they changed: of two sights of them, the one with more changes is the newer.
    pub(crate) revision: i64,
    /// Earliest feed time of a result, confirmed or not; corrections do not move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) known_since: Option<i64>,
    /// Feed time of the result that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decided_at: Option<i64>,
    /// Results that pay, by outcome; absent while unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcomes: Option<Outcomes>,
    /// Cancellations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) cancelled: Vec<CancelWindow>,
    /// Feed times of the bet stops that closed it, in milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stops: Vec<i64>,
}

/// What became of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegFate {
    /// Not known yet.
    Open,
    /// The feed cancelled the market, or the bet came after a bet stop: the stake stands.
    Void {
        /// Whether the feed cancelled it.
        by_feed: bool,
    },
    /// Decided.
    Decided(OutcomeFact),
}

impl LegFate {
    /// What one unit of stake returns at `odds`; `None` while open or too large.
    pub(crate) fn factor(self, odds: Odds) -> Option<Decimal> {
        match self {
            Self::Open => None,
            Self::Void { .. } => Some(Decimal::ONE),
            Self::Decided(fact) => {
                let void = Decimal::new(i64::from(fact.void_tenths), 1);
                let won = if fact.result == 1 { fact.dead_heat.unwrap_or(Decimal::ONE) } else { Decimal::ZERO };
                let played = Decimal::ONE.checked_sub(void)?;
                let winnings = played.checked_mul(won)?.checked_mul(odds.value())?;
                void.checked_add(winnings)
            }
        }
    }
}

impl MarketFacts {
    /// Whether anything is decided.
    pub(crate) fn any(&self) -> bool {
        self.outcomes.is_some() || !self.cancelled.is_empty()
    }

    /// Whether there is a result that `leg` is not too young for, whatever it says of its outcome.
    pub(crate) fn has_result_for(&self, leg: &PlacedSelection) -> bool {
        self.outcomes.is_some() && !self.is_opened_again_for(leg)
    }

    /// Whether it was accepted on odds from after the result: the feed opened the market again, and decides it anew.
    fn is_opened_again_for(&self, leg: &PlacedSelection) -> bool {
        self.decided_at.is_some_and(|ts| leg.market_version > ts)
    }

    /// What became of `leg` of a bet that was placed at `placed_at`.
    pub(crate) fn fate(&self, leg: &PlacedSelection, placed_at: Timestamp) -> LegFate {
        if self.cancelled.iter().any(|window| window.holds(placed_at)) {
            return LegFate::Void { by_feed: true };
        }
        // Accepted on odds that a bet stop or the result had closed by then, before we heard of it.
        let mut closings = self.stops.iter().chain(self.known_since.as_ref());
        let late = closings.any(|ts| *ts <= placed_at.millis() && leg.market_version <= *ts);
        let outcomes = self.outcomes.as_ref().filter(|_| !self.is_opened_again_for(leg));
        let fact = outcomes.and_then(|outcomes| outcomes.get(&leg.outcome_id));
        match fact {
            Some(_) if late => LegFate::Void { by_feed: false },
            Some(fact) if fact.result >= 0 => LegFate::Decided(*fact),
            Some(_) | None => LegFate::Open,
        }
    }
}
