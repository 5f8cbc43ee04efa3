//! What a limit has used is what was counted in its window and not given back, whatever the order.

use proptest::prelude::*;
use quoin_events::types::{LimitKind, LimitPeriod};
use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Change, Movement, Purpose, Rejection, Wallet, Window, decide};
use quoin_money::{Amount, Asset};

const CALENDAR: Window = Window { offset_minutes: 330 };

fn at(hour: i64) -> Timestamp {
    // From Monday, 2026-01-05.
    Timestamp::from_millis(1_767_571_200_000).plus_seconds(hour.saturating_mul(3_600))
}

fn change(wallet: &Wallet, movement: Movement, now: Timestamp) -> Result<Wallet, Rejection> {
    let related = EntityRef { kind: "test".into(), id: "t".into() };
    decide(wallet, &Change { related, movements: vec![movement] }, now, CALENDAR).map(|decision| decision.wallet)
}

fn limited(limits: &[(LimitKind, LimitPeriod, u32)]) -> Wallet {
    let mut wallet = Wallet::new("user_1".into(), at(0));
    for (kind, period, amount) in limits {
        wallet.limits.set((*kind, *period, Asset::Cash), Amount::whole(*amount), at(0), CALENDAR);
    }
    wallet
}

fn credit(amount: u32, purpose: Purpose, counted_at: Option<Timestamp>) -> Movement {
    Movement::Credit { asset: Asset::Cash, amount: Amount::whole(amount), purpose, lots: Vec::new(), counted_at }
}

fn stake(amount: u32) -> Movement {
    let (asset, amount) = (Asset::Cash, Amount::whole(amount));
    Movement::Debit { asset, amount, purpose: Purpose::DebitBetStake, merchant_id: None }
}

fn count_deposit(amount: u32) -> Movement {
    Movement::UseUp { kind: LimitKind::Deposit, asset: Asset::Cash, amount: Amount::whole(amount) }
}

fn release_deposit(amount: u32, counted_at: Timestamp) -> Movement {
    Movement::GiveBack { kind: LimitKind::Deposit, asset: Asset::Cash, amount: Amount::whole(amount), counted_at }
}

/// What is used of the limits, in the order in which they were set.
fn used(wallet: &Wallet) -> Vec<Amount> {
    wallet.limits.0.iter().map(|limit| limit.used).collect()
}

/// What becomes of a deposit that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Open,
    Succeeds,
    Fails,
    FailsAndSucceeds,
    SucceedsBeforeItsFailureIsSeen,
}

fn deposit() -> impl Strategy<Value = (u32, i64, i64, Fate)> {
    let fate = prop::sample::select(vec![
        Fate::Open,
        Fate::Succeeds,
        Fate::Fails,
        Fate::FailsAndSucceeds,
        Fate::SucceedsBeforeItsFailureIsSeen,
    ]);
    (1_u32..200, 0_i64..400, 0_i64..60, fate)
}

proptest! {
    #[test]
    fn deposits_use_what_was_asked_for_and_has_not_failed(deposits in prop::collection::vec(deposit(), 1..30)) {
        let periods = [(LimitPeriod::Day, 500), (LimitPeriod::Week, 1_000)];
        let mut wallet = limited(&periods.map(|(period, most)| (LimitKind::Deposit, period, most)));
        // What happens, in the order in which it does; `counts` is when the money counts that stays.
        let (mut requests, mut arrivals): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for (amount, hour, later, fate) in deposits {
            requests.push((hour, amount, later, fate));
        }
        requests.sort_by_key(|(hour, ..)| *hour);
        let mut counted: Vec<(Timestamp, u32)> = Vec::new();
        let mut requests = requests.into_iter().peekable();
        for hour in 0..470 {
            let now = at(hour);
            while let Some((_, amount, later, fate)) = requests.next_if(|(due, ..)| *due == hour) {
                let fits = periods.iter().all(|(period, most)| {
                    let start = CALENDAR.start(*period, now);
                    counted.iter().filter(|(at, _)| *at >= start).map(|(_, amount)| amount).sum::<u32>().saturating_add(amount) <= *most
                });
                match change(&wallet, count_deposit(amount), now) {
                    Ok(next) => {
                        prop_assert!(fits);
                        wallet = next;
                        counted.push((now, amount));
                        arrivals.push((hour.saturating_add(later), amount, now, fate));
                    }
                    Err(refusal) => prop_assert!(!fits && matches!(refusal, Rejection::LimitReached(_))),
                }
            }
            for (_, amount, asked_at, fate) in arrivals.extract_if(.., |(due, ..)| *due == hour) {
                let succeeds = |counted_at| credit(amount, Purpose::CreditDeposit, counted_at);
                let fails = release_deposit(amount, asked_at);
                let seen = match fate {
                    Fate::Open => vec![],
                    Fate::Succeeds => vec![succeeds(Some(asked_at))],
                    Fate::Fails => vec![fails],
                    Fate::FailsAndSucceeds => vec![fails, succeeds(None)],
                    Fate::SucceedsBeforeItsFailureIsSeen => vec![succeeds(None), fails],
                };
                for movement in seen {
                    wallet = change(&wallet, movement, now).unwrap();
                }
                if !matches!(fate, Fate::Open | Fate::Succeeds) {
                    let place = counted.iter().position(|known| *known == (asked_at, amount)).unwrap();
                    counted.remove(place);
                }
                if matches!(fate, Fate::FailsAndSucceeds | Fate::SucceedsBeforeItsFailureIsSeen) {
                    counted.push((now, amount));
                }
            }
            // Nothing is counted by this, but windows that are over are left behind.
            let seen = change(&wallet, release_deposit(0, now), now).unwrap();
            for (limit, (period, _)) in seen.limits.0.iter().zip(periods) {
                let start = CALENDAR.start(period, now);
                let sum = counted.iter().filter(|(at, _)| *at >= start).map(|(_, amount)| amount).sum();
                prop_assert_eq!(limit.used, Amount::whole(sum));
            }
        }
    }

    #[test]
    fn a_success_after_the_failure_and_the_failure_itself_commute(
        amount in 1_u32..500, others in 0_u32..500, asked in 0_i64..100, first in 0_i64..100, second in 0_i64..100,
    ) {
        let wallet = limited(&[(LimitKind::Deposit, LimitPeriod::Day, 1_000), (LimitKind::Deposit, LimitPeriod::Month, 1_000)]);
        let asked_at = at(asked);
        let wallet = change(&wallet, count_deposit(amount), asked_at).unwrap();
        let wallet = change(&wallet, count_deposit(others), asked_at).unwrap();
        let (failure, success) = (release_deposit(amount, asked_at), credit(amount, Purpose::CreditDeposit, None));
        // The success counts when it arrives, so it arrives at one moment in both orders.
        let now = at(asked.saturating_add(first.max(second)));
        let one = change(&wallet, failure.clone(), at(asked.saturating_add(first.min(second)))).unwrap();
        let one = change(&one, success.clone(), now).unwrap();
        let two = change(&change(&wallet, success, now).unwrap(), failure, now).unwrap();
        prop_assert_eq!(used(&one), used(&two));
    }

    #[test]
    fn a_refund_makes_room_only_where_its_stake_was_counted(
        staked in 1_u32..100, others in 1_u32..100, hour in 0_i64..200, later in 0_i64..200,
    ) {
        let limits = [LimitPeriod::Day, LimitPeriod::Week, LimitPeriod::Month];
        let limits = limits.map(|period| [(LimitKind::Stake, period, 1_000), (LimitKind::Loss, period, 1_000)]);
        let wallet = limited(&limits.concat());
        let wallet = change(&wallet, credit(1_000, Purpose::CreditDeposit, None), at(0)).unwrap();
        let (placed_at, now) = (at(hour), at(hour.saturating_add(later)));
        let with = change(&wallet, stake(staked), placed_at).unwrap();
        let with = change(&with, stake(others), now).unwrap();
        let without = change(&wallet, stake(others), now).unwrap();
        let refunded = change(&with, credit(staked, Purpose::CreditBetRefund, Some(placed_at)), now).unwrap();
        prop_assert_eq!(used(&refunded), used(&without));
    }

    #[test]
    fn a_win_that_is_taken_back_uses_the_loss_limit_again_and_is_never_refused(
        lost in 50_u32..100, won in 1_u32..50, spent in 0_u32..100,
    ) {
        let wallet = limited(&[(LimitKind::Loss, LimitPeriod::Day, 100)]);
        let wallet = change(&wallet, credit(lost, Purpose::CreditDeposit, None), at(1)).unwrap();
        let lost_it = change(&wallet, stake(lost), at(2)).unwrap();
        let paid = change(&lost_it, credit(won, Purpose::CreditBetPayout, None), at(3)).unwrap();
        let spent = spent.min(won);
        let spent = if spent == 0 { paid } else { change(&paid, stake(spent), at(4)).unwrap() };
        let before = used(&spent)[0];
        let correction =
            Movement::Collect { asset: Asset::Cash, amount: Amount::whole(won), purpose: Purpose::DebitBetCorrection };
        let after = change(&spent, correction, at(5)).unwrap();
        prop_assert_eq!(used(&after)[0], before.plus(Amount::whole(won)).unwrap());
    }
}

proptest! {
    #[test]
    fn a_win_and_its_correction_leave_the_loss_limit_as_it_was_in_either_order(
        staked in 1_u32..50, won in 1_u32..500, more in 1_u32..50,
    ) {
        let wallet = limited(&[(LimitKind::Loss, LimitPeriod::Day, 100)]);
        let wallet = change(&wallet, credit(1_000, Purpose::CreditDeposit, None), at(1)).unwrap();
        let wallet = change(&wallet, stake(staked), at(2)).unwrap();
        let win = credit(won, Purpose::CreditBetPayout, None);
        let correction = Movement::Collect {
            asset: Asset::Cash,
            amount: Amount::whole(won),
            purpose: Purpose::DebitBetCorrection,
        };
        let forth = change(&change(&wallet, win.clone(), at(3)).unwrap(), correction.clone(), at(4)).unwrap();
        let back = change(&change(&wallet, correction, at(3)).unwrap(), win, at(4)).unwrap();
        prop_assert_eq!((used(&forth), used(&back)), (used(&wallet), used(&wallet)));
        prop_assert_eq!(used(&change(&forth, stake(more), at(5)).unwrap()), [Amount::whole(staked.saturating_add(more))]);
    }
}

#[test]
fn a_refund_makes_no_room_in_a_limit_that_is_younger_than_its_stake() {
    let wallet = Wallet::new("user_1".into(), at(0));
    let wallet = change(&wallet, credit(100, Purpose::CreditDeposit, None), at(0)).unwrap();
    let mut wallet = change(&wallet, stake(10), at(1)).unwrap();
    wallet.limits.set((LimitKind::Stake, LimitPeriod::Day, Asset::Cash), Amount::whole(50), at(2), CALENDAR);
    let wallet = change(&wallet, stake(20), at(3)).unwrap();
    let refunded = change(&wallet, credit(10, Purpose::CreditBetRefund, Some(at(1))), at(4)).unwrap();
    assert_eq!(used(&refunded), [Amount::whole(20)]);
}

#[test]
fn a_limit_of_another_asset_counts_nothing() {
    let wallet = limited(&[(LimitKind::Deposit, LimitPeriod::Day, 10)]);
    assert!(wallet.limits.bounds(LimitKind::Deposit, Asset::Cash));
    assert!(!wallet.limits.bounds(LimitKind::Deposit, Asset::Bonus));
    assert!(!wallet.limits.bounds(LimitKind::Stake, Asset::Cash));
    assert!(matches!(change(&wallet, count_deposit(11), at(1)), Err(Rejection::LimitReached(_))));
}
