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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Adjustment {
    /// What to adjust.
    asset: Asset,
    /// How much to give or, negative, to take; in the asset's unit, at most its decimals, not zero.
    amount: Delta,
    /// Why; at most 500 characters.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 500)))]
    reason: String,
    /// The only merchant who accepts the coins: with `branded_coins`, and with nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merchant_id: Option<String>,
    /// When what is left of a gift expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new(
        "Gives to a wallet or, with a negative amount, takes from it, and says why (operators)",
    )
    .for_operators()
    .idempotent()
    .takes::<Adjustment>()
    .answers::<crate::moving::Moved<'_>>(201)
    .refuses(400, &["REASON_INVALID", "MERCHANT_INVALID", "EXPIRY_INVALID"])
    .refuses(400, &["AMOUNT_OUT_OF_RANGE", "AMOUNT_ZERO", "AMOUNT_TOO_PRECISE"])
    .refuses(422, &["WALLET_INSUFFICIENT_BALANCE", "AMOUNT_OUT_OF_RANGE", "EXPIRY_INVALID"])
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
    check(&adjustment)?;
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

/// What is wrong with the adjustment itself, whatever the wallet.
fn check(adjustment: &Adjustment) -> Result<(), Problem> {
    let Adjustment { asset, amount, reason, merchant_id, expires_at } = adjustment;
    if reason.trim().is_empty() || !super::is_printable(reason, 500) {
        return Err(Problem::field("REASON_INVALID", "/reason", "must be 1 to 500 printable characters"));
    }
    super::fits_merchant(*asset, merchant_id.as_deref())?;
    if expires_at.is_some() && amount.is_negative() {
        return Err(Problem::field("EXPIRY_INVALID", "/expires_at", "only what is given expires"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(json: &str) -> Option<String> {
        let adjustment = serde_json::from_str(json).unwrap();
        check(&adjustment).err().map(|problem| problem.errors[0].pointer.clone())
    }

    #[test]
    fn merchants_reasons_and_ends_that_make_sense() {
        assert_eq!(pointer(r#"{"asset":"cash","amount":-1,"reason":"a fée"}"#), None);
        let given = r#"{"asset":"branded_coins","amount":1,"reason":"x","merchant_id":"m","expires_at":"2030-01-01T00:00:00Z"}"#;
        assert_eq!(pointer(given), None);
        for (change, wrong) in [
            (r#""amount":1,"reason":" ""#, "/reason"),
            (r#""amount":1,"reason":"a\u0000""#, "/reason"),
            (r#""amount":1,"reason":"x","merchant_id":"m""#, "/merchant_id"),
            (r#""amount":-1,"reason":"x","expires_at":"2030-01-01T00:00:00Z""#, "/expires_at"),
        ] {
            assert_eq!(pointer(&format!(r#"{{"asset":"cash",{change}}}"#)).as_deref(), Some(wrong), "{change}");
        }
        for merchant in ["", " ", "a\\n", &"m".repeat(101)] {
            let json = format!(r#"{{"asset":"branded_coins","amount":1,"reason":"x","merchant_id":"{merchant}"}}"#);
            assert_eq!(pointer(&json).as_deref(), Some("/merchant_id"), "{merchant}");
        }
    }
}
