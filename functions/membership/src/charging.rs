//! Asking the provider for a payment, and about one, until it has ended or nobody waits any more.

use std::time::Duration;

use quoin_events::Timestamp;
use quoin_payments::{HttpProvider, Provider, Standing};
use quoin_runtime::{Context, Env, Personal};

use crate::charge::{Charge, Report, Status};
use crate::settle::{find_charge, settle};

/// How long a request waits for the end of a payment.
const PATIENCE_MS: i64 = 10_000;
/// How long a question to the provider may take.
const QUESTION_MS: i64 = 5_000;
/// The first pause between two looks; it doubles.
const PAUSE_MS: u64 = 200;
const LONGEST_PAUSE_MS: u64 = 1_600;

/// Asks for the money; what stays open is the sweeper's.
pub(crate) async fn initiate(env: &Env, context: &Context, charge: &Charge, token: &Personal) -> Result<bool, String> {
    let provider = HttpProvider::of(env, context).map_err(|failure| failure.to_string())?;
    let taken = provider.initiate(&charge.order(token.reveal())).await.map_err(|silence| silence.0)?;
    take_over(env, context, charge, &taken.into()).await
}

/// Takes over what the provider says; says whether it changed anything.
pub(crate) async fn take_over(env: &Env, context: &Context, charge: &Charge, report: &Report) -> Result<bool, String> {
    settle(env, context, charge, report).await.map_err(|error| error.to_string())
}

/// Asks where the payment stands; says whether anything was learnt.
async fn look(env: &Env, context: &Context, charge: &Charge, token: &Personal) -> Result<bool, String> {
    let provider = HttpProvider::of(env, context).map_err(|failure| failure.to_string())?;
    match provider.standing(&charge.order(token.reveal())).await.map_err(|silence| silence.0)? {
        Standing::Decided(decision) => take_over(env, context, charge, &decision.into()).await,
        // The request for it was lost on its way.
        Standing::Unknown => initiate(env, context, charge, token).await,
        Standing::Pending => Ok(false),
    }
}

/// Asks for the money and waits for the end, at most until ten seconds after the request began. The payment as it is
/// then.
pub(crate) async fn pursue(env: &Env, context: &Context, charge: Charge, token: &Personal) -> Charge {
    let until = context.now.plus_millis(PATIENCE_MS).min(context.stops_at.plus_millis(-QUESTION_MS));
    let payment_id = charge.payment_id.clone();
    note(&payment_id, initiate(env, context, &charge, token).await);
    let (mut latest, mut pause_ms) = (charge, PAUSE_MS);
    loop {
        match find_charge(env, &payment_id).await {
            Ok(Some(found)) => latest = found.state,
            Ok(None) => {}
            Err(error) => note(&payment_id, Err(error.to_string())),
        }
        if latest.status != Status::Initiated || is_late(env.clock.now(), pause_ms, until) {
            return latest;
        }
        env.clock.sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = pause_ms.saturating_mul(2).min(LONGEST_PAUSE_MS);
        note(&payment_id, look(env, context, &latest, token).await);
    }
}

fn is_late(now: Timestamp, pause_ms: u64, until: Timestamp) -> bool {
    now.plus_millis(i64::try_from(pause_ms).unwrap_or(i64::MAX)) >= until
}

fn note(payment_id: &str, outcome: Result<bool, String>) {
    if let Err(reason) = outcome {
        tracing::warn!(payment_id, reason, "the provider has not decided the payment yet");
    }
}
