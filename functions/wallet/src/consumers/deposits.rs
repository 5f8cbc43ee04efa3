//! `DepositSuccess`: the money is there, so the wallet is credited; never refused, never twice. `DepositFailed`: the
//! limits that counted it when it was asked for get it back.

use quoin_events::types::{DepositFailed, DepositSuccess, LimitKind};
use quoin_events::{BusEvent, EntityRef, EventData};
use quoin_ledger::{Movement, Purpose};
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::credit::{Operation, apply};

/// Credits a confirmed deposit, or gives back what a failed one has used of limits.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let operation = match delivery.event().event.as_str() {
        DepositSuccess::NAME => Some(credited(delivery.data()?)),
        DepositFailed::NAME => given_back(delivery.data()?),
        _ => return Ok(Outcome::Ignored("not the end of a deposit")),
    };
    match operation {
        Some(operation) => apply(env, &delivery.context, &operation).await,
        None => Ok(Outcome::Ignored("no limit counted it")),
    }
}

fn credited(deposit: DepositSuccess) -> Operation {
    Operation {
        id: format!("deposit#{}", deposit.payment_id),
        user_id: deposit.user_id,
        related: EntityRef { kind: "payment".to_owned(), id: deposit.payment_id },
        movements: vec![Movement::Credit {
            asset: deposit.asset,
            amount: deposit.amount,
            purpose: Purpose::CreditDeposit,
            lots: Vec::new(),
            counted_at: deposit.limit_counted_at,
        }],
    }
}

fn given_back(deposit: DepositFailed) -> Option<Operation> {
    Some(Operation {
        id: format!("limit#{}", deposit.payment_id),
        user_id: deposit.user_id,
        related: EntityRef { kind: "payment".to_owned(), id: deposit.payment_id },
        movements: vec![Movement::GiveBack {
            kind: LimitKind::Deposit,
            asset: deposit.asset,
            amount: deposit.amount,
            counted_at: deposit.limit_counted_at?,
        }],
    })
}
