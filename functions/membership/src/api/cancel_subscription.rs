//! `POST /api/subscriptions/{id}/cancel`: not renewed any more; it lasts until its period ends.

use quoin_events::Timestamp;
use quoin_events::types::CancellationReason;
use quoin_membership_model::{Refusal, Subscription};
use quoin_runtime::{Env, Found, Problem, Request, Response};
use quoin_store::{Commit, ExecuteError, Proposal, execute};

use super::answer::{SubscriptionState, refused};
use super::paid_command::{Own, own};
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

/// Why nothing is written.
enum Stop {
    /// It is cancelled already.
    Already,
    /// It cannot be.
    Problem(Problem),
}

/// Cancels a subscription.
///
/// # Errors
/// 401, 404, 409 while a payment is on its way, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let stream = Subscription::stream(&own(env, request).await?.state.subscription_id);
    let load = async || {
        let found = Found::find(env, &stream).await?;
        found.map(Own).ok_or_else(|| quoin_store::StoreError::Unavailable("no such subscription".to_owned()))
    };
    let decide = |Own(found): &Own, now: Timestamp| {
        let event = match found.state.cancel(CancellationReason::Customer) {
            Ok(event) => event,
            Err(Refusal::Cancelled) => return Err(Stop::Already),
            Err(refusal) => return Err(Stop::Problem(refused(refusal))),
        };
        let append =
            append::next(found, [event], now.max(found.head.at)).map_err(|error| Stop::Problem(error.into()))?;
        Ok(Proposal { commit: Commit::new().append(append), body_hash: String::new(), answer: None })
    };
    let context = &request.context;
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, decide).await {
        Ok(_) | Err(ExecuteError::Decide(Stop::Already)) => {}
        Err(ExecuteError::Decide(Stop::Problem(problem))) => return Err(problem),
        Err(ExecuteError::Store(error)) => return Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_)) => {
            return Err(quoin_runtime::CommandError::Contended.into());
        }
    }
    let found = own(env, request).await?;
    Response::json(200, &SubscriptionState::of(&found.state))
}
