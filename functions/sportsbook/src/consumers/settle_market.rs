//! A market's result is written: its bets are looked up shard by shard and handed on in chunks. After a bounded
//! number of pages the rest of the work is a message to the same queue, so no market is too large.

use quoin_runtime::{Delivery, Env, Failure, Outcome, QueueMessage};
use quoin_store::{Key, Query};

use crate::settlement::{MarketTask, facts};
use crate::table::{self, SHARDS, TABLE};

/// Bets of one message.
const CHUNK: usize = 10;
/// Index rows of one page.
const PAGE: u32 = 100;
/// Pages that one message reads; a quarter of a second's work or so, well inside its share of a batch.
const MAX_PAGES: u32 = 10;

/// Hands on the bets of a market.
///
/// # Errors
/// Transient or poison, as every consumer.
pub async fn handle(env: &Env, delivery: &Delivery<MarketTask>) -> Result<Outcome, Failure> {
    let (task, table) = (&delivery.message, env.config.table(TABLE)?);
    let known = facts(env, std::slice::from_ref(&task.market)).await?.pop().unwrap_or_default();
    let mut pages = 0_u32;
    let mut after = task.after.clone();
    for shard in task.shard..SHARDS {
        let pk = table::index_pk(&task.market.event_id, shard);
        loop {
            if pages == MAX_PAGES {
                let rest = QueueMessage::new(&task.from(shard, after))?;
                env.enqueue("settlement", &[rest]).await?;
                return Ok(Outcome::Applied);
            }
            pages = pages.saturating_add(1);
            let start = after.take().map(|sk| Key::new(pk.clone(), sk));
            let rows = Query::of(pk.clone()).begins_with(task.market.index_prefix());
            let page = env.store.query(table, rows.limit(PAGE).after(start).consistent()).await?;
            let bets: Vec<_> =
                page.items.iter().filter_map(|item| item.get_text("bet_id")).map(str::to_owned).collect();
            let messages = bets.chunks(CHUNK).map(|chunk| QueueMessage::new(&task.bets(&known, chunk.to_vec())));
            env.enqueue("settlement-bets", &messages.collect::<Result<Vec<_>, _>>()?).await?;
            match page.next {
                Some(next) => after = Some(next.sk),
                None => break,
            }
        }
    }
    Ok(Outcome::Applied)
}
