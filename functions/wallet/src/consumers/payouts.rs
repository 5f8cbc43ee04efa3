//! `BetSettled`: the difference to what was paid before; a negative one is collected, the rest is owed. A void bet's
//! stake comes back as it was taken.

use quoin_events::types::{BetSettled, StakeRefund};
use quoin_events::{BusEvent, EntityRef, EventData};
use quoin_ledger::{Lot, Movement, Purpose};
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::credit::{Operation, apply};

/// Pays a settlement's difference.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event != BetSettled::NAME {
        return Ok(Outcome::Ignored("not a settlement"));
    }
    let settled: BetSettled = delivery.data()?;
    let (asset, delta) = (settled.stake.asset, settled.payout_delta);
    if delta.is_zero() {
        return Ok(Outcome::Ignored("the settlement moves nothing"));
    }
    let amount = delta.magnitude().map_err(Failure::poison)?;
    let movement = if delta.is_negative() {
        Movement::Collect { asset, amount, purpose: Purpose::DebitBetCorrection }
    } else if let Some(StakeRefund { placed_at, lots }) = settled.refund {
        let (lots, counted_at) = (lots.into_iter().map(Lot::from).collect(), Some(placed_at));
        Movement::Credit { asset, amount, purpose: Purpose::CreditBetRefund, lots, counted_at }
    } else {
        // Winnings follow the money that was staked.
        let lot = settled.payout_expires_at.map(|end| Lot { amount, expires_at: Some(end), merchant_id: None });
        let lots = lot.into_iter().collect();
        Movement::Credit { asset, amount, purpose: Purpose::CreditBetPayout, lots, counted_at: None }
    };
    let operation = Operation {
        id: format!("payout#{}#{}", settled.bet_id, settled.settlement_no),
        user_id: settled.user_id,
        related: EntityRef { kind: "bet".to_owned(), id: settled.bet_id },
        movements: vec![movement],
    };
    apply(env, &delivery.context, &operation).await
}
