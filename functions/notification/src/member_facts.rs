//! What members are told of their registration and of what they pay.

use quoin_events::types::{
    CancellationReason, ChargeFailure, ChargePurpose, CustomerRegistered, PaymentProcessed, SubscriptionCancelled,
    SubscriptionChargeFailed, SubscriptionRenewed,
};
use quoin_events::{Envelope, EventData, Timestamp};
use quoin_money::Asset;
use quoin_runtime::Failure;

use crate::facts::{Fact, Value, data, fact, money, text};

/// What `event` says to a member; nothing if nobody is told.
///
/// # Errors
/// Poison, if the data does not have the shape of its type.
pub(crate) fn of(event: &Envelope) -> Result<Vec<Fact>, Failure> {
    Ok(match event.event.as_str() {
        CustomerRegistered::NAME => registered(data(event)?),
        PaymentProcessed::NAME => paid(data(event)?),
        SubscriptionRenewed::NAME => renewed(data(event)?),
        SubscriptionChargeFailed::NAME => failed(data(event)?),
        SubscriptionCancelled::NAME => cancelled(data(event)?),
        _ => Vec::new(),
    })
}

fn registered(customer: CustomerRegistered) -> Vec<Fact> {
    fact(customer.user_id, "member_welcome", vec![("plan", text(customer.plan))])
}

fn paid(payment: PaymentProcessed) -> Vec<Fact> {
    let values = vec![
        ("amount", money(payment.amount, Asset::Cash)),
        ("plan", text(payment.plan)),
        ("begins", day(payment.period_start)),
        ("ends", day(payment.period_end)),
        ("payment_id", text(payment.payment_id)),
    ];
    fact(payment.user_id, "payment_receipt", values)
}

fn renewed(renewal: SubscriptionRenewed) -> Vec<Fact> {
    let values = vec![
        ("amount", money(renewal.amount, Asset::Cash)),
        ("plan", text(renewal.plan)),
        ("begins", day(renewal.period_start)),
        ("ends", day(renewal.period_end)),
        ("subscription_id", text(renewal.subscription_id)),
    ];
    fact(renewal.user_id, "subscription_renewed", values)
}

fn failed(charge: SubscriptionChargeFailed) -> Vec<Fact> {
    // Who registers reads it in the answer, and is nobody's customer.
    if charge.purpose == ChargePurpose::Registration {
        return Vec::new();
    }
    let reason = match charge.failure_reason {
        ChargeFailure::Declined => "declined",
        ChargeFailure::Expired => "expired",
    };
    let values = vec![
        ("amount", money(charge.amount, Asset::Cash)),
        ("plan", text(charge.plan)),
        ("reason", text(reason)),
        ("next_attempt", charge.next_attempt_at.map_or_else(|| text(""), day)),
        ("payment_id", text(charge.payment_id)),
    ];
    fact(charge.user_id, "payment_failed", values)
}

fn cancelled(subscription: SubscriptionCancelled) -> Vec<Fact> {
    let reason = match subscription.reason {
        CancellationReason::Customer => "customer",
        CancellationReason::PaymentFailed => "payment_failed",
        // Who is forgotten is not written to.
        CancellationReason::Erasure => return Vec::new(),
    };
    let values = vec![
        ("plan", text(subscription.plan)),
        ("reason", text(reason)),
        ("ends", day(subscription.ends_at)),
        ("subscription_id", text(subscription.subscription_id)),
    ];
    fact(subscription.user_id, "subscription_cancelled", values)
}

fn day(at: Timestamp) -> Value {
    text(at.day())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::facts::tests::envelope;

    const IDS: &str = r#""subscription_id":"sub_1","customer_id":"cust_1","user_id":"u","plan":"yearly""#;
    const AMOUNTS: &str = r#""price":499,"credit":99.5,"amount":399.5,"currency":"EUR""#;
    const PERIOD: &str = r#""period_start":"2026-02-04T10:00:00.000Z","period_end":"2027-02-04T10:00:00.000Z""#;

    fn charge_failed(purpose: &str, more: &str) -> String {
        format!(
            r#"{{{IDS},"payment_id":"pay_1","purpose":"{purpose}","amount":399.5,"currency":"EUR","attempt":1,
                "failure_reason":"declined"{more}}}"#
        )
    }

    fn subscription_cancelled(reason: &str) -> String {
        format!(
            r#"{{{IDS},"price":499,"currency":"EUR","reason":"{reason}","ends_at":"2027-02-04T10:00:00.000Z",
                "began_at":"2026-02-04T10:00:00.000Z","periods":1}}"#
        )
    }

    /// One event of each kind that is told.
    pub(crate) fn samples() -> Vec<(&'static str, String)> {
        let sealed = |letter: &str| format!("enc:v1:{}", letter.repeat(40));
        vec![
            (
                "customer.registered",
                format!(
                    r#"{{{IDS},"full_name":"{}","email":"{}","language":"en","payment_id":"pay_1"}}"#,
                    sealed("a"),
                    sealed("b")
                ),
            ),
            (
                "payment.processed",
                format!(
                    r#"{{{IDS},"payment_id":"pay_1","purpose":"renewal",{AMOUNTS},"provider":"p",
                        "provider_reference":"r",{PERIOD}}}"#
                ),
            ),
            ("subscription.renewed", format!(r#"{{{IDS},{AMOUNTS},"payment_id":"pay_1","period":2,{PERIOD}}}"#)),
            (
                "subscription.charge_failed",
                charge_failed("renewal", r#","next_attempt_at":"2026-02-07T10:00:00.000Z""#),
            ),
            ("subscription.charge_failed", charge_failed("renewal", "")),
            ("subscription.cancelled", subscription_cancelled("customer")),
            ("subscription.cancelled", subscription_cancelled("payment_failed")),
        ]
    }

    #[test]
    fn who_registers_or_is_forgotten_is_not_written_to() {
        for (event, data) in [
            ("subscription.charge_failed", charge_failed("registration", "")),
            ("subscription.cancelled", subscription_cancelled("erasure")),
            ("subscription.created", "{}".to_owned()),
        ] {
            assert_eq!(of(&envelope(event, &data)), Ok(Vec::new()), "{event}");
        }
    }
}
