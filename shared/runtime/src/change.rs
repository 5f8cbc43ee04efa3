//! A request that changes something without a receipt: whoever sends it again finds that there is nothing left to do.

use quoin_events::Timestamp;
use quoin_store::{Commit, ExecuteError, Proposal, Snapshot, StoreError, execute};

use crate::money_command::CommandError;
use crate::{Context, Env, Problem};

/// Why nothing is written.
enum Stop {
    /// It is as it is to be already.
    Nothing,
    /// It cannot be done.
    Problem(Problem),
}

/// Writes what `decide` makes of `what` as `load` reads it; `None` of it is nothing to write. Says whether anything was
/// written.
///
/// # Errors
/// 404 if it is not there, what `decide` says, and 429 or 503.
pub async fn change<S: Snapshot>(
    env: &Env,
    context: &Context,
    what: &str,
    load: impl AsyncFn() -> Result<Option<S>, StoreError>,
    decide: impl Fn(&S, Timestamp) -> Result<Option<Commit>, Problem>,
) -> Result<bool, Problem> {
    let propose = |found: &Option<S>, now: Timestamp| {
        let found = found.as_ref().ok_or_else(|| Stop::Problem(Problem::not_found(what)))?;
        let commit = decide(found, now).map_err(Stop::Problem)?.ok_or(Stop::Nothing)?;
        Ok(Proposal { commit, body_hash: String::new(), answer: None })
    };
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, propose).await {
        Ok(_) => Ok(true),
        Err(ExecuteError::Decide(Stop::Nothing)) => Ok(false),
        Err(ExecuteError::Decide(Stop::Problem(problem))) => Err(problem),
        Err(ExecuteError::Store(error)) => Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_)) => {
            Err(CommandError::Contended.into())
        }
    }
}
