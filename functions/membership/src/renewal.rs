//! Renewals by the clock: what is due is charged, once.

use quoin_events::types::ChargePurpose;
use quoin_events::{Cause, Origin, Timestamp};
use quoin_membership_model::{Plans, Quote, Refusal, Subscription};
use quoin_payments::provider_name;
use quoin_runtime::{ConfigError, Context, Env, Failure, Found, Invocation, Metrics, advance};
use quoin_store::{Append, Commit, ExecuteError, StoreError, derived_id};
use serde::{Deserialize, Serialize};

use crate::append::{self, Streamed};
use crate::charge::{self, Charge};
use crate::charging::initiate;
use crate::registration::open_row;
use crate::{method, table};

/// What the scheduler calls the function with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Due {
    /// The subscription that may be due.
    pub subscription_id: String,
}

/// Clocks differ: what is called for so much too early is not left for the sweep.
const EARLY_MS: i64 = 600_000;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider was asked for the money.
    Charged,
    /// There was nothing to pay.
    Renewed,
    /// It is not due, or not any more.
    NotDue,
}

/// A payment of `quote` for `subscription`. Its id follows from how many payments there have been.
pub(crate) fn new_charge(
    env: &Env,
    subscription: &Subscription,
    purpose: ChargePurpose,
    quote: Quote,
    request_id: &str,
    at: Timestamp,
) -> Result<Charge, ConfigError> {
    let number = subscription.charges.saturating_add(1).to_string();
    Ok(Charge {
        payment_id: derived_id("pay", &[&subscription.subscription_id, &number]),
        customer_id: subscription.customer_id.clone(),
        user_id: subscription.user_id.clone(),
        subscription_id: subscription.subscription_id.clone(),
        saga_id: None,
        purpose,
        quote,
        currency: subscription.currency.clone(),
        provider: provider_name(env).to_owned(),
        status: charge::Status::Initiated,
        request_id: request_id.to_owned(),
        initiated_at: at,
        provider_reference: None,
        failure_reason: None,
        is_contradicted: false,
    })
}

/// What is written before the provider is asked for `charge`: nobody else begins another payment then.
pub(crate) fn started(
    table: &str,
    found: &Found<Subscription>,
    charge: &Charge,
    at: Timestamp,
) -> Result<Result<Commit, Refusal>, StoreError> {
    let event = match found.state.start_charge(&charge.payment_id, charge.purpose, &charge.quote) {
        Ok(event) => event,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let first = Append::first(Charge::stream(&charge.payment_id), at).state(charge)?;
    Ok(Ok(Commit::new().append(first).append(append::next(found, [event], at)?).put(table, open_row(charge))))
}

/// Renews the subscription that the scheduler names.
///
/// # Errors
/// If it cannot be read or written: the scheduler calls again, and so does the sweep.
pub async fn handle(env: &Env, invocation: &Invocation, due: Due, _: &mut Metrics) -> Result<Outcome, Failure> {
    renew(env, invocation, &due.subscription_id).await
}

/// Renews `subscription_id`, if it is due.
pub(crate) async fn renew(env: &Env, invocation: &Invocation, subscription_id: &str) -> Result<Outcome, Failure> {
    let stream = Subscription::stream(subscription_id);
    let (plans, table) = (Plans::standard().map_err(Failure::poison)?, table::name(env)?);
    let load = async || {
        let found = Found::<Subscription>::find(env, &stream).await?;
        found.ok_or_else(|| StoreError::corrupt("there is no such subscription"))
    };
    let request_id = derived_id("req", &[subscription_id, &env.clock.now().to_string()]);
    let origin = Origin { request_id: request_id.clone(), traceparent: None, cause: Cause::Request };
    let context = Context::of_message(&env.clock, invocation, origin);
    let decided = std::cell::RefCell::new(None);
    let decide = |found: &Found<Subscription>, now: Timestamp| {
        decided.replace(None);
        let at = now.max(found.head.at);
        if !found.state.is_due(at.plus_millis(EARLY_MS)) {
            return Ok(None);
        }
        let quote = found.state.renewal(&plans).map_err(StoreError::corrupt)?;
        let charge = new_charge(env, &found.state, ChargePurpose::Renewal, quote.clone(), &request_id, at);
        let charge = charge.map_err(StoreError::corrupt)?;
        if quote.amount.is_zero() {
            let event = found.state.paid(ChargePurpose::Renewal, &quote, None);
            return Ok(Some(Commit::new().append(append::next(found, [event], at)?)));
        }
        let commit = started(table, found, &charge, at)?.map_err(StoreError::corrupt)?;
        decided.replace(Some(charge));
        Ok(Some(commit))
    };
    let is_written = match advance(env, &context, None, load, decide).await {
        Ok(is_written) => is_written,
        Err(ExecuteError::Decide(error) | ExecuteError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Failure::transient(error)),
    };
    match decided.take().filter(|_| is_written) {
        Some(charge) => {
            ask(env, &context, &charge).await;
            Ok(Outcome::Charged)
        }
        None if is_written => Ok(Outcome::Renewed),
        None => Ok(Outcome::NotDue),
    }
}

/// Asks for the money once; what stays open is the sweeper's.
async fn ask(env: &Env, context: &Context, charge: &Charge) {
    let asked = async {
        let token = method::of(env, charge).await.map_err(|failure| failure.to_string())?;
        initiate(env, context, charge, &token.ok_or("there is nothing to pay with")?).await
    };
    if let Err(reason) = asked.await {
        tracing::warn!(payment_id = charge.payment_id, reason, "the provider has not decided the payment yet");
    }
}
