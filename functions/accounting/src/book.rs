//! Sums per account, asset and side, and the trial balance of them.

use std::collections::BTreeMap;

use quoin_money::{Asset, Delta, MoneyError};
use quoin_store::Item;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::chart::{Account, Kind};
use crate::entry::{Entry, Side};

/// What accounts were debited and credited in all; adding is commutative.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Book(BTreeMap<(Asset, Account, Side), Delta>);

impl Book {
    /// Adds both sides of every leg of `entry`.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub(crate) fn post(&mut self, entry: &Entry) -> Result<(), MoneyError> {
        for leg in &entry.legs {
            for side in Side::ALL {
                self.add((leg.asset, leg.on(side), side), Delta::plus(leg.amount))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, key: (Asset, Account, Side), delta: Delta) -> Result<(), MoneyError> {
        let sum = self.0.entry(key).or_default();
        *sum = sum.and(delta)?;
        Ok(())
    }

    /// Adds all of `other`.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), MoneyError> {
        other.0.iter().try_for_each(|(key, delta)| self.add(*key, *delta))
    }

    /// Whether nothing was posted.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what a row of counters holds; what is no counter is passed over.
    ///
    /// # Errors
    /// If a counter has too many digits.
    pub(crate) fn add_stored(&mut self, row: &Item) -> Result<(), MoneyError> {
        for (name, digits) in row.numbers() {
            if let Some(key) = counter(name) {
                let value = Decimal::from_str_exact(digits).map_err(|_| MoneyError::Overflow)?;
                self.add(key, Delta::new(value))?;
            }
        }
        Ok(())
    }

    /// The counters by the names under which rows hold them.
    pub(crate) fn counters(&self) -> impl Iterator<Item = (String, Delta)> {
        self.0
            .iter()
            .map(|((asset, account, side), sum)| (format!("{}.{asset}.{}", account.as_str(), side.as_str()), *sum))
    }

    /// The accounts of every asset that moved.
    ///
    /// # Errors
    /// If a sum has too many digits.
    pub(crate) fn trial_balance(&self) -> Result<Vec<AssetBalance>, MoneyError> {
        let mut assets = Vec::new();
        for asset in Asset::ALL {
            let mut balance =
                AssetBalance { asset, accounts: Vec::new(), debit: Delta::ZERO, credit: Delta::ZERO, sum: Delta::ZERO };
            for account in Account::ALL.iter().copied() {
                let sum = |side| self.0.get(&(asset, account, side)).copied();
                if let (None, None) = (sum(Side::Debit), sum(Side::Credit)) {
                    continue;
                }
                let [debit, credit] = Side::ALL.map(|side| sum(side).unwrap_or_default());
                balance.debit = balance.debit.and(debit)?;
                balance.credit = balance.credit.and(credit)?;
                let difference = less(debit, credit)?;
                balance.accounts.push(AccountBalance {
                    account,
                    kind: account.kind(),
                    debit,
                    credit,
                    balance: difference,
                });
            }
            balance.sum = less(balance.debit, balance.credit)?;
            if !balance.accounts.is_empty() {
                assets.push(balance);
            }
        }
        Ok(assets)
    }
}

fn less(one: Delta, other: Delta) -> Result<Delta, MoneyError> {
    one.value().checked_sub(other.value()).map(Delta::new).ok_or(MoneyError::Overflow)
}

/// What the counter called `name` counts.
fn counter(name: &str) -> Option<(Asset, Account, Side)> {
    let mut parts = name.split('.');
    let (account, asset, side) = (parts.next()?, parts.next()?, parts.next()?);
    let side = Side::ALL.into_iter().find(|one| one.as_str() == side)?;
    Some((asset.parse().ok()?, account.parse().ok()?, side)).filter(|_| parts.next().is_none())
}

/// The accounts of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlAssetBalance"))]
pub(crate) struct AssetBalance {
    /// Which asset.
    asset: Asset,
    /// Those that were ever debited or credited, in the order of the chart.
    accounts: Vec<AccountBalance>,
    /// All debits.
    debit: Delta,
    /// All credits.
    credit: Delta,
    /// Debits less credits: zero.
    sum: Delta,
}

/// What an account was debited and credited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "GlAccountBalance"))]
struct AccountBalance {
    /// Which account.
    account: Account,
    /// What it tells.
    kind: Kind,
    /// All debits.
    debit: Delta,
    /// All credits.
    credit: Delta,
    /// Debits less credits.
    balance: Delta,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posting::tests::{entry, event, payment};
    use proptest::prelude::*;
    use quoin_events::Envelope;
    use quoin_ledger::Purpose;
    use std::collections::BTreeSet;

    const PURPOSES: [Purpose; 24] = [
        Purpose::DebitBetStake,
        Purpose::CreditBetPayout,
        Purpose::DebitBetCorrection,
        Purpose::CreditBetRefund,
        Purpose::CreditDeposit,
        Purpose::CreditBonus,
        Purpose::CreditReferral,
        Purpose::DebitTransfer,
        Purpose::CreditTransfer,
        Purpose::CreditAdjustment,
        Purpose::DebitAdjustment,
        Purpose::DebitOwedRepayment,
        Purpose::DebitExpired,
        Purpose::DebitHold,
        Purpose::CreditHoldVoided,
        Purpose::DebitHoldCaptured,
        Purpose::DebitOrderPayment,
        Purpose::CreditOrderRefund,
        Purpose::DebitCreditPurchase,
        Purpose::CreditCreditPurchase,
        Purpose::DebitBoost,
        Purpose::DebitGigPayment,
        Purpose::CreditGigPayment,
        Purpose::DebitClanContribution,
    ];

    /// A posting of a wallet, of any purpose, from anywhere: most do not fit.
    fn wallet_event() -> impl Strategy<Value = Envelope> {
        let kinds =
            || prop::sample::select(vec!["wallet", "bet", "order", "payment", "bonus", "operation", "boost", "gig"]);
        let names = prop::sample::select(vec!["wallet.debited", "wallet.credited"]);
        let money = (prop::sample::select(Asset::ALL.to_vec()), 1_u32..1_000_000);
        (names, prop::sample::select(PURPOSES.to_vec()), kinds(), kinds(), money, 0_u32..8).prop_map(
            |(name, purpose, stream, related, (asset, cents), id)| {
                let (amount, purpose) = (Decimal::new(i64::from(cents), 2).normalize(), purpose.as_str());
                let data = format!(
                    r#"{{"transaction_id":"txn_{id}_{stream}_{related}_{cents}","user_id":"u{id}","coin_type":"{asset}",
                        "transaction_type":"{purpose}","amount":{amount},"balance_before":0,"balance_after":0,
                        "related_entity":{{"type":"{related}","id":"u{id}"}}}}"#
                );
                event(name, "wallet-service", (stream, &format!("u{id}")), &data)
            },
        )
    }

    /// A paid or a refunded order, now and then one whose parts are not its total.
    fn order_event() -> impl Strategy<Value = Envelope> {
        let parts = proptest::collection::btree_map(prop::sample::select(Asset::ALL.to_vec()), 0_u32..1_000, 0..4);
        (any::<bool>(), parts, 0_u32..1_000, 0..20_u32).prop_map(|(is_paid, parts, id, wrong)| {
            let total = parts.values().sum::<u32>().saturating_add(u32::from(wrong == 0));
            let order = format!("o{id}-{is_paid}-{total}");
            if is_paid {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|(asset, amount)| format!(r#"{{"type":"{asset}","amount":{amount},"transaction_id":"t"}}"#))
                    .collect();
                let data = format!(
                    r#"{{"order_id":"{order}","user_id":"u","merchant_id":"m","amount":{total},
                        "payment_method":"wallet","payment_breakdown":[{}],"discount_applied":0}}"#,
                    parts.join(",")
                );
                event("order.paid", "order-service", ("order", &order), &data)
            } else {
                let parts: Vec<_> = parts
                    .iter()
                    .map(|(asset, amount)| format!(r#"{{"coin_type":"{asset}","amount":{amount}}}"#))
                    .collect();
                let data = format!(
                    r#"{{"user_id":"u","refund_reason":"order_failed","original_order_id":"{order}",
                        "original_transaction_ids":[],"refund_transaction_ids":[],"refund_breakdown":[{}],
                        "total_refunded":{total}}}"#,
                    parts.join(",")
                );
                event("wallet.refunded", "wallet-service", ("order", &order), &data)
            }
        })
    }

    /// A payment for a subscription, now and then one whose price is not what was paid.
    fn payment_event() -> impl Strategy<Value = Envelope> {
        (0_u32..1_000_000, 0_u32..=100, 0..20_u32).prop_map(|(cents, share, wrong)| {
            let id = format!("pay_{cents}_{share}_{wrong}");
            let credit = cents.div_euclid(100).saturating_mul(share);
            let amount = cents.saturating_sub(credit).saturating_add(u32::from(wrong == 0));
            let [price, credit, amount] =
                [cents, credit, amount].map(|units| Decimal::new(i64::from(units), 2).normalize().to_string());
            event("payment.processed", "payment-service", ("charge", &id), &payment(&id, &price, &credit, &amount))
        })
    }

    fn events() -> impl Strategy<Value = Vec<Envelope>> {
        proptest::collection::vec(prop_oneof![3 => wallet_event(), 1 => order_event(), 1 => payment_event()], 0..30)
    }

    /// What the ledger is after `arriving`, each entry once.
    fn book<'a>(arriving: impl IntoIterator<Item = &'a Envelope>) -> Book {
        let (mut book, mut entered) = (Book::default(), BTreeSet::new());
        for event in arriving {
            let entry = entry(event).unwrap().unwrap();
            if entered.insert(entry.entry_id.clone()) {
                book.post(&entry).unwrap();
            }
        }
        book
    }

    fn assert_balanced(book: &Book) {
        for asset in book.trial_balance().unwrap() {
            assert!(asset.sum.is_zero(), "{asset:?}");
            assert_eq!(asset.debit, asset.credit);
        }
    }

    proptest! {
        #[test]
        fn every_event_balances(event in prop_oneof![wallet_event(), order_event(), payment_event()]) {
            let book = book([&event]);
            assert_balanced(&book);
            let entry = entry(&event).unwrap().unwrap();
            prop_assert!(entry.legs.iter().all(|leg| !leg.amount.is_zero()));
            let in_suspense = entry.legs.iter().all(|leg| [leg.debit, leg.credit].contains(&Account::Suspense));
            prop_assert!(entry.misposted.is_none() || in_suspense);
        }

        #[test]
        fn the_trial_balance_of_any_sequence_is_zero_and_the_order_and_duplicates_change_nothing(
            (events, shuffled, again) in events().prop_flat_map(|events| {
                let shuffled = Just(events.clone()).prop_shuffle();
                (Just(events), shuffled, proptest::collection::vec(any::<prop::sample::Index>(), 0..10))
            })
        ) {
            // Two different postings with one id are told apart by the consumer, which refuses the second.
            let mut ids = BTreeSet::new();
            let is_first = |event: &&Envelope| ids.insert(entry(event).unwrap().unwrap().entry_id);
            let kept: Vec<_> = events.iter().filter(is_first).map(|event| event.data.get().to_owned()).collect();
            let is_kept = |event: &&Envelope| kept.contains(&event.data.get().to_owned());
            let expected = book(events.iter().filter(is_kept));
            assert_balanced(&expected);
            let again = again.iter().filter(|_| !events.is_empty()).map(|index| &events[index.index(events.len())]);
            let other = book(shuffled.iter().chain(again).filter(is_kept));
            prop_assert_eq!(other.trial_balance().unwrap(), expected.trial_balance().unwrap());
        }

        #[test]
        fn rows_of_counters_hold_the_book_however_it_is_spread(events in events()) {
            let mut stored = Book::default();
            for event in &events {
                let counters = book([event]).counters().collect::<Vec<_>>();
                let row = counters.iter().fold(Item::new().number("expires", 7), |row, (name, sum)| row.number(name, sum));
                stored.add_stored(&row).unwrap();
            }
            let mut posted = Book::default();
            for event in &events {
                posted.post(&entry(event).unwrap().unwrap()).unwrap();
            }
            prop_assert_eq!(stored, posted);
        }
    }

    #[test]
    fn names_that_count_nothing_are_passed_over() {
        for name in ["expires", "user_wallets.cash", "user_wallets.gold.debit", "x.cash.debit", "stakes.cash.debit.x"] {
            assert_eq!(counter(name), None, "{name}");
        }
        assert_eq!(counter("stakes.cash.credit"), Some((Asset::Cash, Account::Stakes, Side::Credit)));
    }
}
