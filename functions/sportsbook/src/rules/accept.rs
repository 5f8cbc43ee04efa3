//! Whether a selection can be bet on now, and at which odds.

use std::collections::BTreeMap;

use quoin_events::types::PlacedSelection;
use quoin_money::Odds;
use serde::{Deserialize, Serialize};

use super::bet_stop::stopped;

/// Market status of the Unified Odds Feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum MarketStatus {
    /// Bets are taken.
    Active,
    /// No bets are taken.
    Inactive,
    /// No bets are taken for now.
    Suspended,
    /// From the prematch to the live producer.
    HandedOver,
    /// Its result is known.
    Settled,
    /// Stakes are paid back.
    Cancelled,
}

impl MarketStatus {
    /// From the feed's number.
    pub(crate) fn from_feed(status: i32) -> Option<Self> {
        match status {
            1 => Some(Self::Active),
            0 => Some(Self::Inactive),
            -1 => Some(Self::Suspended),
            -2 => Some(Self::HandedOver),
            -3 => Some(Self::Settled),
            -4 => Some(Self::Cancelled),
            _ => None,
        }
    }
}

/// One outcome of a market; without odds it cannot be bet on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) odds: Option<Odds>,
    pub(crate) active: bool,
}

/// Odds and status of a market as of a feed time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MarketRow {
    /// Feed time in milliseconds.
    pub(crate) ts: i64,
    pub(crate) status: MarketStatus,
    pub(crate) outcomes: BTreeMap<String, Outcome>,
}

/// What the customer accepts when the odds have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum AcceptOdds {
    /// Only the odds asked for.
    Exact,
    /// Those or higher ones.
    Better,
    /// Whatever they are.
    Any,
}

/// A selection as the customer asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Selection {
    /// URN of the sport event, `sr:match:1234`; another one in each selection.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[^#]{1,200}$")))]
    pub(crate) event_id: String,
    /// Id of the market.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[^#]{1,200}$")))]
    pub(crate) market_id: String,
    /// `name=value` joined by `|`, in any order.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[^#]{0,200}$")))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) specifiers: Option<String>,
    /// Id of the outcome.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^[^#]{1,200}$")))]
    pub(crate) outcome_id: String,
    /// The odds that the customer was shown.
    pub(crate) odds: Odds,
}

/// Why a selection is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such market or outcome, or it is closed.
    Suspended,
    /// The odds are others; these.
    OddsChanged(Odds),
}

/// All that decides whether a market is open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Board {
    /// Feed times of the bet stops that closed it.
    pub(crate) stops: Vec<i64>,
    /// A result or cancellation closes it too, until newer odds come.
    pub(crate) market: Option<MarketRow>,
}

impl Board {
    /// The market, if bets on it are accepted: it is active on odds that no stop came after.
    pub(crate) fn open(&self) -> Option<&MarketRow> {
        let market = self.market.as_ref()?;
        Some(market).filter(|market| market.status == MarketStatus::Active && !stopped(&self.stops, market))
    }
}

/// Accepts `selection` on the market as it stands, or says why not.
pub(crate) fn accept(selection: &Selection, rule: AcceptOdds, board: &Board) -> Result<PlacedSelection, Refusal> {
    let market = board.open().ok_or(Refusal::Suspended)?;
    let outcome = market.outcomes.get(&selection.outcome_id).filter(|outcome| outcome.active);
    let odds = outcome.and_then(|outcome| outcome.odds).ok_or(Refusal::Suspended)?;
    let taken = match rule {
        AcceptOdds::Exact => odds == selection.odds,
        AcceptOdds::Better => odds >= selection.odds,
        AcceptOdds::Any => true,
    };
    if !taken {
        return Err(Refusal::OddsChanged(odds));
    }
    let specifiers = selection.specifiers.as_deref().map(crate::table::sorted).filter(|text| !text.is_empty());
    Ok(PlacedSelection {
        event_id: selection.event_id.clone(),
        market_id: selection.market_id.clone(),
        specifiers,
        outcome_id: selection.outcome_id.clone(),
        odds,
        market_version: market.ts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(odds: &str) -> Selection {
        Selection {
            event_id: "sr:match:1".into(),
            market_id: "1".into(),
            specifiers: None,
            outcome_id: "1".into(),
            odds: odds.parse().unwrap(),
        }
    }

    fn market(odds: &str) -> MarketRow {
        let outcome = Outcome { odds: Some(odds.parse().unwrap()), active: true };
        MarketRow { ts: 100, status: MarketStatus::Active, outcomes: BTreeMap::from([("1".into(), outcome)]) }
    }

    fn board(market: Option<MarketRow>, stops: Vec<i64>) -> Board {
        Board { stops, market }
    }

    #[test]
    fn moved_odds_are_taken_as_the_customer_said() {
        let try_at = |rule, asked: &str, now: &str| accept(&selection(asked), rule, &board(Some(market(now)), vec![]));
        assert!(try_at(AcceptOdds::Exact, "2", "2.00").is_ok());
        assert_eq!(try_at(AcceptOdds::Exact, "2", "2.1"), Err(Refusal::OddsChanged("2.1".parse().unwrap())));
        assert_eq!(try_at(AcceptOdds::Better, "2", "2.1").unwrap().odds, "2.1".parse().unwrap());
        assert_eq!(try_at(AcceptOdds::Better, "2", "1.9"), Err(Refusal::OddsChanged("1.9".parse().unwrap())));
        assert_eq!(try_at(AcceptOdds::Any, "2", "1.1").unwrap().odds, "1.1".parse().unwrap());
    }

    #[test]
    fn odds_from_before_a_bet_stop_are_closed_until_newer_ones_come() {
        let closed = board(Some(market("2")), vec![100]);
        assert_eq!(accept(&selection("2"), AcceptOdds::Any, &closed), Err(Refusal::Suspended));
        let newer = MarketRow { ts: 101, ..market("2") };
        assert!(accept(&selection("2"), AcceptOdds::Any, &board(Some(newer), vec![100])).is_ok());
    }

    #[test]
    fn a_settled_market_is_closed() {
        let settled = MarketRow { status: MarketStatus::Settled, ..market("2") };
        let refused = accept(&selection("2"), AcceptOdds::Any, &board(Some(settled), vec![]));
        assert_eq!(refused, Err(Refusal::Suspended));
    }

    #[test]
    fn unknown_and_inactive_outcomes_are_closed() {
        let mut closed = market("2");
        closed.outcomes.get_mut("1").unwrap().active = false;
        for market in [None, Some(closed)] {
            let refused = accept(&selection("2"), AcceptOdds::Any, &board(market, vec![]));
            assert_eq!(refused, Err(Refusal::Suspended));
        }
    }
}
