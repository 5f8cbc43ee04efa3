//! The payment provider: what we ask of it, and the HTTP interface that it has.

use quoin_money::Amount;
use quoin_runtime::{Context, Env, Failure, OutboundError, OutboundRequest};
use serde::{Deserialize, Serialize};

use crate::payment::{Payment, Report};

/// The provider did not tell: not reached, not in time, or not in words that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silence(pub(crate) String);

impl From<OutboundError> for Silence {
    fn from(error: OutboundError) -> Self {
        Self(error.to_string())
    }
}

impl From<Failure> for Silence {
    fn from(failure: Failure) -> Self {
        Self(failure.to_string())
    }
}

impl From<serde_json::Error> for Silence {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// What the provider says when it is asked about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has never heard of it.
    Unknown,
    /// Not decided.
    Pending,
    /// Decided.
    Decided(Report),
}

/// A payment provider. Both questions may be asked any number of times.
pub(crate) trait Provider {
    /// Asks for the money; the payment's id is the key, so a repetition asks for the same money.
    async fn initiate(&self, payment: &Payment) -> Result<Report, Silence>;

    /// Asks what became of a payment.
    async fn standing(&self, payment: &Payment) -> Result<Standing, Silence>;
}

/// How long a provider may think.
const TIMEOUT_MS: u64 = 5_000;

/// A provider with payments as an HTTP collection: `POST <url>` and `GET <url>/{id}`.
pub(crate) struct HttpProvider<'a> {
    env: &'a Env,
    context: &'a Context,
    url: &'a str,
}

#[derive(Serialize)]
struct Order<'a> {
    payment_id: &'a str,
    amount: Amount,
    currency: &'a str,
    method: &'a str,
    callback_url: String,
}

#[derive(Deserialize)]
struct Taken {
    provider_reference: String,
    #[serde(default)]
    redirect_url: Option<String>,
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
pub(crate) fn name(env: &Env) -> &str {
    env.config.get("PAYMENT_PROVIDER").unwrap_or("sandbox")
}

impl<'a> HttpProvider<'a> {
    /// The provider of this stage.
    pub(crate) fn of(env: &'a Env, context: &'a Context) -> Result<Self, Failure> {
        let url = env.config.require("PAYMENT_PROVIDER_URL")?.trim_end_matches('/');
        Ok(Self { env, context, url })
    }

    async fn request(&self, method: &'static str, url: String, body: Vec<u8>) -> Result<OutboundRequest, Silence> {
        let credential = self.env.secret("sandbox").await?;
        let mut headers = vec![
            ("accept".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {credential}")),
            ("x-request-id".to_owned(), self.context.request_id().to_owned()),
        ];
        headers.extend(self.context.origin.traceparent.clone().map(|value| ("traceparent".to_owned(), value)));
        Ok(OutboundRequest { method, url, headers, body, timeout_ms: TIMEOUT_MS })
    }
}

impl Provider for HttpProvider<'_> {
    async fn initiate(&self, payment: &Payment) -> Result<Report, Silence> {
        let config = &self.env.config;
        let api_url = config.require("API_URL").map_err(Failure::from)?.trim_end_matches('/');
        let order = Order {
            payment_id: &payment.payment_id,
            amount: payment.amount,
            currency: config.require("CURRENCY").map_err(Failure::from)?,
            method: &payment.method,
            callback_url: format!("{api_url}/api/payments/callbacks/{}", payment.provider),
        };
        let mut request = self.request("POST", self.url.to_owned(), serde_json::to_vec(&order)?).await?;
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        request.headers.push(("idempotency-key".to_owned(), payment.payment_id.clone()));
        let reply = self.env.call(request).await?;
        if !(200..300).contains(&reply.status) {
            return Err(Silence(format!("the provider answered {}", reply.status)));
        }
        let taken: Taken = serde_json::from_slice(&reply.body)?;
        Ok(Report::Taken { reference: taken.provider_reference, redirect_url: taken.redirect_url })
    }

    async fn standing(&self, payment: &Payment) -> Result<Standing, Silence> {
        let url = format!("{}/{}", self.url, payment.payment_id);
        let reply = self.env.call(self.request("GET", url, Vec::new()).await?).await?;
        match reply.status {
            404 => Ok(Standing::Unknown),
            200 => told(payment, serde_json::from_slice(&reply.body)?),
            status => Err(Silence(format!("the provider answered {status}"))),
        }
    }
}

/// What is told of `payment`; told of another sum it is not believed.
fn told(payment: &Payment, told: Told) -> Result<Standing, Silence> {
    if told.payment_id != payment.payment_id || told.amount != payment.amount {
        return Err(Silence("the provider tells of another payment or amount".to_owned()));
    }
    match (told.status.as_str(), told.provider_reference) {
        ("pending", _) => Ok(Standing::Pending),
        ("succeeded", Some(reference)) => Ok(Standing::Decided(Report::Succeeded { reference })),
        ("failed", reference) => Ok(Standing::Decided(Report::Failed { reference })),
        (status, _) => Err(Silence(format!("the provider's status {status} says nothing to us"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::tests::payment;

    fn reading(text: &str) -> Result<Standing, Silence> {
        told(&payment(), serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_provider_is_believed_only_about_the_sum_that_was_asked_for() {
        let told = r#"{"payment_id":"pay_1","amount":450.10,"status":"succeeded","provider_reference":"r"}"#;
        assert_eq!(reading(told), Ok(Standing::Decided(Report::Succeeded { reference: "r".to_owned() })));
        assert!(reading(&told.replace("450.10", "450.11")).is_err());
        assert!(reading(&told.replace("pay_1", "pay_2")).is_err());
    }

    #[test]
    fn a_success_without_a_reference_or_an_unknown_status_is_no_answer() {
        assert!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"succeeded"}"#).is_err());
        assert!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"on_hold"}"#).is_err());
        assert_eq!(reading(r#"{"payment_id":"pay_1","amount":450.1,"status":"pending"}"#), Ok(Standing::Pending));
    }
}
