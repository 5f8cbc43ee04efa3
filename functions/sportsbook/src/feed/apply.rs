//! What a feed message changes. Every write carries the feed's time and loses against a later one, so
//! repeated, late and reordered messages do no harm.

use quoin_events::Origin;
use quoin_runtime::{Context, Env, Failure, QueueMessage};
use quoin_store::{Item, Key, Update};

use super::xml::Message;
use crate::rules::EventRow;
use crate::settlement::MarketTask;
use crate::table::{self, MarketKey, TABLE};

/// The most bet stops that are remembered of one event.
const MAX_STOPS: usize = 256;

/// Applies a message.
pub(crate) async fn apply(env: &Env, context: &Context, message: Message) -> Result<(), Failure> {
    match message {
        Message::Alive => Ok(()),
        Message::OddsChange { event_id, ts, markets } => {
            for (market, row) in markets {
                let update = Update::of(env.config.table(TABLE)?, market.odds())
                    .number("ts", row.ts)
                    .text("market_id", market.market_id)
                    .text("specifiers", market.specifiers)
                    .json("row", &row)?
                    .if_newer("ts", row.ts);
                env.store.update(update).await?;
            }
            list_fixture(env, &event_id, ts, None).await
        }
        Message::BetStop { event_id, ts } => remember_stop(env, &event_id, ts).await,
        Message::FixtureChange { event_id, ts, start_time } => list_fixture(env, &event_id, ts, start_time).await,
        Message::BetSettlement { ts, certainty, markets, .. } => {
            let pays_from: u8 = env.config.parse_or("SETTLE_CERTAINTY", 2)?;
            let confirmed = certainty >= pays_from;
            let mut settled = Vec::with_capacity(markets.len());
            for (market, outcomes) in markets {
                let key = if confirmed { market.result() } else { market.scout() };
                let update = Update::of(env.config.table(TABLE)?, key)
                    .number("ts", ts)
                    .number("certainty", certainty)
                    .json("outcomes", &outcomes)?
                    .if_newer("ts", ts);
                env.store.update(update).await?;
                settled.push(market);
            }
            if confirmed { settle(env, &context.origin, settled).await } else { Ok(()) }
        }
        Message::BetCancel { ts, window, markets, .. } => {
            for market in &markets {
                let update = Update::of(env.config.table(TABLE)?, market.cancellation())
                    .number("ts", ts)
                    .json("window", &window)?
                    .if_newer("ts", ts);
                env.store.update(update).await?;
            }
            settle(env, &context.origin, markets).await
        }
        Message::Rollback { event_id, ts, name, xml } => park(env, &event_id, ts, (name, xml)).await,
    }
}

// Handed on even when the result was known: a message that is repeated after a crash must not be lost.
async fn settle(env: &Env, origin: &Origin, markets: Vec<MarketKey>) -> Result<(), Failure> {
    let tasks = markets.into_iter().map(|market| QueueMessage::new(&MarketTask::new(market, origin)));
    env.enqueue("settlement", &tasks.collect::<Result<Vec<_>, _>>()?).await
}

async fn remember_stop(env: &Env, event_id: &str, ts: i64) -> Result<(), Failure> {
    let table = env.config.table(TABLE)?;
    // Two stops at once: the one that loses reads again.
    for _ in 0..20 {
        let item = env.store.get(table, &table::event(event_id), true).await?;
        let before = item.as_ref().and_then(|item| item.get_number("changes")).unwrap_or(0);
        let mut row: EventRow =
            item.as_ref().map(|item| item.get_json("row")).transpose()?.flatten().unwrap_or_default();
        if row.stops.contains(&ts) {
            return Ok(());
        }
        row.stops.push(ts);
        row.stops.sort_unstable();
        let excess = row.stops.len().saturating_sub(MAX_STOPS);
        row.stops.drain(..excess);
        let changes = before.saturating_add(1);
        let update = Update::of(table, table::event(event_id))
            .json("row", &row)?
            .number("changes", changes)
            .if_newer("changes", changes);
        if env.store.update(update).await? {
            return list_fixture(env, event_id, ts, None).await;
        }
    }
    Err(Failure::Transient("too many bet stops of one event at once".to_owned()))
}

async fn list_fixture(env: &Env, event_id: &str, ts: i64, start_time: Option<i64>) -> Result<(), Failure> {
    let table = env.config.table(TABLE)?;
    match start_time {
        Some(start) => {
            let update = Update::of(table, table::fixture(event_id))
                .number("ts", ts)
                .number("start_time", start)
                .text("event_id", event_id)
                .if_newer("ts", ts);
            env.store.update(update).await?;
        }
        None => {
            env.store
                .put_new(table, Item::new().text("pk", "fixtures").text("sk", event_id).text("event_id", event_id))
                .await?;
        }
    }
    Ok(())
}

// Re-settlement does not exist yet; the message is kept with its reason until it does.
async fn park(env: &Env, event_id: &str, ts: i64, (name, xml): (&'static str, String)) -> Result<(), Failure> {
    let key = Key::new(format!("parked#{event_id}"), format!("{ts:020}#{name}"));
    let update = Update::of(env.config.table(TABLE)?, key)
        .number("ts", ts)
        .text("reason", "rollbacks wait for re-settlement, which does not exist yet")
        .text("message", name)
        .text("xml", xml);
    env.store.update(update).await?;
    tracing::warn!(event_id, message = name, "feed message parked: rollbacks wait for re-settlement");
    Ok(())
}
