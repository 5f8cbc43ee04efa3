//! `BonusAwarded` and `ReferralCompleted`: what marketing grants, as a lot where it expires.

use quoin_events::types::{BonusAwarded, ReferralCompleted};
use quoin_events::{BusEvent, EntityRef, EventData};
use quoin_ledger::{Lot, Movement, Purpose};
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use crate::credit::{Operation, apply};

/// Credits a bonus or a reward.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let operation = match delivery.event().event.as_str() {
        BonusAwarded::NAME => bonus(delivery.data()?),
        ReferralCompleted::NAME => reward(delivery.data()?),
        _ => return Ok(Outcome::Ignored("nothing is granted")),
    };
    apply(env, &delivery.context, &operation).await
}

fn bonus(bonus: BonusAwarded) -> Operation {
    let lot = Lot { amount: bonus.amount, expires_at: bonus.expires_at, merchant_id: None };
    Operation {
        id: format!("bonus#{}", bonus.bonus_id),
        user_id: bonus.user_id,
        related: EntityRef { kind: "bonus".to_owned(), id: bonus.bonus_id },
        movements: vec![Movement::Credit {
            asset: bonus.asset,
            amount: bonus.amount,
            purpose: Purpose::CreditBonus,
            lots: vec![lot],
            counted_at: None,
        }],
    }
}

fn reward(referral: ReferralCompleted) -> Operation {
    Operation {
        id: format!("referral#{}", referral.referral_id),
        user_id: referral.referrer_id,
        related: EntityRef { kind: "referral".to_owned(), id: referral.referral_id },
        movements: vec![Movement::Credit {
            asset: referral.reward.asset,
            amount: referral.reward.amount,
            purpose: Purpose::CreditReferral,
            lots: Vec::new(),
            counted_at: None,
        }],
    }
}
