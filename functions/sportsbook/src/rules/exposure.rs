//! What the house may have to pay: the open bets of an event, by market, outcome and asset.
//!
//! It is summed when it is asked for, over the rows by which settlement finds a market's bets: each says what its bet
//! staked, what it may pay and whether it is open. That costs one small write when a bet is decided; counters would
//! cost a dedupe item and a counter for each event of each bet, and be wrong for good once they are wrong.
//!
//! An accumulator counts with its whole stake and payout under the outcome of each of its legs, apart from singles:
//! under one outcome that is the most it may cost, if all its other legs win. So figures of one market add up, and
//! those of several markets must not be added where there are accumulators. Void legs make an accumulator pay less
//! than is counted, never more.
//!
//! `net_if_wins` is what the house keeps of the market if that outcome wins alone: every stake on the market less what
//! its bets on the outcome may pay. Where several outcomes of a market win together, each of them costs its payout.

use std::collections::BTreeMap;

use quoin_events::types::Money;
use quoin_money::{Amount, Asset, Delta, MoneyError};
use serde::{Deserialize, Serialize};

use crate::bet::{Bet, BetStatus};

/// A leg in the index of its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexedLeg {
    pub(crate) market_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) specifiers: Option<String>,
    pub(crate) outcome_id: String,
    /// Number of the bet's legs.
    pub(crate) legs: usize,
    /// Stake of the whole bet.
    pub(crate) stake: Money,
    /// What the whole bet may pay.
    pub(crate) potential_payout: Amount,
    /// Whether it is neither settled nor cancelled.
    pub(crate) open: bool,
}

impl IndexedLeg {
    /// The leg number `leg` of `bet`.
    pub(crate) fn of(bet: &Bet, leg: usize) -> Option<Self> {
        let selection = bet.selections.get(leg)?;
        Some(Self {
            market_id: selection.market_id.clone(),
            specifiers: selection.specifiers.clone(),
            outcome_id: selection.outcome_id.clone(),
            legs: bet.selections.len(),
            stake: bet.stake.clone(),
            potential_payout: bet.potential_payout,
            open: match bet.status {
                BetStatus::Placed => true,
                BetStatus::Settled | BetStatus::Cancelled => false,
            },
        })
    }
}

/// Open bets of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct OpenBets {
    /// How many.
    bets: u64,
    /// Their stakes.
    stake: Amount,
    /// What they pay if they all win.
    potential_payout: Amount,
}

/// Open bets on an outcome.
#[derive(Debug, Clone, Copy, Default)]
struct OnOutcome {
    singles: OpenBets,
    accumulators: OpenBets,
}

/// Open bets of a market by asset and outcome.
type ByAsset = BTreeMap<Asset, BTreeMap<String, OnOutcome>>;

/// Open bets of an event by market id and specifiers.
#[derive(Debug, Default)]
pub(crate) struct Book(BTreeMap<(String, Option<String>), ByAsset>);

/// The house's position on a market.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct MarketExposure {
    /// Id of the market.
    market_id: String,
    /// `name=value` joined by `|`, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    specifiers: Option<String>,
    /// By asset.
    assets: Vec<AssetExposure>,
}

/// The same in one asset.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AssetExposure {
    /// The asset.
    asset: Asset,
    /// Stakes of all open bets on the market.
    stake: Amount,
    /// By outcome.
    outcomes: Vec<OutcomeExposure>,
}

/// The same on one outcome.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OutcomeExposure {
    /// Id of the outcome.
    outcome_id: String,
    /// Bets on it alone.
    singles: OpenBets,
    /// Bets of which it is a leg.
    accumulators: OpenBets,
    /// What the house keeps if it wins; negative if it pays.
    net_if_wins: Delta,
}

impl OpenBets {
    fn add(&mut self, leg: &IndexedLeg) -> Result<(), MoneyError> {
        self.stake = self.stake.plus(leg.stake.amount)?;
        self.potential_payout = self.potential_payout.plus(leg.potential_payout)?;
        self.bets = self.bets.saturating_add(1);
        Ok(())
    }
}

impl Book {
    /// With one more leg; one of a bet that is not open changes nothing.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub(crate) fn add(&mut self, leg: IndexedLeg) -> Result<(), MoneyError> {
        if !leg.open {
            return Ok(());
        }
        let market = self.0.entry((leg.market_id.clone(), leg.specifiers.clone())).or_default();
        let on = market.entry(leg.stake.asset).or_default().entry(leg.outcome_id.clone()).or_default();
        if leg.legs > 1 { on.accumulators.add(&leg) } else { on.singles.add(&leg) }
    }

    /// The position on each market.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub(crate) fn markets(self) -> Result<Vec<MarketExposure>, MoneyError> {
        let market = |((market_id, specifiers), assets): (_, ByAsset)| {
            let assets = assets.into_iter().map(|(asset, outcomes)| AssetExposure::of(asset, outcomes));
            Ok(MarketExposure { market_id, specifiers, assets: assets.collect::<Result<_, _>>()? })
        };
        self.0.into_iter().map(market).collect()
    }
}

impl AssetExposure {
    fn of(asset: Asset, outcomes: BTreeMap<String, OnOutcome>) -> Result<Self, MoneyError> {
        let sum = |singles: Amount, accumulators: Amount| singles.plus(accumulators);
        let mut stake = Amount::ZERO;
        for on in outcomes.values() {
            stake = stake.plus(sum(on.singles.stake, on.accumulators.stake)?)?;
        }
        let outcomes = outcomes.into_iter().map(|(outcome_id, OnOutcome { singles, accumulators })| {
            let pays = sum(singles.potential_payout, accumulators.potential_payout)?;
            Ok(OutcomeExposure { outcome_id, singles, accumulators, net_if_wins: stake.delta_from(pays)? })
        });
        Ok(Self { asset, stake, outcomes: outcomes.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn leg(outcome: &str, legs: usize, stake: u32, payout: u32) -> IndexedLeg {
        IndexedLeg {
            market_id: "1".into(),
            specifiers: None,
            outcome_id: outcome.into(),
            legs,
            stake: Money { amount: Amount::whole(stake), asset: Asset::Cash },
            potential_payout: Amount::whole(payout),
            open: true,
        }
    }

    fn exposure(legs: impl IntoIterator<Item = IndexedLeg>) -> serde_json::Value {
        let mut book = Book::default();
        legs.into_iter().for_each(|leg| book.add(leg).unwrap());
        serde_json::to_value(book.markets().unwrap()).unwrap()
    }

    // Worked by hand: 10 at 3 and 20 at 2 on outcome 1, 30 at 4 on outcome 2, and a double of 5 that may pay 50.
    #[test]
    fn an_outcome_costs_its_payouts_less_every_stake_on_the_market() {
        let seen = exposure([leg("1", 1, 10, 30), leg("1", 1, 20, 40), leg("2", 1, 30, 120), leg("1", 2, 5, 50)]);
        let none = json!({"bets": 0, "stake": 0, "potential_payout": 0});
        assert_eq!(
            seen,
            json!([{"market_id": "1", "assets": [{"asset": "cash", "stake": 65, "outcomes": [
                {"outcome_id": "1", "singles": {"bets": 2, "stake": 30, "potential_payout": 70},
                 "accumulators": {"bets": 1, "stake": 5, "potential_payout": 50}, "net_if_wins": -55},
                {"outcome_id": "2", "singles": {"bets": 1, "stake": 30, "potential_payout": 120},
                 "accumulators": none, "net_if_wins": -55},
            ]}]}])
        );
    }

    #[test]
    fn assets_and_specifiers_are_kept_apart() {
        let bonus = IndexedLeg { stake: Money { amount: Amount::whole(1), asset: Asset::Bonus }, ..leg("1", 1, 1, 2) };
        let total = IndexedLeg { specifiers: Some("total=2.5".into()), ..leg("1", 1, 1, 2) };
        let seen = exposure([leg("1", 1, 1, 2), bonus, total]);
        assert_eq!(seen.as_array().unwrap().len(), 2);
        assert_eq!(seen[0]["assets"].as_array().unwrap().len(), 2);
        assert_eq!(seen[1]["specifiers"], "total=2.5");
    }

    proptest! {
        #[test]
        fn bets_that_are_not_open_expose_nothing_and_order_does_not_matter(
            legs in prop::collection::vec((prop::sample::select(vec!["1", "2", "3"]), 1_usize..3, 1_u32..1000, 1_u32..9, any::<bool>()), 0..40),
        ) {
            let legs: Vec<_> = legs.into_iter()
                .map(|(outcome, legs, stake, odds, open)| IndexedLeg { open, ..leg(outcome, legs, stake, stake.saturating_mul(odds)) })
                .collect();
            let seen = exposure(legs.clone());
            prop_assert_eq!(&seen, &exposure(legs.iter().rev().cloned()));
            prop_assert_eq!(&seen, &exposure(legs.iter().filter(|leg| leg.open).cloned()));
        }
    }
}
