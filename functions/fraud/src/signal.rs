//! What an event says of a person, as far as a rule may count it.

use quoin_events::types::{
    BetPlaced, OrderCreated, OrderFailed, OrderFailureReason, OrderFailureStage, UserLogin, WalletDebitFailed,
    WalletDebitStarted,
};
use quoin_events::{Envelope, EventData, Timestamp};
use quoin_money::Amount;
use quoin_runtime::Failure;
use quoin_store::{Item, StoreError};
use serde::{Deserialize, Serialize};

/// What a person did, or what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FraudSignal"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// An order's debit began.
    Order,
    /// An order became final.
    CreatedOrder,
    /// An order was refused before it was paid, other than for the mark itself.
    FailedOrder,
    /// A debit was refused.
    FailedDebit,
    /// A session began on a device that was known.
    Login,
    /// A session began on a device that was not.
    NewDeviceLogin,
    /// A bet was accepted.
    Bet,
}

/// One event as rules count it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    /// The event.
    pub(crate) event_id: String,
    /// What it says.
    pub(crate) kind: Kind,
    /// When it happened, as it says itself.
    pub(crate) at: Timestamp,
    /// How much it was about, where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<Amount>,
}

impl Counted {
    /// The event of a row, and how often its user had been cleared when it was counted.
    ///
    /// # Errors
    /// If the row is not one.
    pub(crate) fn read(item: &Item) -> Result<(Self, i64), StoreError> {
        Ok((item.require_json("counted")?, item.get_number("clearings").unwrap_or_default()))
    }
}

/// Whom `event` is about and what of it may count; `None` if nothing.
///
/// # Errors
/// Poison, if it cannot be read, has no id or no moment.
pub(crate) fn of(event: &Envelope) -> Result<Option<(String, Counted)>, Failure> {
    let Some((user_id, kind, amount)) =
        said(event).map_err(|error| Failure::poison(format!("the data of {} cannot be read: {error}", event.event)))?
    else {
        return Ok(None);
    };
    let at = event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp {error}")))?;
    let event_id = match event.event_id() {
        "" => return Err(Failure::poison("the event has no id")),
        id => id.to_owned(),
    };
    Ok(Some((user_id, Counted { event_id, kind, at, amount })))
}

type Said = Option<(String, Kind, Option<Amount>)>;

fn said(event: &Envelope) -> Result<Said, serde_json::Error> {
    Ok(match event.event.as_str() {
        WalletDebitStarted::NAME => {
            let debit: WalletDebitStarted = event.data()?;
            Some((debit.user_id, Kind::Order, Some(debit.total_amount)))
        }
        WalletDebitFailed::NAME => {
            let debit: WalletDebitFailed = event.data()?;
            Some((debit.user_id, Kind::FailedDebit, Some(debit.amount_required)))
        }
        OrderCreated::NAME => {
            let order: OrderCreated = event.data()?;
            Some((order.user_id, Kind::CreatedOrder, Some(order.pricing.total)))
        }
        OrderFailed::NAME => {
            let order: OrderFailed = event.data()?;
            is_own_doing(&order).then_some((order.user_id, Kind::FailedOrder, Some(order.order_value)))
        }
        UserLogin::NAME => {
            let login: UserLogin = event.data()?;
            let kind = if login.new_device { Kind::NewDeviceLogin } else { Kind::Login };
            Some((login.user_id, kind, None))
        }
        BetPlaced::NAME => {
            let bet: BetPlaced = event.data()?;
            Some((bet.user_id, Kind::Bet, Some(bet.stake.amount)))
        }
        _ => None,
    })
}

/// A mark must not feed itself, and what a merchant refuses says nothing of the person.
fn is_own_doing(order: &OrderFailed) -> bool {
    let by_merchant = match order.failure_stage {
        OrderFailureStage::Merchant => true,
        OrderFailureStage::Validation | OrderFailureStage::WalletDebit => false,
    };
    !by_merchant && order.failure_reason != OrderFailureReason::FraudReview
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str, metadata: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"{name}","version":"1.0","timestamp":"2026-01-04T10:18:00.123Z","data":{data},
                "metadata":{{"source":"x","request_id":"r"{metadata}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn failed(reason: &str, stage: &str) -> Option<Kind> {
        let data = format!(
            r#"{{"order_id":"o","user_id":"u","merchant_id":"m","failure_reason":"{reason}","failure_stage":"{stage}",
                "order_value":450,"rollback_completed":true}}"#
        );
        of(&event("order.failed", &data, r#","event_id":"e""#)).unwrap().map(|(_, counted)| counted.kind)
    }

    #[test]
    fn only_failures_of_the_persons_own_doing_count() {
        assert_eq!(failed("OUT_OF_STOCK", "validation"), Some(Kind::FailedOrder));
        assert_eq!(failed("WALLET_INSUFFICIENT_BALANCE", "wallet_debit"), Some(Kind::FailedOrder));
        assert_eq!(failed("FRAUD_REVIEW", "validation"), None);
        assert_eq!(failed("MERCHANT_REJECTED", "merchant"), None);
    }

    #[test]
    fn a_new_device_is_told_from_a_known_one() {
        for (new, kind) in [(true, Kind::NewDeviceLogin), (false, Kind::Login)] {
            let data = format!(r#"{{"user_id":"u","session_id":"s","new_device":{new}}}"#);
            let (user_id, counted) = of(&event("UserLogin", &data, r#","event_id":"e""#)).unwrap().unwrap();
            assert_eq!((user_id.as_str(), counted.kind, counted.amount), ("u", kind, None));
            assert_eq!(counted.at.to_string(), "2026-01-04T10:18:00.123Z");
        }
    }

    #[test]
    fn what_cannot_be_read_or_told_apart_is_poison_and_other_events_are_nothing() {
        assert!(matches!(of(&event("BetPlaced", "{}", "")), Err(Failure::Poison(_))));
        let login = r#"{"user_id":"u","session_id":"s","new_device":true}"#;
        assert!(matches!(of(&event("UserLogin", login, "")), Err(Failure::Poison(_))));
        assert_eq!(of(&event("order.paid", "{}", "")), Ok(None));
    }
}
