//! `POST /api/subscriptions/{id}/cancel`: not renewed any more; it lasts until its period ends.

use quoin_events::Timestamp;
use quoin_events::types::CancellationReason;
use quoin_membership_model::{Refusal, Subscription};
use quoin_runtime::{Env, Found, Problem, Request, Response, change};
use quoin_store::Commit;

use super::answer::{SubscriptionState, refused};
use super::paid_command::own;
use crate::append::{self, Streamed};

/// What the route answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Ends a subscription with the period that is paid for; again, it changes nothing")
        .answers::<SubscriptionState<'_>>(200)
        .refuses(404, &["NOT_FOUND"])
        .refuses(409, &["PAYMENT_IN_PROGRESS"])
}

/// Cancels a subscription.
///
/// # Errors
/// 401, 404, 409 while a payment is on its way, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let stream = Subscription::stream(&own(env, request).await?.state.subscription_id);
    let load = async || Found::find(env, &stream).await;
    let decide = |found: &Found<Subscription>, now: Timestamp| {
        let event = match found.state.cancel(CancellationReason::Customer) {
            Ok(event) => event,
            Err(Refusal::Cancelled) => return Ok(None),
            Err(refusal) => return Err(refused(refusal)),
        };
        let append = append::next(found, [event], now.max(found.head.at))?;
        Ok(Some(Commit::new().append(append)))
    };
    change(env, &request.context, "subscription", load, decide).await?;
    let found = own(env, request).await?;
    Response::json(200, &SubscriptionState::of(&found.state))
}
