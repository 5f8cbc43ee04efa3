//! A gig as everybody sees it.

use quoin_events::Timestamp;
use quoin_money::Amount;
use quoin_ranks::Row;
use quoin_runtime::ERASED;
use serde::Serialize;

use crate::gig::Status;
use crate::known::Known;

/// A gig with its place.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RankedGig"))]
pub(super) struct GigView {
    /// The gig.
    gig_id: String,
    /// Who offers it, and pays for it.
    owner_id: String,
    /// What is to be done; `[erased]` once its owner was forgotten.
    title: String,
    /// Credits for who does it.
    price: Amount,
    /// How far it is.
    status: Status,
    /// Since when it is offered.
    created_at: Timestamp,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_by: Option<String>,
    /// When they said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Timestamp>,
    /// When they were paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    /// What its boosts count: lists by priority are in this order.
    priority: u64,
}

impl From<Row<Known>> for GigView {
    fn from(row: Row<Known>) -> Self {
        let priority = row.score();
        let Known { gig, title } = row.entity;
        Self {
            gig_id: gig.gig_id,
            owner_id: gig.owner_id,
            title: title.unwrap_or_else(|| ERASED.to_owned()),
            price: gig.price,
            status: gig.status,
            created_at: gig.created_at,
            completed_by: gig.completed_by,
            completed_at: gig.completed_at,
            paid_at: gig.paid_at,
            priority,
        }
    }
}
