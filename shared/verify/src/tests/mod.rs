//! A history that is right has no break, and each way of altering it is found under its name.

mod bets;
mod history;
mod mutations;
mod sagas;
mod totals;
