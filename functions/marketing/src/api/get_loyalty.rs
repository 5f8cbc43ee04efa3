//! `GET /api/loyalty/me`: the caller's points, and the cashback that is still to come.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Query, StoreError};
use serde::Serialize;

use crate::cashback::Cashback;
use crate::table;

/// The most cashback that is shown: the earliest.
const MOST_PENDING: u32 = 100;

/// A user's points and cashback.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct LoyaltyView {
    /// What is left of all that were given and taken back.
    points: Amount,
    /// Cashback that is not granted yet, the earliest first, at most 100.
    pending_cashback: Vec<PendingCashback>,
}

/// Cashback that is not granted yet.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct PendingCashback {
    /// For which order.
    order_id: String,
    /// How many Rez coins.
    amount: Amount,
    /// From when on it is granted.
    due_at: Timestamp,
}

impl From<Cashback> for PendingCashback {
    fn from(cashback: Cashback) -> Self {
        Self { order_id: cashback.order_id, amount: cashback.amount, due_at: cashback.due_at }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The caller's loyalty points and pending cashback").answers::<LoyaltyView>(200)
}

/// Answers with the caller's points and pending cashback.
///
/// # Errors
/// 401 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let caller = request.caller()?;
    let table = table::name(env)?;
    let row = env.store.get(table, &table::loyalty(&caller.user_id), true).await?;
    let pending = Query::of(table::cashback_pending(&caller.user_id)).limit(MOST_PENDING).consistent();
    let pending = env.store.query(table, pending).await?;
    let pending = pending.items.iter().map(|row| Cashback::read(row).map(PendingCashback::from));
    let pending_cashback = pending.collect::<Result<Vec<_>, StoreError>>()?;
    // Points taken back are points that were given, so the sum is never negative.
    let points = row.as_ref().and_then(|row| row.get_digits("points")).and_then(|digits| digits.parse().ok());
    Response::json(200, &LoyaltyView { points: points.unwrap_or_default(), pending_cashback })
}
