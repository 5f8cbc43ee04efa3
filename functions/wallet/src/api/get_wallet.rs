//! `GET /api/wallets/me`: balances now, or as of a moment.

use quoin_events::Timestamp;
use quoin_ledger::{Limits, Wallet};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response};
use serde::Serialize;

use crate::snapshot::OneWallet;

/// A wallet as its owner sees it.
#[derive(Debug, Serialize)]
pub(crate) struct WalletView {
    user_id: String,
    version: u64,
    status: &'static str,
    balances: Vec<BalanceView>,
    limits: Limits,
}

/// One asset of a wallet.
#[derive(Debug, Serialize)]
struct BalanceView {
    asset: Asset,
    available: Amount,
    held: Amount,
}

impl WalletView {
    /// The wallet at `now`: what has expired by then does not count as available.
    pub(crate) fn of(wallet: &Wallet, now: Timestamp) -> Self {
        let balances = wallet
            .balances
            .iter()
            .map(|(asset, balance)| BalanceView {
                asset: *asset,
                available: balance.unexpired(now).unwrap_or_default(),
                held: balance.held,
            })
            .collect();
        Self {
            user_id: wallet.user_id.clone(),
            version: wallet.version,
            status: wallet.status.at(now).as_str(),
            balances,
            limits: wallet.limits.clone(),
        }
    }
}

/// Answers with the caller's wallet.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let snapshot = OneWallet::load(env, &caller.user_id).await?;
    Response::json(200, &WalletView::of(snapshot.existing()?, request.context.now))
}
