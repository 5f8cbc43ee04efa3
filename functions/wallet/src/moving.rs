//! A command that moves money on one wallet: decided, written with its receipt, and answered with its first answer.

use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Change, Movement, decide};
use quoin_runtime::{Context, Env, Problem};
use quoin_store::{Answer, Append, Commit, ExecuteError, Executed, Proposal, Receipt, Stream, WalletWrite, execute};
use serde::Serialize;
use serde_json::json;

use crate::snapshot::OneWallet;

/// Movements on one wallet and the command they belong to.
#[derive(Debug)]
pub(crate) struct Moving<'a> {
    /// Stream of the receipt.
    pub(crate) receipt: Stream,
    pub(crate) body_hash: String,
    pub(crate) user_id: &'a str,
    pub(crate) related: EntityRef,
    pub(crate) movements: Vec<Movement>,
    /// Who asked for it and why, kept with the receipt.
    pub(crate) because: Option<Because>,
}

/// On whose authority money moved.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Because {
    pub(crate) operator_id: String,
    pub(crate) reason: String,
}

/// Carries it out; a refusal is an answer that is stored.
pub(crate) async fn carry_out(env: &Env, context: &Context, moving: &Moving<'_>) -> Result<Executed, Problem> {
    let calendar = env.config.calendar()?;
    let change = Change { related: moving.related.clone(), movements: moving.movements.clone() };
    let propose = |snapshot: &OneWallet, now: Timestamp| {
        let wallet = snapshot.existing()?;
        let receipt = |answer: &Answer| Receipt { body_hash: moving.body_hash.clone(), answer: Some(answer.clone()) };
        let append = |answer: &Answer| {
            let append = Append::first(moving.receipt.clone(), now).receipt(receipt(answer));
            moving.because.as_ref().map_or(Ok(append.clone()), |because| append.state(because))
        };
        let (commit, answer) = match decide(wallet, &change, now, calendar) {
            Ok(decision) => {
                let postings = decision.postings.iter();
                let lines: Vec<_> = postings
                    .map(|line| {
                        json!({
                            "transaction_id": line.transaction_id, "type": line.purpose, "asset": line.asset,
                            "amount": line.delta, "balance_before": line.before, "balance_after": line.after,
                        })
                    })
                    .collect();
                let body = json!({ "user_id": moving.user_id, "version": decision.wallet.version, "entries": lines });
                let answer = Answer::new(201, &body)?;
                let write = WalletWrite::new(wallet.clone(), decision)?;
                (Commit::new().append(append(&answer)?).wallet(write), answer)
            }
            Err(rejection) => {
                let answer = Problem::from(&rejection).answer(context.request_id())?;
                (Commit::new().append(append(&answer)?), answer)
            }
        };
        Ok(Proposal { commit, body_hash: moving.body_hash.clone(), answer: Some(answer) })
    };
    let load = async || OneWallet::load(env, moving.user_id).await;
    let done: Result<Executed, ExecuteError<Problem>> =
        execute(&env.store, &env.clock, context.deadline(), &context.origin, load, propose).await;
    done.map_err(Problem::from)
}
