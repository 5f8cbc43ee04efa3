//! `POST /sandbox/merchant/orders/{id}/cancel`: a merchant is asked to let an order be, whether or not it knows it.

use quoin_runtime::{Env, Problem, Request, Response};
use serde::Deserialize;

use super::desk::{Desk, Verdict, lost, unavailable};
use super::manner::Manner;
use crate::access::{MERCHANT, admit};

/// What is not to be taken.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "SandboxCancellation"))]
struct Cancellation {
    /// Whom it was placed with, if it was.
    merchant_id: String,
}

/// What the route takes and answers.
#[cfg(feature = "schema")]
#[must_use]
pub fn contract() -> quoin_runtime::Contract {
    quoin_runtime::Contract::new("Sandbox merchant; never takes an order from then on, or says that it has it")
        .takes::<Cancellation>()
        .answers::<super::desk::Told>(200)
        .answers::<super::desk::Told>(409)
        .refuses(401, &["UNAUTHENTICATED"])
        .refuses(503, &["SANDBOX_FAILURE"])
        .refuses(504, &["SANDBOX_FAILURE"])
}

/// Lets an order be, unless it is taken.
///
/// # Errors
/// 400, 401, 503, 504.
pub async fn handle(env: &Env, request: &Request) -> Result<Response, Problem> {
    admit(env, request, MERCHANT).await?;
    let Cancellation { merchant_id } = request.json()?;
    let desk = Desk::of(env, request.path("id")?, request.context.now)?;
    let manner = desk.manner(&merchant_id).await?;
    match manner {
        Manner::Down => return Err(unavailable()),
        Manner::Silent => return Err(lost()),
        Manner::Takes
        | Manner::Rejects
        | Manner::RejectsOnce
        | Manner::SilentOnce
        | Manner::Forgets
        | Manner::Garbled
        | Manner::Twice
        | Manner::Late
        | Manner::Closed
        | Manner::DownOnce
        | Manner::DownThrice => {}
    }
    let (verdict, _) = desk.decide(Verdict::Cancelled).await?;
    let asked_at = desk.asked().await?.map_or(request.context.now, |asked| asked.at);
    let status = match verdict {
        Verdict::Taken => 409,
        Verdict::Rejected | Verdict::Cancelled => 200,
    };
    Response::json(status, &desk.told(verdict.standing(), asked_at, manner))
}
