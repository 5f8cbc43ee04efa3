//! Going on with a stream: what is learnt of an entity is decided on where its stream ends, and decided again when
//! somebody else went on with it first. There is no receipt, so `decide` has to know what it has learnt before.

use std::cell::RefCell;
use std::fmt;

use quoin_events::Timestamp;
use quoin_ledger::Wallet;
use quoin_store::{Commit, ExecuteError, Head, Proposal, Snapshot, StoreError, Stream, execute};
use serde::de::DeserializeOwned;

use crate::{Context, Env};

/// An entity and where its stream ends.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The end of its stream.
    pub head: Head,
    /// What it is.
    pub state: T,
}

impl<T> Snapshot for Found<T> {
    // No wallet takes part.
    fn rebase(&mut self, _wallet: Wallet) {}
}

impl<T: DeserializeOwned> Found<T> {
    /// The entity of `stream`, if there is one.
    ///
    /// # Errors
    /// The classes of every request, and that of a state that cannot be read.
    pub async fn find(env: &Env, stream: &Stream) -> Result<Option<Self>, StoreError> {
        let head = env.store.head(stream).await?;
        let state = head.state.as_deref().map(serde_json::from_str).transpose()?;
        Ok(state.map(|state| Self { head, state }))
    }
}

/// Why nothing is written.
#[derive(Debug)]
enum Stop {
    /// Nothing new was learnt.
    Nothing,
    /// What is stored or to be stored cannot be rendered.
    Store(StoreError),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing new was learnt"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

/// Writes what `decide` makes of an entity, first as it is in `first`, then as `load` reads it; `None` of it is
/// nothing to write. Says whether anything was written.
///
/// # Errors
/// Those of the store, and contention; a refusal of `decide` is one of the store's.
pub async fn advance<S: Snapshot>(
    env: &Env,
    context: &Context,
    first: Option<S>,
    load: impl AsyncFn() -> Result<S, StoreError>,
    decide: impl Fn(&S, Timestamp) -> Result<Option<Commit>, StoreError>,
) -> Result<bool, ExecuteError<StoreError>> {
    let first = RefCell::new(first);
    let load = async || {
        let first = first.borrow_mut().take();
        match first {
            Some(first) => Ok(first),
            None => load().await,
        }
    };
    let propose = |snapshot: &S, now: Timestamp| {
        let commit = decide(snapshot, now).map_err(Stop::Store)?.ok_or(Stop::Nothing)?;
        Ok(Proposal { commit, body_hash: String::new(), answer: None })
    };
    match execute(&env.store, &env.clock, context.deadline(), &context.origin, load, propose).await {
        Ok(_) => Ok(true),
        Err(ExecuteError::Decide(Stop::Nothing)) => Ok(false),
        Err(ExecuteError::Decide(Stop::Store(error)) | ExecuteError::Store(error)) => Err(ExecuteError::Store(error)),
        Err(ExecuteError::KeyReused) => Err(ExecuteError::KeyReused),
        Err(ExecuteError::Contended) => Err(ExecuteError::Contended),
        Err(ExecuteError::Blocked(item)) => Err(ExecuteError::Blocked(item)),
    }
}
