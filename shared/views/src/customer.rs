//! The customer view: a row per customer.

use quoin_events::types::DeletionReason;
use quoin_events::{Envelope, Sealed, Timestamp};
use quoin_membership_model::{Customer, CustomerStatus, fold};
use serde::{Deserialize, Serialize};

use crate::error::Unfit;

/// A customer as the view has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// The customer.
    pub customer_id: String,
    /// The account that the customer signs in with.
    pub user_id: String,
    /// Where the registration stands.
    pub status: CustomerStatus,
    /// Sealed under the user's key; absent once the customer is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<Sealed>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Sealed>,
    /// BCP 47.
    pub language: String,
    /// When the registration began.
    pub created_at: Timestamp,
    /// When it was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// What the customer subscribed to with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
    /// When the customer was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_reason: Option<DeletionReason>,
}

/// The row of a customer's events; none of a registration that came to nothing, of which nothing is left.
pub(crate) fn view(events: Vec<Envelope>) -> Result<Option<CustomerView>, Unfit> {
    let customer: Customer = fold(events)?.ok_or(Unfit::Empty)?;
    let is_deleted = customer.status == CustomerStatus::Deleted;
    if is_deleted && customer.registered_at.is_none() {
        return Ok(None);
    }
    let kept = |sealed: Sealed| (!is_deleted).then_some(sealed);
    Ok(Some(CustomerView {
        customer_id: customer.customer_id,
        user_id: customer.user_id,
        status: customer.status,
        full_name: kept(customer.full_name),
        email: kept(customer.email),
        language: customer.language,
        created_at: customer.created_at,
        registered_at: customer.registered_at,
        subscription_id: customer.subscription_id,
        deleted_at: customer.deleted_at,
        deletion_reason: customer.deletion_reason,
    }))
}
