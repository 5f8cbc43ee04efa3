//! An order's debit and refund: told as they were posted, and posted as the order says.

use quoin_events::types::{
    CoinAmount, OrderPaid, PaymentMethod, PaymentPart, RefundReason, WalletDebitStarted, WalletRefunded,
};
use quoin_events::{Draft, EntityRef, Timestamp};
use quoin_ledger::{Decision, Movement, Posting, Purpose};
use quoin_money::{Amount, Asset};

use super::history::{History, USER, entry, first, item};
use crate::{Entry, Kind, explain_order};

const PARTS: [(Asset, u32); 2] = [(Asset::PromoCoins, 20), (Asset::Cash, 30)];

fn order() -> EntityRef {
    EntityRef { kind: "order".into(), id: "o1".into() }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn coins() -> Vec<CoinAmount> {
    PARTS.iter().map(|(coin_type, units)| CoinAmount { coin_type: *coin_type, amount: Amount::whole(*units) }).collect()
}

fn credit(asset: Asset, units: u32, purpose: Purpose) -> Movement {
    Movement::Credit { asset, amount: Amount::whole(units), purpose, lots: Vec::new(), counted_at: None }
}

fn funded() -> History {
    let mut history = History::new();
    let given = PARTS.iter().map(|(asset, units)| credit(*asset, *units, Purpose::CreditAdjustment)).collect();
    assert!(history.change(&EntityRef { kind: "adjustment".into(), id: "a".into() }, given, at(1_000)));
    history
}

fn pay(history: &mut History, total: u32) {
    let debit = |(asset, units): &(Asset, u32)| Movement::Debit {
        asset: *asset,
        amount: Amount::whole(*units),
        purpose: Purpose::DebitOrderPayment,
        merchant_id: None,
    };
    let started = WalletDebitStarted {
        user_id: USER.into(),
        transaction_type: "debit_order_payment".into(),
        total_amount: Amount::whole(total),
        breakdown: coins(),
        related_order_id: "o1".into(),
    };
    let tell = |_: &Decision| (Some(Draft::new(&started, at(2_000)).unwrap()), None);
    assert!(history.change_telling(&order(), PARTS.iter().map(debit).collect(), at(2_000), tell));
}

fn refund(history: &mut History, breakdown: &[CoinAmount]) {
    let movements = PARTS.iter().map(|(asset, units)| credit(*asset, *units, Purpose::CreditOrderRefund)).collect();
    let tell = |decision: &Decision| {
        let refunded = WalletRefunded {
            user_id: USER.into(),
            refund_reason: RefundReason::OrderFailed,
            original_order_id: "o1".into(),
            original_transaction_ids: Vec::new(),
            refund_transaction_ids: decision.postings.iter().map(|posting| posting.transaction_id.clone()).collect(),
            refund_breakdown: breakdown.to_vec(),
            total_refunded: Amount::whole(50),
        };
        (None, Some(Draft::new(&refunded, at(3_000)).unwrap()))
    };
    assert!(history.change_telling(&order(), movements, at(3_000), tell));
}

fn kinds(history: &History) -> Vec<Kind> {
    history.check().1.iter().map(|found| found.kind).collect()
}

#[test]
fn a_debit_that_is_announced_and_a_refund_that_is_told_as_a_whole_add_up() {
    let mut history = funded();
    pay(&mut history, 50);
    refund(&mut history, &coins());
    assert_eq!(kinds(&history), []);
}

#[test]
fn an_announcement_or_a_refund_of_another_sum_is_found() {
    let mut announced = funded();
    pay(&mut announced, 51);
    assert_eq!(kinds(&announced), [Kind::Event]);
    let mut refunded = funded();
    pay(&mut refunded, 50);
    refund(&mut refunded, &coins()[..1]);
    assert_eq!(kinds(&refunded), [Kind::Event]);
}

/// The postings of the latest change, and a stream that says that the order was paid with `parts`.
fn postings(history: &History) -> Vec<Posting> {
    history.items.last().unwrap().require_json("lines").unwrap()
}

fn paid_with(parts: &[Posting]) -> Draft {
    let part = |posting: &Posting| PaymentPart {
        kind: posting.asset,
        amount: posting.delta.magnitude().unwrap(),
        transaction_id: posting.transaction_id.clone(),
    };
    let paid = OrderPaid {
        order_id: "o1".into(),
        user_id: USER.into(),
        merchant_id: "m1".into(),
        amount: Amount::whole(50),
        payment_method: PaymentMethod::Wallet,
        payment_breakdown: parts.iter().map(part).collect(),
        campaign_code: None,
        discount_applied: Amount::ZERO,
    };
    Draft::new(&paid, at(2_000)).unwrap()
}

#[test]
fn a_line_has_to_be_what_the_order_says() {
    let mut history = funded();
    pay(&mut history, 50);
    let paid = postings(&history);
    let stream = vec![entry(&first("order", "o1", at(2_000), &[paid_with(&paid)]))];
    let other = vec![entry(&first("order", "o1", at(2_000), &[paid_with(&paid[..1])]))];
    let wrong = |user: &str, posting: &Posting, stream: &[Entry]| {
        explain_order(user, "wallet#u 2", posting, stream).map(|found| found.kind)
    };
    assert_eq!(paid.iter().find_map(|posting| wrong(USER, posting, &stream)), None);
    assert_eq!(wrong(USER, &paid[1], &other), Some(Kind::Order));
    assert_eq!(wrong("user_2", &paid[0], &stream), Some(Kind::Order));
    assert_eq!(wrong(USER, &paid[0], &[]), Some(Kind::Order));

    refund(&mut history, &coins());
    let refunded = postings(&history);
    assert_eq!(wrong(USER, &refunded[0], &stream), Some(Kind::Order));
    let told = WalletRefunded {
        user_id: USER.into(),
        refund_reason: RefundReason::OrderFailed,
        original_order_id: "o1".into(),
        original_transaction_ids: Vec::new(),
        refund_transaction_ids: refunded.iter().map(|posting| posting.transaction_id.clone()).collect(),
        refund_breakdown: coins(),
        total_refunded: Amount::whole(50),
    };
    let mut stream = stream;
    stream.push(entry(&item(("order", "o1"), (2, 2), at(3_000), &[Draft::new(&told, at(3_000)).unwrap()])));
    assert_eq!(refunded.iter().find_map(|posting| wrong(USER, posting, &stream)), None);
}
