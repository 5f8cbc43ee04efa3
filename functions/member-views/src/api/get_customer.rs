//! `GET /api/customers/{id}`: a customer, for the person that it is, and for operators without what is personal.

use quoin_events::types::DeletionReason;
use quoin_events::{Sealed, Timestamp};
use quoin_membership_model::CustomerStatus;
use quoin_runtime::{DataKey, Env, Problem, Request, Response};
use quoin_views::{CustomerView, Entity, View, read_row};
use serde::Serialize;

use crate::access::{Standing, standing};

/// A customer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Customer"))]
struct Shown {
    /// The customer.
    customer_id: String,
    /// The account that the customer signs in with.
    user_id: String,
    /// Where the registration stands.
    status: CustomerStatus,
    /// For the owner only; absent once the person is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// BCP 47.
    language: String,
    /// When the registration began.
    created_at: Timestamp,
    /// When it was complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    registered_at: Option<Timestamp>,
    /// What the customer subscribed to with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_id: Option<String>,
    /// When the customer was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_reason: Option<DeletionReason>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("A customer (the customer, operators)")
        .answers::<Shown>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with a customer.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let entity = Entity { kind: "customer".to_owned(), id: request.path("id")?.to_owned() };
    let table = env.config.table(View::Customers.table())?;
    let row: Option<CustomerView> = read_row(&env.store, table, &entity).await?;
    let row = row.ok_or_else(|| Problem::not_found("customer"))?;
    let key = match standing(caller, &row.user_id) {
        Standing::Owner if row.full_name.is_some() || row.email.is_some() => env.data_key(&row.user_id).await?,
        Standing::Owner | Standing::Operator => None,
        Standing::Stranger => return Err(Problem::not_found("customer")),
    };
    Response::json(200, &shown(row, key.as_ref()))
}

fn shown(row: CustomerView, key: Option<&DataKey>) -> Shown {
    let open = |sealed: Option<Sealed>| Some(key?.open(&sealed?).ok()?.reveal().to_owned());
    Shown {
        customer_id: row.customer_id,
        user_id: row.user_id,
        status: row.status,
        full_name: open(row.full_name),
        email: open(row.email),
        language: row.language,
        created_at: row.created_at,
        registered_at: row.registered_at,
        subscription_id: row.subscription_id,
        deleted_at: row.deleted_at,
        deletion_reason: row.deletion_reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quoin_runtime::Personal;

    #[test]
    fn what_is_personal_is_opened_with_the_owners_key_or_left_out() {
        let key = DataKey::new("user_1", &[7; 32]).unwrap();
        let row = CustomerView {
            customer_id: "cust_1".to_owned(),
            user_id: "user_1".to_owned(),
            status: CustomerStatus::Registered,
            full_name: Some(key.seal(&Personal::new("Jane Doe")).unwrap()),
            email: None,
            language: "en".to_owned(),
            created_at: Timestamp::from_millis(1),
            registered_at: Some(Timestamp::from_millis(2)),
            subscription_id: None,
            deleted_at: None,
            deletion_reason: None,
        };
        let opened = shown(row.clone(), Some(&key));
        assert_eq!((opened.full_name.as_deref(), opened.email), (Some("Jane Doe"), None));
        assert_eq!(shown(row.clone(), None).full_name, None);
        let other = DataKey::new("user_1", &[8; 32]).unwrap();
        assert_eq!(shown(row, Some(&other)).full_name, None);
    }
}
