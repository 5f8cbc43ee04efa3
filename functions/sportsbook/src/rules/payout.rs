//! What a bet pays, from what became of its legs.

use quoin_events::types::BetResult;
use quoin_money::{Amount, MoneyError, Rounding};
use rust_decimal::Decimal;

use super::leg::LegFate;
use crate::bet::Bet;

/// What is to be done with a bet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A leg is open and none is lost.
    Wait,
    /// The feed cancelled every leg.
    CancelledByFeed,
    /// The bet pays this in all.
    Pays {
        /// The result as a whole.
        result: BetResult,
        /// What it pays in all.
        payout: Amount,
    },
}

/// Decides a bet: lost with its first lost leg, otherwise known with its last.
///
/// # Errors
/// If the payout has too many digits.
pub(crate) fn evaluate(bet: &Bet, fates: &[LegFate], scale: u32) -> Result<Verdict, MoneyError> {
    let factors: Vec<_> = fates.iter().zip(&bet.selections).map(|(fate, leg)| fate.factor(leg.odds)).collect();
    if factors.iter().flatten().any(Decimal::is_zero) {
        return Ok(Verdict::Pays { result: BetResult::Lost, payout: Amount::ZERO });
    }
    let mut total = Decimal::ONE;
    for factor in &factors {
        let Some(factor) = factor else { return Ok(Verdict::Wait) };
        total = total.checked_mul(*factor).ok_or(MoneyError::Overflow)?;
    }
    if fates.iter().all(|fate| matches!(fate, LegFate::Void { by_feed: true })) {
        return Ok(Verdict::CancelledByFeed);
    }
    let payout = bet.stake.amount.times(total, scale, Rounding::HalfUp)?;
    Ok(Verdict::Pays { result: result(fates), payout })
}

fn result(fates: &[LegFate]) -> BetResult {
    let is_void = |fate: &LegFate| match fate {
        LegFate::Void { .. } => true,
        LegFate::Decided(fact) => fact.void_tenths == 10,
        LegFate::Open => false,
    };
    if fates.iter().all(is_void) {
        return BetResult::Void;
    }
    // Halves and shared wins are told apart for a single bet; in an accumulator they are part of the odds.
    match fates {
        [LegFate::Decided(fact)] => fact.single().unwrap_or(BetResult::Won),
        _ => BetResult::Won,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bet::BetStatus;
    use crate::rules::{CancelWindow, MarketFacts, OutcomeFact};
    use proptest::prelude::*;
    use quoin_events::Timestamp;
    use quoin_events::types::{BetType, Money, PlacedSelection};
    use quoin_money::{Asset, Odds};
    use std::collections::BTreeMap;

    fn bet(stake: &str, odds: &[&str]) -> Bet {
        let selections = odds.iter().enumerate().map(|(n, odds)| PlacedSelection {
            event_id: format!("sr:match:{n}"),
            market_id: "1".into(),
            specifiers: None,
            outcome_id: "1".into(),
            odds: odds.parse().unwrap(),
            market_version: 50,
        });
        Bet {
            bet_id: "bet_1".into(),
            user_id: "user_1".into(),
            kind: BetType::Accumulator,
            status: BetStatus::Placed,
            stake: Money { amount: stake.parse().unwrap(), asset: Asset::Cash },
            stake_lots: Vec::new(),
            total_odds: Odds::ONE,
            potential_payout: Amount::ZERO,
            selections: selections.collect(),
            placed_at: Timestamp::from_millis(100),
            settlement_no: 0,
            payout: Amount::ZERO,
            result: None,
            settled_on: Vec::new(),
        }
    }

    fn decided(result: i8, void_tenths: u8, dead_heat: Option<&str>) -> LegFate {
        let dead_heat = dead_heat.map(|text| Decimal::from_str_exact(text).unwrap());
        LegFate::Decided(OutcomeFact { result, void_tenths, dead_heat })
    }

    fn pays(bet: &Bet, fates: &[LegFate]) -> (BetResult, String) {
        match evaluate(bet, fates, 2).unwrap() {
            Verdict::Pays { result, payout } => (result, payout.to_string()),
            other @ (Verdict::Wait | Verdict::CancelledByFeed) => panic!("{other:?}"),
        }
    }

    // Worked by hand: 10 at 2.50.
    #[test]
    fn each_kind_of_result_pays_what_was_worked_out_by_hand() {
        let single = bet("10", &["2.5"]);
        assert_eq!(pays(&single, &[decided(1, 0, None)]), (BetResult::Won, "25".into()));
        assert_eq!(pays(&single, &[decided(0, 0, None)]), (BetResult::Lost, "0".into()));
        assert_eq!(pays(&single, &[decided(0, 10, None)]), (BetResult::Void, "10".into()));
        assert_eq!(pays(&single, &[decided(1, 5, None)]), (BetResult::HalfWon, "17.5".into()));
        assert_eq!(pays(&single, &[decided(0, 5, None)]), (BetResult::HalfLost, "5".into()));
        assert_eq!(pays(&single, &[decided(1, 0, Some("0.5"))]), (BetResult::DeadHeat, "12.5".into()));
        let share = decided(1, 0, Some("0.333333333333"));
        assert_eq!(pays(&single, &[share]), (BetResult::DeadHeat, "8.33".into()));
    }

    #[test]
    fn an_accumulator_is_lost_with_its_first_lost_leg_and_known_with_its_last() {
        let double = bet("3.33", &["1.5", "2"]);
        let (won, lost) = (decided(1, 0, None), decided(0, 0, None));
        assert_eq!(pays(&double, &[LegFate::Open, lost]), (BetResult::Lost, "0".into()));
        assert_eq!(evaluate(&double, &[LegFate::Open, won], 2).unwrap(), Verdict::Wait);
        assert_eq!(pays(&double, &[won, won]), (BetResult::Won, "9.99".into()));
        assert_eq!(pays(&double, &[won, LegFate::Void { by_feed: true }]), (BetResult::Won, "5".into()));
    }

    #[test]
    fn a_bet_is_cancelled_only_if_the_feed_cancelled_every_leg() {
        let double = bet("3", &["1.5", "2"]);
        let void = LegFate::Void { by_feed: true };
        assert_eq!(evaluate(&double, &[void, void], 2).unwrap(), Verdict::CancelledByFeed);
        assert_eq!(pays(&double, &[void, LegFate::Void { by_feed: false }]), (BetResult::Void, "3".into()));
    }

    #[test]
    fn a_bet_that_came_after_a_bet_stop_is_void_and_one_from_before_is_not() {
        let leg = bet("1", &["2"]).selections.remove(0);
        let won = OutcomeFact { result: 1, void_tenths: 0, dead_heat: None };
        let facts = |stops: Vec<i64>| MarketFacts {
            revision: 5,
            known_since: Some(500),
            decided_at: Some(500),
            outcomes: Some(BTreeMap::from([("1".to_owned(), won)])),
            cancelled: vec![],
            stops,
        };
        let at = Timestamp::from_millis(100);
        assert_eq!(facts(vec![90]).fate(&leg, at), LegFate::Void { by_feed: false });
        assert_eq!(facts(vec![101]).fate(&leg, at), LegFate::Decided(won));
        assert_eq!(facts(vec![40]).fate(&leg, at), LegFate::Decided(won));
    }

    #[test]
    fn a_bet_that_came_after_the_result_is_void_however_the_result_is_corrected() {
        let leg = bet("1", &["2"]).selections.remove(0);
        let won = OutcomeFact { result: 1, void_tenths: 0, dead_heat: None };
        let known = |since| MarketFacts {
            revision: 9,
            known_since: Some(since),
            outcomes: Some(BTreeMap::from([("1".to_owned(), won)])),
            ..MarketFacts::default()
        };
        let at = Timestamp::from_millis(100);
        assert_eq!(known(99).fate(&leg, at), LegFate::Void { by_feed: false });
        assert_eq!(known(101).fate(&leg, at), LegFate::Decided(won));
    }

    #[test]
    fn a_bet_on_a_market_that_was_opened_again_waits_for_the_next_result() {
        let leg = bet("1", &["2"]).selections.remove(0);
        let won = OutcomeFact { result: 1, void_tenths: 0, dead_heat: None };
        let decided = |ts| MarketFacts {
            known_since: Some(ts),
            decided_at: Some(ts),
            outcomes: Some(BTreeMap::from([("1".to_owned(), won)])),
            ..MarketFacts::default()
        };
        let at = Timestamp::from_millis(100);
        assert_eq!(decided(leg.market_version - 1).fate(&leg, at), LegFate::Open);
        assert_eq!(decided(leg.market_version).fate(&leg, at), LegFate::Void { by_feed: false });
        assert_eq!(decided(101).fate(&leg, at), LegFate::Decided(won));
        // A result may take a decision back; one from before the market was opened again decided nothing.
        let without = MarketFacts { outcomes: Some(BTreeMap::new()), ..decided(101) };
        assert_eq!(without.fate(&leg, at), LegFate::Open);
        assert!(without.has_result_for(&leg) && !decided(leg.market_version - 1).has_result_for(&leg));
        assert!(!MarketFacts::default().has_result_for(&leg));
    }

    #[test]
    fn a_cancellation_concerns_the_bets_of_its_window() {
        let leg = bet("1", &["2"]).selections.remove(0);
        let facts = |from, to| MarketFacts { cancelled: vec![CancelWindow { from, to }], ..MarketFacts::default() };
        let at = Timestamp::from_millis(100);
        for (from, to, void) in
            [(None, None, true), (Some(100), None, true), (Some(101), None, false), (None, Some(100), false)]
        {
            let expected = if void { LegFate::Void { by_feed: true } } else { LegFate::Open };
            assert_eq!(facts(from, to).fate(&leg, at), expected);
        }
    }

    proptest! {
        #[test]
        fn no_order_of_results_pays_more_than_all_legs_won(
            fates in prop::collection::vec((0_i8..2, prop::sample::select(vec![0_u8, 5, 10])), 1..6), cents in 1_u32..100_000,
        ) {
            let odds: Vec<_> = fates.iter().map(|_| "1.85").collect();
            let stake = Amount::try_new(Decimal::new(i64::from(cents), 2)).unwrap();
            let bet = bet(&stake.to_string(), &odds);
            let all_won = vec![decided(1, 0, None); fates.len()];
            let fates: Vec<_> = fates.into_iter().map(|(result, void)| decided(result, void, None)).collect();
            let (Verdict::Pays { payout, .. }, Verdict::Pays { payout: most, .. }) =
                (evaluate(&bet, &fates, 2).unwrap(), evaluate(&bet, &all_won, 2).unwrap()) else { panic!() };
            prop_assert!(payout <= most);
            prop_assert!(payout.value().scale() <= 2);
        }
    }
}
