//! `GET /api/fixtures/{event_id}/exposure?market_id=`: what the house may have to pay on an event, for operators.
//!
//! A bet is in it from the moment it is indexed and leaves it once the consumer of `BetSettled` and `BetCancelled`
//! has seen it: a second or so behind the bets themselves.

use quoin_events::Timestamp;
use quoin_runtime::{Env, Failure, Problem, Request, Response, Role};
use quoin_store::Query;
use serde::{Deserialize, Serialize};

use crate::rules::{Book, IndexedLeg, MarketExposure};
use crate::table::{self, SHARDS, TABLE};

/// The most pages of index rows that one answer sums: some 300,000 legs.
const MAX_PAGES: u32 = 100;

/// The house's position on an event.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Exposure {
    /// URN of the sport event.
    event_id: String,
    /// When it was summed.
    as_of: Timestamp,
    /// Markets with open bets. An accumulator counts in full under each of its legs.
    markets: Vec<MarketExposure>,
}

/// Which of the event's markets.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct AskedMarket {
    /// Only this market.
    market_id: Option<String>,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("What the house may have to pay on a sport event (operators)")
        .for_operators()
        .asks::<AskedMarket>("MARKET_INVALID")
        .answers::<Exposure>(200)
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["EXPOSURE_TOO_LARGE"])
}

/// Answers with the exposure of an event, or of one of its markets.
///
/// # Errors
/// 401, 403, 422 for more bets than can be summed, or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller_with(Role::Operator)?;
    let event_id = request.path("event_id")?;
    let asked: AskedMarket = request.parameters("MARKET_INVALID")?;
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
            if let Some(market_id) = &asked.market_id {
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
