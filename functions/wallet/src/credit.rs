//! A credit that follows from an event: one read, one transaction of three items, paid once.

use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Change, Movement, Rejection, decide};
use quoin_runtime::{Context, Env, Failure, Outcome};
use quoin_store::{
    Append, Commit, ExecuteError, Proposal, Receipt, StoreError, Stream, WalletWrite, body_hash, execute,
};

use crate::snapshot::OneWallet;

/// What is paid, to whom, and the business operation that it is.
#[derive(Debug)]
pub(crate) struct Operation {
    /// `payout#<bet>#<n>`, `deposit#<payment>` …: paid once, whichever path comes first.
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) related: EntityRef,
    pub(crate) movements: Vec<Movement>,
}

/// Why a credit was not decided.
#[derive(Debug)]
enum Refusal {
    NoWallet,
    Rejected(Rejection),
    Store(StoreError),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoWallet => f.write_str("the wallet does not exist"),
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

/// Carries out `operation` unless it was carried out before.
pub(crate) async fn apply(env: &Env, context: &Context, operation: &Operation) -> Result<Outcome, Failure> {
    let calendar = env.config.calendar()?;
    let hash =
        body_hash(&(&operation.id, &operation.user_id, operation.related.id.as_str())).map_err(Failure::poison)?;
    let change = Change { related: operation.related.clone(), movements: operation.movements.clone() };
    let propose = |snapshot: &OneWallet, now: Timestamp| {
        let wallet = snapshot.0.as_ref().ok_or(Refusal::NoWallet)?;
        let decision = decide(wallet, &change, now, calendar).map_err(Refusal::Rejected)?;
        let receipt = Receipt { body_hash: hash.clone(), answer: None };
        let append = Append::first(Stream::new("op", operation.id.clone()), now).receipt(receipt);
        let write = WalletWrite::new(wallet.clone(), decision).map_err(Refusal::Store)?;
        let commit = Commit::new().append(append).wallet(write);
        Ok(Proposal { commit, body_hash: hash.clone(), answer: None })
    };
    let load = async || OneWallet::load(env, &operation.user_id).await;
    let done = execute(&env.store, &env.clock, context.deadline(), &context.origin, load, propose).await;
    match done {
        Ok(executed) if executed.repeated => Ok(Outcome::Duplicate),
        Ok(_) => Ok(Outcome::Applied),
        // The wallet is made by the same transaction as the account; its events cannot be ahead of it for long.
        Err(ExecuteError::Decide(refusal @ (Refusal::NoWallet | Refusal::Store(_)))) => {
            Err(Failure::transient(refusal))
        }
        Err(error) => Err(error.into()),
    }
}
