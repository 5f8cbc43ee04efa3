//! What is bound to a date or a merchant stays bound to it, however it leaves and comes back.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic, also outside of test functions")]

use proptest::prelude::*;
use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Balance, Change, Decision, Lot, Movement, Purpose, Rejection, Wallet, Window, decide};
use quoin_money::{Amount, Asset, Rounding};

const DAY: i64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn try_do(wallet: &Wallet, movement: Movement, now: Timestamp) -> Result<Decision, Rejection> {
    let related = EntityRef { kind: "test".into(), id: "t".into() };
    decide(wallet, &Change { related, movements: vec![movement] }, now, Window::default())
}

fn now_do(wallet: &Wallet, movement: Movement, now: Timestamp) -> Decision {
    try_do(wallet, movement, now).unwrap()
}

fn credit(amount: Amount, purpose: Purpose, lots: Vec<Lot>) -> Movement {
    Movement::Credit { asset: Asset::Bonus, amount, purpose, lots, counted_at: None }
}

fn lot(units: u32, end: Option<i64>, merchant: Option<u8>) -> Lot {
    let merchant_id = merchant.map(|merchant| format!("m{merchant}"));
    Lot { amount: Amount::whole(units), expires_at: end.map(at), merchant_id }
}

/// What of `lots` one merchant alone accepts.
fn bound(lots: &[Lot]) -> Amount {
    let bound = lots.iter().filter(|lot| lot.merchant_id.is_some());
    bound.fold(Amount::ZERO, |sum, lot| sum.plus(lot.amount).unwrap())
}

/// A wallet of bonus money: plain, dated and of three merchants.
fn wallet() -> impl Strategy<Value = Wallet> {
    let end = prop::option::weighted(0.8, 1_i64..90 * DAY);
    let lots = prop::collection::vec((1_u32..50, end, prop::option::of(0_u8..3)), 1..100);
    lots.prop_map(|lots| {
        let mut wallet = Wallet::new("user_1".into(), at(0));
        for (units, end, merchant) in lots {
            let movement = credit(Amount::whole(units), Purpose::CreditBonus, vec![lot(units, end, merchant)]);
            wallet = now_do(&wallet, movement, at(0)).wallet;
        }
        wallet
    })
}

/// The balance that the wallet has at `now` if nothing but time has passed.
fn untouched(wallet: &Wallet, now: Timestamp) -> Balance {
    let related = EntityRef { kind: "test".into(), id: "t".into() };
    let change = Change { related, movements: Vec::new() };
    decide(wallet, &change, now, Window::default()).unwrap().wallet.balances[&Asset::Bonus].clone()
}

/// Whole units, rounded down.
fn percent(amount: Amount, share: u32) -> Amount {
    let hundredth: Amount = "0.01".parse().unwrap();
    let times = |amount: Amount, factor| amount.times(factor, 0, Rounding::Down).unwrap();
    times(times(amount, share.into()), hundredth.value())
}

/// Part of what is spendable at `now`, above nothing.
fn part(wallet: &Wallet, now: Timestamp, merchant: Option<&str>, share: u32) -> Option<Amount> {
    let spendable = wallet.balances[&Asset::Bonus].spendable(now, merchant).unwrap();
    Some(percent(spendable, share)).filter(|amount| !amount.is_zero())
}

proptest! {
    #[test]
    fn a_refund_leaves_what_would_be_there_without_the_debit(
        wallet in wallet(), taken in 0_i64..60 * DAY, back in 0_i64..60 * DAY,
        merchant in prop::sample::select(vec![None, Some("m0"), Some("m1")]), share in 1_u32..=100,
    ) {
        let (taken, back) = (at(taken), at(taken.saturating_add(back)));
        let Some(amount) = part(&wallet, taken, merchant, share) else { return Ok(()) };
        let merchant_id = merchant.map(str::to_owned);
        let debit = Movement::Debit { asset: Asset::Bonus, amount, purpose: Purpose::DebitBetStake, merchant_id };
        let staked = now_do(&wallet, debit, taken);
        let lots = staked.lots(Purpose::DebitBetStake, Asset::Bonus);
        let bound = lots.iter().try_fold(Amount::ZERO, |sum, lot| sum.plus(lot.amount)).unwrap();
        prop_assert!(bound <= amount);
        let refunded = now_do(&staked.wallet, credit(amount, Purpose::CreditBetRefund, lots), back);
        prop_assert_eq!(&refunded.wallet.balances[&Asset::Bonus], &untouched(&wallet, back));
        // The whole of it came back, and what had expired left on a line of its own.
        let refund = refunded.postings.iter().find(|line| line.purpose == Purpose::CreditBetRefund).unwrap();
        prop_assert_eq!(refund.delta.magnitude().unwrap(), amount);
    }

    #[test]
    fn a_hold_that_is_released_leaves_what_would_be_there_without_it(
        wallet in wallet(), held in 0_i64..60 * DAY, back in 0_i64..60 * DAY, share in 1_u32..=100,
    ) {
        let (held, back) = (at(held), at(held.saturating_add(back)));
        let Some(amount) = part(&wallet, held, None, share) else { return Ok(()) };
        let hold = Movement::Hold { hold_id: "h".into(), asset: Asset::Bonus, amount, expires_at: None };
        let holding = now_do(&wallet, hold, held).wallet;
        let void = now_do(&holding, Movement::Void { hold_id: "h".into() }, back).wallet;
        prop_assert_eq!(&void.balances[&Asset::Bonus], &untouched(&wallet, back));
    }

    #[test]
    fn what_is_held_can_be_paid_out_whatever_has_expired(
        wallet in wallet(), held in 0_i64..60 * DAY, later in 0_i64..60 * DAY, share in 1_u32..=100, captured in 1_u32..=100,
    ) {
        let (held, later) = (at(held), at(held.saturating_add(later)));
        let Some(amount) = part(&wallet, held, None, share) else { return Ok(()) };
        let hold = Movement::Hold { hold_id: "h".into(), asset: Asset::Bonus, amount, expires_at: None };
        let holding = now_do(&wallet, hold, held).wallet;
        let captured = percent(amount, captured);
        prop_assume!(!captured.is_zero());
        let capture = Movement::Capture { hold_id: "h".into(), amount: Some(captured) };
        let paid = now_do(&holding, capture, later).wallet.balances[&Asset::Bonus].clone();
        prop_assert!(paid.held.is_zero());
        // What others hold is untouched by it: nothing is spendable that was not, or would not have been.
        let (most, least) = (untouched(&wallet, later), untouched(&holding, later));
        prop_assert!(paid.available <= most.available && paid.available >= least.available);
    }
}

proptest! {
    #[test]
    fn what_paid_an_order_always_comes_back(
        mut wallet in wallet(), paid in prop::collection::vec((0_u8..160, 1_u32..50), 1..160),
        end in prop::option::of(1_i64..90 * DAY),
    ) {
        let mut orders = Vec::new();
        let spendable = |wallet: &Wallet, merchant: &str| {
            wallet.balances[&Asset::Bonus].spendable(at(0), Some(merchant)).unwrap()
        };
        let merchants: Vec<_> = (0..160).map(|merchant| format!("m{merchant}")).collect();
        let mut given = std::collections::BTreeMap::new();
        for (merchant, units) in paid {
            let lots = vec![lot(units, end, Some(merchant))];
            let amount = Amount::whole(units);
            // One merchant too many is refused, until orders have taken what others accept.
            let Ok(decision) = try_do(&wallet, credit(amount, Purpose::CreditAdjustment, lots), at(0)) else { continue };
            wallet = decision.wallet;
            let merchant_id = merchants[usize::from(merchant)].clone();
            let amount = spendable(&wallet, &merchant_id);
            let purpose = Purpose::DebitOrderPayment;
            let debit = Movement::Debit { asset: Asset::Bonus, amount, purpose, merchant_id: Some(merchant_id.clone()) };
            let decision = now_do(&wallet, debit, at(0));
            let lots = decision.lots(purpose, Asset::Bonus);
            let all = given.entry(merchant_id).or_insert(Amount::ZERO);
            *all = all.plus(bound(&lots)).unwrap();
            orders.push((amount, lots));
            wallet = decision.wallet;
        }
        let before: Vec<_> = merchants.iter().map(|merchant| spendable(&wallet, merchant)).collect();
        let mut shared = Amount::ZERO;
        for (amount, lots) in orders {
            shared = shared.plus(amount.minus(bound(&lots)).unwrap()).unwrap();
            wallet = now_do(&wallet, credit(amount, Purpose::CreditOrderRefund, lots), at(0)).wallet;
        }
        for (merchant, before) in merchants.iter().zip(before) {
            let own = given.get(merchant).copied().unwrap_or_default();
            prop_assert_eq!(spendable(&wallet, merchant), before.plus(own).unwrap().plus(shared).unwrap());
        }
    }
}

#[test]
fn a_refund_of_what_has_expired_is_credited_and_expires_on_lines_of_their_own() {
    let wallet = Wallet::new("user_1".into(), at(0));
    let lots = vec![lot(3, Some(DAY), None)];
    let refunded = now_do(&wallet, credit(Amount::whole(5), Purpose::CreditBetRefund, lots.clone()), at(2 * DAY));
    let lines: Vec<_> = refunded.postings.iter().map(|line| (line.purpose, line.delta.to_string())).collect();
    assert_eq!(lines, [(Purpose::CreditBetRefund, "5".into()), (Purpose::DebitExpired, "-3".into())]);
    assert_eq!(refunded.wallet.available(Asset::Bonus), Amount::whole(2));
    assert_eq!(refunded.lots(Purpose::DebitExpired, Asset::Bonus), lots);
}

#[test]
fn what_an_operator_gives_must_not_have_expired() {
    let wallet = Wallet::new("user_1".into(), at(0));
    let given = credit(Amount::whole(5), Purpose::CreditAdjustment, vec![lot(5, Some(10), None)]);
    let change = |now| try_do(&wallet, given.clone(), at(now));
    assert!(change(9).is_ok());
    assert_eq!(change(10), Err(Rejection::AlreadyExpired));
}
