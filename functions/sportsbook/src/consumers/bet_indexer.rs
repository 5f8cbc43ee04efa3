//! `BetPlaced`: the bet is indexed under its markets, and only then are their results looked at, so a
//! result that came first is seen here and one that comes later sees the index.

use quoin_events::BusEvent;
use quoin_events::types::BetPlaced;
use quoin_runtime::{Delivery, Env, Failure, Outcome};

use super::projection;
use crate::bet::Bet;
use crate::rules::MarketFacts;
use crate::settlement::{facts, settle_bet};

/// Indexes a bet.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let placed: BetPlaced = delivery.data()?;
    let placed_at = delivery.event().timestamp.parse().map_err(Failure::poison)?;
    let bet = Bet::from_event(placed, placed_at);
    let indexed = projection::write(env, &bet, 1).await?;
    let markets: Vec<_> = bet.markets().collect();
    let known = facts(env, &markets).await?;
    if known.iter().any(MarketFacts::any) {
        settle_bet(env, &delivery.context, &bet.bet_id, None).await?;
    }
    Ok(indexed)
}
