//! `GET /api/fixtures/{event_id}/exposure?market_id=`: what the house may have to pay on an event, for operators.
//!
//! A bet is in it from the moment it is indexed and leaves it once the consumer of `BetSettled` and `BetCancelled`
//! has seen it: a second or so behind the bets themselves.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure, Problem, Request, Response, Role};
use quoin_store::Query;
use serde::Serialize;

use crate::rules::{Book, IndexedLeg, MarketExposure};
use crate::table::{self, SHARDS, TABLE};

/// The most pages of index rows that one answer sums: some 300,000 legs.
const MAX_PAGES: u32 = 100;

/// The house's position on an event.
#[derive(Debug, Serialize)]
struct Exposure {
    event_id: String,
    as_of: Timestamp,
    /// Markets with open bets.
    markets: Vec<MarketExposure>,
}

/// Answers with the exposure of an event, or of one of its markets.
///
/// # Errors
/// 401, 403, 422 for more bets than can be summed, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let event_id = request.path("event_id")?;
    let table = env.config.table(TABLE)?;
    let (mut book, mut pages) = (Book::default(), 0_u32);
    for shard in 0..SHARDS {
        let mut after = None;
        loop {
            if pages >= MAX_PAGES {
                let detail = "the event has more bets than can be summed at once; ask for one market_id";
                return Err(Problem::refused("EXPOSURE_TOO_LARGE", detail));
            }
            let mut query = Query::of(table::index_pk(event_id, shard)).after(after);
            if let Some(market_id) = request.query("market_id") {
                query = query.begins_with(format!("{market_id}#"));
            }
            let page = env.store.query(table, query).await?;
            for item in &page.items {
                book.add(item.require_json::<IndexedLeg>("leg")?).map_err(Failure::poison)?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
            pages = pages.saturating_add(1);
        }
    }
    let markets = book.markets().map_err(Failure::poison)?;
    Response::json(200, &Exposure { event_id: event_id.to_owned(), as_of: request.context.now, markets })
}
