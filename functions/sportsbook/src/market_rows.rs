//! The rows that say whether a market is open and what became of it, in the order in which they are read.

use quoin_store::{Item, Key, StoreError};

use crate::rules::{Board, CancelWindow, EventRow, MarketFacts};
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

/// Reads the rows of [`fact_keys`].
pub(crate) fn read_facts(rows: &[Option<Item>]) -> Result<MarketFacts, StoreError> {
    let [result, cancel, event] = rows else { return Ok(MarketFacts::default()) };
    // Each row counts its changes, so the sum of the counts tells which of two sights is the newer.
    let changes = |item: &Option<Item>| item.as_ref().and_then(|item| item.get_number("changes")).unwrap_or(0);
    let revision = changes(result).saturating_add(changes(cancel)).saturating_add(changes(event));
    let event: EventRow = event.as_ref().map(|item| item.get_json("row")).transpose()?.flatten().unwrap_or_default();
    let first = result.as_ref().and_then(|item| item.get_number("first_ts"));
    let windows = cancel.as_ref().map(|item| item.get_json::<Vec<CancelWindow>>("windows")).transpose()?.flatten();
    Ok(MarketFacts {
        revision,
        known_since: first,
        outcomes: result.as_ref().map(|item| item.get_json("outcomes")).transpose()?.flatten(),
        cancelled: windows.unwrap_or_default(),
        stops: event.stops,
    })
}

/// Reads the rows of [`board_keys`].
pub(crate) fn read_board(rows: &[Option<Item>]) -> Result<Board, StoreError> {
    let [event, odds] = rows else { return Ok(Board::default()) };
    Ok(Board {
        event: event.as_ref().map(|item| item.get_json("row")).transpose()?.flatten().unwrap_or_default(),
        market: odds.as_ref().map(|item| item.get_json("row")).transpose()?.flatten(),
    })
}
