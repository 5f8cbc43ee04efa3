//! A command that moves money on one wallet: decided, written with its receipt, and answered with its first answer.

use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Change, Movement, Posting, Purpose, decide};
use quoin_money::{Amount, Asset, Delta};
use quoin_runtime::{Context, Env, Problem};
use quoin_store::{Answer, Append, Commit, ExecuteError, Executed, Proposal, Receipt, Stream, WalletWrite, execute};
use serde::Serialize;

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

/// What a change came to.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "WalletChange"))]
pub(crate) struct Moved<'a> {
    /// Whose wallet.
    user_id: &'a str,
    /// Its version after the change.
    version: u64,
    /// What moved.
    entries: Vec<MovedEntry>,
}

/// One posting of a change.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "WalletChangeEntry"))]
struct MovedEntry {
    /// The posting's own id.
    transaction_id: String,
    /// What it is for.
    r#type: Purpose,
    /// What moved.
    asset: Asset,
    /// How much was given or, negative, taken.
    amount: Delta,
    /// Available before.
    balance_before: Amount,
    /// Available after.
    balance_after: Amount,
}

impl From<&Posting> for MovedEntry {
    fn from(posting: &Posting) -> Self {
        Self {
            transaction_id: posting.transaction_id.clone(),
            r#type: posting.purpose,
            asset: posting.asset,
            amount: posting.delta,
            balance_before: posting.before,
            balance_after: posting.after,
        }
    }
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
                let entries = decision.postings.iter().map(MovedEntry::from).collect();
                let body = Moved { user_id: moving.user_id, version: decision.wallet.version, entries };
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
