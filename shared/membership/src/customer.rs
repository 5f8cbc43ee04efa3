//! A customer: who registers, from the first step of a registration on.

use quoin_events::types::{CustomerCreated, CustomerDeleted, CustomerRegistered, DeletionReason};
use quoin_events::{EventData, Sealed, Timestamp};
use serde::{Deserialize, Serialize};

use crate::fold::{Aggregate, FoldError, Told};

/// Where a customer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CustomerStatus {
    /// The registration is under way.
    Registering,
    /// The registration is complete.
    Registered,
    /// There is no such customer any more.
    Deleted,
}

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer.
    pub customer_id: String,
    /// The account that the customer signs in with.
    pub user_id: String,
    /// Where the registration stands.
    pub status: CustomerStatus,
    /// Sealed under the user's key.
    pub full_name: Sealed,
    /// Sealed under the user's key.
    pub email: Sealed,
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

/// What happens to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerEvent {
    /// A registration began.
    Created(CustomerCreated),
    /// It is complete.
    Registered(CustomerRegistered),
    /// The customer is no more.
    Deleted(CustomerDeleted),
}

impl Aggregate for Customer {
    type Event = CustomerEvent;

    fn read(name: &str, data: &str) -> Result<CustomerEvent, String> {
        let read = match name {
            CustomerCreated::NAME => serde_json::from_str(data).map(CustomerEvent::Created),
            CustomerRegistered::NAME => serde_json::from_str(data).map(CustomerEvent::Registered),
            CustomerDeleted::NAME => serde_json::from_str(data).map(CustomerEvent::Deleted),
            _ => return Err("it is no event of a customer".to_owned()),
        };
        read.map_err(|error| error.to_string())
    }

    fn after(state: Option<Self>, told: &Told<CustomerEvent>) -> Result<Self, FoldError> {
        match (state, &told.event) {
            (None, CustomerEvent::Created(event)) => Ok(Self {
                customer_id: event.customer_id.clone(),
                user_id: event.user_id.clone(),
                status: CustomerStatus::Registering,
                full_name: event.full_name.clone(),
                email: event.email.clone(),
                language: event.language.clone(),
                created_at: told.at,
                registered_at: None,
                subscription_id: None,
                deleted_at: None,
                deletion_reason: None,
            }),
            (Some(state), CustomerEvent::Registered(event)) if state.status == CustomerStatus::Registering => {
                Ok(Self {
                    status: CustomerStatus::Registered,
                    registered_at: Some(told.at),
                    subscription_id: Some(event.subscription_id.clone()),
                    ..state
                })
            }
            (Some(state), CustomerEvent::Deleted(event)) if state.status != CustomerStatus::Deleted => Ok(Self {
                status: CustomerStatus::Deleted,
                deleted_at: Some(told.at),
                deletion_reason: Some(event.reason),
                ..state
            }),
            (_, CustomerEvent::Created(_)) => Err(FoldError::Unfit(CustomerCreated::NAME)),
            (_, CustomerEvent::Registered(_)) => Err(FoldError::Unfit(CustomerRegistered::NAME)),
            (_, CustomerEvent::Deleted(_)) => Err(FoldError::Unfit(CustomerDeleted::NAME)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Sealed {
        format!("enc:v1:{}", "A".repeat(40)).parse().unwrap()
    }

    fn created() -> CustomerEvent {
        CustomerEvent::Created(CustomerCreated {
            customer_id: "cust_1".to_owned(),
            user_id: "user_1".to_owned(),
            full_name: sealed(),
            email: sealed(),
            language: "en".to_owned(),
        })
    }

    fn deleted() -> CustomerEvent {
        CustomerEvent::Deleted(CustomerDeleted {
            customer_id: "cust_1".to_owned(),
            user_id: "user_1".to_owned(),
            reason: DeletionReason::PaymentDeclined,
        })
    }

    fn after(state: Option<Customer>, event: CustomerEvent) -> Result<Customer, FoldError> {
        Customer::after(state, &Told { event, at: Timestamp::from_millis(5) })
    }

    #[test]
    fn a_customer_is_created_once_and_deleted_once() {
        let customer = after(None, created()).unwrap();
        assert_eq!(customer.status, CustomerStatus::Registering);
        assert!(after(Some(customer.clone()), created()).is_err());
        assert!(after(None, deleted()).is_err());
        let gone = after(Some(customer), deleted()).unwrap();
        assert_eq!((gone.status, gone.deleted_at), (CustomerStatus::Deleted, Some(Timestamp::from_millis(5))));
        assert!(after(Some(gone), deleted()).is_err());
    }
}
