//! A merchant's HTTP interface, that of BizOne: `POST <url>/orders`, `GET <url>/orders/{order_id}` and
//! `POST <url>/orders/{order_id}/cancel`.

use quoin_events::types::OrderItem;
use quoin_money::Amount;
use quoin_runtime::{Context, Env, Failure, OutboundRequest};
use quoin_store::derived_id;
use serde::Serialize;

use super::reading::{Question, read};
use super::{Answer, Merchant, Recipient, Silence};
use crate::order::Order;

/// How long a merchant may think.
const TIMEOUT_MS: u64 = 5_000;

/// The merchants' interface of this stage.
pub(crate) struct HttpMerchant<'a> {
    env: &'a Env,
    context: &'a Context,
    url: &'a str,
}

#[derive(Serialize)]
struct Placed<'a> {
    rabtul_order_id: &'a str,
    merchant_id: &'a str,
    items: Vec<&'a OrderItem>,
    total_amount: Amount,
    customer: Customer<'a>,
    delivery: Delivery<'a>,
}

#[derive(Serialize)]
struct Customer<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
}

#[derive(Serialize)]
struct Delivery<'a> {
    address: Address<'a>,
}

#[derive(Serialize)]
struct Address<'a> {
    line1: &'a str,
    city: &'a str,
    pincode: &'a str,
}

#[derive(Serialize)]
struct Cancelled<'a> {
    rabtul_order_id: &'a str,
    merchant_id: &'a str,
}

/// What the merchant is told of an order.
fn placed<'a>(order: &'a Order, recipient: &'a Recipient) -> Placed<'a> {
    Placed {
        rabtul_order_id: &order.order_id,
        merchant_id: &order.merchant_id,
        items: order.lines.iter().map(|line| &line.item).collect(),
        total_amount: order.pricing.total,
        customer: Customer {
            name: recipient.name.reveal(),
            phone: recipient.phone.as_ref().map(quoin_runtime::Personal::reveal),
        },
        delivery: Delivery {
            address: Address {
                line1: recipient.line1.reveal(),
                city: recipient.city.reveal(),
                pincode: recipient.pincode.reveal(),
            },
        },
    }
}

/// The connector's own id of a call, the same for a repetition of the same attempt.
fn request_id(question: Question, order: &Order) -> String {
    let what = match question {
        Question::Place => "place",
        Question::Standing => "standing",
        Question::Cancel => "cancel",
    };
    derived_id("bzn_req", &[what, &order.order_id, &order.fulfilment.attempts.to_string()])
}

impl<'a> HttpMerchant<'a> {
    /// The merchants' interface of this stage, for calls on behalf of `context`.
    pub(crate) fn of(env: &'a Env, context: &'a Context) -> Result<Self, Failure> {
        let url = env.config.require("MERCHANT_URL")?.trim_end_matches('/');
        Ok(Self { env, context, url })
    }

    async fn call(
        &self,
        question: Question,
        order: &Order,
        (method, path): (&'static str, String),
        body: Option<Vec<u8>>,
    ) -> Result<Answer, Silence> {
        let unsent = |failure: Failure| Silence::NotSent(failure.to_string());
        let request_id = request_id(question, order);
        let credential = self.env.secret("merchant_credential").await.map_err(unsent)?;
        let mut headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {credential}")),
            ("x-request-id".to_owned(), request_id.clone()),
        ];
        headers.extend(self.context.origin.traceparent.clone().map(|value| ("traceparent".to_owned(), value)));
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
            headers.push(("idempotency-key".to_owned(), order.order_id.clone()));
        }
        let url = format!("{}/{path}", self.url);
        let body = body.unwrap_or_default();
        let reply = self.env.call(OutboundRequest { method, url, headers, body, timeout_ms: TIMEOUT_MS }).await?;
        Ok(Answer { word: read(question, &order.order_id, &reply)?, request_id })
    }
}

fn json(body: &impl Serialize) -> Result<Option<Vec<u8>>, Silence> {
    serde_json::to_vec(body).map(Some).map_err(|error| Silence::NotSent(error.to_string()))
}

impl Merchant for HttpMerchant<'_> {
    async fn recipient(&self, order: &Order) -> Result<Option<Recipient>, Failure> {
        let Some(key) = self.env.data_key(&order.user_id).await? else { return Ok(None) };
        let open = |sealed| key.open(sealed).map_err(Failure::poison);
        Ok(Some(Recipient {
            name: open(&order.user_name)?,
            phone: order.user_phone.as_ref().map(open).transpose()?,
            line1: open(&order.address.line1)?,
            city: open(&order.address.city)?,
            pincode: open(&order.address.pincode)?,
        }))
    }

    async fn place(&self, order: &Order, recipient: &Recipient) -> Result<Answer, Silence> {
        let body = json(&placed(order, recipient))?;
        self.call(Question::Place, order, ("POST", "orders".to_owned()), body).await
    }

    async fn standing(&self, order: &Order) -> Result<Answer, Silence> {
        let path = format!("orders/{}", order.order_id);
        self.call(Question::Standing, order, ("GET", path), None).await
    }

    async fn cancel(&self, order: &Order) -> Result<Answer, Silence> {
        let body = json(&Cancelled { rabtul_order_id: &order.order_id, merchant_id: &order.merchant_id })?;
        let path = format!("orders/{}/cancel", order.order_id);
        self.call(Question::Cancel, order, ("POST", path), body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::order;
    use quoin_runtime::Personal;

    #[test]
    fn the_merchant_is_told_what_it_needs_to_deliver_and_no_more() {
        let personal = |text: &str| Personal::new(text);
        let recipient = Recipient {
            name: personal("Jane Doe"),
            phone: None,
            line1: personal("1 Street"),
            city: personal("Town"),
            pincode: personal("560001"),
        };
        let order = order();
        let told = serde_json::to_value(placed(&order, &recipient)).unwrap();
        let names = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let all = ["customer", "delivery", "items", "merchant_id", "rabtul_order_id", "total_amount"];
        let mut told_names = names(&told);
        told_names.sort();
        assert_eq!(told_names, all);
        assert_eq!(names(&told["customer"]), ["name"]);
        assert_eq!(told["delivery"]["address"]["line1"], "1 Street");
        assert_eq!(told["items"].as_array().unwrap().len(), 2);
        assert!(!told.to_string().contains(&order.user_id) && !told.to_string().contains("enc:v1:"));
    }

    #[test]
    fn a_call_has_the_same_id_when_the_same_attempt_is_repeated_and_another_otherwise() {
        let (first, mut second) = (order(), order());
        second.fulfilment.attempts = 1;
        assert_eq!(request_id(Question::Place, &first), request_id(Question::Place, &order()));
        assert_ne!(request_id(Question::Place, &first), request_id(Question::Place, &second));
        assert_ne!(request_id(Question::Place, &first), request_id(Question::Cancel, &first));
    }
}
