//! `GET /api/support/orders/{id}`: all that is known of an order, for operators.

use quoin_events::types::OrderItem;
use quoin_events::{Sealed, Timestamp};
use quoin_runtime::{DataKey, Env, Problem, Request, Response, Role};
use serde::Serialize;

use crate::order_view::{Amounts, Confirmation, Failed, Merchant, OrderView, Payment, Refund, Rules, Status, Step};
use crate::table;

/// All that is known of an order.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct SupportOrder {
    /// The order.
    order_id: String,
    /// How far it is.
    status: Status,
    /// Place of the latest event that is told here.
    last_sequence: u64,
    /// When that was.
    updated_at: Timestamp,
    /// Who ordered.
    customer: Customer,
    /// From whom.
    merchant: Merchant,
    /// What it costs.
    amounts: Amounts,
    /// What was ordered; known once the order is final.
    items: Vec<OrderItem>,
    /// What the rules said.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Rules>,
    /// What was paid with what.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Payment>,
    /// Why it came to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failed>,
    /// What came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<Refund>,
    /// Over what the person was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
    /// The order's events in their sequence.
    steps: Vec<Step>,
}

/// Who ordered.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SupportOrderCustomer"))]
struct Customer {
    /// The user.
    user_id: String,
    /// The name on the order, once it is final; absent if the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The phone number on the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("All that is known of an order (operators)")
        .for_operators()
        .answers::<SupportOrder>(200)
        .refuses(404, &["NOT_FOUND"])
}

/// Answers with an order's view.
///
/// # Errors
/// 401, 403 without the role, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let key = table::order(request.path("id")?);
    let row = env.store.get(table::name(env)?, &key, true).await?.ok_or_else(|| Problem::not_found("order"))?;
    let view: OrderView = row.require_json("view")?;
    let key = if view.customer.name.is_some() { env.data_key(&view.customer.user_id).await? } else { None };
    Response::json(200, &shown(view, key.as_ref()))
}

fn shown(view: OrderView, key: Option<&DataKey>) -> SupportOrder {
    let open = |sealed: Option<Sealed>| Some(key?.open(&sealed?).ok()?.reveal().to_owned());
    SupportOrder {
        order_id: view.order_id,
        status: view.status,
        last_sequence: view.last_sequence,
        updated_at: view.updated_at,
        customer: Customer {
            user_id: view.customer.user_id,
            name: open(view.customer.name),
            phone: open(view.customer.phone),
        },
        merchant: view.merchant,
        amounts: view.amounts,
        items: view.items,
        rules: view.rules,
        payment: view.payment,
        failure: view.failure,
        refund: view.refund,
        confirmation: view.confirmation,
        steps: view.steps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order_view::tests::{NINE, view};
    use quoin_runtime::Personal;

    #[test]
    fn name_and_phone_are_opened_with_the_persons_key_or_left_out() {
        let key = DataKey::new("user_789", &[7; 32]).unwrap();
        let mut order = view(&NINE);
        order.customer.name = Some(key.seal(&Personal::new("John Doe")).unwrap());
        order.customer.phone = None;
        let customer = shown(order.clone(), Some(&key)).customer;
        assert_eq!((customer.name.as_deref(), customer.phone), (Some("John Doe"), None));
        let erased = shown(order.clone(), None).customer;
        assert_eq!((erased.user_id.as_str(), erased.name), ("user_789", None));
        let other = DataKey::new("user_789", &[8; 32]).unwrap();
        assert_eq!(shown(order, Some(&other)).customer.name, None);
    }
}
