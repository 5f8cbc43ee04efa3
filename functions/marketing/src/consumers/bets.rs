//! Loyalty points for bets, and how much of a user's stakes counts as wagered.

use quoin_events::types::{BetCancelled, BetPlaced, BetSettled};
use quoin_events::{BusEvent, EventData};
use quoin_money::Amount;
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::{Commit, Item, JournalItem, StoreError, Update};

use crate::bet_points::{Cancellation, Given, barring, cancel, giving, placed, taking_back};
use crate::rules::{points_for, wagered};
use crate::table;
use crate::write::{Written, write};

/// Gives points for a bet, takes them back, or books what a settled bet wagered.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    match delivery.event().event.as_str() {
        BetPlaced::NAME => bet_placed(env, delivery).await,
        BetCancelled::NAME => bet_cancelled(env, delivery).await,
        BetSettled::NAME => bet_settled(env, delivery).await,
        _ => Ok(Outcome::Ignored("nothing that changes points or wagering")),
    }
}

async fn bet_placed(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let bet: BetPlaced = delivery.data()?;
    let per_unit: Amount = env.config.parse_or("LOYALTY_POINTS_PER_UNIT", Amount::ZERO)?;
    let points = points_for(&bet.stake, per_unit).map_err(Failure::poison)?;
    if points.is_zero() {
        return Ok(Outcome::Ignored("the stake earns no points"));
    }
    let given = Given { user_id: bet.user_id, points, cancelled_first: false };
    let total = Update::of(table::name(env)?, table::loyalty(&given.user_id)).add("points", points);
    let commit = Commit::new().append(giving(&bet.bet_id, &given, delivery.context.now)?).update(total);
    match write(env, &delivery.context, commit).await? {
        Written::Done => Ok(Outcome::Applied),
        Written::Taken(item) if read(&item)?.cancelled_first => Ok(Outcome::Ignored("the bet was cancelled before")),
        Written::Taken(_) | Written::Blocked(_) => Ok(Outcome::Duplicate),
    }
}

async fn bet_cancelled(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let bet: BetCancelled = delivery.data()?;
    let mut found = env.store.journal_item(&placed(&bet.bet_id), 1).await?.as_ref().map(read).transpose()?;
    // Twice at most: whoever takes the placement's key meanwhile stands there for good.
    loop {
        match cancel(&bet.user_id, found) {
            Cancellation::Nothing => return Ok(Outcome::Duplicate),
            Cancellation::TakeBack(given) => return take_back(env, delivery, &bet.bet_id, &given).await,
            Cancellation::Bar(bar) => {
                let commit = Commit::new().append(barring(&bet.bet_id, &bar, delivery.context.now)?);
                match write(env, &delivery.context, commit).await? {
                    Written::Done | Written::Blocked(_) => return Ok(Outcome::Applied),
                    Written::Taken(item) => found = Some(read(&item)?),
                }
            }
        }
    }
}

async fn take_back(env: &Env, delivery: &Delivery<BusEvent>, bet_id: &str, given: &Given) -> Result<Outcome, Failure> {
    let total =
        Update::of(table::name(env)?, table::loyalty(&given.user_id)).add("points", format!("-{}", given.points));
    let commit = Commit::new().append(taking_back(bet_id, given, delivery.context.now)?).update(total);
    match write(env, &delivery.context, commit).await? {
        Written::Done => Ok(Outcome::Applied),
        Written::Taken(_) | Written::Blocked(_) => Ok(Outcome::Duplicate),
    }
}

async fn bet_settled(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let bet: BetSettled = delivery.data()?;
    let counted = wagered(bet.result, &bet.stake, env.config.scales()?).map_err(Failure::poison)?;
    let (table, key) = (table::name(env)?, table::wagering(&bet.user_id, &bet.bet_id));
    let row = Update::of(table, key.clone())
        .text("asset", bet.stake.asset.as_str())
        .number("stake", bet.stake.amount)
        .number("wagered", counted)
        .json("result", &bet.result)?
        .number("settlement_no", bet.settlement_no)
        .if_newer("settlement_no", bet.settlement_no);
    // One row, and nothing is counted: a transaction would cost twice as much.
    if env.store.update(row).await? {
        return Ok(Outcome::Applied);
    }
    let stored = env.store.get(table, &key, true).await?;
    Ok(match stored {
        Some(item) if is_of(&item, bet.settlement_no) => Outcome::Duplicate,
        Some(_) | None => Outcome::Ignored("a later settlement of the bet is known"),
    })
}

fn is_of(row: &Item, settlement_no: u32) -> bool {
    row.get_number("settlement_no") == Some(i64::from(settlement_no))
}

fn read(item: &JournalItem) -> Result<Given, Failure> {
    let state = item.state().ok_or_else(|| Failure::poison("the points of the bet have no state"))?;
    Ok(serde_json::from_str(state).map_err(StoreError::from)?)
}
