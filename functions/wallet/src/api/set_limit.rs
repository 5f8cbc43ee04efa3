//! `PUT /api/wallets/me/limits`: a decrease holds at once, an increase after a cooling-off.

use quoin_events::types::{LimitKind, LimitPeriod};
use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Change, decide};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response, command};
use quoin_store::{Answer, Commit, Proposal, WalletWrite};
use serde::Deserialize;

use crate::snapshot::OneWallet;

/// A limit as it is asked for.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct SetLimit {
    /// What it bounds.
    kind: LimitKind,
    /// Its calendar window.
    period: LimitPeriod,
    /// The asset.
    asset: Asset,
    /// The most that is allowed in a window; in the asset's unit, at most its decimals.
    amount: Amount,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sets a limit; a decrease holds at once, an increase after a cooling-off")
        .takes::<SetLimit>()
        .answers::<quoin_ledger::Limit>(200)
        .refuses(400, &["AMOUNT_TOO_PRECISE"])
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["AMOUNT_OUT_OF_RANGE"])
}

/// Sets a limit of the caller's wallet. The same limit set twice is the same limit, so no key and no receipt are needed.
///
/// # Errors
/// 400, 401, 404 or 429.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let user_id = request.caller()?.user_id.as_str();
    let wanted: SetLimit = request.json()?;
    wanted
        .amount
        .in_scale(wanted.asset, env.config.scales()?)
        .map_err(|error| Problem::field("AMOUNT_TOO_PRECISE", "/amount", error.to_string()))?;
    let calendar = env.config.calendar()?;
    let related = EntityRef { kind: "limit".to_owned(), id: user_id.to_owned() };
    let change = Change { related, movements: Vec::new() };
    let key = (wanted.kind, wanted.period, wanted.asset);
    let load = async || OneWallet::load(env, user_id).await;
    let propose = |snapshot: &OneWallet, now: Timestamp| {
        let wallet = snapshot.existing()?;
        let mut decision = decide(wallet, &change, now, calendar).map_err(|rejection| Problem::from(&rejection))?;
        let at = decision.wallet.at;
        let limit = decision.wallet.limits.set(key, wanted.amount, at, calendar);
        let commit = Commit::new().wallet(WalletWrite::new(wallet.clone(), decision)?);
        Ok(Proposal { commit, body_hash: String::new(), answer: Some(Answer::new(200, &limit)?) })
    };
    command(env, &request.context, load, propose).await
}
