//! Two projections of orders: the dashboard and the commissions.

pub mod commissions;
pub mod merchant_orders;
