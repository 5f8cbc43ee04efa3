//! `BetPlaced`: the bet is indexed under its markets, and only then are their results looked at, so a
//! result that came first is seen here and one that comes later sees the index.

use quoin_events::BusEvent;
use quoin_events::types::BetPlaced;
use quoin_runtime::{Delivery, Env, Failure, Outcome};
use quoin_store::Item;

use super::bet_line;
use crate::bet::Bet;
use crate::rules::MarketFacts;
use crate::settlement::{facts, settle_bet};
use crate::table::{self, TABLE};

/// Indexes a bet.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<BusEvent>) -> Result<Outcome, Failure> {
    let placed: BetPlaced = delivery.data()?;
    let placed_at = delivery.event().timestamp.parse().map_err(Failure::poison)?;
    let bet = Bet::from_event(placed, placed_at);
    let table = env.config.table(TABLE)?;
    let markets: Vec<_> = bet.markets().collect();
    for (leg, market) in markets.iter().enumerate() {
        let key = table::index(market, &bet.bet_id, leg);
        env.store
            .put(table, Item::new().text("pk", key.pk).text("sk", key.sk).text("bet_id", bet.bet_id.clone()))
            .await?;
    }
    let indexed = bet_line::write(env, &bet, 1).await?;
    let known = facts(env, &markets).await?;
    if known.iter().any(MarketFacts::any) {
        settle_bet(env, &delivery.context, &bet.bet_id, None).await?;
    }
    Ok(indexed)
}
