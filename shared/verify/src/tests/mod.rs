//! A history that is right has no break, and each way of altering it is found under its name.

mod bets;
mod history;
mod members;
mod mutations;
mod order_streams;
mod orders;
mod sagas;
mod totals;
