//! Writing what a report changes at the end of the payment's stream; races are decided again.

use std::cell::RefCell;
use std::fmt;

use quoin_events::{Origin, Timestamp};
use quoin_ledger::Wallet;
use quoin_runtime::{Context, Env};
use quoin_store::{Append, Commit, ExecuteError, Head, Proposal, Snapshot, StoreError, Stream, execute};

use crate::payment::{Payment, Report};

/// A payment and where its stream ends.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    head: Head,
    pub(crate) payment: Payment,
}

impl Snapshot for Found {
    // No wallet takes part in what a provider says.
    fn rebase(&mut self, _wallet: Wallet) {}
}

/// Why nothing is written.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The report says nothing new.
    Nothing,
    /// What is stored or to be stored cannot be rendered.
    Store(StoreError),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("the report says nothing new"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

fn stream(payment_id: &str) -> Stream {
    Stream::new("payment", payment_id)
}

/// The payment `payment_id`, if there is one.
pub(crate) async fn find(env: &Env, payment_id: &str) -> Result<Option<Found>, StoreError> {
    let head = env.store.head(&stream(payment_id)).await?;
    let payment = head.state.as_deref().map(serde_json::from_str).transpose()?;
    Ok(payment.map(|payment| Found { head, payment }))
}

/// Takes over `report`; says whether it changed anything.
pub(crate) async fn advance(
    env: &Env,
    context: &Context,
    found: Found,
    report: &Report,
) -> Result<bool, ExecuteError<StoreError>> {
    let payment_id = found.payment.payment_id.clone();
    // What the provider says belongs to the request that the payment came with.
    let origin = Origin { request_id: found.payment.request_id.clone(), ..context.origin.clone() };
    let first = RefCell::new(Some(found));
    let load = async || {
        let first = first.borrow_mut().take();
        match first {
            Some(found) => Ok(found),
            None => find(env, &payment_id).await?.ok_or_else(|| StoreError::Unavailable("no such payment".to_owned())),
        }
    };
    let decide = |found: &Found, now: Timestamp| {
        let step = found.payment.after(report).outcome(now).map_err(|error| Stop::Store(error.into()))?;
        let (next, event) = step.ok_or(Stop::Nothing)?;
        let append = Append::after(stream(&payment_id), &found.head, now).state(&next).map_err(Stop::Store)?;
        let commit = Commit::new().append(append.events(event));
        Ok(Proposal { commit, body_hash: String::new(), answer: None })
    };
    match execute(&env.store, &env.clock, context.deadline(), &origin, load, decide).await {
        Ok(_) => Ok(true),
        Err(ExecuteError::Decide(Stop::Nothing)) => Ok(false),
        Err(ExecuteError::Decide(Stop::Store(error)) | ExecuteError::Store(error)) => Err(ExecuteError::Store(error)),
        Err(ExecuteError::KeyReused) => Err(ExecuteError::KeyReused),
        Err(ExecuteError::Contended) => Err(ExecuteError::Contended),
        Err(ExecuteError::Blocked(item)) => Err(ExecuteError::Blocked(item)),
    }
}
