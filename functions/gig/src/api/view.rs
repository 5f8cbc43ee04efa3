//! A gig as everybody sees it.

use quoin_ranks::Row;
use serde::Serialize;

use crate::gig::Gig;

/// A gig with its place.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RankedGig"))]
pub(super) struct GigView {
    #[serde(flatten)]
    gig: Gig,
    /// What its boosts count: lists by priority are in this order.
    priority: u64,
}

impl From<Row<Gig>> for GigView {
    fn from(row: Row<Gig>) -> Self {
        Self { priority: row.score(), gig: row.entity }
    }
}
