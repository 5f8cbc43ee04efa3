//! Routes of the operations service.

pub mod list_dead_letters;
pub mod redrive_dead_letters;

use quoin_events::Timestamp;
use quoin_runtime::{DeadLetters, Env, Problem, Request};

/// What each function's route takes and answers.
#[cfg(feature = "schema")]
pub const CONTRACTS: &quoin_runtime::Contracts =
    &[("list-dead-letters", list_dead_letters::contract), ("redrive-dead-letters", redrive_dead_letters::contract)];

/// What is kept back of the function's time: letters are given back and the answer is written.
const RESERVE_MS: i64 = 5_000;

fn dead_letters(env: &Env) -> Result<DeadLetters<'_>, Problem> {
    Ok(DeadLetters::of_stage(env, env.config.require("STAGE")?))
}

/// When to stop looking.
fn stop(request: &Request) -> Timestamp {
    request.context.stops_at.plus_millis(RESERVE_MS.saturating_neg())
}
