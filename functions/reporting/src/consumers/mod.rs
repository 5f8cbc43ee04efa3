//! Three projections of every event: the audit trail, the figures of the day, and the rows for the warehouse; the
//! measures of orders; the log of what members did; and the days of what is boosted.

pub mod audit;
pub mod audit_logger;
pub mod order_monitor;
pub mod report_projector;
pub mod target_days;
pub mod training_set;
pub mod warehouse;
