//! What an event says of what a person did, without anything that is personal.

use quoin_events::types::{
    BetCancelled, BetPlaced, BetSettled, CoinAmount, DepositFailed, DepositSuccess, OrderCreated, OrderFailed,
    OrderInitiated, OrderPaid, UserLogin, UserProfileUpdated, WalletCredited, WalletDebited, WalletEntry,
    WalletRefunded, WalletTransferred,
};
use quoin_events::{EntityRef, Envelope, EventData, Timestamp};
use quoin_money::{Amount, Asset};
use quoin_runtime::Failure;
use serde::{Deserialize, Serialize};

/// What an activity is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ActivityKind"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The account: sessions and the profile.
    Account,
    /// Bets.
    Bet,
    /// Money put in.
    Deposit,
    /// Orders.
    Order,
    /// The wallet's balances.
    Wallet,
}

/// One thing that a person did, or that was done for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Activity {
    /// When.
    pub(crate) at: Timestamp,
    /// The event that tells of it.
    pub(crate) event: String,
    /// That event's id.
    pub(crate) event_id: String,
    /// What it is about.
    pub(crate) kind: Kind,
    /// How much: a posting, a stake, a deposit, what an order costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<Amount>,
    /// Of what; absent for an order, which several assets may pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asset: Option<Asset>,
    /// How much of each asset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) breakdown: Vec<CoinAmount>,
    /// What is available of the asset afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) balance_after: Option<Amount>,
    /// What a posting is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_type: Option<String>,
    /// What a bet may pay, or pays in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payout: Option<Amount>,
    /// A bet's result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<String>,
    /// Why it came to nothing, or was undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// How a deposit was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// The merchant of an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) merchant_id: Option<String>,
    /// The merchant's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) merchant_name: Option<String>,
    /// Who paid, on a transfer received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from_user_id: Option<String>,
    /// Who was paid, on a transfer sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to_user_id: Option<String>,
    /// Whether the device of a login was never seen before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) new_device: Option<bool>,
    /// Names of the profile's fields that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<String>,
    /// What it belongs to.
    pub(crate) related_entity: EntityRef,
}

/// An activity and whose it is.
pub(crate) type Done = (String, Activity);

/// What `event` says of whom; nothing if it is no activity.
///
/// # Errors
/// Poison, if the event is not as its type has it.
pub(crate) fn of(event: &Envelope) -> Result<Vec<Done>, Failure> {
    let at = event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp {error}")))?;
    if event.event_id().is_empty() {
        return Err(Failure::poison("the event has no id"));
    }
    let told = Told { event, at };
    Ok(match event.event.as_str() {
        UserLogin::NAME => vec![told.login(data(event)?)],
        UserProfileUpdated::NAME => vec![told.profile(&data(event)?)],
        BetPlaced::NAME => vec![told.bet_placed(data(event)?)],
        BetSettled::NAME => vec![told.bet_settled(data(event)?)?],
        BetCancelled::NAME => vec![told.bet_cancelled(data(event)?)?],
        DepositSuccess::NAME => vec![told.deposit(data(event)?)],
        DepositFailed::NAME => vec![told.deposit_failed(data(event)?)?],
        WalletDebited::NAME => vec![told.posting(data::<WalletDebited>(event)?.0)],
        WalletCredited::NAME => vec![told.posting(data::<WalletCredited>(event)?.0)],
        WalletRefunded::NAME => vec![told.refund(data(event)?)?],
        WalletTransferred::NAME => told.transfer(&data(event)?).into(),
        OrderInitiated::NAME => vec![told.order_initiated(data(event)?)],
        OrderPaid::NAME => vec![told.order_paid(data(event)?)],
        OrderCreated::NAME => vec![told.order_created(data(event)?)],
        OrderFailed::NAME => vec![told.order_failed(data(event)?)],
        _ => Vec::new(),
    })
}

// The parser's own words may quote what it read; they are not passed on.
fn data<T: EventData>(event: &Envelope) -> Result<T, Failure> {
    event.data().map_err(|_| Failure::poison(format!("the data of {} cannot be read", T::NAME)))
}

/// The wire name of a value of one of the events' enumerations.
fn name(value: &impl Serialize) -> Result<String, Failure> {
    let value = serde_json::to_value(value).map_err(Failure::poison)?;
    value.as_str().map(str::to_owned).ok_or_else(|| Failure::poison("a value has no name"))
}

/// An event and when it happened.
struct Told<'a> {
    event: &'a Envelope,
    at: Timestamp,
}

impl Told<'_> {
    /// The activity with nothing but what all have.
    fn about(&self, kind: Kind, entity: &str, id: &str) -> Activity {
        Activity {
            at: self.at,
            event: self.event.event.clone(),
            event_id: self.event.event_id().to_owned(),
            kind,
            amount: None,
            asset: None,
            breakdown: Vec::new(),
            balance_after: None,
            transaction_type: None,
            payout: None,
            result: None,
            reason: None,
            method: None,
            merchant_id: None,
            merchant_name: None,
            from_user_id: None,
            to_user_id: None,
            new_device: None,
            changed: Vec::new(),
            related_entity: EntityRef { kind: entity.to_owned(), id: id.to_owned() },
        }
    }

    fn login(&self, login: UserLogin) -> Done {
        let activity = self.about(Kind::Account, "session", &login.session_id);
        (login.user_id, Activity { new_device: Some(login.new_device), ..activity })
    }

    fn profile(&self, profile: &UserProfileUpdated) -> Done {
        let fields = [
            ("full_name", profile.full_name.is_some()),
            ("phone", profile.phone.is_some()),
            ("email", profile.email.is_some()),
            ("language", profile.language.is_some()),
        ];
        let changed = fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name.to_owned()).collect();
        (profile.user_id.clone(), Activity { changed, ..self.about(Kind::Account, "user", &profile.user_id) })
    }

    fn bet_placed(&self, bet: BetPlaced) -> Done {
        let (amount, asset) = (Some(bet.stake.amount), Some(bet.stake.asset));
        let activity = self.about(Kind::Bet, "bet", &bet.bet_id);
        (bet.user_id, Activity { amount, asset, payout: Some(bet.potential_payout), ..activity })
    }

    fn bet_settled(&self, bet: BetSettled) -> Result<Done, Failure> {
        let (amount, asset) = (Some(bet.stake.amount), Some(bet.stake.asset));
        let (payout, result) = (Some(bet.payout_total), Some(name(&bet.result)?));
        let activity = self.about(Kind::Bet, "bet", &bet.bet_id);
        Ok((bet.user_id, Activity { amount, asset, payout, result, ..activity }))
    }

    fn bet_cancelled(&self, bet: BetCancelled) -> Result<Done, Failure> {
        let (amount, asset, reason) = (Some(bet.refund), Some(bet.asset), Some(name(&bet.reason)?));
        Ok((bet.user_id, Activity { amount, asset, reason, ..self.about(Kind::Bet, "bet", &bet.bet_id) }))
    }

    fn deposit(&self, deposit: DepositSuccess) -> Done {
        let (amount, asset, method) = (Some(deposit.amount), Some(deposit.asset), Some(deposit.method));
        let activity = self.about(Kind::Deposit, "payment", &deposit.payment_id);
        (deposit.user_id, Activity { amount, asset, method, ..activity })
    }

    fn deposit_failed(&self, deposit: DepositFailed) -> Result<Done, Failure> {
        let (amount, asset) = (Some(deposit.amount), Some(deposit.asset));
        let reason = Some(name(&deposit.failure_reason)?);
        let activity = self.about(Kind::Deposit, "payment", &deposit.payment_id);
        Ok((deposit.user_id, Activity { amount, asset, reason, ..activity }))
    }

    fn posting(&self, entry: WalletEntry) -> Done {
        let activity = Activity {
            amount: Some(entry.amount),
            asset: Some(entry.coin_type),
            balance_after: Some(entry.balance_after),
            transaction_type: Some(entry.transaction_type),
            ..self.about(Kind::Wallet, &entry.related_entity.kind, &entry.related_entity.id)
        };
        (entry.user_id, activity)
    }

    fn refund(&self, refund: WalletRefunded) -> Result<Done, Failure> {
        let activity = Activity {
            amount: Some(refund.total_refunded),
            breakdown: refund.refund_breakdown,
            reason: Some(name(&refund.refund_reason)?),
            ..self.about(Kind::Wallet, "order", &refund.original_order_id)
        };
        Ok((refund.user_id, activity))
    }

    /// The transfer as each side sees it.
    fn transfer(&self, transfer: &WalletTransferred) -> [Done; 2] {
        let activity = Activity {
            amount: Some(transfer.amount),
            asset: Some(transfer.asset),
            ..self.about(Kind::Wallet, "transfer", &transfer.transfer_id)
        };
        let (from, to) = (transfer.from_user_id.clone(), transfer.to_user_id.clone());
        let sent = Activity { to_user_id: Some(to.clone()), ..activity.clone() };
        let received = Activity { from_user_id: Some(from.clone()), ..activity };
        [(from, sent), (to, received)]
    }

    fn order_initiated(&self, order: OrderInitiated) -> Done {
        let activity = Activity {
            amount: Some(order.final_amount),
            merchant_id: Some(order.merchant_id),
            merchant_name: Some(order.merchant_name),
            ..self.about(Kind::Order, "order", &order.order_id)
        };
        (order.user_id, activity)
    }

    fn order_paid(&self, order: OrderPaid) -> Done {
        let parts = order.payment_breakdown.into_iter();
        let activity = Activity {
            amount: Some(order.amount),
            breakdown: parts.map(|part| CoinAmount { coin_type: part.kind, amount: part.amount }).collect(),
            merchant_id: Some(order.merchant_id),
            ..self.about(Kind::Order, "order", &order.order_id)
        };
        (order.user_id, activity)
    }

    fn order_created(&self, order: OrderCreated) -> Done {
        let activity = Activity {
            amount: Some(order.pricing.total),
            merchant_id: Some(order.merchant_id),
            merchant_name: Some(order.merchant_name),
            ..self.about(Kind::Order, "order", &order.order_id)
        };
        (order.user_id, activity)
    }

    fn order_failed(&self, order: OrderFailed) -> Done {
        let activity = Activity {
            amount: Some(order.order_value),
            reason: Some(order.failure_reason.as_str().to_owned()),
            merchant_id: Some(order.merchant_id),
            ..self.about(Kind::Order, "order", &order.order_id)
        };
        (order.user_id, activity)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::Path;

    /// Every golden sample.
    pub(crate) fn samples() -> Vec<Envelope> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events/catalogue");
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect()
    }

    fn sample(name: &str) -> Vec<Done> {
        of(&samples().into_iter().find(|event| event.event == name).unwrap()).unwrap()
    }

    #[test]
    fn every_event_that_the_consumer_listens_to_is_an_activity_and_no_other() {
        let declared = include_str!("../service.yaml");
        let listed = |name: &str| {
            let activity = declared.split("  activity:").nth(1).unwrap().split("    uses:").next().unwrap();
            activity.contains(&format!("{name},")) || activity.contains(&format!("{name}]"))
        };
        for event in samples() {
            assert_eq!(!of(&event).unwrap().is_empty(), listed(&event.event), "{}", event.event);
        }
    }

    #[test]
    fn nothing_that_is_sealed_is_kept() {
        for event in samples() {
            for (_, activity) in of(&event).unwrap() {
                let text = serde_json::to_string(&activity).unwrap();
                assert!(!text.contains("enc:v1:") && !text.contains("null"), "{text}");
                assert_eq!(serde_json::from_str::<Activity>(&text).unwrap(), activity);
            }
        }
    }

    #[test]
    fn both_sides_of_a_transfer_have_done_something() {
        let done = sample("wallet.transferred");
        let [(payer, sent), (payee, received)] = done.as_slice() else { panic!("{done:?}") };
        assert_eq!((sent.to_user_id.as_ref(), received.from_user_id.as_ref()), (Some(payee), Some(payer)));
        assert!(sent.from_user_id.is_none() && received.to_user_id.is_none());
    }

    #[test]
    fn an_order_tells_its_amounts_its_merchant_and_its_reason() {
        let (user_id, paid) = sample("order.paid").remove(0);
        assert_eq!((user_id.as_str(), paid.amount, paid.breakdown.len()), ("user_789", Some(Amount::whole(450)), 3));
        let (_, failed) = sample("order.failed").remove(0);
        assert_eq!(failed.reason.as_deref(), Some("WALLET_INSUFFICIENT_BALANCE"));
        let (_, created) = sample("order.created").remove(0);
        assert_eq!((created.kind, created.merchant_name.as_deref()), (Kind::Order, Some("Fresh Mart BizOne")));
        assert_eq!(created.related_entity, EntityRef { kind: "order".to_owned(), id: "order_101".to_owned() });
    }
}
