//! `DepositSuccess`: a bonus for the first one, and the reward of whoever referred its owner.

use quoin_events::types::{BonusKind, DepositSuccess};
use quoin_events::{BusEvent, EntityRef, EventData};
use quoin_money::{Amount, Asset};
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Append, Commit, Stream};
use serde::Serialize;

use crate::bonus::{Bonus, parameter};
use crate::referral::complete_if_due;
use crate::rules::DepositBonus;
use crate::table;
use crate::write::{Written, write};

/// What a deposit was given.
#[derive(Debug, Serialize)]
struct DepositAward<'a> {
    user_id: &'a str,
    payment_id: &'a str,
    bonus: &'a Bonus,
}

/// Rewards a user's first deposit.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    if delivery.event().event != DepositSuccess::NAME {
        return Ok(Outcome::Ignored("not a confirmed deposit"));
    }
    let deposit: DepositSuccess = delivery.data()?;
    if deposit.asset != Asset::Cash {
        return Ok(Outcome::Ignored("not a deposit of money"));
    }
    let outcome = match write(env, &delivery.context, first_deposit(env, delivery, &deposit)?).await? {
        Written::Done => Outcome::Applied,
        Written::Taken(_) => Outcome::Duplicate,
        Written::Blocked(row) => {
            let first = row.as_ref().and_then(|row| row.get_text("payment_id"));
            if first != Some(deposit.payment_id.as_str()) {
                return Ok(Outcome::Ignored("not the first deposit"));
            }
            Outcome::Duplicate
        }
    };
    // Also after a repetition: the first delivery may have stopped between the two.
    if complete_if_due(env, &delivery.context, &deposit.user_id).await? {
        return Ok(Outcome::Applied);
    }
    Ok(outcome)
}

/// The commit that only a user's first deposit can make.
fn first_deposit(env: &Env, delivery: &Delivery<BusEvent>, deposit: &DepositSuccess) -> Result<Commit, Failure> {
    let (table, now) = (table::name(env)?, delivery.context.now);
    let (user_id, payment_id) = (deposit.user_id.as_str(), deposit.payment_id.as_str());
    let row = table::item(table::first_deposit(user_id)).text("payment_id", payment_id).text("at", now.to_string());
    let commit = Commit::new().put_new(table, row);

    let stream = Stream::new("award", format!("deposit:{payment_id}"));
    let amount = rule(env)?.of(deposit.amount, env.config.scales()?).map_err(Failure::poison)?;
    let Some(bonus) = Bonus::grant(&env.config, BonusKind::Deposit, &stream.id, amount, now)? else {
        return Ok(commit);
    };
    let event = bonus.event(user_id, EntityRef { kind: "payment".to_owned(), id: payment_id.to_owned() })?;
    let state = DepositAward { user_id, payment_id, bonus: &bonus };
    let commit = bonus.listed(commit, table, user_id)?;
    Ok(commit.append(Append::first(stream, now).state(&state)?.events([event])))
}

fn rule(env: &Env) -> Result<DepositBonus, Failure> {
    let max = env.config.get("DEPOSIT_BONUS_MAX").map(|_| parameter(&env.config, "DEPOSIT_BONUS_MAX")).transpose()?;
    Ok(DepositBonus { percent: env.config.parse_or("DEPOSIT_BONUS_PERCENT", Amount::ZERO)?, max })
}
