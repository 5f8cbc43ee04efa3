//! `GET /api/fixtures/{event_id}`: a sport event's markets, outcomes, odds and results.
//!
//! A result of the live scouts closes its market and is shown as `result_provisional`; it pays nothing on a stage
//! that pays confirmed results only, and gives way to the confirmed one.

use std::collections::{BTreeMap, BTreeSet};

use quoin_events::Timestamp;
use quoin_events::types::BetResult;
use quoin_money::Odds;
use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::Query;
use serde::Serialize;

use crate::rules::{EventRow, MarketRow, MarketStatus, OutcomeFact, Outcomes, ResultRow, Said, stopped};
use crate::table::{self, MarketKey, TABLE};

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
    /// What bets on it are paid on.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<BetResult>,
    /// What the live scouts say of it, until a result that pays is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    result_provisional: Option<BetResult>,
}

impl MarketView {
    fn new(key: MarketKey, row: MarketRow, event: &EventRow, said: &ResultRow) -> Self {
        let closed = row.status == MarketStatus::Active && stopped(&event.stops_of(&key.market_id), &row);
        // A market that the feed opened again after its result waits for another one.
        let is_open = matches!(row.status, MarketStatus::Active | MarketStatus::Suspended);
        let holds = |said: &&Said| !is_open || said.ts >= row.ts;
        let results =
            |said: &Option<Said>| said.as_ref().filter(holds).map(|said| said.outcomes.clone()).unwrap_or_default();
        let (paying, mut provisional) = (results(&said.paying), results(&said.provisional));
        if said.paying.is_some() {
            provisional.clear();
        }
        // The odds go when the market is closed; its outcomes stay, with their results.
        let outcomes: BTreeSet<_> = row.outcomes.keys().chain(paying.keys()).chain(provisional.keys()).collect();
        let result = |of: &Outcomes, outcome_id: &String| of.get(outcome_id).and_then(OutcomeFact::single);
        let outcomes = outcomes.into_iter().map(|outcome_id| {
            let offered = row.outcomes.get(outcome_id);
            OutcomeView {
                outcome_id: outcome_id.clone(),
                odds: offered.and_then(|outcome| outcome.odds),
                active: offered.is_some_and(|outcome| outcome.active),
                result: result(&paying, outcome_id),
                result_provisional: result(&provisional, outcome_id),
            }
        });
        Self {
            outcomes: outcomes.collect(),
            market_id: key.market_id,
            specifiers: Some(key.specifiers).filter(|text| !text.is_empty()),
            status: if closed { MarketStatus::Suspended } else { row.status },
            updated_at: Timestamp::from_millis(row.ts),
        }
    }
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("The markets, outcomes, odds and results of a sport event").answers::<FixtureView>(200)
}

/// Answers with a fixture.
///
/// # Errors
/// 401, 404 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    request.caller()?;
    let event_id = request.path("event_id")?;
    let (table, mut after) = (env.config.table(TABLE)?, None);
    let (mut event, mut rows, mut results) = (EventRow::default(), Vec::new(), BTreeMap::new());
    loop {
        let page = env.store.query(table, Query::of(table::event_pk(event_id)).after(after)).await?;
        for item in page.items {
            match item.get_text("sk") {
                Some("event") => event = item.get_json("row")?.unwrap_or_default(),
                Some(sk) if sk.starts_with("market#") => {
                    let (id, specifiers) = (item.require_text("market_id")?, item.require_text("specifiers")?);
                    rows.push((MarketKey::new(event_id, id, Some(specifiers)), item.require_json("row")?));
                }
                Some(sk) if sk.starts_with("result#") => {
                    results.insert(sk.to_owned(), item.require_json::<ResultRow>("row")?);
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
    let markets = rows.into_iter().map(|(key, row)| {
        let said = results.remove(&key.result().sk).unwrap_or_default();
        MarketView::new(key, row, &event, &said)
    });
    let markets = markets.collect();
    Response::json(200, &FixtureView { event_id: event_id.to_owned(), markets })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(certainty: u8, result: i8) -> Said {
        let fact = OutcomeFact { result, void_tenths: 0, dead_heat: None };
        Said { ts: 5, certainty, outcomes: BTreeMap::from([("1".to_owned(), fact)]) }
    }

    fn shown(said: &ResultRow) -> (Option<BetResult>, Option<BetResult>) {
        let row = MarketRow { ts: 5, status: MarketStatus::Settled, outcomes: BTreeMap::new() };
        let view = MarketView::new(MarketKey::new("sr:match:1", "1", None), row, &EventRow::default(), said);
        view.outcomes.first().map(|outcome| (outcome.result, outcome.result_provisional)).unwrap()
    }

    #[test]
    fn the_scouts_result_is_provisional_until_the_confirmed_one_replaces_it() {
        let scouted = ResultRow::default().hear(&said(1, 1), 2);
        assert_eq!(shown(&scouted), (None, Some(BetResult::Won)));
        assert_eq!(shown(&scouted.hear(&said(2, 0), 2)), (Some(BetResult::Lost), None));
        assert_eq!(shown(&ResultRow::default().hear(&said(1, 1), 1)), (Some(BetResult::Won), None));
    }
}
