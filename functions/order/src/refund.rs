//! What a paid order took goes back: the money with the ends and the merchants that its parts had, the stock, and the
//! use of its campaign, all in the commit that says that the order came to nothing.

use std::collections::BTreeMap;

use quoin_events::types::{CoinAmount, RefundReason, WalletRefunded};
use quoin_events::{Draft, Timestamp};
use quoin_ledger::{Change, Movement, Purpose, Wallet, Window, decide};
use quoin_store::{Key, StoreError, Telling, Update, WalletWrite};

use crate::order::Order;
use crate::table::{self, LEFT};

/// The change that gives back what `order` took from `wallet`; `None` if it took nothing.
///
/// # Errors
/// If the wallet cannot take it: it is not there, or the numbers are too large.
pub(crate) fn money(
    order: &Order,
    wallet: Option<&Wallet>,
    at: Timestamp,
    calendar: Window,
) -> Result<Option<WalletWrite>, StoreError> {
    if order.payment.is_empty() {
        return Ok(None);
    }
    let wallet = wallet.ok_or_else(|| StoreError::Refused("the wallet of a paid order is not there".to_owned()))?;
    let credits = order.payment.iter().map(|part| Movement::Credit {
        asset: part.asset,
        amount: part.amount,
        purpose: Purpose::CreditOrderRefund,
        lots: part.lots.clone(),
        counted_at: None,
    });
    let change = Change { related: order.entity(), movements: credits.collect() };
    let decision = decide(wallet, &change, at, calendar)
        .map_err(|rejection| StoreError::Refused(format!("the wallet does not take the refund: {rejection}")))?;
    let refunds = decision.postings.iter().filter(|posting| posting.purpose == Purpose::CreditOrderRefund);
    let refunded = WalletRefunded {
        user_id: order.user_id.clone(),
        refund_reason: RefundReason::OrderFailed,
        original_order_id: order.order_id.clone(),
        original_transaction_ids: order.payment.iter().map(|part| part.transaction_id.clone()).collect(),
        refund_transaction_ids: refunds.map(|posting| posting.transaction_id.clone()).collect(),
        refund_breakdown: order
            .payment
            .iter()
            .map(|part| CoinAmount { coin_type: part.asset, amount: part.amount })
            .collect(),
        total_refunded: order.pricing.total,
    };
    let telling = Telling { last: vec![Draft::new(&refunded, at)?], ..Telling::default() };
    WalletWrite::telling(wallet.clone(), decision, telling).map(Some)
}

/// What goes back to the counters of the service's table.
pub(crate) fn counters(order: &Order, name: &str) -> Vec<Update> {
    taken(order).into_iter().map(|(key, units)| Update::of(name, key).add(LEFT, units)).collect()
}

// A transaction touches an item once: what two lines took from one shard goes back together.
fn taken(order: &Order) -> BTreeMap<Key, u64> {
    let mut taken = BTreeMap::new();
    for line in &order.lines {
        for part in &line.taken {
            let key = table::stock(&order.merchant_id, &line.item.product_id, part.shard);
            let units: &mut u64 = taken.entry(key).or_default();
            *units = units.saturating_add(u64::from(part.quantity));
        }
    }
    if let Some((code, shard)) =
        order.campaign.as_ref().and_then(|campaign| Some((&campaign.code, campaign.uses_shard?)))
    {
        taken.insert(table::campaign_uses(code, shard), 1);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use quoin_events::{Origin, Place};
    use quoin_ledger::{Balance, Lot, Status};
    use quoin_money::{Amount, Asset};

    fn wallet() -> Wallet {
        Wallet { version: 5, ..Wallet::new("u1".to_owned(), Timestamp::from_millis(1_000)) }
    }

    fn refund(order: &Order, wallet: &Wallet, at: i64) -> WalletWrite {
        money(order, Some(wallet), Timestamp::from_millis(at), Window::default()).unwrap().unwrap()
    }

    fn names(write: &WalletWrite) -> Vec<&'static str> {
        write.clone().take_events().iter().map(Draft::event).collect()
    }

    #[test]
    fn every_asset_comes_back_with_its_lots_and_is_told_as_one() {
        let (order, wallet) = (order(), wallet());
        let write = refund(&order, &wallet, 9_000);
        let balance = |asset| write.wallet().balances.get(&asset).cloned().unwrap_or_default();
        assert_eq!(balance(Asset::Cash).available, Amount::whole(20));
        assert_eq!(balance(Asset::BrandedCoins).lots, order.payment[0].lots);
        assert_eq!(names(&write), ["wallet.refunded"]);
        let place = Place { kind: "order", id: "order_1", sequence: 9 };
        let text = write.clone().take_events()[0].render(place, &Origin::default()).unwrap();
        let ids: Vec<_> = write.decision().postings.iter().map(|posting| posting.transaction_id.clone()).collect();
        assert_eq!(ids.len(), 2);
        let told = format!(
            r#""original_transaction_ids":["txn_1","txn_2"],"refund_transaction_ids":["{}","{}"],"refund_breakdown":[{{"coin_type":"branded_coins","amount":30}},{{"coin_type":"cash","amount":20}}],"total_refunded":50}}"#,
            ids[0], ids[1]
        );
        assert!(text.contains(&told), "{text}");
        assert!(text.contains(r#""wallet":{"id":"u1","version":6,"sequence":1}"#), "{text}");
    }

    #[test]
    fn what_has_expired_meanwhile_comes_back_and_leaves_again() {
        let write = refund(&order(), &wallet(), 90_000);
        assert_eq!(write.wallet().available(Asset::BrandedCoins), Amount::ZERO);
        assert_eq!(write.wallet().available(Asset::Cash), Amount::whole(20));
        assert_eq!(names(&write), ["wallet.debited", "wallet.refunded"]);
    }

    #[test]
    fn a_closed_wallet_gets_its_money_and_an_owing_one_repays_with_it() {
        let closed = Wallet { status: Status::Closed, ..wallet() };
        assert_eq!(refund(&order(), &closed, 9_000).wallet().available(Asset::Cash), Amount::whole(20));
        let owing = Wallet { owed: BTreeMap::from([(Asset::Cash, Amount::whole(5))]), ..wallet() };
        let write = refund(&order(), &owing, 9_000);
        assert_eq!(write.wallet().available(Asset::Cash), Amount::whole(15));
        assert!(write.wallet().owed.is_empty());
    }

    #[test]
    fn an_order_that_cost_nothing_moves_no_money() {
        let free = Order { payment: Vec::new(), ..order() };
        assert!(money(&free, None, Timestamp::from_millis(9_000), Window::default()).unwrap().is_none());
        assert!(money(&order(), None, Timestamp::from_millis(9_000), Window::default()).is_err());
    }

    #[test]
    fn a_wallet_with_coins_of_as_many_merchants_as_it_is_to_have_takes_the_refund() {
        let lots = (0..64).map(|merchant| Lot {
            amount: Amount::whole(1),
            expires_at: None,
            merchant_id: Some(format!("other_{merchant}")),
        });
        let balance = Balance { available: Amount::whole(64), lots: lots.collect(), ..Balance::default() };
        let full = Wallet { balances: BTreeMap::from([(Asset::BrandedCoins, balance)]), ..wallet() };
        let write = refund(&order(), &full, 9_000);
        let balance = &write.wallet().balances[&Asset::BrandedCoins];
        assert_eq!(balance.spendable(Timestamp::from_millis(9_000), Some("m1")).unwrap(), Amount::whole(30));
        assert_eq!(balance.available, Amount::whole(94));
    }

    #[test]
    fn what_a_wallet_cannot_hold_is_told_apart() {
        let most = Balance { available: "999999999999999".parse().unwrap(), ..Balance::default() };
        let full = Wallet { balances: BTreeMap::from([(Asset::Cash, most)]), ..wallet() };
        let refused = money(&order(), Some(&full), Timestamp::from_millis(9_000), Window::default());
        assert!(matches!(refused, Err(StoreError::Refused(why)) if why.contains("refund")));
    }

    #[test]
    fn stock_goes_back_to_the_shards_that_it_came_from_and_the_campaign_gets_its_use_back() {
        let mut order = order();
        order.lines.push(order.lines[1].clone());
        let back: Vec<_> = taken(&order).into_iter().map(|(key, units)| (key.pk, key.sk, units)).collect();
        let row = |pk: &str, sk: &str, units: u64| (pk.to_owned(), sk.to_owned(), units);
        let expected = [
            row("campaign-uses#C1", "5", 1),
            row("stock#m1#p1", "0", 2),
            row("stock#m1#p1", "3", 1),
            row("stock#m1#p2", "1", 4),
        ];
        assert_eq!(back, expected);
        order.campaign.as_mut().unwrap().uses_shard = None;
        assert_eq!(taken(&order).len(), 3);
    }
}
