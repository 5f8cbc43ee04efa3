//! What a feed message changes. Every write carries the feed's time and loses against a later one, so
//! repeated, late and reordered messages do no harm. Market descriptions have no time: the last that was posted holds.

use std::collections::BTreeMap;

use quoin_events::Origin;
use quoin_runtime::{Context, Env, Failure, QueueMessage};
use quoin_store::{Item, Key, Query, StoreError, Update};

use super::revise::revise;
use super::xml::Message;
use crate::market_rows::row;
use crate::rules::{CancelWindow, EventRow, GroupStop, MarketGroups, MarketRow, MarketStatus, ResultRow, Said};
use crate::settlement::MarketTask;
use crate::table::{self, MarketKey, TABLE};

/// Applies a message.
pub(crate) async fn apply(env: &Env, context: &Context, message: Message) -> Result<(), Failure> {
    match message {
        Message::Alive => Ok(()),
        Message::OddsChange { event_id, ts, markets } => {
            for (market, odds) in markets {
                write_odds(env, &market, &odds).await?;
            }
            list_fixture(env, &event_id, ts, None).await
        }
        Message::BetStop { event_id, ts, groups } => {
            let event = stop(env, &event_id, ts, groups).await?;
            list_fixture(env, &event_id, ts, None).await?;
            // A stop that arrives after the result of a later moment makes late bets void all the same.
            let mut decided = markets_decided_after(env, &event_id, ts).await?;
            decided.retain(|market| event.stops_of(&market.market_id).contains(&ts));
            settle(env, &context.origin, decided).await
        }
        Message::FixtureChange { event_id, ts, start_time } => list_fixture(env, &event_id, ts, start_time).await,
        Message::BetSettlement { ts, certainty, markets, .. } => {
            let pays_from: u8 = env.config.parse_or("SETTLE_CERTAINTY", 2)?;
            let mut decided = Vec::with_capacity(markets.len());
            for (market, outcomes) in markets {
                let said = Said { ts, certainty, outcomes };
                let result = revise(env, &market.result(), |row: ResultRow| row.hear(&said, pays_from)).await?;
                close(env, &market, ts, MarketStatus::Settled).await?;
                // Also for a scout's message that comes late: the result may have been known earlier than it seemed.
                if result.paying.is_some() {
                    decided.push(market);
                }
            }
            settle(env, &context.origin, decided).await
        }
        Message::BetCancel { ts, window, markets, .. } => {
            for market in &markets {
                // Each cancellation concerns the bets of its own window; a later one does not replace it.
                revise(env, &market.cancellation(), |mut windows: Vec<CancelWindow>| {
                    if !windows.contains(&window) {
                        windows.push(window);
                    }
                    windows
                })
                .await?;
                close(env, market, ts, MarketStatus::Cancelled).await?;
            }
            settle(env, &context.origin, markets).await
        }
        Message::MarketDescriptions { groups } => {
            revise(env, &table::market_groups(), |_: MarketGroups| groups.clone()).await?;
            Ok(())
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

async fn stop(env: &Env, event_id: &str, ts: i64, groups: String) -> Result<EventRow, Failure> {
    let key = table::event(event_id);
    let described: MarketGroups = if groups == "all" {
        MarketGroups::default()
    } else {
        row(&env.store.get(env.config.table(TABLE)?, &table::market_groups(), false).await?)?
    };
    if !described.tell(&groups) {
        return revise(env, &key, |event: EventRow| event.stop(ts)).await;
    }
    let markets = markets_of(env, event_id, "market#", |_| Ok(true)).await?;
    let known = described.of(markets.iter().map(|market| market.market_id.as_str()));
    let stop = GroupStop { ts, groups };
    revise(env, &key, |event: EventRow| event.stop_groups(stop.clone(), &known)).await
}

async fn markets_decided_after(env: &Env, event_id: &str, ts: i64) -> Result<Vec<MarketKey>, Failure> {
    markets_of(env, event_id, "result#", |item| {
        let result: ResultRow = item.require_json("row")?;
        Ok(result.paying.is_some_and(|said| said.ts > ts))
    })
    .await
}

/// The markets of an event whose rows of `kind` are as `wanted`.
async fn markets_of(
    env: &Env,
    event_id: &str,
    kind: &str,
    wanted: impl Fn(&Item) -> Result<bool, StoreError>,
) -> Result<Vec<MarketKey>, Failure> {
    let (table, mut after, mut markets) = (env.config.table(TABLE)?, None, Vec::new());
    loop {
        let query = Query::of(table::event_pk(event_id)).begins_with(kind).after(after).consistent();
        let page = env.store.query(table, query).await?;
        for item in &page.items {
            let key = item.get_text("sk").and_then(|sk| sk.strip_prefix(kind)?.split_once('#'));
            if let Some((id, specifiers)) = key
                && wanted(item)?
            {
                markets.push(MarketKey::new(event_id, id, Some(specifiers)));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(markets);
        }
    }
}

// Handed on even when the result was known: a message that is repeated after a crash must not be lost.
async fn settle(env: &Env, origin: &Origin, markets: Vec<MarketKey>) -> Result<(), Failure> {
    let tasks = markets.into_iter().map(|market| QueueMessage::new(&MarketTask::new(market, origin)));
    env.enqueue("settlement", &tasks.collect::<Result<Vec<_>, _>>()?).await
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
