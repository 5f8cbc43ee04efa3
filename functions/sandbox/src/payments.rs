//! `POST /sandbox/payments`: takes a payment and plans what becomes of it.

use quoin_runtime::{Env, Problem, QueueMessage, Request, Response};
use quoin_store::Update;
use serde::Serialize;

use crate::access::{PAYMENT, admit};
use crate::behaviour::{Party, switched_failure};
use crate::callbacks::CallbackDue;
use crate::outcome::Plan;
use crate::requested::{Order, Requested};

/// A payment that is taken.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxPaymentTaken"))]
struct Taken<'a> {
    /// As the provider calls it.
    provider_reference: &'a str,
    /// Where the payer is to go on.
    redirect_url: String,
    /// `pending`, or what was decided at once: `succeeded` or `failed`.
    status: &'static str,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox provider; takes a payment and plans what becomes of it, or fails as switched")
        .idempotent()
        .takes::<Order>()
        .answers::<Taken<'_>>(202)
        .refuses(400, &["CALLBACK_URL_INVALID"])
        .refuses(401, &["UNAUTHENTICATED"])
        .refuses(503, &["SANDBOX_FAILURE"])
}

/// Takes a payment.
///
/// # Errors
/// 400, 401, 422 for a key that was used for another payment, 503, or the failure that is switched on.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, PAYMENT).await?;
    let key = request.idempotency_key()?;
    let order: Order = request.json()?;
    if key != order.payment_id {
        return Err(Problem::field("IDEMPOTENCY_KEY_INVALID", "/payment_id", "must be the Idempotency-Key"));
    }
    if !order.callback_url.starts_with("https://") && !order.callback_url.starts_with("http://") {
        return Err(Problem::field("CALLBACK_URL_INVALID", "/callback_url", "must be an HTTP URL"));
    }
    let table = env.config.table("sandbox")?;
    let (requested, is_called) = match Requested::find(env, table, &order.payment_id).await? {
        Some(before) => before,
        None => (take(env, request, table, order.clone()).await?, false),
    };
    if Requested::hash(&requested.order)? != Requested::hash(&order)? {
        return Err(Problem::refused("IDEMPOTENCY_KEY_REUSED", "the key was used for another payment"));
    }
    if !is_called {
        call_back(env, request, table, &requested).await?;
    }
    let api_url = env.config.require("API_URL")?.trim_end_matches('/');
    let redirect_url = format!("{api_url}/sandbox/payments/{}", requested.order.payment_id);
    let status = requested.plan.status(request.context.now);
    Response::json(202, &Taken { provider_reference: &requested.reference, redirect_url, status })
}

/// Writes a new payment down, or finds the one that a request at the same time wrote.
async fn take(env: &Env, request: &Request, table: &str, order: Order) -> Result<Requested, Problem> {
    if let Some(failure) = switched_failure(env, Party::Payments).await? {
        return Err(failure);
    }
    let now = request.context.now;
    let plan = Plan::of(&order.method, &order.payment_id, now, env.config.parse_or("SANDBOX_LATE_SECONDS", 20)?);
    let requested = Requested::new(order, plan);
    if env.store.put_new(table, requested.row(now.seconds())?).await? {
        return Ok(requested);
    }
    let winner = Requested::find(env, table, &requested.order.payment_id).await?;
    Ok(winner.map_or(requested, |(winner, _)| winner))
}

/// Hands the callbacks to the queue that holds them back. A crash before the mark sends them once more,
/// as providers do.
async fn call_back(env: &Env, request: &Request, table: &str, requested: &Requested) -> Result<(), Problem> {
    let Some(verdict) = requested.plan.verdict else { return Ok(()) };
    let due = CallbackDue::new(requested, verdict, &request.context);
    let messages = requested.plan.callbacks.iter().map(|delay| Ok(QueueMessage::new(&due)?.delayed(i32::from(*delay))));
    let messages: Vec<_> = messages.collect::<Result<_, Problem>>()?;
    env.enqueue("sandbox-callbacks", &messages).await?;
    let key = Requested::key(&requested.order.payment_id);
    env.store.update(Update::of(table, key).text("called", request.context.now.to_string()).if_exists()).await?;
    Ok(())
}
