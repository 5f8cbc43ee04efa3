//! How long the stages of an order take, and why orders fail: at most one measure from each of its events.

use quoin_events::types::{
    BizoneOrderCreated, OrderConfirmationSent, OrderCreated, OrderFailed, OrderFailureReason, OrderPaid,
    OrderValidationCompleted, OrderValidationStarted,
};
use quoin_events::{Envelope, EventData, ParseTimestampError, Timestamp};
use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Metric {
    /// The rules' time.
    Validation,
    /// From asked for to paid.
    Payment,
    /// From paid to confirmed by the merchant.
    Merchant,
    /// From confirmed to final.
    Creation,
    /// From final to the customer being told.
    Confirmation,
    /// An order that failed.
    Failed(OrderFailureReason),
}

impl Metric {
    /// Its name in CloudWatch.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Validation => "OrderValidationTime",
            Self::Payment => "OrderPaymentDelay",
            Self::Merchant => "OrderMerchantDelay",
            Self::Creation => "OrderCreationDelay",
            Self::Confirmation => "OrderConfirmationDelay",
            Self::Failed(reason) => match reason {
                OrderFailureReason::MinOrderValue => "FailedMinOrderValue",
                OrderFailureReason::DeliveryZone => "FailedDeliveryZone",
                OrderFailureReason::CampaignNotEligible => "FailedCampaignNotEligible",
                OrderFailureReason::KycRequired => "FailedKycRequired",
                OrderFailureReason::MerchantInactive => "FailedMerchantInactive",
                OrderFailureReason::OutOfStock => "FailedOutOfStock",
                OrderFailureReason::FraudReview => "FailedFraudReview",
                OrderFailureReason::WalletInsufficientBalance => "FailedWalletInsufficientBalance",
                OrderFailureReason::WalletClosed => "FailedWalletClosed",
                OrderFailureReason::MerchantRejected => "FailedMerchantRejected",
                OrderFailureReason::MerchantUnreachable => "FailedMerchantUnreachable",
            },
        }
    }

    /// Its unit in CloudWatch.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Validation | Self::Payment | Self::Merchant | Self::Creation | Self::Confirmation => "Milliseconds",
            Self::Failed(_) => "Count",
        }
    }
}

/// One value of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) metric: Metric,
    pub(crate) value: u64,
}

/// When an order took its steps, as far as later ones are measured from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moments {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    started: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confirmed: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
}

/// Why an event cannot be measured; it never can.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unmeasurable {
    /// Its data does not have the shape of its type.
    #[error("the data {0}")]
    Data(#[from] serde_json::Error),
    /// Its moment is none.
    #[error("the timestamp {0}")]
    Moment(#[from] ParseTimestampError),
}

impl Moments {
    /// Takes the next event of the order, and says what it measures.
    pub(crate) fn next(&mut self, event: &Envelope) -> Result<Option<Measure>, Unmeasurable> {
        let at: Timestamp = event.timestamp.parse()?;
        Ok(match event.event.as_str() {
            OrderValidationStarted::NAME => {
                self.started = Some(at);
                None
            }
            OrderValidationCompleted::NAME => {
                let value = event.data::<OrderValidationCompleted>()?.duration_ms;
                Some(Measure { metric: Metric::Validation, value })
            }
            OrderPaid::NAME => {
                self.paid = Some(at);
                since(Metric::Payment, self.started, at)
            }
            BizoneOrderCreated::NAME => {
                self.confirmed = Some(at);
                since(Metric::Merchant, self.paid, at)
            }
            OrderCreated::NAME => {
                self.created = Some(at);
                since(Metric::Creation, self.confirmed, at)
            }
            OrderConfirmationSent::NAME => since(Metric::Confirmation, self.created, at),
            OrderFailed::NAME => {
                let reason = event.data::<OrderFailed>()?.failure_reason;
                Some(Measure { metric: Metric::Failed(reason), value: 1 })
            }
            _ => None,
        })
    }
}

/// What passed since the step before; nothing, if that step is missing.
fn since(metric: Metric, before: Option<Timestamp>, at: Timestamp) -> Option<Measure> {
    let passed = at.millis().saturating_sub(before?.millis());
    // Moments of one stream do not go back.
    Some(Measure { metric, value: u64::try_from(passed).unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(event: &str) -> Envelope {
        let path = format!("{}/../../events/catalogue/{event}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn each_stage_of_the_order_flow_is_measured_once() {
        let mut moments = Moments::default();
        let flow = [
            ("order.validation_started", None),
            ("order.validation_completed", Some(("OrderValidationTime", 3_333))),
            ("order.initiated", None),
            ("wallet.debit_started", None),
            ("wallet.debited", None),
            // The moments are the order flow's own: 10:17:05.123, 13.123, 14.789, 15.456, 17.123.
            ("order.paid", Some(("OrderPaymentDelay", 8_000))),
            ("bizone.order_created", Some(("OrderMerchantDelay", 1_666))),
            ("order.created", Some(("OrderCreationDelay", 667))),
            ("order.confirmation_sent", Some(("OrderConfirmationDelay", 1_667))),
        ];
        for (event, expected) in flow {
            let measure = moments.next(&sample(event)).unwrap();
            assert_eq!(measure.map(|one| (one.metric.name(), one.value)), expected, "{event}");
        }
    }

    #[test]
    fn a_failure_is_counted_under_its_reason() {
        let measure = Moments::default().next(&sample("order.failed")).unwrap().unwrap();
        assert_eq!((measure.metric.name(), measure.metric.unit()), ("FailedWalletInsufficientBalance", "Count"));
        let stored: Measure = serde_json::from_str(&serde_json::to_string(&measure).unwrap()).unwrap();
        assert_eq!(stored, measure);
    }

    #[test]
    fn a_stage_whose_beginning_is_missing_is_not_measured() {
        assert_eq!(Moments::default().next(&sample("order.paid")).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let mut broken = sample("order.failed");
        broken.data = serde_json::value::RawValue::from_string("{}".to_owned()).unwrap();
        assert!(Moments::default().next(&broken).is_err());
    }
}
