//! `GET /api/fixtures/{event_id}`: a sport event's markets, outcomes and odds.

use quoin_events::Timestamp;
use quoin_money::Odds;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::Query;
use serde::Serialize;

use crate::rules::{EventRow, MarketRow, MarketStatus};
use crate::table::{self, TABLE};

/// A sport event as far as it can be bet on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FixtureView {
    /// URN of the sport event.
    event_id: String,
    /// Its markets.
    markets: Vec<MarketView>,
}

/// A market and its outcomes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct MarketView {
    /// Id of the market.
    market_id: String,
    /// `name=value` joined by `|`, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    specifiers: Option<String>,
    /// Bets are taken while it is `active`.
    status: MarketStatus,
    /// Feed time of the odds.
    updated_at: Timestamp,
    /// Its outcomes.
    outcomes: Vec<OutcomeView>,
}

/// An outcome and its odds.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct OutcomeView {
    /// Id of the outcome.
    outcome_id: String,
    /// What one unit of stake returns; without them it cannot be bet on.
    #[serde(skip_serializing_if = "Option::is_none")]
    odds: Option<Odds>,
    /// Whether it can be bet on while its market is active.
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

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The markets, outcomes and odds of a sport event").answers::<FixtureView>(200)
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
