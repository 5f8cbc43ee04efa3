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

    /// Whether the command is decided again, on what is read then, when the condition of item `_item` of a service's
    /// own table did not hold; otherwise that item stands in the way.
    fn is_outdated_by(&self, _item: usize) -> bool {
        false
    }
}

/// What may not be there.
impl<S: Snapshot> Snapshot for Option<S> {
    fn rebase(&mut self, wallet: Wallet) {
        if let Some(snapshot) = self {
            snapshot.rebase(wallet);
        }
    }

    fn is_outdated_by(&self, item: usize) -> bool {
        self.as_ref().is_none_or(|snapshot| snapshot.is_outdated_by(item))
    }
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
    /// Others won every try until the time was up; nothing was written.
    #[error("too many writers at once")]
    Contended,
    /// The condition of another item of the commit did not hold.
    #[error("another item stands in the way")]
    Blocked(usize),
    /// A read or write failed; after [`StoreError::Unavailable`] it is not known whether the command was written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Until when a command may be tried again.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(pub Timestamp);

/// First and longest pause between two tries, before jitter. Who pauses long loses to those who have just come.
const PAUSE_MS: (u64, u64) = (20, 200);

impl Deadline {
    /// Pauses before try number `attempt` with full jitter; false when the time is up.
    pub(crate) async fn pause(self, clock: &Clock, attempt: u32) -> bool {
        let (first, most) = PAUSE_MS;
        let doubled = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
        let ceiling = first.saturating_mul(doubled).min(most);
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
/// See [`ExecuteError`]. After [`ExecuteError::Contended`] nothing was written. After [`StoreError::Unavailable`] the
/// command may have been written: the same command again, with the same keys, finds out. The other errors tell what
/// the last try met, which may be what an earlier try of unknown outcome wrote; that matters to commands without a
/// receipt, whose `decide` must know its own effect when it sees it.
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
    let mut tries = Tries::default();
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
                tries.failed(Some(error));
                if !deadline.pause(clock, tries.count).await {
                    return Err(tries.given_up());
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
            // Nobody knows a newer wallet than the one that was handed back, so it is tried at once, and only once:
            // after a pause it would be old news.
            Some(Lost::Wallet(Some(wallet))) if tries.count == 0 => {
                let mut snapshot = snapshot;
                snapshot.rebase(wallet);
                loaded = Some(snapshot);
                tries.failed(None);
                continue;
            }
            Some(Lost::Other { item, .. }) if !snapshot.is_outdated_by(item) => {
                return Err(ExecuteError::Blocked(item));
            }
            Some(Lost::Other { .. } | Lost::Wallet(_)) | None => {}
        }
        tries.failed(None);
        if !deadline.pause(clock, tries.count).await {
            return Err(tries.given_up());
        }
    }
}

/// The tries so far that came to nothing, as far as is known.
#[derive(Default)]
struct Tries {
    count: u32,
    /// Why the outcome of one of them is not known.
    unknown: Option<StoreError>,
}

impl Tries {
    fn failed(&mut self, unknown: Option<StoreError>) {
        self.count = self.count.saturating_add(1);
        self.unknown = unknown.or_else(|| self.unknown.take());
    }

    /// Why there is no further try. That the last try lost its race says nothing about an earlier one whose outcome is
    /// unknown.
    fn given_up<E>(self) -> ExecuteError<E> {
        self.unknown.map_or(ExecuteError::Contended, ExecuteError::Store)
    }
}

fn repeated<E>(receipt: Receipt, body_hash: &str) -> Result<Executed, ExecuteError<E>> {
    if receipt.body_hash == body_hash {
        Ok(Executed { answer: receipt.answer, repeated: true })
    } else {
        Err(ExecuteError::KeyReused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given_up(outcomes: &[Option<&str>]) -> ExecuteError<String> {
        let mut tries = Tries::default();
        for unknown in outcomes {
            tries.failed(unknown.map(|reason| StoreError::Unavailable(reason.to_owned())));
        }
        assert_eq!(usize::try_from(tries.count), Ok(outcomes.len()));
        tries.given_up()
    }

    #[test]
    fn lost_races_alone_are_contention() {
        assert!(matches!(given_up(&[None, None]), ExecuteError::Contended));
    }

    #[test]
    fn an_unknown_outcome_is_not_forgotten_over_a_lost_race() {
        for outcomes in [&[Some("timed out")][..], &[Some("timed out"), None], &[None, Some("timed out"), None, None]] {
            let error = given_up(outcomes);
            assert!(
                matches!(&error, ExecuteError::Store(StoreError::Unavailable(why)) if why == "timed out"),
                "{error}"
            );
        }
    }
}
