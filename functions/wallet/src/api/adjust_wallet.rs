//! `POST /api/wallets/{user_id}/adjustments`: an operator gives (or, with a negative amount, takes) and says why.

use quoin_events::{EntityRef, Timestamp};
use quoin_ledger::{Lot, Movement, Purpose};
use quoin_money::{Asset, Delta};
use quoin_runtime::{Env, Problem, Request, Response, Role, StoredAnswer, idempotent_command};
use quoin_store::{Stream, body_hash};
use serde::{Deserialize, Serialize};

use crate::moving::{Because, Moving, carry_out};

/// An adjustment as it is asked for.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Adjustment {
    asset: Asset,
    amount: Delta,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merchant_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// Adjusts a wallet.
///
/// # Errors
/// 400, 401, 403, 404 or 429; a refusal (422) is an answer like any other.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let operator_id = request.caller_with(Role::Operator)?.user_id.clone();
    let user_id = request.path("user_id")?;
    let adjustment_id = idempotent_command(request, "adj")?;
    let adjustment: Adjustment = request.json()?;
    if adjustment.reason.trim().is_empty() || adjustment.reason.len() > 500 {
        return Err(Problem::field("REASON_INVALID", "/reason", "must be 1 to 500 characters"));
    }
    let merchant_bound = adjustment.asset == Asset::BrandedCoins;
    if merchant_bound != adjustment.merchant_id.is_some() {
        let detail = "is required for branded_coins, and for nothing else";
        return Err(Problem::field("MERCHANT_INVALID", "/merchant_id", detail));
    }
    let out_of_range = |_| Problem::field("AMOUNT_OUT_OF_RANGE", "/amount", "is too large");
    let amount = adjustment.amount.magnitude().map_err(out_of_range)?;
    super::usable(env, adjustment.asset, amount)?;
    let movement = if adjustment.amount.is_negative() {
        let merchant_id = adjustment.merchant_id.clone();
        Movement::Debit { asset: adjustment.asset, amount, purpose: Purpose::DebitAdjustment, merchant_id }
    } else {
        let lot = Lot { amount, expires_at: adjustment.expires_at, merchant_id: adjustment.merchant_id.clone() };
        Movement::Credit {
            asset: adjustment.asset,
            amount,
            purpose: Purpose::CreditAdjustment,
            lots: vec![lot],
            counted_at: None,
        }
    };
    let moving = Moving {
        receipt: Stream::new("cmd", adjustment_id.clone()),
        body_hash: body_hash(&(user_id, &adjustment))?,
        user_id,
        related: EntityRef { kind: "adjustment".to_owned(), id: adjustment_id },
        movements: vec![movement],
        because: Some(Because { operator_id, reason: adjustment.reason }),
    };
    Ok(StoredAnswer(carry_out(env, &request.context, &moving).await?).into())
}
