//! `POST /api/users/me/erasure`: the caller is forgotten. What happened stays; who it was cannot be read any more.

use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::{Query, StoreError};
use serde::Deserialize;

#[cfg(feature = "schema")]
use crate::erasure::Erasure;
use crate::erasure::{Status, find, request};

/// Rows of a page of bets or orders.
const PAGE: u32 = 100;

/// What the route answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Forgets the caller: what is known of who they are cannot be read by anybody again")
        .answers::<Erasure>(200)
        .answers::<Erasure>(202)
        .refuses(404, &["NOT_FOUND"])
        .refuses(422, &["BETS_OPEN", "ORDERS_OPEN", "WALLET_NOT_EMPTY", "HOLDS_OPEN", "DEBT_OPEN", "SELF_EXCLUDED"])
}

/// Erases the caller.
///
/// # Errors
/// 401, 404, 422 for who still has or owes something, 429 or 503.
pub async fn handle(env: &Env, asked: &Request) -> Result<Response, Problem> {
    let user_id = asked.caller()?.user_id.as_str();
    if find(env, user_id).await?.is_none() {
        nothing_is_open(env, user_id).await?;
    }
    let erasure = request(env, &asked.context, user_id).await?;
    let status = match erasure.status {
        Status::CarriedOut => 200,
        Status::Waiting => 202,
    };
    Response::json(status, &erasure)
}

/// Whose bet may still win, or whose order may still come back, would be paid what nobody could have.
async fn nothing_is_open(env: &Env, user_id: &str) -> Result<(), Problem> {
    if is_any(env, "sportsbook", format!("bets#{user_id}"), ("bet", "placed")).await? {
        return Err(Problem::refused("BETS_OPEN", "a bet is not decided yet"));
    }
    if is_any(env, "order", format!("user#{user_id}"), ("order", "paid")).await? {
        return Err(Problem::refused("ORDERS_OPEN", "an order is on its way"));
    }
    Ok(())
}

/// Whether a row of `pk`, in the list that another service keeps of what people did, stands at `status`.
async fn is_any(env: &Env, table: &str, pk: String, (name, status): (&str, &str)) -> Result<bool, Problem> {
    #[derive(Deserialize)]
    struct Standing {
        status: String,
    }
    let table = env.config.table(table)?;
    let mut after = None;
    loop {
        let query = Query::of(pk.clone()).descending().limit(PAGE).after(after.take()).consistent();
        let page = env.store.query(table, query).await?;
        let standings = page.items.iter().map(|row| row.get_json::<Standing>(name));
        let standings = standings.collect::<Result<Vec<_>, StoreError>>()?;
        if standings.iter().flatten().any(|row| row.status == status) {
            return Ok(true);
        }
        after = page.next;
        if after.is_none() {
            return Ok(false);
        }
    }
}
