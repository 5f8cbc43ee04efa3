//! Orders that are both the merchant's and refunded, and orders that stand still.

use crate::{Entry, Kind, Settings, check_order};
use quoin_events::types::{
    BizoneOrderCreated, CoinAmount, MerchantStanding, OrderPaid, PaymentMethod, PaymentPart, RefundReason,
    WalletRefunded,
};
use quoin_events::{Draft, EventData, Timestamp, WalletRef};
use quoin_money::{Amount, Asset};

use super::history::{USER, entry, item};

const PARTS: [(Asset, u32); 2] = [(Asset::PromoCoins, 200), (Asset::Cash, 250)];

fn at(seconds: i64) -> Timestamp {
    Timestamp::default().plus_seconds(seconds)
}

fn draft<T: EventData>(data: &T) -> Draft {
    Draft::new(data, at(1)).unwrap()
}

fn paid(user_id: &str) -> Draft {
    let part = |(kind, amount)| PaymentPart { kind, amount: Amount::whole(amount), transaction_id: "t".to_owned() };
    draft(&OrderPaid {
        order_id: "o".to_owned(),
        user_id: user_id.to_owned(),
        merchant_id: "m".to_owned(),
        amount: Amount::whole(450),
        payment_method: PaymentMethod::Wallet,
        payment_breakdown: PARTS.map(part).to_vec(),
        campaign_code: None,
        discount_applied: Amount::ZERO,
    })
}

fn refunded(version: u64) -> Draft {
    let part = |(coin_type, amount)| CoinAmount { coin_type, amount: Amount::whole(amount) };
    draft(&WalletRefunded {
        user_id: USER.to_owned(),
        refund_reason: RefundReason::OrderFailed,
        original_order_id: "o".to_owned(),
        original_transaction_ids: Vec::new(),
        refund_transaction_ids: Vec::new(),
        refund_breakdown: PARTS.map(part).to_vec(),
        total_refunded: Amount::whole(450),
    })
    .of_wallet(WalletRef { id: USER.to_owned(), version, sequence: 9 })
}

fn confirmed() -> Draft {
    draft(&BizoneOrderCreated {
        rabtul_order_id: "o".to_owned(),
        bizone_order_id: "b".to_owned(),
        merchant_id: "m".to_owned(),
        status: MerchantStanding::Confirmed,
        estimated_delivery: None,
        tracking_url: None,
        items_count: 1,
        total_amount: Amount::whole(450),
    })
}

/// The stream of an order: one item for each of `drafts`.
fn stream(drafts: &[Draft]) -> Vec<Entry> {
    let items = (1..)
        .zip(drafts)
        .map(|(version, one)| entry(&item(("order", "o"), (version, version), at(1), std::slice::from_ref(one))));
    items.collect()
}

fn settings(now: Timestamp) -> Settings {
    let merchant_give_up_ms = 2 * 3_600_000;
    Settings { now, grace_ms: 60_000, payment_expiry_ms: 0, merchant_give_up_ms, audits_causes: true }
}

#[test]
fn an_order_is_the_merchant_s_or_refunded_and_each_once() {
    let broken = |drafts: &[Draft]| check_order(&stream(drafts), at(2), &settings(at(2))).len();
    assert_eq!(broken(&[paid(USER), confirmed()]), 0);
    assert_eq!(broken(&[paid(USER), refunded(4)]), 0);
    assert_eq!(broken(&[paid(USER), confirmed(), refunded(4)]), 1);
    assert_eq!(broken(&[paid(USER), refunded(4), refunded(5)]), 1);
    assert_eq!(broken(&[paid(USER), confirmed(), confirmed()]), 1);
}

#[test]
fn a_paid_order_that_nobody_ends_is_found() {
    let mut order = stream(&[paid(USER)]);
    let state = |status: &str| Some(format!(r#"{{"status":"{status}","placed_at":"{}"}}"#, at(0)));
    order[0].state = state("paid");
    let found = |order: &[Entry], hours: i64| {
        let now = at(hours * 3_600 + 61);
        check_order(order, now, &settings(now)).into_iter().map(|found| found.kind).collect::<Vec<_>>()
    };
    assert_eq!(found(&order, 1), []);
    assert_eq!(found(&order, 2), [Kind::OpenSaga]);
    // A stage that leaves merchants more time is told nothing before it is over.
    let patient = |hours: i64| {
        let now = at(hours * 3_600 + 61);
        check_order(&order, now, &Settings { merchant_give_up_ms: 6 * 3_600_000, ..settings(now) }).len()
    };
    assert_eq!((patient(5), patient(6)), (0, 1));
    order[0].state = state("created");
    assert_eq!(found(&order, 2), []);
}
