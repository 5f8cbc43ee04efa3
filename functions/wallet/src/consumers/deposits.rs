//! `DepositSuccess`: the money is there, so the wallet is credited; never refused, never twice.

use quoin_events::types::DepositSuccess;
use quoin_events::{BusEvent, EntityRef, EventData};
use quoin_ledger::{Movement, Purpose};
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::credit::{Operation, apply};

/// Credits a confirmed deposit.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event != DepositSuccess::NAME {
        return Ok(Outcome::Ignored("not a confirmed deposit"));
    }
    let deposit: DepositSuccess = delivery.data()?;
    let operation = Operation {
        id: format!("deposit#{}", deposit.payment_id),
        user_id: deposit.user_id,
        related: EntityRef { kind: "payment".to_owned(), id: deposit.payment_id },
        movements: vec![Movement::Credit {
            asset: deposit.asset,
            amount: deposit.amount,
            purpose: Purpose::CreditDeposit,
            lot: None,
        }],
    };
    apply(env, &delivery.context, &operation).await
}
