//! What a caller is told whose order came to nothing.

use quoin_events::types::{OrderFailureReason, OrderValidations};
use quoin_runtime::Problem;

use crate::order::{Failure, Order};

/// The problem that an order failed by, with the members that every such problem has.
pub(super) fn problem(order: &Order, failure: &Failure, validations: &OrderValidations) -> Problem {
    let reason = failure.reason;
    let mut problem = Problem::refused(reason.as_str(), detail(reason))
        .with("order_id", &order.order_id)
        .with("failure_reason", reason)
        .with("failure_stage", reason.stage())
        .with("rollback_completed", true)
        .with("validations", validations);
    if let Some(required) = failure.required {
        problem = problem.with("amount_required", required);
    }
    if let Some(available) = failure.available {
        problem = problem.with("amount_available", available);
    }
    problem
}

const fn detail(reason: OrderFailureReason) -> &'static str {
    match reason {
        OrderFailureReason::MinOrderValue => "the cart is worth too little",
        OrderFailureReason::DeliveryZone => "the merchant does not deliver there",
        OrderFailureReason::CampaignNotEligible => "the campaign does not hold for this order",
        OrderFailureReason::KycRequired => "the account has to be verified first",
        OrderFailureReason::MerchantInactive => "the merchant takes no orders",
        OrderFailureReason::OutOfStock => "not enough of a product is left",
        OrderFailureReason::FraudReview => "the account is being looked at",
        OrderFailureReason::WalletInsufficientBalance => "the wallet cannot pay the order",
        OrderFailureReason::WalletClosed => "the account is closed",
        OrderFailureReason::MerchantRejected => "the merchant refused the order",
        OrderFailureReason::MerchantUnreachable => "the merchant could not be reached",
    }
}
