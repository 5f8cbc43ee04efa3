//! `POST /api/gl/periods/{month}/close`: closes a month that is over, for good.
//!
//! The month's row and a mark on each of its counters are one transaction. Whoever adds to a counter requires that it
//! has no mark, so what is entered at the same time is entered before the closing or in another month.

use std::time::Duration;

use quoin_runtime::{Env, Failure, Problem, Request, Response, Role};
use quoin_store::{Commit, Lost, StoreError, Update};

use super::month;
use crate::api::Period;
use crate::period::{self, Closed};
use crate::table;

/// How often it is tried while postings get in the way.
const TRIES: u64 = 10;
/// The upper bound of the first pause; it grows with each try.
const PAUSE_MS: u64 = 40;

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Closes a month that is over; what comes later goes into an open one (operators)")
        .for_operators()
        .answers::<Period>(200)
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["PERIOD_NOT_OVER"])
}

/// Closes a month, or answers with when it was closed.
///
/// # Errors
/// 401, 403, 404 for what is no month, 422 while it is not over, 429 or 503.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    let operator = request.caller_with(Role::Operator)?;
    let month = month::checked(request.path("month")?).ok_or_else(|| Problem::not_found("month"))?;
    if month >= period::month(request.context.now) {
        return Err(Problem::refused("PERIOD_NOT_OVER", format!("{month} is not over")));
    }
    let table = table::name(env)?;
    let closed = Closed { at: request.context.now, by: operator.user_id.clone() };
    for attempt in 1..=TRIES {
        if let Some(row) = env.store.get(table, &table::period(&month), true).await? {
            let (month, closed) = Closed::read(&row)?;
            return Response::json(200, &Period::closed(month, closed));
        }
        match env.store.commit(commit(table, &month, &closed)?, &request.context.origin).await {
            Ok(()) => return Response::json(200, &Period::closed(month, closed)),
            Err(StoreError::Lost(lost)) if matches!(*lost, Lost::Append { .. } | Lost::Wallet(_)) => {
                return Err(Failure::poison("the ledger writes no wallet").into());
            }
            // Somebody else closed it, or something was posted: look again.
            Err(StoreError::Lost(_) | StoreError::Conflict) => {
                let pause = env.clock.random_below(attempt.saturating_mul(PAUSE_MS));
                env.clock.sleep(Duration::from_millis(pause)).await;
            }
            Err(error @ (StoreError::Unavailable(_) | StoreError::Refused(_))) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn commit(table: &str, month: &str, closed: &Closed) -> Result<Commit, StoreError> {
    let mark = |key| Update::of(table, key).text(table::CLOSED, closed.at.to_string());
    let marks = table::month_counters(month).into_iter().map(mark);
    Ok(marks.fold(Commit::new().put_new(table, closed.row(month)?), Commit::update))
}
