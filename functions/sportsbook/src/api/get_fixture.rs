//! `GET /api/fixtures/{event_id}`: a sport event's markets, outcomes and odds.

use quoin_events::Timestamp;
use quoin_money::Odds;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::Query;
use serde::Serialize;

use crate::rules::{EventRow, MarketRow, MarketStatus};
use crate::table::{self, TABLE};

#[derive(Debug, Serialize)]
struct FixtureView {
    event_id: String,
    markets: Vec<MarketView>,
}

#[derive(Debug, Serialize)]
struct MarketView {
    market_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    specifiers: Option<String>,
    status: MarketStatus,
    updated_at: Timestamp,
    outcomes: Vec<OutcomeView>,
}

#[derive(Debug, Serialize)]
struct OutcomeView {
    outcome_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    odds: Option<Odds>,
    active: bool,
}

impl MarketView {
    fn new(market_id: &str, specifiers: &str, row: MarketRow, event: &EventRow) -> Self {
        let status = if event.stopped(&row) && row.status == MarketStatus::Active {
            MarketStatus::Suspended
        } else {
            row.status
        };
        let outcomes = row.outcomes.into_iter();
        Self {
            market_id: market_id.to_owned(),
            specifiers: Some(specifiers.to_owned()).filter(|text| !text.is_empty()),
            status,
            updated_at: Timestamp::from_millis(row.ts),
            outcomes: outcomes
                .map(|(outcome_id, outcome)| OutcomeView { outcome_id, odds: outcome.odds, active: outcome.active })
                .collect(),
        }
    }
}

/// Answers with a fixture.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let event_id = request.path("event_id")?;
    let (table, mut after) = (env.config.table(TABLE)?, None);
    let (mut event, mut rows) = (EventRow::default(), Vec::new());
    loop {
        let page = env.store.query(table, Query::of(table::event_pk(event_id)).after(after)).await?;
        for item in page.items {
            match item.get_text("sk") {
                Some("event") => event = item.get_json("row")?.unwrap_or_default(),
                Some(sk) if sk.starts_with("market#") => {
                    rows.push((
                        item.require_text("market_id")?.to_owned(),
                        item.require_text("specifiers")?.to_owned(),
                        item.require_json("row")?,
                    ));
                }
                Some(_) | None => {}
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if rows.is_empty() {
        return Err(Problem::not_found("fixture"));
    }
    let markets =
        rows.into_iter().map(|(id, specifiers, row)| MarketView::new(&id, &specifiers, row, &event)).collect();
    Response::json(200, &FixtureView { event_id: event_id.to_owned(), markets })
}
