//! From an event to its entry: a pure function. What an event says it is for decides the accounts; where it comes from
//! decides whether it may say so.

use quoin_events::types::{
    CoinAmount, OrderPaid, PaymentProcessed, WalletCredited, WalletDebited, WalletEntry, WalletRefunded,
};
use quoin_events::{EntityRef, Envelope, EventData, Timestamp};
use quoin_ledger::Purpose;
use quoin_money::{Amount, Asset, MoneyError, TaxRate};
use quoin_runtime::Failure;
use serde::Deserialize;
use serde::de::IntoDeserializer;

use crate::chart::{self, Account};
use crate::entry::{Entry, Leg};
use crate::origins;

/// The service whose events move wallets.
const WALLET_SERVICE: &str = "wallet-service";
/// The service whose events are about orders.
const ORDER_SERVICE: &str = "order-service";

/// The streams of subscriptions' payments.
const CHARGE: &str = "charge";
/// The service whose events are about payments.
const PAYMENT_SERVICE: &str = "payment-service";

/// What the stage says of money.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// ISO 4217 code of the cash.
    pub(crate) currency: String,
    /// Its decimals.
    pub(crate) scale: u32,
    /// The tax that the prices of subscriptions include.
    pub(crate) tax: TaxRate,
}

/// The entry of `event`; `None` if it posts nothing.
///
/// # Errors
/// Poison, if it cannot be read, or says that it is for something that no posting is for.
pub(crate) fn of(event: &Envelope, terms: &Terms) -> Result<Option<Entry>, Failure> {
    let unreadable =
        |error: serde_json::Error| Failure::poison(format!("the data of {} cannot be read: {error}", event.event));
    match event.event.as_str() {
        WalletDebited::NAME => {
            let WalletDebited(data) = event.data().map_err(unreadable)?;
            wallet_entry(event, data, true).map(Some)
        }
        WalletCredited::NAME => {
            let WalletCredited(data) = event.data().map_err(unreadable)?;
            wallet_entry(event, data, false).map(Some)
        }
        OrderPaid::NAME => paid(event, event.data().map_err(unreadable)?).map(Some),
        WalletRefunded::NAME => refunded(event, event.data().map_err(unreadable)?).map(Some),
        PaymentProcessed::NAME => subscribed(event, event.data().map_err(unreadable)?, terms).map(Some),
        _ => Ok(None),
    }
}

fn at(event: &Envelope) -> Result<Timestamp, Failure> {
    event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp of {} {error}", event.event)))
}

/// What deduplicates an event that has no posting of its own.
fn id(event: &Envelope) -> Result<String, Failure> {
    match event.event_id() {
        "" => Err(Failure::poison(format!("{} has no event_id", event.event))),
        id => Ok(id.to_owned()),
    }
}

/// One posting of a wallet, against the account of what it is for.
fn wallet_entry(event: &Envelope, data: WalletEntry, is_debit: bool) -> Result<Entry, Failure> {
    let purpose = purpose(&data.transaction_type)?;
    if data.transaction_id.is_empty() {
        return Err(Failure::poison(format!("{} has no transaction_id", event.event)));
    }
    let misposted = misfit(event, &data, purpose, is_debit);
    let known = if misposted.is_none() { chart::of(purpose.account()) } else { None };
    let house = known.unwrap_or(Account::Suspense);
    let (debit, credit) = if is_debit { (Account::UserWallets, house) } else { (house, Account::UserWallets) };
    Ok(Entry {
        entry_id: data.transaction_id,
        at: at(event)?,
        event: event.event.clone(),
        event_id: event.event_id().to_owned(),
        transaction_type: Some(data.transaction_type),
        user_id: data.user_id,
        related_entity: data.related_entity,
        legs: legs([(debit, credit)], [(data.coin_type, data.amount)]),
        tax_percent: None,
        entered_on: None,
        misposted,
    })
}

/// What a posting is for.
///
/// # Errors
/// Poison for a word that means nothing to the ledger: guessing would book it somewhere.
fn purpose(transaction_type: &str) -> Result<Purpose, Failure> {
    let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = transaction_type.into_deserializer();
    Purpose::deserialize(word)
        .map_err(|_| Failure::poison(format!("{transaction_type:?} is no transaction_type of the ledger")))
}

/// Why the source of a posting may not make it.
fn misfit(event: &Envelope, data: &WalletEntry, purpose: Purpose, is_debit: bool) -> Option<String> {
    let name = purpose.as_str();
    let Some(origins) = origins::of(purpose) else {
        return Some(format!("{name} is no event of its own"));
    };
    if origins.is_debit != is_debit {
        return Some(format!("{name} in {}", event.event));
    }
    if let Some(wrong) = not_from(event, WALLET_SERVICE) {
        return Some(wrong);
    }
    let related = &data.related_entity;
    if origins.related.is_some_and(|kinds| !kinds.contains(&related.kind.as_str())) {
        return Some(format!("{name} of a {}", related.kind));
    }
    let Some(stream) = &event.metadata.entity else { return Some(format!("{name} in no stream")) };
    if !origins.streams.contains(&stream.kind.as_str()) {
        return Some(format!("{name} in the stream of a {}", stream.kind));
    }
    let owner = if stream.kind == "wallet" { &data.user_id } else { &related.id };
    (stream.id != *owner).then(|| format!("{name} in the stream of another {}", stream.kind))
}

fn not_from(event: &Envelope, service: &str) -> Option<String> {
    let source = &event.metadata.source;
    (source != service).then(|| format!("{} from {source}", event.event))
}

/// Why an event about the order `order_id` does not fit.
fn misfit_of_order(event: &Envelope, service: &str, order_id: &str) -> Option<String> {
    let is_own = event.metadata.entity.as_ref().is_some_and(|one| one.kind == "order" && one.id == order_id);
    not_from(event, service).or_else(|| (!is_own).then(|| format!("{} outside its order's stream", event.event)))
}

/// The revenue of a paid order: out of the clearing account that its debits went to.
fn paid(event: &Envelope, data: OrderPaid) -> Result<Entry, Failure> {
    let parts: Vec<_> = data.payment_breakdown.iter().map(|part| (part.kind, part.amount)).collect();
    let misposted = misfit_of_order(event, ORDER_SERVICE, &data.order_id)
        .or_else(|| is_not_total(&parts, data.amount).then(|| "the parts are not the amount".to_owned()));
    // Nothing moved in a wallet, so there is nothing to follow where it may not be believed: suspense against itself.
    let fits = misposted.is_none();
    let moves =
        if fits { (Account::OrderClearing, Account::OrderRevenue) } else { (Account::Suspense, Account::Suspense) };
    order_entry(event, data.order_id, data.user_id, legs([moves], parts), misposted)
}

/// The refund of an order that failed: both steps of its payment, taken back.
fn refunded(event: &Envelope, data: WalletRefunded) -> Result<Entry, Failure> {
    let parts: Vec<_> =
        data.refund_breakdown.iter().map(|CoinAmount { coin_type, amount }| (*coin_type, *amount)).collect();
    let misposted = misfit_of_order(event, WALLET_SERVICE, &data.original_order_id)
        .or_else(|| is_not_total(&parts, data.total_refunded).then(|| "the parts are not the total".to_owned()));
    let legs = if misposted.is_some() {
        legs([(Account::Suspense, Account::UserWallets)], parts)
    } else {
        let back = [(Account::OrderRevenue, Account::OrderClearing), (Account::OrderClearing, Account::UserWallets)];
        legs(back, parts)
    };
    order_entry(event, data.original_order_id, data.user_id, legs, misposted)
}

fn order_entry(
    event: &Envelope,
    order_id: String,
    user_id: String,
    legs: Vec<Leg>,
    misposted: Option<String>,
) -> Result<Entry, Failure> {
    let id = id(event)?;
    Ok(Entry {
        entry_id: id.clone(),
        at: at(event)?,
        event: event.event.clone(),
        event_id: id,
        transaction_type: None,
        user_id,
        related_entity: EntityRef { kind: "order".to_owned(), id: order_id },
        legs,
        tax_percent: None,
        entered_on: None,
        misposted,
    })
}

/// A payment for a subscription: the provider has the money, a part of which is the tax and the rest revenue.
fn subscribed(event: &Envelope, data: PaymentProcessed, terms: &Terms) -> Result<Entry, Failure> {
    let taxed = terms.tax.within(data.amount, terms.scale).map_err(Failure::poison)?;
    let misposted = misfit_of_payment(event, &data, terms);
    let parts = |credit, amount| legs([(Account::Payments, credit)], [(Asset::Cash, amount)]);
    let (legs, tax_percent) = if misposted.is_some() {
        // What is not believed moves nothing, as with orders.
        (legs([(Account::Suspense, Account::Suspense)], [(Asset::Cash, data.amount)]), None)
    } else {
        let net = parts(Account::SubscriptionRevenue, taxed.net);
        let legs = net.into_iter().chain(parts(Account::TaxPayable, taxed.tax)).collect();
        (legs, Some(terms.tax.percent()))
    };
    let id = id(event)?;
    Ok(Entry {
        // One posting for each payment, whatever tells of it again.
        entry_id: data.payment_id.clone(),
        at: at(event)?,
        event: event.event.clone(),
        event_id: id,
        transaction_type: None,
        user_id: data.user_id,
        related_entity: EntityRef { kind: CHARGE.to_owned(), id: data.payment_id },
        legs,
        tax_percent,
        entered_on: None,
        misposted,
    })
}

/// Why a payment for a subscription does not fit.
fn misfit_of_payment(event: &Envelope, data: &PaymentProcessed, terms: &Terms) -> Option<String> {
    let is_own = event.metadata.entity.as_ref().is_some_and(|one| one.kind == CHARGE && one.id == data.payment_id);
    not_from(event, PAYMENT_SERVICE)
        .or_else(|| (!is_own).then(|| format!("{} outside its payment's stream", event.event)))
        .or_else(|| (data.currency != terms.currency).then(|| "an amount of another currency".to_owned()))
        .or_else(|| {
            let is_price = data.price.minus(data.credit) == Ok(data.amount);
            (!is_price).then(|| "the price less the credit is not the amount".to_owned())
        })
}

/// Each of `moves` (debit, credit) with each of `parts` that is anything.
fn legs(
    moves: impl IntoIterator<Item = (Account, Account)>,
    parts: impl IntoIterator<Item = (Asset, Amount), IntoIter: Clone>,
) -> Vec<Leg> {
    let parts = parts.into_iter().filter(|(_, amount)| !amount.is_zero());
    let each = |(debit, credit)| parts.clone().map(move |(asset, amount)| Leg { debit, credit, asset, amount });
    moves.into_iter().flat_map(each).collect()
}

fn is_not_total(parts: &[(Asset, Amount)], total: Amount) -> bool {
    let sum: Result<Amount, MoneyError> = parts.iter().try_fold(Amount::ZERO, |sum, (_, amount)| sum.plus(*amount));
    sum != Ok(total)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An event with its place.
    pub(crate) fn event(name: &str, source: &str, stream: (&str, &str), data: &str) -> Envelope {
        let (kind, id) = stream;
        let text = format!(
            r#"{{"event":"{name}","version":"1.0","timestamp":"2026-01-04T10:17:12.567Z","data":{data},
                "metadata":{{"source":"{source}","request_id":"r","event_id":"e-{kind}-{id}",
                "entity":{{"type":"{kind}","id":"{id}"}},"sequence":1}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn terms() -> Terms {
        Terms { currency: "EUR".to_owned(), scale: 2, tax: "18".parse().unwrap() }
    }

    /// The entry of an event at a stage of Euros with 18 % tax.
    pub(crate) fn entry(event: &Envelope) -> Result<Option<Entry>, Failure> {
        of(event, &terms())
    }

    pub(crate) fn payment(id: &str, price: &str, credit: &str, amount: &str) -> String {
        format!(
            r#"{{"payment_id":"{id}","customer_id":"c","user_id":"u","subscription_id":"s","purpose":"renewal",
                "plan":"monthly","price":{price},"credit":{credit},"amount":{amount},"currency":"EUR","provider":"p",
                "provider_reference":"r","period_start":"2026-01-04T00:00:00.000Z",
                "period_end":"2026-02-04T00:00:00.000Z"}}"#
        )
    }

    #[test]
    fn a_payment_for_a_subscription_is_revenue_and_tax() {
        use Account::{Payments, SubscriptionRevenue, TaxPayable};
        for (credit, amount, net, tax) in [("0", "9.99", "8.47", "1.52"), ("9.98", "0.01", "0.01", "0")] {
            let data = payment("pay", "9.99", credit, amount);
            let made = entry(&event("payment.processed", PAYMENT_SERVICE, (CHARGE, "pay"), &data)).unwrap().unwrap();
            assert_eq!((made.misposted.as_ref(), made.entry_id.as_str()), (None, "pay"));
            let expected = [(SubscriptionRevenue, net), (TaxPayable, tax)].into_iter().filter(|(_, part)| *part != "0");
            let expected: Vec<_> =
                expected.map(|(account, part)| (Payments, account, Asset::Cash, part.to_owned())).collect();
            assert_eq!(moved(&made), expected);
        }
    }

    #[test]
    fn a_renewal_posts_nothing_and_a_payment_that_does_not_fit_is_told() {
        let renewed = event("subscription.renewed", "subscription-service", ("subscription", "s"), "{}");
        assert_eq!(entry(&renewed), Ok(None));
        let good = payment("pay", "9.99", "0", "9.99");
        for (source, stream, data) in [
            ("subscription-service", (CHARGE, "pay"), good.clone()),
            (PAYMENT_SERVICE, ("payment", "pay"), good.clone()),
            (PAYMENT_SERVICE, (CHARGE, "other"), good.clone()),
            (PAYMENT_SERVICE, (CHARGE, "pay"), good.replace("EUR", "INR")),
            (PAYMENT_SERVICE, (CHARGE, "pay"), payment("pay", "9.99", "1", "9.99")),
        ] {
            let made = entry(&event("payment.processed", source, stream, &data)).unwrap().unwrap();
            assert!(made.misposted.is_some() && made.tax_percent.is_none(), "{source} {stream:?} {data}");
            assert!(made.legs.iter().all(|leg| (leg.debit, leg.credit) == (Account::Suspense, Account::Suspense)));
        }
    }

    fn wallet(name: &str, purpose: &str, stream: (&str, &str), related: (&str, &str)) -> Result<Entry, Failure> {
        let (kind, id) = related;
        let data = format!(
            r#"{{"transaction_id":"txn_1","user_id":"u","transaction_type":"{purpose}","coin_type":"cash","amount":12.5,
                "balance_before":0,"balance_after":12.5,"related_entity":{{"type":"{kind}","id":"{id}"}}}}"#
        );
        entry(&event(name, WALLET_SERVICE, stream, &data)).map(Option::unwrap)
    }

    fn moved(entry: &Entry) -> Vec<(Account, Account, Asset, String)> {
        entry.legs.iter().map(|leg| (leg.debit, leg.credit, leg.asset, leg.amount.to_string())).collect()
    }

    #[test]
    fn a_wallet_is_booked_against_the_account_of_the_purpose() {
        use Account::{OrderClearing, Payments, Payouts, Stakes, Suspense, UserWallets};
        let cash = |debit, credit| vec![(debit, credit, Asset::Cash, "12.5".to_owned())];
        for (name, purpose, stream, related, expected, fits) in [
            ("wallet.debited", "debit_bet_stake", ("bet", "b"), ("bet", "b"), cash(UserWallets, Stakes), true),
            ("wallet.credited", "credit_bet_payout", ("wallet", "u"), ("bet", "b"), cash(Payouts, UserWallets), true),
            ("wallet.credited", "credit_deposit", ("wallet", "u"), ("payment", "p"), cash(Payments, UserWallets), true),
            (
                "wallet.debited",
                "debit_order_payment",
                ("order", "o"),
                ("order", "o"),
                cash(UserWallets, OrderClearing),
                true,
            ),
            // Not from there: the money is followed, into suspense.
            ("wallet.debited", "debit_order_payment", ("bet", "o"), ("order", "o"), cash(UserWallets, Suspense), false),
            (
                "wallet.debited",
                "debit_order_payment",
                ("order", "x"),
                ("order", "o"),
                cash(UserWallets, Suspense),
                false,
            ),
            (
                "wallet.credited",
                "credit_deposit",
                ("wallet", "v"),
                ("payment", "p"),
                cash(Suspense, UserWallets),
                false,
            ),
            ("wallet.credited", "debit_bet_stake", ("bet", "b"), ("bet", "b"), cash(Suspense, UserWallets), false),
            (
                "wallet.credited",
                "credit_order_refund",
                ("order", "o"),
                ("order", "o"),
                cash(Suspense, UserWallets),
                false,
            ),
            ("wallet.debited", "debit_hold", ("wallet", "u"), ("operation", "o"), cash(UserWallets, Suspense), false),
        ] {
            let entry = wallet(name, purpose, stream, related).unwrap();
            assert_eq!(moved(&entry), expected, "{purpose} {stream:?}");
            assert_eq!(entry.misposted.is_none(), fits, "{purpose}: {:?}", entry.misposted);
            assert_eq!(entry.entry_id, "txn_1");
        }
    }

    #[test]
    fn what_a_posting_is_for_is_never_guessed() {
        for unknown in ["debit_gift", "", "DebitBetStake", "debit_bet_stake "] {
            let refused = wallet("wallet.debited", unknown, ("bet", "b"), ("bet", "b"));
            assert!(matches!(refused, Err(Failure::Poison(_))), "{unknown}");
        }
    }

    const PAID: &str = r#"{"order_id":"o","user_id":"u","merchant_id":"m","amount":450,"payment_method":"wallet",
        "payment_breakdown":[{"type":"promo_coins","amount":200,"transaction_id":"a"},
        {"type":"cash","amount":250,"transaction_id":"b"}],"discount_applied":50}"#;
    const REFUNDED: &str = r#"{"user_id":"u","refund_reason":"order_failed","original_order_id":"o",
        "original_transaction_ids":["a","b"],"refund_transaction_ids":["c","d"],"total_refunded":450,
        "refund_breakdown":[{"coin_type":"promo_coins","amount":200},{"coin_type":"cash","amount":250}]}"#;

    #[test]
    fn a_refund_takes_back_what_payment_and_debits_did() {
        let paid = entry(&event("order.paid", ORDER_SERVICE, ("order", "o"), PAID)).unwrap().unwrap();
        let refunded = entry(&event("wallet.refunded", WALLET_SERVICE, ("order", "o"), REFUNDED)).unwrap().unwrap();
        assert_eq!((&paid.misposted, &refunded.misposted), (&None, &None));
        for asset in [Asset::PromoCoins, Asset::Cash] {
            let of_asset = |entry: &Entry| {
                entry
                    .legs
                    .iter()
                    .filter(|leg| leg.asset == asset)
                    .map(|leg| (leg.debit, leg.credit))
                    .collect::<Vec<_>>()
            };
            assert_eq!(of_asset(&paid), [(Account::OrderClearing, Account::OrderRevenue)]);
            assert_eq!(
                of_asset(&refunded),
                [(Account::OrderRevenue, Account::OrderClearing), (Account::OrderClearing, Account::UserWallets)]
            );
        }
    }

    #[test]
    fn what_does_not_fit_an_order_is_told() {
        for (name, source, stream, data) in [
            ("order.paid", "merchant-service", ("order", "o"), PAID.to_owned()),
            ("order.paid", ORDER_SERVICE, ("order", "other"), PAID.to_owned()),
            ("order.paid", ORDER_SERVICE, ("order", "o"), PAID.replace("450", "451")),
            ("wallet.refunded", WALLET_SERVICE, ("wallet", "u"), REFUNDED.to_owned()),
            ("wallet.refunded", WALLET_SERVICE, ("order", "o"), REFUNDED.replace("450", "449")),
        ] {
            let entry = entry(&event(name, source, stream, &data)).unwrap().unwrap();
            assert!(entry.misposted.is_some(), "{name} {source} {stream:?}");
            assert!(entry.legs.iter().all(|leg| leg.debit == Account::Suspense), "{name}");
        }
    }

    #[test]
    fn other_events_post_nothing() {
        assert_eq!(entry(&event("order.created", ORDER_SERVICE, ("order", "o"), "{}")), Ok(None));
    }
}
