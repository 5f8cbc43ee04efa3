//! Any sequence of commands leaves a ledger that adds up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Account, Change, Lot, Movement, Posting, Purpose, Rejection, Wallet, Window, decide};
use quoin_money::{Amount, Asset, Delta};

fn asset() -> impl Strategy<Value = Asset> {
    prop::sample::select(vec![Asset::Cash, Asset::Bonus, Asset::RezCoins])
}

fn amount() -> impl Strategy<Value = Amount> {
    (0_u32..2_000).prop_map(Amount::whole)
}

fn movement() -> impl Strategy<Value = Movement> {
    let hold_id = prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    let end = prop::option::of((1_i64..100_000).prop_map(Timestamp::from_millis));
    prop_oneof![
        (asset(), amount(), end).prop_map(|(asset, amount, end)| Movement::Credit {
            asset,
            amount,
            purpose: Purpose::CreditDeposit,
            lots: end.map(|end| Lot { amount, expires_at: Some(end), merchant_id: None }).into_iter().collect(),
            counted_at: None,
        }),
        (asset(), amount()).prop_map(|(asset, amount)| Movement::Debit {
            asset,
            amount,
            purpose: Purpose::DebitBetStake,
            merchant_id: None
        }),
        (asset(), amount()).prop_map(|(asset, amount)| Movement::Collect {
            asset,
            amount,
            purpose: Purpose::DebitBetCorrection
        }),
        (hold_id.clone(), asset(), amount()).prop_map(|(hold_id, asset, amount)| Movement::Hold {
            hold_id,
            asset,
            amount,
            expires_at: None
        }),
        (hold_id.clone(), prop::option::of(amount()))
            .prop_map(|(hold_id, amount)| Movement::Capture { hold_id, amount }),
        hold_id.prop_map(|hold_id| Movement::Void { hold_id }),
    ]
}

fn history() -> impl Strategy<Value = Vec<(Vec<Movement>, i64)>> {
    prop::collection::vec((prop::collection::vec(movement(), 1..4), 0_i64..5_000), 1..60)
}

fn related() -> EntityRef {
    EntityRef { kind: "test".into(), id: "t".into() }
}

/// Plays a history; refused changes are skipped.
fn play(history: Vec<(Vec<Movement>, i64)>) -> (Wallet, Vec<(u64, Vec<Posting>, Wallet)>) {
    let mut wallet = Wallet::new("user_1".into(), Timestamp::from_millis(0));
    let (mut entries, mut now) = (Vec::new(), 0_i64);
    for (movements, step) in history {
        now = now.saturating_add(step);
        let change = Change { related: related(), movements };
        if let Ok(decision) = decide(&wallet, &change, Timestamp::from_millis(now), Window::default()) {
            wallet = decision.wallet;
            entries.push((wallet.version, decision.postings, wallet.clone()));
        }
    }
    (wallet, entries)
}

proptest! {
    #[test]
    fn the_balance_is_the_sum_of_its_postings_at_every_version(history in history()) {
        let mut sums: BTreeMap<Asset, Delta> = BTreeMap::new();
        for (_, postings, wallet) in play(history).1 {
            for posting in postings {
                let sum = sums.entry(posting.asset).or_default();
                prop_assert_eq!(sum.value(), posting.before.value());
                *sum = sum.and(posting.delta).unwrap();
                prop_assert_eq!(sum.value(), posting.after.value());
            }
            for asset in Asset::ALL {
                let sum = sums.get(&asset).copied().unwrap_or_default();
                prop_assert_eq!(sum.value(), wallet.available(asset).value());
            }
        }
    }

    #[test]
    fn versions_have_no_gap_and_transaction_ids_never_repeat(history in history()) {
        let mut ids = std::collections::BTreeSet::new();
        for (expected, (version, postings, _)) in (1_u64..).zip(play(history).1) {
            prop_assert_eq!(version, expected);
            for posting in postings {
                prop_assert!(ids.insert(posting.transaction_id));
            }
        }
    }

    #[test]
    fn what_is_held_is_the_sum_of_the_holds_and_lots_never_exceed_what_is_available(history in history()) {
        for (_, _, wallet) in play(history).1 {
            for asset in Asset::ALL {
                let holds = wallet.holds.values().filter(|hold| hold.asset == asset)
                    .try_fold(Amount::ZERO, |sum, hold| sum.plus(hold.amount)).unwrap();
                let balance = wallet.balances.get(&asset).cloned().unwrap_or_default();
                prop_assert_eq!(holds, balance.held);
                let lots = balance.lots.iter().try_fold(Amount::ZERO, |sum, lot| sum.plus(lot.amount)).unwrap();
                prop_assert!(lots <= balance.available);
            }
        }
    }

    #[test]
    fn what_is_owed_is_the_sum_of_what_was_booked_and_repaid(history in history()) {
        let mut owed: BTreeMap<Asset, Delta> = BTreeMap::new();
        for (_, postings, wallet) in play(history).1 {
            for posting in postings {
                let sum = owed.entry(posting.asset).or_default();
                *sum = sum.and(posting.owed).unwrap();
            }
            for asset in Asset::ALL {
                let booked = owed.get(&asset).copied().unwrap_or_default();
                prop_assert_eq!(booked.value(), wallet.owed.get(&asset).copied().unwrap_or_default().value());
            }
        }
    }

    #[test]
    fn money_that_is_owed_is_repaid_before_it_can_be_spent(credit in 1_u32..100, debt in 1_u32..100) {
        let wallet = Wallet::new("user_1".into(), Timestamp::from_millis(0));
        let collect = Movement::Collect { asset: Asset::Cash, amount: Amount::whole(debt), purpose: Purpose::DebitBetCorrection };
        let pay = Movement::Credit { asset: Asset::Cash, amount: Amount::whole(credit), purpose: Purpose::CreditDeposit, lots: Vec::new(), counted_at: None };
        let change = Change { related: related(), movements: vec![collect, pay] };
        let wallet = decide(&wallet, &change, Timestamp::from_millis(1), Window::default()).unwrap().wallet;
        prop_assert_eq!(wallet.available(Asset::Cash), Amount::whole(credit.saturating_sub(debt)));
        prop_assert_eq!(wallet.owed.get(&Asset::Cash).copied().unwrap_or_default(), Amount::whole(debt.saturating_sub(credit)));
    }

    #[test]
    fn a_stake_and_its_refund_leave_nothing_behind(funds in 1_u32..1000, stake in 1_u32..1000) {
        prop_assume!(stake <= funds);
        let credit = |units, purpose| Movement::Credit { asset: Asset::Cash, amount: Amount::whole(units), purpose, lots: Vec::new(), counted_at: None };
        let debit = Movement::Debit { asset: Asset::Cash, amount: Amount::whole(stake), purpose: Purpose::DebitBetStake, merchant_id: None };
        let movements = vec![credit(funds, Purpose::CreditDeposit), debit, credit(stake, Purpose::CreditBetRefund)];
        let wallet = Wallet::new("user_1".into(), Timestamp::from_millis(0));
        let decision = decide(&wallet, &Change { related: related(), movements }, Timestamp::from_millis(1), Window::default()).unwrap();
        let stakes = decision.postings.iter().filter(|p| p.account == Account::Stakes).try_fold(Delta::ZERO, |s, p| s.and(p.delta)).unwrap();
        prop_assert!(stakes.is_zero());
        prop_assert_eq!(decision.wallet.available(Asset::Cash), Amount::whole(funds));
    }
}

#[test]
fn a_refusal_names_what_was_needed_and_what_was_there() {
    let wallet = Wallet::new("user_1".into(), Timestamp::from_millis(0));
    let debit = Movement::Debit {
        asset: Asset::Cash,
        amount: Amount::whole(5),
        purpose: Purpose::DebitBetStake,
        merchant_id: None,
    };
    let refused = decide(
        &wallet,
        &Change { related: related(), movements: vec![debit] },
        Timestamp::from_millis(1),
        Window::default(),
    );
    assert_eq!(
        refused,
        Err(Rejection::InsufficientBalance { asset: Asset::Cash, required: Amount::whole(5), available: Amount::ZERO })
    );
}
