//! An order as support sees it: what its events told, in their sequence. Pure.
//!
//! The status is a machine of its own, so that an event that does not fit shows as such instead of being believed.
//! What is personal stays sealed here.

use quoin_events::types::{
    BizoneOrderCreated, Channel, CoinAmount, OrderConfirmationSent, OrderCreated, OrderFailed, OrderFailureReason,
    OrderFailureStage, OrderInitiated, OrderItem, OrderPaid, OrderValidationCompleted, OrderValidationStarted,
    OrderValidations, PaymentPart, WalletDebited, WalletRefunded,
};
use quoin_events::{Envelope, EventData, Sealed, Timestamp};
use quoin_money::Amount;
use quoin_runtime::Failure;
use serde::{Deserialize, Serialize};

/// What a debit that pays an order is called.
const PAYS_ORDER: &str = "debit_order_payment";

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderStatus"))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// The rules are asked.
    Validating,
    /// The rules let it pass.
    Validated,
    /// A rule, the stock or the wallet refused it: nothing was paid.
    Refused,
    /// It is written down.
    Initiated,
    /// The wallet paid.
    Paid,
    /// The merchant has it.
    Confirmed,
    /// It is final.
    Created,
    /// What was paid is back.
    Refunded,
    /// It came to nothing after it was paid.
    Failed,
}

/// One event of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderStep"))]
pub(crate) struct Step {
    /// The event.
    pub(crate) event: String,
    /// Its place among the order's events.
    pub(crate) sequence: u64,
    /// When.
    pub(crate) at: Timestamp,
    /// How far the order was after it.
    pub(crate) status: Status,
    /// Whether it does not fit the status before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unexpected: bool,
}

/// Who ordered; sealed under the person's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SealedCustomer {
    pub(crate) user_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<Sealed>,
}

/// From whom, and what the merchant says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderMerchant"))]
pub(crate) struct Merchant {
    /// The merchant.
    pub(crate) merchant_id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The company behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) company: Option<String>,
    /// What the merchant calls the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_reference: Option<String>,
    /// Where the order can be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tracking_url: Option<String>,
    /// When it arrives, as the merchant says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) estimated_delivery: Option<String>,
    /// When the merchant confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_at: Option<Timestamp>,
}

/// What it costs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderAmounts"))]
pub(crate) struct Amounts {
    /// Prices times quantities, before the discount.
    pub(crate) order_value: Amount,
    /// What the campaign takes off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) discount: Option<Amount>,
    /// For bringing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delivery_fee: Option<Amount>,
    /// What is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<Amount>,
    /// The campaign's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) campaign_code: Option<String>,
}

/// What the rules said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderRules"))]
pub(crate) struct Rules {
    /// When.
    pub(crate) at: Timestamp,
    /// Whether the order may go on to payment.
    pub(crate) can_checkout: bool,
    /// What each rule said; true where it lets the order pass.
    pub(crate) validations: OrderValidations,
}

/// What was paid with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderPayment"))]
pub(crate) struct Payment {
    /// When.
    pub(crate) at: Timestamp,
    /// How much in all.
    pub(crate) amount: Amount,
    /// One line per asset.
    pub(crate) breakdown: Vec<PaymentPart>,
}

/// Why it came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderFailure"))]
pub(crate) struct Failed {
    /// When.
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) reason: OrderFailureReason,
    /// How far it had come.
    pub(crate) stage: OrderFailureStage,
    /// What was to be paid, where the wallet refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount_required: Option<Amount>,
    /// What the wallet could have paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount_available: Option<Amount>,
    /// Whether nothing of it is left.
    pub(crate) rollback_completed: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderRefund"))]
pub(crate) struct Refund {
    /// When.
    pub(crate) at: Timestamp,
    /// How much in all.
    pub(crate) total: Amount,
    /// How much of each asset.
    pub(crate) breakdown: Vec<CoinAmount>,
    /// The postings that gave back.
    pub(crate) transaction_ids: Vec<String>,
}

/// Over what the person was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderConfirmation"))]
pub(crate) struct Confirmation {
    /// When the last provider had accepted.
    pub(crate) at: Timestamp,
    /// Over what.
    pub(crate) channels: Vec<Channel>,
    /// The SMS provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sms_id: Option<String>,
    /// The push provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) push_id: Option<String>,
    /// The e-mail provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email_id: Option<String>,
}

/// The order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderView {
    pub(crate) order_id: String,
    pub(crate) status: Status,
    /// Place of the latest event that is in it.
    pub(crate) last_sequence: u64,
    pub(crate) updated_at: Timestamp,
    pub(crate) customer: SealedCustomer,
    pub(crate) merchant: Merchant,
    pub(crate) amounts: Amounts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) items: Vec<OrderItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rules: Option<Rules>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payment: Option<Payment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<Refund>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<Confirmation>,
    pub(crate) steps: Vec<Step>,
}

/// The status after `event`; `None` if it does not fit the one before.
fn after(before: Option<Status>, event: &str, data: &Told) -> Option<Status> {
    use Status::{Confirmed, Created, Failed, Initiated, Paid, Refunded, Refused, Validated, Validating};
    match (event, before) {
        (OrderValidationStarted::NAME, None) => Some(Validating),
        (OrderValidationCompleted::NAME, Some(Validating)) => Some(Validated),
        (OrderInitiated::NAME, Some(Validated)) => Some(Initiated),
        // The wallet's events of an order stand between its own.
        ("wallet.debit_started" | WalletDebited::NAME, Some(Initiated)) => Some(Initiated),
        ("wallet.debit_failed", Some(Validated)) => Some(Validated),
        (OrderPaid::NAME, Some(Initiated)) => Some(Paid),
        (BizoneOrderCreated::NAME, Some(Paid)) => Some(Confirmed),
        (OrderCreated::NAME, Some(Confirmed)) => Some(Created),
        (OrderConfirmationSent::NAME, Some(Created)) => Some(Created),
        // What comes back may have expired meanwhile, or repay what is owed: that is told before the refund.
        (WalletDebited::NAME, Some(Paid)) if !data.pays_order => Some(Paid),
        (WalletRefunded::NAME, Some(Paid)) => Some(Refunded),
        (OrderFailed::NAME, Some(Validated)) if data.is_refused => Some(Refused),
        (OrderFailed::NAME, Some(Refunded)) if !data.is_refused => Some(Failed),
        // Nothing comes back of an order that cost nothing.
        (OrderFailed::NAME, Some(Paid)) if !data.is_refused && data.is_free => Some(Failed),
        _ => None,
    }
}

/// What the machine has to know of an event besides its name.
struct Told {
    /// Whether a failure was one before the payment.
    is_refused: bool,
    /// Whether a debit is part of the payment.
    pays_order: bool,
    /// Whether nothing was paid.
    is_free: bool,
}

// The parser's own words may quote what it read; they are not passed on.
fn data<T: EventData>(event: &Envelope) -> Result<T, Failure> {
    event.data().map_err(|_| Failure::poison(format!("the data of {} cannot be read", T::NAME)))
}

impl OrderView {
    /// The view after `event`, the next one of the order.
    ///
    /// # Errors
    /// Poison, if the event is not as its type has it or has no place in an order's stream.
    pub(crate) fn after(before: Option<Self>, event: &Envelope) -> Result<Self, Failure> {
        let place = event.metadata.entity.as_ref().filter(|entity| entity.kind == "order");
        let (Some(entity), Some(sequence)) = (place, event.metadata.sequence) else {
            return Err(Failure::poison("the event has no place in an order's stream"));
        };
        let at: Timestamp =
            event.timestamp.parse().map_err(|error| Failure::poison(format!("the timestamp {error}")))?;
        let status = before.as_ref().map(|view| view.status);
        let mut view = before.unwrap_or_else(|| Self::empty(&entity.id, at));
        let told = view.take(event, at)?;
        let (is_expected, status) = match after(status, &event.event, &told) {
            Some(status) => (true, status),
            None => (false, view.status),
        };
        view.status = status;
        view.last_sequence = sequence;
        view.updated_at = view.updated_at.max(at);
        view.steps.push(Step { event: event.event.clone(), sequence, at, status, unexpected: !is_expected });
        Ok(view)
    }

    fn empty(order_id: &str, at: Timestamp) -> Self {
        Self {
            order_id: order_id.to_owned(),
            status: Status::Validating,
            last_sequence: 0,
            updated_at: at,
            customer: SealedCustomer::default(),
            merchant: Merchant::default(),
            amounts: Amounts::default(),
            items: Vec::new(),
            rules: None,
            payment: None,
            failure: None,
            refund: None,
            confirmation: None,
            steps: Vec::new(),
        }
    }

    /// Takes over what an event says; one that says nothing new of the order is a step all the same.
    fn take(&mut self, event: &Envelope, at: Timestamp) -> Result<Told, Failure> {
        let is_free = self.payment.as_ref().is_some_and(|payment| payment.amount.is_zero());
        let mut told = Told { is_refused: false, pays_order: false, is_free };
        match event.event.as_str() {
            OrderValidationStarted::NAME => self.started(data(event)?),
            OrderValidationCompleted::NAME => {
                let asked: OrderValidationCompleted = data(event)?;
                let (can_checkout, validations) = (asked.can_checkout, asked.validations);
                self.rules = Some(Rules { at, can_checkout, validations });
            }
            OrderInitiated::NAME => self.initiated(data(event)?),
            OrderPaid::NAME => {
                let paid: OrderPaid = data(event)?;
                self.payment = Some(Payment { at, amount: paid.amount, breakdown: paid.payment_breakdown });
            }
            WalletDebited::NAME => {
                let debited: WalletDebited = data(event)?;
                told.pays_order = debited.0.transaction_type == PAYS_ORDER;
            }
            BizoneOrderCreated::NAME => self.confirmed(data(event)?, at),
            OrderCreated::NAME => self.created(data(event)?),
            OrderConfirmationSent::NAME => {
                let sent: OrderConfirmationSent = data(event)?;
                let OrderConfirmationSent { channels, sent_at: at, sms_id, push_id, email_id, .. } = sent;
                self.confirmation = Some(Confirmation { at, channels, sms_id, push_id, email_id });
            }
            WalletRefunded::NAME => {
                let refund: WalletRefunded = data(event)?;
                self.refund = Some(Refund {
                    at,
                    total: refund.total_refunded,
                    breakdown: refund.refund_breakdown,
                    transaction_ids: refund.refund_transaction_ids,
                });
            }
            OrderFailed::NAME => {
                let failed: OrderFailed = data(event)?;
                told.is_refused = failed.failure_stage != OrderFailureStage::Merchant;
                self.failed(failed, at);
            }
            _ => {}
        }
        Ok(told)
    }

    fn started(&mut self, order: OrderValidationStarted) {
        self.customer.user_id = order.user_id;
        self.merchant.merchant_id = order.merchant_id;
        self.amounts.order_value = order.cart_value;
        self.amounts.campaign_code = order.campaign_code;
    }

    fn initiated(&mut self, order: OrderInitiated) {
        self.customer.user_id = order.user_id;
        self.merchant.merchant_id = order.merchant_id;
        self.merchant.name = Some(order.merchant_name);
        self.merchant.company = Some(order.merchant_company);
        self.amounts.order_value = order.order_value;
        self.amounts.discount = Some(order.discount);
        self.amounts.total = Some(order.final_amount);
        self.amounts.campaign_code = order.campaign_code;
    }

    fn confirmed(&mut self, order: BizoneOrderCreated, at: Timestamp) {
        self.merchant.order_reference = Some(order.bizone_order_id);
        self.merchant.tracking_url = order.tracking_url;
        self.merchant.estimated_delivery = order.estimated_delivery;
        self.merchant.confirmed_at = Some(at);
    }

    fn created(&mut self, order: OrderCreated) {
        self.customer = SealedCustomer { user_id: order.user_id, name: Some(order.user_name), phone: order.user_phone };
        self.merchant.name = Some(order.merchant_name);
        self.amounts.discount = Some(order.pricing.discount);
        self.amounts.delivery_fee = Some(order.pricing.delivery_fee);
        self.amounts.total = Some(order.pricing.total);
        self.items = order.items;
    }

    fn failed(&mut self, order: OrderFailed, at: Timestamp) {
        self.customer.user_id = order.user_id;
        self.merchant.merchant_id = order.merchant_id;
        self.failure = Some(Failed {
            at,
            reason: order.failure_reason,
            stage: order.failure_stage,
            amount_required: order.amount_required,
            amount_available: order.amount_available,
            rollback_completed: order.rollback_completed,
        });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::activity::tests::samples;

    /// The golden sample of `name` as the event `sequence` of the order `order_101`.
    fn event(name: &str, sequence: u64) -> Envelope {
        let mut event = samples().into_iter().find(|event| event.event == name).unwrap();
        let entity = quoin_events::EntityRef { kind: "order".to_owned(), id: "order_101".to_owned() };
        event.metadata.entity = Some(entity);
        event.metadata.sequence = Some(sequence);
        event
    }

    /// The view after events of those names.
    pub(crate) fn view(names: &[&str]) -> OrderView {
        told(names.iter().map(|name| (*name, serde_json::json!({}))))
    }

    /// The view after events of those names, whose data says something else than the sample's.
    fn told<'a>(events: impl IntoIterator<Item = (&'a str, serde_json::Value)>) -> OrderView {
        let mut view = None;
        for (sequence, (name, changes)) in (1..).zip(events) {
            let mut event = serde_json::to_value(event(name, sequence)).unwrap();
            for (member, value) in changes.as_object().unwrap() {
                event["data"][member] = value.clone();
            }
            let event: Envelope = serde_json::from_str(&event.to_string()).unwrap();
            view = Some(OrderView::after(view, &event).unwrap());
        }
        view.unwrap()
    }

    /// The events of a paid order, and after them `rest`.
    fn paid_and<'a>(rest: impl IntoIterator<Item = (&'a str, serde_json::Value)>) -> OrderView {
        told(NINE[..8].iter().map(|name| (*name, serde_json::json!({}))).chain(rest))
    }

    fn by_the_merchant() -> serde_json::Value {
        serde_json::json!({"failure_stage": "merchant", "failure_reason": "MERCHANT_REJECTED"})
    }

    pub(crate) const NINE: [&str; 11] = [
        "order.validation_started",
        "order.validation_completed",
        "order.initiated",
        "wallet.debit_started",
        "wallet.debited",
        "wallet.debited",
        "wallet.debited",
        "order.paid",
        "bizone.order_created",
        "order.created",
        "order.confirmation_sent",
    ];

    fn unexpected(view: &OrderView) -> Vec<u64> {
        view.steps.iter().filter(|step| step.unexpected).map(|step| step.sequence).collect()
    }

    #[test]
    fn the_nine_events_of_an_order_are_its_view() {
        let view = view(&NINE);
        assert_eq!((view.status, view.last_sequence, view.steps.len()), (Status::Created, 11, 11));
        assert_eq!(unexpected(&view), [0_u64; 0]);
        assert_eq!(view.merchant.order_reference.as_deref(), Some("BZN_ORD_5678"));
        assert_eq!(view.amounts.total, Some(Amount::whole(450)));
        assert_eq!(view.payment.as_ref().unwrap().breakdown.len(), 3);
        assert_eq!(view.confirmation.as_ref().unwrap().channels, [Channel::Sms, Channel::Push, Channel::Email]);
        assert!(view.customer.name.is_some() && view.failure.is_none());
        let text = serde_json::to_string(&view).unwrap();
        assert_eq!(serde_json::from_str::<OrderView>(&text).unwrap(), view);
        assert!(!text.contains("null"), "{text}");
    }

    #[test]
    fn every_beginning_of_the_nine_fits_the_machine() {
        for end in 1..=NINE.len() {
            assert_eq!(unexpected(&view(&NINE[..end])), [0_u64; 0], "{end}");
        }
    }

    #[test]
    fn a_refused_order_tells_what_there_was() {
        let view =
            view(&["order.validation_started", "order.validation_completed", "wallet.debit_failed", "order.failed"]);
        assert_eq!((view.status, unexpected(&view)), (Status::Refused, Vec::new()));
        let failure = view.failure.unwrap();
        assert_eq!(failure.amount_available, Some(Amount::whole(300)));
        assert!(view.refund.is_none() && view.payment.is_none());
    }

    #[test]
    fn an_order_that_its_merchant_refuses_is_refunded_and_has_failed() {
        let view = paid_and([("wallet.refunded", serde_json::json!({})), ("order.failed", by_the_merchant())]);
        assert_eq!((view.status, unexpected(&view)), (Status::Failed, Vec::new()));
        assert_eq!(view.steps.iter().map(|step| step.status).nth(8), Some(Status::Refunded));
        assert_eq!(view.failure.unwrap().stage, OrderFailureStage::Merchant);
        assert_eq!(view.refund.unwrap().total, Amount::whole(300));
    }

    #[test]
    fn what_comes_back_may_leave_at_once_for_an_expiry_or_a_debt() {
        for kind in ["debit_expired", "debit_owed_repayment"] {
            let left = ("wallet.debited", serde_json::json!({"transaction_type": kind}));
            let refunded = ("wallet.refunded", serde_json::json!({}));
            let view = paid_and([left.clone(), left, refunded, ("order.failed", by_the_merchant())]);
            assert_eq!((view.status, unexpected(&view)), (Status::Failed, Vec::new()), "{kind}");
        }
        // Nobody pays an order twice.
        let twice = paid_and([("wallet.debited", serde_json::json!({}))]);
        assert_eq!((twice.status, unexpected(&twice)), (Status::Paid, vec![9]));
    }

    #[test]
    fn an_order_that_cost_nothing_fails_without_a_refund() {
        let nothing = |name: &'static str| (name, serde_json::json!({}));
        let free = [
            nothing("order.validation_started"),
            nothing("order.validation_completed"),
            nothing("order.initiated"),
            ("order.paid", serde_json::json!({"amount": 0, "payment_breakdown": []})),
            ("order.failed", by_the_merchant()),
        ];
        let view = told(free);
        assert_eq!((view.status, unexpected(&view)), (Status::Failed, Vec::new()));
        assert!(view.refund.is_none());
        // One that cost something does not.
        let lost = paid_and([("order.failed", by_the_merchant())]);
        assert_eq!((lost.status, unexpected(&lost)), (Status::Paid, vec![9]));
    }

    #[test]
    fn what_does_not_fit_is_shown_and_not_believed() {
        let one = view(&["order.validation_started", "order.created", "order.validation_completed"]);
        assert_eq!((one.status, unexpected(&one)), (Status::Validated, vec![2]));
        let late = view(&["order.created"]);
        assert_eq!((late.status, unexpected(&late)), (Status::Validating, vec![1]));
        let paid: Vec<_> = NINE[..8].iter().copied().chain(["wallet.refunded"]).collect();
        assert_eq!((view(&paid).status, view(&paid).refund.unwrap().total), (Status::Refunded, Amount::whole(300)));
    }

    #[test]
    fn an_event_of_another_stream_is_poison() {
        let mut event = event("order.paid", 1);
        event.metadata.entity = None;
        assert!(matches!(OrderView::after(None, &event), Err(Failure::Poison(_))));
    }
}
