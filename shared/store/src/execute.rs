//! Carrying out one command: load, decide, write; on a lost race decide again, until it is done or too late.

use std::time::Duration;

use quoin_events::{Origin, Timestamp};
use quoin_ledger::Wallet;

use crate::answer::left_ms;
use crate::{Answer, Clock, Commit, Lost, Receipt, Store, StoreError};

/// What a command decides on. A wallet that moved on takes the place of the one that was read.
pub trait Snapshot {
    /// Takes over the current state of a wallet.
    fn rebase(&mut self, wallet: Wallet);
}

/// A decision: what to write, and what to answer once it is written.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// What to write.
    pub commit: Commit,
    /// Hash of the parsed command, to tell a repetition from a reused key.
    pub body_hash: String,
    /// What to answer; absent where nobody waits.
    pub answer: Option<Answer>,
}

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Executed {
    /// The answer: the new one, or the first one of a repeated command.
    pub answer: Option<Answer>,
    /// Whether the command had been carried out before.
    pub repeated: bool,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<E> {
    /// The caller's own reason: refused, or not found.
    #[error("{0}")]
    Decide(E),
    /// The idempotency key was used for another command.
    #[error("the key was used for another command")]
    KeyReused,
    /// Others kept winning until the time was up; nothing was written.
    #[error("too many writers at once")]
    Contended,
    /// The condition of another item of the commit did not hold.
    #[error("another item stands in the way")]
    Blocked(usize),
    /// A read or write failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Until when a command may be tried again.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Timestamp);

/// First and longest pause between two tries, before jitter.
const PAUSE_MS: (u64, u64) = (20, 1_000);

impl Deadline {
    /// Pauses before try number `attempt` with full jitter; false when the time is up.
    pub(crate) async fn pause(self, clock: &Clock, attempt: u32) -> bool {
        let (first, most) = PAUSE_MS;
        let ceiling = first.saturating_mul(1_u64.checked_shl(attempt.min(10)).unwrap_or(u64::MAX)).min(most);
        let pause = clock.random_below(ceiling);
        if left_ms(clock.now(), self.0) <= pause {
            return false;
        }
        clock.sleep(Duration::from_millis(pause)).await;
        true
    }
}

/// Carries out a command. `load` reads what it needs, `decide` is pure and may run several times.
///
/// # Errors
/// See [`ExecuteError`]; whatever the error, nothing of this command was written.
pub async fn execute<S, E>(
    store: &Store,
    clock: &Clock,
    deadline: Deadline,
    origin: &Origin,
    load: impl AsyncFn() -> Result<S, StoreError>,
    decide: impl Fn(&S, Timestamp) -> Result<Proposal, E>,
) -> Result<Executed, ExecuteError<E>>
where
    S: Snapshot,
{
    let mut attempt = 0_u32;
    let mut loaded: Option<S> = None;
    loop {
        let snapshot = match loaded.take() {
            Some(snapshot) => snapshot,
            None => load().await?,
        };
        let proposal = decide(&snapshot, clock.now()).map_err(ExecuteError::Decide)?;
        let lost = match store.commit(proposal.commit, origin).await {
            Ok(()) => return Ok(Executed { answer: proposal.answer, repeated: false }),
            Err(StoreError::Lost(lost)) => Some(*lost),
            Err(StoreError::Conflict) => None,
            // The outcome may be unknown; the receipt tells on the next try.
            Err(error @ StoreError::Unavailable(_)) => {
                attempt = attempt.saturating_add(1);
                if !deadline.pause(clock, attempt).await {
                    return Err(error.into());
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match lost {
            Some(Lost::Append { item, .. }) => {
                if let Some(receipt) = item.receipt()? {
                    return repeated(receipt, &proposal.body_hash);
                }
            }
            Some(Lost::Wallet(Some(wallet))) => {
                let mut snapshot = snapshot;
                snapshot.rebase(wallet);
                loaded = Some(snapshot);
            }
            Some(Lost::Other { item, .. }) => return Err(ExecuteError::Blocked(item)),
            Some(Lost::Wallet(None)) | None => {}
        }
        attempt = attempt.saturating_add(1);
        if !deadline.pause(clock, attempt).await {
            return Err(ExecuteError::Contended);
        }
        // After a pause a wallet that was handed back is old news on a busy one: read again now and then.
        if attempt.is_multiple_of(3) {
            loaded = None;
        }
    }
}

fn repeated<E>(receipt: Receipt, body_hash: &str) -> Result<Executed, ExecuteError<E>> {
    if receipt.body_hash == body_hash {
        Ok(Executed { answer: receipt.answer, repeated: true })
    } else {
        Err(ExecuteError::KeyReused)
    }
}
