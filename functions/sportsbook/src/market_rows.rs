//! The rows that say whether a market is open and what became of it, in the order in which they are read.

use quoin_store::{Item, Key, StoreError};
use serde::de::DeserializeOwned;

use crate::rules::{Board, EventRow, MarketFacts, ResultRow};
use crate::table::{self, MarketKey};

/// Rows of one market's facts.
pub(crate) const FACT_ROWS: usize = 3;
/// Rows of one market's board.
pub(crate) const BOARD_ROWS: usize = 2;

/// Keys of what decides bets on `market`.
pub(crate) fn fact_keys(market: &MarketKey) -> [Key; FACT_ROWS] {
    [market.result(), market.cancellation(), table::event(&market.event_id)]
}

/// Keys of what says whether bets on `market` are accepted.
pub(crate) fn board_keys(market: &MarketKey) -> [Key; BOARD_ROWS] {
    [table::event(&market.event_id), market.odds()]
}

/// Reads the rows of [`fact_keys`] of `market`.
pub(crate) fn read_facts(market: &MarketKey, rows: &[Option<Item>]) -> Result<MarketFacts, StoreError> {
    let [result, cancel, event] = rows else { return Ok(MarketFacts::default()) };
    // Each row counts its changes, so the sum of the counts tells which of two sights is the newer.
    let revision = [result, cancel, event].into_iter().map(changes).fold(0_i64, i64::saturating_add);
    let result: ResultRow = row(result)?;
    Ok(MarketFacts {
        revision,
        known_since: result.known_since,
        decided_at: result.paying.as_ref().map(|said| said.ts),
        outcomes: result.paying.map(|said| said.outcomes),
        cancelled: row(cancel)?,
        stops: row::<EventRow>(event)?.stops_of(&market.market_id),
    })
}

/// Reads the rows of [`board_keys`].
pub(crate) fn read_board(rows: &[Option<Item>]) -> Result<Board, StoreError> {
    let [event, Some(odds)] = rows else { return Ok(Board::default()) };
    let stops = row::<EventRow>(event)?.stops_of(odds.require_text("market_id")?);
    Ok(Board { stops, market: odds.get_json("row")? })
}

/// The structured value of a row; what a row that is not there stands for.
pub(crate) fn row<R: Default + DeserializeOwned>(item: &Option<Item>) -> Result<R, StoreError> {
    Ok(item.as_ref().map(|item| item.get_json("row")).transpose()?.flatten().unwrap_or_default())
}

/// How often a row was changed.
pub(crate) fn changes(item: &Option<Item>) -> i64 {
    item.as_ref().and_then(|item| item.get_number("changes")).unwrap_or(0)
}
