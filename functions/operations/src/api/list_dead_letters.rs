//! `GET /api/dead-letters`: the queues of the stage, how many dead letters each has, and what those say that can be
//! seen now.

use futures_util::{StreamExt, stream};
use quoin_runtime::{DeadLetter, DeadLetterQueue, DeadLetters, Env, Failure, Problem, Request, Response, Role};
use serde::Serialize;

use super::{dead_letters, stop};

/// Letters shown of one queue.
const MOST_SHOWN: usize = 50;
/// Queues looked into at once.
const CONCURRENCY: usize = 8;

/// The dead letters of the stage.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DeadLettersView {
    /// Every queue that has dead letters of its own, by name.
    queues: Vec<DeadLetterQueueView>,
}

/// The dead letters of one queue.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct DeadLetterQueueView {
    /// The queue that they come from: mostly named as its function.
    queue: String,
    /// About how many there are, those included that somebody is looking at right now.
    count: u64,
    /// At most 50 of those that can be seen now.
    messages: Vec<DeadLetter>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Queues and their dead letters, with the reason of each")
        .for_operators()
        .answers::<DeadLettersView>(200)
}

/// Lists the dead letters.
///
/// # Errors
/// 403 for anybody but operators.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let letters = dead_letters(env)?;
    let queues = letters.queues().await?;
    let stop = stop(request);
    let views = stream::iter(queues).map(async |queue| view(&letters, queue, stop).await).buffered(CONCURRENCY);
    let queues = views.collect::<Vec<_>>().await.into_iter().collect::<Result<_, Failure>>()?;
    Response::json(200, &DeadLettersView { queues })
}

async fn view(
    letters: &DeadLetters<'_>,
    queue: DeadLetterQueue,
    stop: quoin_events::Timestamp,
) -> Result<DeadLetterQueueView, Failure> {
    let messages = if queue.count == 0 { Vec::new() } else { letters.look(&queue, MOST_SHOWN, stop).await? };
    let count = queue.count.saturating_add(queue.hidden);
    Ok(DeadLetterQueueView { queue: queue.name, count, messages })
}
