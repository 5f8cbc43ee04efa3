//! `GET /api/wallets/me`: balances now, or with `?at=` as of a moment.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use quoin_ledger::{Balance, Limits, Wallet};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;
use serde_json::json;

use crate::journal_view;
use crate::snapshot::OneWallet;

/// A wallet as its owner sees it.
#[derive(Debug, Serialize)]
struct WalletView {
    user_id: String,
    version: u64,
    status: &'static str,
    balances: Vec<BalanceView>,
    limits: Limits,
    owed: BTreeMap<Asset, Amount>,
}

/// One asset of a wallet.
#[derive(Debug, Serialize)]
struct BalanceView {
    asset: Asset,
    available: Amount,
    held: Amount,
}

// What has expired by `now` does not count as available.
fn view(balances: &BTreeMap<Asset, Balance>, now: Timestamp) -> Vec<BalanceView> {
    let line = |(asset, balance): (&Asset, &Balance)| BalanceView {
        asset: *asset,
        available: balance.unexpired(now).unwrap_or_default(),
        held: balance.held,
    };
    balances.iter().map(line).collect()
}

/// Answers with the caller's wallet.
///
/// # Errors
/// 400, 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    answer(env, request, &request.caller()?.user_id).await
}

/// Answers with the wallet of `user_id`.
pub(crate) async fn answer(env: &Env, request: &Request, user_id: &str) -> Result<Response, Problem> {
    let snapshot = OneWallet::load(env, user_id).await?;
    let wallet = snapshot.existing()?;
    match request.query("at") {
        None => Response::json(200, &current(wallet, request.context.now)),
        Some(text) => {
            let invalid = |_| Problem::field("TIMESTAMP_INVALID", "/at", "must be an RFC 3339 timestamp");
            as_of(env, wallet, text.parse().map_err(invalid)?).await
        }
    }
}

fn current(wallet: &Wallet, now: Timestamp) -> WalletView {
    WalletView {
        user_id: wallet.user_id.clone(),
        version: wallet.version,
        status: wallet.status.at(now).as_str(),
        balances: view(&wallet.balances, now),
        limits: wallet.limits.clone(),
        owed: wallet.owed.clone(),
    }
}

async fn as_of(env: &Env, wallet: &Wallet, moment: Timestamp) -> Result<Response, Problem> {
    let item = journal_view::as_of(&env.store, &wallet.user_id, wallet.version, moment).await?;
    let balances = item.as_ref().map(journal_view::balances).transpose()?.unwrap_or_default();
    let body = json!({
        "user_id": wallet.user_id,
        "version": item.map_or(0, |item| item.version()),
        "at": moment,
        "balances": view(&balances, moment),
    });
    Response::json(200, &body)
}
