//! `GET /api/wallets/me`: balances now, or with `?at=` as of a moment.

use std::collections::BTreeMap;

use quoin_events::Timestamp;
use quoin_ledger::{Balance, BalanceView, Limits, Standing, Wallet};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Env, Problem, Request, Response};
use serde::{Deserialize, Serialize};

use crate::journal_view;
use crate::snapshot::OneWallet;

/// Of when.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AsOf {
    /// The moment; now if it is absent. Status, limits and debts are of now only.
    at: Option<Timestamp>,
}

/// A wallet as its owner sees it; as of a moment, without what is not kept of the past.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct WalletView {
    /// Whose.
    user_id: String,
    /// Number of changes so far.
    version: u64,
    /// The moment that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    /// Whether its owner may play.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Standing>,
    /// What is there.
    balances: Vec<BalanceView>,
    /// Limits that the owner has set, and what is used of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    /// What the owner owes, by asset; repaid from what comes in.
    #[serde(skip_serializing_if = "Option::is_none")]
    owed: Option<BTreeMap<Asset, Amount>>,
}

/// What both routes that show a wallet take and answer.
#[cfg(feature = "schema")]
pub(crate) fn shown(contract: quoin_runtime::Contract) -> quoin_runtime::Contract {
    contract.asks::<AsOf>("TIMESTAMP_INVALID").answers::<WalletView>(200).refuses(404, &["NOT_FOUND"])
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    shown(quoin_runtime::Contract::new("The caller's wallet, now or as of a moment"))
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
    let asked: AsOf = request.parameters("TIMESTAMP_INVALID")?;
    let snapshot = OneWallet::load(env, user_id).await?;
    let wallet = snapshot.existing()?;
    let view = match asked.at {
        None => current(wallet, request.context.now),
        Some(moment) => as_of(env, wallet, moment).await?,
    };
    Response::json(200, &view)
}

fn current(wallet: &Wallet, now: Timestamp) -> WalletView {
    WalletView {
        user_id: wallet.user_id.clone(),
        version: wallet.version,
        at: None,
        status: Some(wallet.status.at(now).into()),
        balances: view(&wallet.balances, now),
        limits: Some(wallet.limits.clone()),
        owed: Some(wallet.owed.clone()),
    }
}

async fn as_of(env: &Env, wallet: &Wallet, moment: Timestamp) -> Result<WalletView, Problem> {
    let item = journal_view::as_of(&env.store, &wallet.user_id, wallet.version, moment).await?;
    let balances = item.as_ref().map(journal_view::balances).transpose()?.unwrap_or_default();
    Ok(WalletView {
        user_id: wallet.user_id.clone(),
        version: item.map_or(0, |item| item.version()),
        at: Some(moment),
        status: None,
        balances: view(&balances, moment),
        limits: None,
        owed: None,
    })
}
