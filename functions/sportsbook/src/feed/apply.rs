//! What a feed message changes. Every write carries the feed's time and loses against a later one, so
//! repeated, late and reordered messages do no harm.

use std::collections::BTreeMap;

use quoin_events::Origin;
use quoin_runtime::{Context, Env, Failure, QueueMessage};
use quoin_store::{Item, Key, Query, Update};

use super::xml::Message;
use crate::rules::{CancelWindow, EventRow, MarketRow, MarketStatus};
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
                write_odds(env, &market, &row).await?;
            }
            list_fixture(env, &event_id, ts, None).await
        }
        Message::BetStop { event_id, ts } => {
            remember_stop(env, &event_id, ts).await?;
            // A stop that arrives after the result of a later moment makes late bets void all the same.
            let decided = markets_decided_after(env, &event_id, ts).await?;
            settle(env, &context.origin, decided).await
        }
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
                    .number_once("first_ts", ts)
                    .add("changes", 1)
                    .json("outcomes", &outcomes)?
                    .if_newer("ts", ts);
                env.store.update(update).await?;
                close(env, &market, ts, MarketStatus::Settled).await?;
                settled.push(market);
            }
            if confirmed { settle(env, &context.origin, settled).await } else { Ok(()) }
        }
        Message::BetCancel { ts, window, markets, .. } => {
            for market in &markets {
                remember_window(env, market, ts, window).await?;
                close(env, market, ts, MarketStatus::Cancelled).await?;
            }
            settle(env, &context.origin, markets).await
        }
        Message::Rollback { event_id, ts, name, xml } => park(env, &event_id, ts, (name, xml)).await,
    }
}

async fn write_odds(env: &Env, market: &MarketKey, row: &MarketRow) -> Result<(), Failure> {
    let update = Update::of(env.config.table(TABLE)?, market.odds())
        .number("ts", row.ts)
        .text("market_id", market.market_id.clone())
        .text("specifiers", market.specifiers.clone())
        .json("row", row)?
        .if_newer("ts", row.ts);
    env.store.update(update).await?;
    Ok(())
}

// The odds row is closed with the result: nobody bets on what is known, whether or not the feed suspends the market.
async fn close(env: &Env, market: &MarketKey, ts: i64, status: MarketStatus) -> Result<(), Failure> {
    write_odds(env, market, &MarketRow { ts, status, outcomes: BTreeMap::new() }).await
}

async fn markets_decided_after(env: &Env, event_id: &str, ts: i64) -> Result<Vec<MarketKey>, Failure> {
    let (table, mut after, mut markets) = (env.config.table(TABLE)?, None, Vec::new());
    loop {
        let query = Query::of(table::event_pk(event_id)).begins_with("result#").after(after).consistent();
        let page = env.store.query(table, query).await?;
        let later = page.items.iter().filter(|item| item.get_number("first_ts").is_some_and(|first| first > ts));
        let keys = later.filter_map(|item| item.get_text("sk")?.strip_prefix("result#"));
        let parts = keys.filter_map(|key| key.split_once('#'));
        markets.extend(parts.map(|(id, specifiers)| MarketKey::new(event_id, id, Some(specifiers))));
        after = page.next;
        if after.is_none() {
            return Ok(markets);
        }
    }
}

// Each cancellation concerns the bets of its own window; a later one does not replace it.
async fn remember_window(env: &Env, market: &MarketKey, ts: i64, window: CancelWindow) -> Result<(), Failure> {
    let (table, key) = (env.config.table(TABLE)?, market.cancellation());
    for _ in 0..20 {
        let item = env.store.get(table, &key, true).await?;
        let number = |name| item.as_ref().and_then(|item| item.get_number(name)).unwrap_or(0);
        let mut windows: Vec<CancelWindow> =
            item.as_ref().map(|item| item.get_json("windows")).transpose()?.flatten().unwrap_or_default();
        if windows.contains(&window) {
            return Ok(());
        }
        windows.push(window);
        let changes = number("changes").saturating_add(1);
        let update = Update::of(table, key.clone())
            .number("ts", ts.max(number("ts")))
            .number("changes", changes)
            .json("windows", &windows)?
            .if_newer("changes", changes);
        if env.store.update(update).await? {
            return Ok(());
        }
    }
    Err(Failure::Transient("too many cancellations of one market at once".to_owned()))
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
