//! A payment for a subscription, as either of the events that tell of it has it.

use quoin_events::types::{PaymentProcessed, SubscriptionRenewed};
use quoin_events::{Envelope, EventData, Timestamp};
use quoin_money::Amount;
use quoin_runtime::Failure;

/// What was paid, by whom and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    /// The payment.
    pub(crate) payment_id: String,
    /// Who paid.
    pub(crate) customer_id: String,
    /// The account of the customer.
    pub(crate) user_id: String,
    /// For what.
    pub(crate) subscription_id: String,
    /// Of which plan.
    pub(crate) plan: String,
    /// What a period of the plan costs, tax included.
    pub(crate) price: Amount,
    /// What was taken off.
    pub(crate) credit: Amount,
    /// What was paid: the price less the credit.
    pub(crate) amount: Amount,
    /// ISO 4217 code of the amounts.
    pub(crate) currency: String,
    /// The first moment of what was paid for.
    pub(crate) period_start: Timestamp,
    /// The first moment after it.
    pub(crate) period_end: Timestamp,
    /// When it was told.
    pub(crate) at: Timestamp,
}

/// The payment that `event` tells of; `None` for a renewal that cost nothing, and for other events.
///
/// # Errors
/// Poison, if it cannot be read or its amounts do not add up.
pub(crate) fn of(event: &Envelope) -> Result<Option<Payment>, Failure> {
    let unreadable = |_| Failure::poison(format!("the data of {} cannot be read", event.event));
    let at = || event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp {error}")));
    let payment = match event.event.as_str() {
        PaymentProcessed::NAME => {
            let paid: PaymentProcessed = event.data().map_err(unreadable)?;
            Payment {
                payment_id: paid.payment_id,
                customer_id: paid.customer_id,
                user_id: paid.user_id,
                subscription_id: paid.subscription_id,
                plan: paid.plan,
                price: paid.price,
                credit: paid.credit,
                amount: paid.amount,
                currency: paid.currency,
                period_start: paid.period_start,
                period_end: paid.period_end,
                at: at()?,
            }
        }
        SubscriptionRenewed::NAME => {
            let renewed: SubscriptionRenewed = event.data().map_err(unreadable)?;
            let Some(payment_id) = renewed.payment_id else { return Ok(None) };
            Payment {
                payment_id,
                customer_id: renewed.customer_id,
                user_id: renewed.user_id,
                subscription_id: renewed.subscription_id,
                plan: renewed.plan,
                price: renewed.price,
                credit: renewed.credit,
                amount: renewed.amount,
                currency: renewed.currency,
                period_start: renewed.period_start,
                period_end: renewed.period_end,
                at: at()?,
            }
        }
        _ => return Ok(None),
    };
    if payment.price.minus(payment.credit) != Ok(payment.amount) {
        return Err(Failure::poison(format!("the amounts of {} do not add up", payment.payment_id)));
    }
    Ok(Some(payment))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use quoin_events::EventData;

    pub(crate) fn event(name: &str, data: &str) -> Envelope {
        let text = format!(
            r#"{{"event":"{name}","version":"1.0","timestamp":"2026-02-01T00:00:01.000Z","data":{data},
                "metadata":{{"source":"s","request_id":"r","event_id":"e"}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    const COMMON: &str = r#""customer_id":"cust_1","user_id":"user_1","subscription_id":"sub_1","plan":"monthly",
        "price":499,"credit":99.5,"amount":399.5,"currency":"INR","period_start":"2026-02-01T00:00:00.000Z",
        "period_end":"2026-03-01T00:00:00.000Z""#;

    pub(crate) fn processed() -> Envelope {
        let own = r#""payment_id":"pay_1","purpose":"renewal","provider":"p","provider_reference":"x""#;
        event(PaymentProcessed::NAME, &format!("{{{COMMON},{own}}}"))
    }

    fn renewed(payment: &str) -> Envelope {
        event(SubscriptionRenewed::NAME, &format!(r#"{{{COMMON},{payment}"period":2}}"#))
    }

    #[test]
    fn both_events_tell_of_the_same_payment() {
        let told = of(&processed()).unwrap().unwrap();
        assert_eq!(of(&renewed(r#""payment_id":"pay_1","#)).unwrap(), Some(told.clone()));
        assert_eq!((told.amount.to_string().as_str(), told.plan.as_str()), ("399.5", "monthly"));
    }

    #[test]
    fn a_renewal_that_the_credit_covers_and_other_events_ask_for_no_invoice() {
        assert_eq!(of(&renewed("")), Ok(None));
        assert_eq!(of(&event("subscription.created", "{}")), Ok(None));
    }

    #[test]
    fn what_does_not_add_up_or_cannot_be_read_is_not_invoiced() {
        let mut event = processed();
        let data = event.data.get().replace("399.5", "400");
        event.data = serde_json::value::RawValue::from_string(data).unwrap();
        assert!(matches!(of(&event), Err(Failure::Poison(_))));
        assert!(matches!(of(&super::tests::event(PaymentProcessed::NAME, "{}")), Err(Failure::Poison(_))));
    }
}
