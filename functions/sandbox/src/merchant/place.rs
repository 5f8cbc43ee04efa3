//! `POST /sandbox/merchant/orders`: a merchant is asked to take an order.

use std::time::Duration;

use quoin_runtime::{Env, Problem, Request, Response};
use quoin_store::body_hash;

use super::desk::{Asked, Desk, Placed, Standing, Verdict, garbled, lost, unavailable};
use super::manner::{Manner, Spoiling};
use crate::access::{MERCHANT, admit};

/// How long a late answer takes: longer than anybody waits.
const LATE_ANSWER: Duration = Duration::from_secs(8);

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox merchant; takes an order, or behaves as its id says or as switched")
        .idempotent()
        .takes::<Placed>()
        .answers::<super::desk::Told>(200)
        .answers::<super::desk::Told>(201)
        .answers::<super::desk::Told>(202)
        .answers::<super::desk::Told>(409)
        .refuses(400, &["DELIVERY_INVALID"])
        .refuses(401, &["UNAUTHENTICATED"])
        .refuses(503, &["SANDBOX_FAILURE"])
        .refuses(504, &["SANDBOX_FAILURE"])
}

/// Takes an order, refuses it, or fails.
///
/// # Errors
/// 400, 401, 422 for a key that was used for another order, 503, 504.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, MERCHANT).await?;
    let key = request.idempotency_key()?;
    let placed: Placed = request.json()?;
    if key != placed.rabtul_order_id {
        return Err(Problem::field("IDEMPOTENCY_KEY_INVALID", "/rabtul_order_id", "must be the Idempotency-Key"));
    }
    if !placed.is_deliverable() {
        return Err(Problem::field("DELIVERY_INVALID", "/delivery", "must be readable, and something to deliver"));
    }
    let desk = Desk::of(env, key, request.context.now)?;
    let manner = desk.manner(&placed.merchant_id).await?;
    let hash = body_hash(&placed)?;
    let asked = desk.ask(&placed.merchant_id, &hash).await?;
    if asked.hash != hash {
        return Err(Problem::refused("IDEMPOTENCY_KEY_REUSED", "the key was used for another order"));
    }
    if desk.is_among_first(manner.unserved(), "unserved").await? {
        return Err(unavailable());
    }
    let response = decide(env, &desk, &asked, manner).await?;
    match manner.spoiling() {
        Spoiling::Nothing => {}
        Spoiling::AllAreLost => return Err(lost()),
        Spoiling::FirstIsLate | Spoiling::FirstIsLost | Spoiling::FirstIsGarbled
            if !desk.is_among_first(1, "spoiled").await? => {}
        Spoiling::FirstIsLate => env.clock.sleep(LATE_ANSWER).await,
        Spoiling::FirstIsLost => return Err(lost()),
        Spoiling::FirstIsGarbled => return Ok(garbled()),
    }
    Ok(response)
}

async fn decide(env: &Env, desk: &Desk<'_>, asked: &Asked, manner: Manner) -> Result<Response, Problem> {
    if manner == Manner::Late && super::is_pending(env, desk, asked).await? {
        return Response::json(202, &desk.told(Standing::Pending, asked.at, manner));
    }
    if manner == Manner::RejectsOnce && desk.is_among_first(1, "rejected").await? {
        return Response::json(200, &desk.told(Standing::Rejected, asked.at, manner));
    }
    let verdict = if manner == Manner::Rejects { Verdict::Rejected } else { Verdict::Taken };
    let (verdict, is_new) = desk.decide(verdict).await?;
    let status = match verdict {
        Verdict::Taken if is_new => 201,
        Verdict::Taken | Verdict::Rejected => 200,
        Verdict::Cancelled => 409,
    };
    Response::json(status, &desk.told(verdict.standing(), asked.at, manner))
}
