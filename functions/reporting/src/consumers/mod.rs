//! Two projections of every event: the audit trail and the figures of the day.

pub mod audit;
pub mod report_projector;
