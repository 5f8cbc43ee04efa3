//! A restriction moves no money and is never loosened by another.

use proptest::prelude::*;
use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Change, Movement, Purpose, Rejection, Status, Wallet, Window, decide, restrict};
use quoin_money::{Amount, Asset};

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Active),
        Just(Status::Closed),
        (0_i64..10_000).prop_map(|ms| Status::SelfExcluded { until: Timestamp::from_millis(ms) }),
    ]
}

fn related() -> EntityRef {
    EntityRef { kind: "user".into(), id: "u".into() }
}

fn stakes(wallet: &Wallet, now: Timestamp) -> bool {
    let movement = Movement::Debit {
        asset: Asset::Cash,
        amount: Amount::whole(1),
        purpose: Purpose::DebitBetStake,
        merchant_id: None,
    };
    let change = Change { related: related(), movements: vec![movement] };
    decide(wallet, &change, now, Window::default()).is_ok()
}

proptest! {
    #[test]
    fn nobody_comes_back_into_play_before_the_longest_exclusion_ends(
        steps in prop::collection::vec((status(), 0_i64..2_000), 1..20)
    ) {
        let mut wallet = Wallet::new("u".into(), Timestamp::from_millis(0));
        let movement = Movement::Credit {
            asset: Asset::Cash, amount: Amount::whole(5), purpose: Purpose::CreditDeposit, lots: Vec::new(), counted_at: None,
        };
        let change = Change { related: related(), movements: vec![movement] };
        wallet = decide(&wallet, &change, wallet.at, Window::default()).unwrap().wallet;
        let (mut now, mut closed, mut barred_until) = (0_i64, false, 0);
        for (status, step) in steps {
            now = now.saturating_add(step);
            let at = Timestamp::from_millis(now);
            match restrict(&wallet, status, related(), at, Window::default()) {
                Ok(decision) => {
                    prop_assert_eq!(decision.wallet.version, wallet.version.saturating_add(1));
                    prop_assert_eq!(&decision.wallet.balances, &wallet.balances);
                    prop_assert!(decision.postings.is_empty());
                    wallet = decision.wallet;
                }
                Err(refusal) => prop_assert!(matches!(refusal, Rejection::Closed | Rejection::SelfExcluded)),
            }
            match status {
                Status::Closed => closed = true,
                Status::SelfExcluded { until } => barred_until = barred_until.max(until.millis()),
                Status::Active => {}
            }
            prop_assert_eq!(stakes(&wallet, at), !closed && barred_until <= now);
        }
    }
}
