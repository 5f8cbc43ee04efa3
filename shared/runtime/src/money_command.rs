//! From a request to a command: the key, the deadline and the answer, the same for every route that moves money.

use quoin_events::Timestamp;
use quoin_store::{ExecuteError, Proposal, Snapshot, StoreError, derived_id, execute};

use crate::api::StoredAnswer;
use crate::{Context, Env, Problem, Request, Response};

/// Why a command came to nothing; a refusal that has a receipt is an answer, not an error.
pub type CommandError = ExecuteError<Problem>;

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        match error {
            ExecuteError::Decide(problem) => problem,
            ExecuteError::KeyReused => {
                Self::refused("IDEMPOTENCY_KEY_REUSED", "the Idempotency-Key was used for a request with another body")
            }
            ExecuteError::Contended | ExecuteError::Blocked(_) => Self::contended(),
            ExecuteError::Store(error) => error.into(),
        }
    }
}

/// Carries out a command for a request.
///
/// # Errors
/// The caller's problem, or that of the store; nothing was written.
pub async fn command<S: Snapshot>(
    env: &Env,
    context: &Context,
    load: impl AsyncFn() -> Result<S, StoreError>,
    decide: impl Fn(&S, Timestamp) -> Result<Proposal, Problem>,
) -> Result<Response, Problem> {
    let executed = execute(&env.store, &env.clock, context.deadline(), &context.origin, load, decide).await;
    Ok(StoredAnswer(executed.map_err(Problem::from)?).into())
}

/// The id that a request's Idempotency-Key stands for: the same for a repetition, another for another caller or route.
///
/// # Errors
/// 400 without a usable key, 401 without a caller.
pub fn idempotent_command(request: &Request, prefix: &str) -> Result<String, Problem> {
    let key = request.idempotency_key()?;
    let caller = request.caller()?;
    // Cancelling two bets with one key are two commands: the path's own ids are part of it.
    let path = request.path_values();
    let mut parts = vec![prefix, caller.user_id.as_str(), request.route.as_str(), key];
    parts.extend(path);
    Ok(derived_id(prefix, &parts))
}
