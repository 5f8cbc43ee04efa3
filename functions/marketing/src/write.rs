//! A commit that does not give up because somebody else touched the same row at the same moment.

use std::time::Duration;

use quoin_runtime::{Context, Env, Failure};
use quoin_store::{Commit, Item, JournalItem, Lost, StoreError};

/// What became of a commit.
#[derive(Debug)]
pub(crate) enum Written {
    /// All of it is written.
    Done,
    /// The key of its journal item is taken; this stands there.
    Taken(JournalItem),
    /// The condition of another item did not hold; this stands there.
    Blocked(Option<Item>),
}

/// How often a conflict with another transaction is tried again.
const TRIES: u64 = 6;

/// Writes all of `commit`, or says what stood in the way.
///
/// # Errors
/// Transient, if the table cannot be written.
pub(crate) async fn write(env: &Env, context: &Context, commit: Commit) -> Result<Written, Failure> {
    for attempt in 1..=TRIES {
        match env.store.commit(commit.clone(), &context.origin).await {
            Ok(()) => return Ok(Written::Done),
            Err(StoreError::Lost(lost)) => {
                return match *lost {
                    Lost::Append { item, .. } => Ok(Written::Taken(item)),
                    Lost::Other { current, .. } => Ok(Written::Blocked(current)),
                    Lost::Wallet(_) => Err(Failure::poison("marketing writes no wallet")),
                };
            }
            // One row counts all points of a user: two bets at once meet there.
            Err(StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(40));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
