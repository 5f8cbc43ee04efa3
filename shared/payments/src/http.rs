//! A provider with payments as an HTTP collection: `POST <url>`, `GET <url>/{id}` and `POST <url>/{id}/cancel`.

use quoin_money::Amount;
use quoin_runtime::{Context, Env, Failure, OutboundRequest};
use serde::{Deserialize, Serialize};

use crate::provider::{Decision, Order, Provider, Silence, Standing, Taken};

/// How long a provider may think.
const TIMEOUT_MS: u64 = 5_000;

/// The provider of a stage.
pub struct HttpProvider<'a> {
    env: &'a Env,
    context: &'a Context,
    url: &'a str,
}

#[derive(Serialize)]
struct Asked<'a> {
    payment_id: &'a str,
    amount: Amount,
    currency: &'a str,
    method: &'a str,
    callback_url: String,
}

#[derive(Deserialize)]
struct Answered {
    provider_reference: String,
    #[serde(default)]
    redirect_url: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    payment_id: String,
    amount: Amount,
    status: String,
    #[serde(default)]
    provider_reference: Option<String>,
}

/// The name of the provider in routes, states and events.
#[must_use]
pub fn provider_name(env: &Env) -> &str {
    env.config.get("PAYMENT_PROVIDER").unwrap_or("sandbox")
}

impl<'a> HttpProvider<'a> {
    /// The provider of this stage.
    ///
    /// # Errors
    /// If the stage names none.
    pub fn of(env: &'a Env, context: &'a Context) -> Result<Self, Failure> {
        let url = env.config.require("PAYMENT_PROVIDER_URL")?.trim_end_matches('/');
        Ok(Self { env, context, url })
    }

    async fn request(&self, method: &'static str, url: String, body: Vec<u8>) -> Result<OutboundRequest, Silence> {
        let credential = self.env.secret("payment_credential").await?;
        let mut headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {credential}")),
            ("x-request-id".to_owned(), self.context.request_id().to_owned()),
        ];
        headers.extend(self.context.origin.traceparent.clone().map(|value| ("traceparent".to_owned(), value)));
        Ok(OutboundRequest { method, url, headers, body, timeout_ms: TIMEOUT_MS })
    }

    /// A request for the money, or for the promise that it will not be taken: both say all that there is to know.
    async fn post(&self, order: &Order<'_>, url: String) -> Result<Vec<u8>, Silence> {
        let config = &self.env.config;
        let api_url = config.require("API_URL").map_err(Failure::from)?.trim_end_matches('/');
        let asked = Asked {
            payment_id: order.payment_id,
            amount: order.amount,
            currency: config.require("CURRENCY").map_err(Failure::from)?,
            method: order.method,
            callback_url: format!("{api_url}{}/{}", order.callback_path, provider_name(self.env)),
        };
        let mut request = self.request("POST", url, serde_json::to_vec(&asked)?).await?;
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        request.headers.push(("idempotency-key".to_owned(), order.payment_id.to_owned()));
        let reply = self.env.call(request).await?;
        if !(200..300).contains(&reply.status) {
            return Err(Silence(format!("the provider answered {}", reply.status)));
        }
        Ok(reply.body)
    }
}

impl Provider for HttpProvider<'_> {
    async fn initiate(&self, order: &Order<'_>) -> Result<Taken, Silence> {
        taken(serde_json::from_slice(&self.post(order, self.url.to_owned()).await?)?)
    }

    async fn standing(&self, order: &Order<'_>) -> Result<Standing, Silence> {
        let url = format!("{}/{}", self.url, order.payment_id);
        let reply = self.env.call(self.request("GET", url, Vec::new()).await?).await?;
        match reply.status {
            404 => Ok(Standing::Unknown),
            200 => told(order, serde_json::from_slice(&reply.body)?),
            status => Err(Silence(format!("the provider answered {status}"))),
        }
    }

    async fn cancel(&self, order: &Order<'_>) -> Result<Standing, Silence> {
        let url = format!("{}/{}/cancel", self.url, order.payment_id);
        told(order, serde_json::from_slice(&self.post(order, url).await?)?)
    }
}

fn taken(answered: Answered) -> Result<Taken, Silence> {
    let Answered { provider_reference: reference, redirect_url, status } = answered;
    let decision = match status.as_deref() {
        None => None,
        Some(status) => match standing(status, Some(reference.clone()))? {
            Standing::Decided(decision) => Some(decision),
            Standing::Unknown | Standing::Pending => None,
        },
    };
    Ok(Taken { reference, redirect_url, decision })
}

/// What is told of `order`; told of another sum it is not believed.
fn told(order: &Order<'_>, told: Told) -> Result<Standing, Silence> {
    if told.payment_id != order.payment_id || told.amount != order.amount {
        return Err(Silence("the provider tells of another payment or amount".to_owned()));
    }
    standing(&told.status, told.provider_reference)
}

fn standing(status: &str, reference: Option<String>) -> Result<Standing, Silence> {
    match (status, reference) {
        ("pending", _) => Ok(Standing::Pending),
        ("succeeded", Some(reference)) => Ok(Standing::Decided(Decision::Succeeded { reference })),
        ("failed" | "cancelled", reference) => Ok(Standing::Decided(Decision::Failed { reference })),
        (status, _) => Err(Silence(format!("the provider's status {status} says nothing to us"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order<'static> {
        Order { payment_id: "pay_1", amount: "450.1".parse().unwrap(), method: "card", callback_path: "/callbacks" }
    }

    fn reading(text: &str) -> Result<Standing, Silence> {
        told(&order(), serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_provider_is_believed_only_about_the_sum_that_was_asked_for() {
        let told = r#"{"payment_id":"pay_1","amount":450.10,"status":"succeeded","provider_reference":"r"}"#;
        assert_eq!(reading(told), Ok(Standing::Decided(Decision::Succeeded { reference: "r".to_owned() })));
        assert!(reading(&told.replace("450.10", "450.11")).is_err());
        assert!(reading(&told.replace("pay_1", "pay_2")).is_err());
    }

    #[test]
    fn a_success_without_a_reference_or_an_unknown_status_is_no_answer() {
        assert!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"succeeded"}"#).is_err());
        assert!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"on_hold"}"#).is_err());
        assert_eq!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"pending"}"#), Ok(Standing::Pending));
        let cancelled = Standing::Decided(Decision::Failed { reference: None });
        assert_eq!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"cancelled"}"#), Ok(cancelled));
    }

    #[test]
    fn a_decision_may_come_with_the_answer() {
        let read = |text: &str| taken(serde_json::from_str(text).unwrap());
        let decided = read(r#"{"provider_reference":"r","status":"succeeded"}"#).unwrap().decision;
        assert_eq!(decided, Some(Decision::Succeeded { reference: "r".to_owned() }));
        assert_eq!(read(r#"{"provider_reference":"r"}"#).unwrap().decision, None);
        assert!(read(r#"{"provider_reference":"r","status":"on_hold"}"#).is_err());
    }
}
