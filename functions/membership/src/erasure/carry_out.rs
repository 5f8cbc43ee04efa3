//! An erasure asked for, and gone on with.

use quoin_events::Timestamp;
use quoin_runtime::{CommandError, Context, Env, Failure, Found, Problem};
use quoin_store::{ExecuteError, Proposal, StoreError, execute};

use super::standing::{Place, Standing, Stop};
use super::{Erasure, Status};
use crate::registration::Tables;

/// Begins the erasure of `user_id`, or goes on with it; how it stands then.
///
/// # Errors
/// 404 for nobody, 422 for who still has or owes something, 429 or 503.
pub(crate) async fn request(env: &Env, context: &Context, user_id: &str) -> Result<Erasure, Problem> {
    match go_on(env, context, user_id, true).await {
        Ok(_) => {}
        Err(ExecuteError::Decide(problem)) => return Err(problem),
        Err(ExecuteError::Store(error)) => return Err(error.into()),
        Err(ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_)) => {
            return Err(CommandError::Contended.into());
        }
    }
    find(env, user_id).await?.ok_or_else(|| CommandError::Contended.into())
}

/// Goes on with the erasure of `user_id` if one waits; says whether anything was written.
///
/// # Errors
/// Transient.
pub(crate) async fn pursue(env: &Env, context: &Context, user_id: &str) -> Result<bool, Failure> {
    // Most of who pays does not want to be forgotten.
    let waiting = find(env, user_id).await?.filter(|erasure| erasure.status == Status::Waiting);
    let Some(erasure) = waiting else { return Ok(false) };
    let context = context.on_behalf_of(&erasure.request_id);
    go_on(env, &context, user_id, false).await.map_err(|error| match error {
        ExecuteError::Decide(problem) => Failure::Transient(format!("the erasure waits: {}", problem.code)),
        ExecuteError::Store(error) => error.into(),
        ExecuteError::KeyReused | ExecuteError::Contended | ExecuteError::Blocked(_) => {
            Failure::transient("others write to what is to be erased")
        }
    })
}

/// The erasure of `user_id`, if one was asked for.
pub(crate) async fn find(env: &Env, user_id: &str) -> Result<Option<Erasure>, StoreError> {
    Ok(Found::find(env, &Erasure::stream(user_id)).await?.map(|found| found.state))
}

async fn go_on(env: &Env, context: &Context, user_id: &str, may_begin: bool) -> Result<bool, ExecuteError<Problem>> {
    let tables = Tables::of(env).map_err(StoreError::corrupt)?;
    let calendar = env.config.calendar().map_err(StoreError::corrupt)?;
    let place = Place { tables: &tables, calendar, request_id: context.request_id() };
    let load = async || Standing::load(env, user_id).await;
    let decide = |standing: &Standing, now: Timestamp| {
        let commit = standing.next(&place, may_begin, now)?;
        Ok(Proposal { commit, body_hash: String::new(), answer: None })
    };
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, decide).await {
        Ok(_) => Ok(true),
        Err(ExecuteError::Decide(Stop::Nothing)) => Ok(false),
        Err(ExecuteError::Decide(Stop::Failed(problem))) => Err(ExecuteError::Decide(problem)),
        Err(ExecuteError::Store(error)) => Err(ExecuteError::Store(error)),
        Err(ExecuteError::KeyReused) => Err(ExecuteError::KeyReused),
        Err(ExecuteError::Contended) => Err(ExecuteError::Contended),
        Err(ExecuteError::Blocked(item)) => Err(ExecuteError::Blocked(item)),
    }
}
