//! Commands about a subscription that somebody pays for: decided on the subscription, written with a receipt under the
//! request's key, and pursued for as long as somebody waits.

use quoin_events::Timestamp;
use quoin_events::types::ChargePurpose;
use quoin_ledger::Wallet;
use quoin_membership_model::{Quote, Subscription};
use quoin_runtime::{CommandError, Env, Failure, Found, Problem, Request, Response, StoredAnswer, idempotent_command};
use quoin_store::{
    Answer, Append, Commit, ExecuteError, Executed, Proposal, Receipt, Snapshot, Stream, body_hash, execute,
};
use serde::{Deserialize, Serialize};

use super::answer::{PaidPeriod, Standing, in_progress, refused};
use crate::append::{self, Streamed};
use crate::charge::{Charge, Status};
use crate::charging::pursue;
use crate::method;
use crate::renewal::{new_charge, started};
use crate::settle::find_charge;
use crate::table;

/// What the command was about, for whoever repeats it.
#[derive(Debug, Serialize, Deserialize)]
struct Paid {
    #[serde(default)]
    payment_id: Option<String>,
}

/// The subscription that a command is decided on.
pub(crate) struct Own(pub(crate) Found<Subscription>);

impl Snapshot for Own {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}
}

/// The subscription `id` of the caller.
pub(crate) async fn own(env: &Env, request: &Request) -> Result<Found<Subscription>, Problem> {
    let caller = request.caller()?;
    let found = Found::<Subscription>::find(env, &Subscription::stream(request.path("id")?)).await?;
    found.filter(|found| found.state.user_id == caller.user_id).ok_or_else(|| Problem::not_found("subscription"))
}

/// Carries out what `quote` asks for.
pub(crate) async fn carry_out(
    env: &Env,
    request: &Request,
    command: &impl Serialize,
    purpose: ChargePurpose,
    quote: impl Fn(&Subscription, Timestamp) -> Result<Quote, Problem>,
) -> Result<Response, Problem> {
    let command_id = idempotent_command(request, "cmd")?;
    let subscription_id = own(env, request).await?.state.subscription_id;
    let hash = body_hash(command)?;
    let table = table::name(env)?;
    let stream = Subscription::stream(&subscription_id);
    let load = async || {
        let found = Found::find(env, &stream).await?;
        found.map(Own).ok_or_else(|| quoin_store::StoreError::Unavailable("no such subscription".to_owned()))
    };
    let decide = |Own(found): &Own, now: Timestamp| {
        let at = now.max(found.head.at);
        let quote = quote(&found.state, at)?;
        let charge = new_charge(env, &found.state, purpose, quote.clone(), request.context.request_id(), at)?;
        let (answer, commit) = if quote.amount.is_zero() {
            let event = found.state.paid(purpose, &quote, None);
            let body = PaidPeriod::quoted(&subscription_id, None, Standing::Paid, &quote);
            (Answer::new(200, &body)?, Commit::new().append(append::next(found, [event], at)?))
        } else {
            let commit = started(table, found, &charge, at)?.map_err(refused)?;
            (Answer::new(202, &PaidPeriod::of(&charge))?, commit)
        };
        let receipt = Receipt { body_hash: hash.clone(), answer: Some(answer.clone()) };
        // Looked at first when the write loses: a repetition is one, whatever else has changed.
        let first = Append::first(Stream::new("cmd", command_id.clone()), at).receipt(receipt);
        Ok(Proposal { commit: Commit::new().append(first).and(commit), body_hash: hash.clone(), answer: Some(answer) })
    };
    let context = &request.context;
    if let Some(before) = before(env, &command_id, &hash).await? {
        return answered(env, before, None).await;
    }
    let executed = execute(&env.store, &env.clock, context.deadline(), &context.origin, load, decide).await;
    let executed = executed.map_err(|error: ExecuteError<Problem>| Problem::from(error))?;
    let charge = match pending(&executed)? {
        Some(payment_id) if !executed.repeated => wait(env, request, &payment_id).await?,
        Some(_) | None => None,
    };
    answered(env, executed, charge).await
}

/// What the same command was answered before it is decided again: what it changed would refuse it now.
async fn before(env: &Env, command_id: &str, hash: &str) -> Result<Option<Executed>, Problem> {
    let item = env.store.journal_item(&Stream::new("cmd", command_id), 1).await?;
    let Some(receipt) = item.map(|item| item.receipt()).transpose()?.flatten() else { return Ok(None) };
    if receipt.body_hash != hash {
        return Err(ExecuteError::<Problem>::KeyReused.into());
    }
    Ok(Some(Executed { answer: receipt.answer, repeated: true }))
}

/// The payment that the answer speaks of, if it was not at an end then.
fn pending(executed: &Executed) -> Result<Option<String>, Problem> {
    let Some(answer) = executed.answer.as_ref().filter(|answer| answer.status == 202) else { return Ok(None) };
    Ok(serde_json::from_str::<Paid>(answer.body.get())?.payment_id)
}

async fn wait(env: &Env, request: &Request, payment_id: &str) -> Result<Option<Charge>, Problem> {
    let Some(found) = find_charge(env, payment_id).await? else { return Ok(None) };
    let token = method::of(env, &found.state).await?;
    let token = token.ok_or_else(|| Failure::transient("there is nothing to pay with"))?;
    Ok(Some(pursue(env, &request.context, found.state, &token).await))
}

/// The answer as the payment stands now; `charge`, if it was just looked at.
async fn answered(env: &Env, executed: Executed, charge: Option<Charge>) -> Result<Response, Problem> {
    let charge = match (pending(&executed)?, charge) {
        (None, _) => return Ok(StoredAnswer(executed).into()),
        (Some(_), Some(charge)) => charge,
        (Some(payment_id), None) => {
            let found = find_charge(env, &payment_id).await?;
            found.ok_or_else(|| Problem::from(CommandError::Contended))?.state
        }
    };
    let answer = match charge.status {
        Status::Initiated if executed.repeated => {
            let problem = in_progress("PAYMENT_IN_PROGRESS", "the payment is on its way");
            return Err(problem.with("payment_id", &charge.payment_id));
        }
        Status::Initiated => Answer::new(202, &PaidPeriod::of(&charge))?,
        Status::Succeeded => Answer::new(200, &PaidPeriod::of(&charge))?,
        Status::Failed => {
            let problem = Problem::new(402, "PAYMENT_DECLINED", "the payment came to nothing");
            problem.with("payment_id", &charge.payment_id).answer(&charge.request_id)?
        }
    };
    Ok(StoredAnswer(Executed { answer: Some(answer), repeated: executed.repeated }).into())
}
