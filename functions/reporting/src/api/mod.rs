//! Routes of reporting; all of them for operators.

pub mod get_audit_trail;
pub mod get_report;
pub mod get_request_timeline;
